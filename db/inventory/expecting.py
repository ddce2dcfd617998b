"""What waiting backorders are told when supply changes: the day their units are expected."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.purchasing.expecting import Supply, Waiting, expected

_QUEUES: Final = """
SELECT b.id, b.order_id, b.sku, b.location_id, b.quantity, b.expected_on, l.zone
FROM backorder b JOIN location l ON l.id = b.location_id
WHERE b.state = 'waiting' AND (b.sku, b.location_id) IN (
    SELECT pl.sku, p.location_id FROM purchase_order p
    JOIN purchase_order_line pl ON pl.purchase_no = p.no WHERE p.no = :no)
ORDER BY b.sku, b.location_id, b.paid_at, b.id FOR NO KEY UPDATE OF b
"""

_SUPPLY: Final = """
SELECT l.sku, p.expected_on,
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

    Their orders' stories tell the new day, or that none is known any more; returns how many heard.
    """
    rows = await run(session, _QUEUES, no=no)
    days: dict[str, date | None] = {}
    for location in sorted({row.location_id for row in rows}):
        here = [row for row in rows if row.location_id == location]
        supply = await run(session, _SUPPLY, location_id=location, skus=[r.sku for r in here])
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
    return await _tell(session, no, changed, days)


async def _tell(
    session: AsyncSession, no: str, changed: Sequence[Any], days: dict[str, date | None]
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
    return len(orders)
