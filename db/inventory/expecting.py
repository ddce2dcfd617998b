"""What waiting backorders are told when supply changes: the day their units are expected."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import GOODS_DELAYED
from db.sql import run
from domain.inventory.purchasing.expecting import Supply, Waiting, expected

_QUEUES: Final = """
SELECT b.id, b.order_id, b.workflow_id, b.sku, b.location_id, b.quantity, b.expected_on, l.zone
FROM backorder b JOIN location l ON l.id = b.location_id
WHERE b.state = 'waiting' AND (b.sku, b.location_id) IN ({about})
ORDER BY b.sku, b.location_id, b.paid_at, b.id FOR NO KEY UPDATE OF b
"""

_OF_PURCHASE: Final = """
    SELECT pl.sku, p.location_id FROM purchase_order p
    JOIN purchase_order_line pl ON pl.purchase_no = p.no WHERE p.no = :no"""
_OF_ORDERS: Final = """
    SELECT sku, location_id FROM backorder WHERE state = 'waiting' AND order_id = ANY(:orders)"""

# Orders that were told that no day is known, or a later one, and wait for nothing any more, or for
# days that are known again.
_WELL_AGAIN: Final = """
SELECT DISTINCT a.workflow_id FROM attention a
WHERE a.step_id = :step AND a.resolved_at IS NULL AND a.order_id IN (
    SELECT b.order_id FROM backorder b WHERE (b.sku, b.location_id) IN ({about}))
  AND NOT EXISTS (SELECT FROM backorder w WHERE w.order_id = a.order_id AND w.state = 'waiting'
                  AND w.expected_on IS NULL)
  AND NOT a.workflow_id = ANY(:told)
"""

_WAIT_NO_MORE: Final = """
SELECT a.workflow_id FROM attention a
WHERE a.step_id = :step AND a.resolved_at IS NULL AND NOT EXISTS (
    SELECT FROM backorder w WHERE w.order_id = a.order_id AND w.state = 'waiting')
ORDER BY 1
"""

# One after the other: who did not see the other's queue must not promise its units once more.
_IN_TURN: Final = """
SELECT pg_advisory_xact_lock(hashtextextended(t.sku || '@' || t.location_id, 5417081))
FROM (SELECT DISTINCT q.sku, q.location_id FROM ({about}) q ORDER BY 1, 2) t
"""

_SUPPLY: Final = """
SELECT l.sku, p.expected_on, max(p.no) AS no,
       sum(greatest(least(l.ordered, coalesce(l.acknowledged, l.ordered)) - l.cancelled
                    - l.received, 0))::bigint AS units
FROM purchase_order_line l JOIN purchase_order p ON p.no = l.purchase_no
WHERE p.location_id = :location_id AND l.sku = ANY(:skus)
  AND p.state IN ('approved', 'sent', 'acknowledged', 'partly_received')
GROUP BY 1, 2
"""

_EXPECT: Final = """
UPDATE backorder b SET expected_on = t.day
FROM unnest(CAST(:ids AS text[]), CAST(:days AS date[])) AS t(id, day)
WHERE b.id = t.id
"""

_TELL: Final = """
INSERT INTO order_event (order_id, source, seq, kind, data, actor)
SELECT CAST(:order_id AS text), CAST(:no AS text), coalesce(max(seq), 0) + 1,
       CAST(:kind AS text), CAST(:data AS jsonb), 'system'
FROM order_event WHERE order_id = CAST(:order_id AS text) AND source = CAST(:no AS text)
"""


async def expect_again(session: AsyncSession, no: str, now: datetime) -> int:
    """Work out anew when the backorders are filled that goods of this purchase order are for.

    Their orders' stories tell the new day, or that none is known any more; whose goods come later
    than was told, or nobody knows when, is in the attention inbox until they come or a day is known
    again. Returns how many heard.
    """
    changed, days, _ = await _expect(session, _OF_PURCHASE, now, no=no)
    late = {row.workflow_id for row in changed if _is_later(row.expected_on, days[row.id])}
    await _well_again(session, sorted(late), no)
    return await _tell(session, no, changed, days, alarm=True)


async def expect_first(session: AsyncSession, orders: Sequence[str], now: datetime) -> None:
    """The days of units that orders have just begun to wait for. Who waits longest has the first
    units to come: the last of them is promised to one order, whoever asks at the same moment."""
    changed, days, papers = await _expect(session, _OF_ORDERS, now, orders=list(orders))
    by_paper: dict[str, list[Any]] = {}
    for row in changed:
        if (day := days[row.id]) is not None:
            by_paper.setdefault(papers[row.sku, row.location_id, day], []).append(row)
        elif row.expected_on is not None:  # somebody who paid sooner came in between
            paper = papers.get((row.sku, row.location_id, row.expected_on), "")
            await _tell(session, paper, [row], days, alarm=True)
    for no, rows in sorted(by_paper.items()):
        await _tell(session, no, rows, days)


async def delays_over(session: AsyncSession) -> int:
    """Nobody has to tell a buyer of a delay whose goods came otherwise, or who wants them no more.
    Returns how many items that ended."""
    rows = await run(session, _WAIT_NO_MORE, step=GOODS_DELAYED)
    await _end(session, [row.workflow_id for row in rows])
    return len(rows)


async def _expect(
    session: AsyncSession, about: str, now: datetime, **told: Any
) -> tuple[list[Any], dict[str, date | None], dict[tuple[str, str, date], str]]:
    """Rows whose day is another one, the days of all, and the paper of each day."""
    await run(session, _IN_TURN.format(about=about), **told)
    rows = await run(session, _QUEUES.format(about=about), **told)
    days: dict[str, date | None] = {}
    papers: dict[tuple[str, str, date], str] = {}
    for location in sorted({row.location_id for row in rows}):
        here = [row for row in rows if row.location_id == location]
        supply = await run(session, _SUPPLY, location_id=location, skus=[r.sku for r in here])
        papers |= {(one.sku, location, one.expected_on): one.no for one in supply}
        today = now.astimezone(ZoneInfo(here[0].zone)).date()
        for sku in sorted({row.sku for row in here}):
            queue = [Waiting(row.id, row.quantity) for row in here if row.sku == sku]
            coming = [Supply(one.units, one.expected_on) for one in supply if one.sku == sku]
            days |= expected(queue, coming, today)
    changed = [row for row in rows if row.expected_on != days[row.id]]
    if changed:
        await run(
            session, _EXPECT, ids=[row.id for row in changed],
            days=[days[row.id] for row in changed],
        )  # fmt: skip
    return changed, days, papers


async def _well_again(session: AsyncSession, late: Sequence[str], no: str) -> None:
    rows = await run(
        session, _WELL_AGAIN.format(about=_OF_PURCHASE), step=GOODS_DELAYED, told=list(late), no=no
    )
    await _end(session, [row.workflow_id for row in rows])


async def _end(session: AsyncSession, workflow_ids: Sequence[str]) -> None:
    for workflow_id in workflow_ids:
        await resolve_attention(
            session, workflow_id=workflow_id, step_id=GOODS_DELAYED, by="system", resolution="done"
        )


async def _tell(
    session: AsyncSession,
    no: str,
    changed: Sequence[Any],
    days: dict[str, date | None],
    *,
    alarm: bool = False,
) -> int:
    """One line for each order: its latest day counts."""
    orders: dict[str, list[Any]] = {}
    for row in changed:
        orders.setdefault(row.order_id, []).append(row)
    for order_id, rows in sorted(orders.items()):
        told = [days[row.id] for row in rows]
        known = [day for day in told if day is not None]
        data = {"skus": ", ".join(sorted({row.sku for row in rows})), "purchase_no": no}
        kind = "goods_delayed"
        if len(known) == len(told):
            kind, data["day"] = "goods_expected", max(known).isoformat()
        await run(
            session, _TELL, order_id=order_id, no=no, kind=kind,
            data=json.dumps(data, ensure_ascii=False),
        )  # fmt: skip
        if alarm and any(_is_later(row.expected_on, days[row.id]) for row in rows):
            day = data.get("day", "")
            await open_attention(
                session, workflow_id=rows[0].workflow_id, step_id=GOODS_DELAYED,
                cause="GoodsDelayed", order_id=order_id, attempts=1, actions=("done_by_hand",),
                error=f"{data['skus']} of {no} come {'on ' + day if day else 'nobody knows when'}",
            )  # fmt: skip
    return len(orders)


def _is_later(before: date | None, after: date | None) -> bool:
    return before is not None and (after is None or after > before)
