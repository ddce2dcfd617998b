"""When what lies there came, when something left, and how much is sold: read from the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.asking import told, where
from db.sql import run
from domain.inventory.levels import Question
from domain.inventory.lying import SALES_DAYS, Layer, Lying, fifo

# The products in which most money lies: the ledger is read for these.
MOST_SKUS: Final = 300
_LONGEST: Final = timedelta(days=400)
_DEAREST: Final = """
SELECT b.sku FROM stock_balance b JOIN sku k ON k.code = b.sku JOIN location l
    ON l.id = b.location_id AND l.kind <> 'transit'
WHERE b.condition = 'good' AND b.owner = 'own' AND b.on_hand > 0 AND {where}
GROUP BY b.sku, k.cost_minor, k.price_minor
ORDER BY sum(b.on_hand) * coalesce(nullif(k.cost_minor, 0), k.price_minor) DESC, b.sku LIMIT :most
"""
_HELD: Final = """
SELECT b.sku, k.name, b.location_id, l.name AS place, sum(b.on_hand)::bigint AS on_hand,
       (sum(b.on_hand) * k.cost_minor)::bigint AS value_minor
FROM stock_balance b JOIN sku k ON k.code = b.sku JOIN location l
    ON l.id = b.location_id AND l.kind <> 'transit'
WHERE b.condition = 'good' AND b.owner = 'own' AND b.on_hand > 0 AND b.sku = ANY(:codes)
  AND {at}
GROUP BY b.sku, k.name, k.cost_minor, b.location_id, l.name
ORDER BY 6 DESC, 5 DESC, b.sku, b.location_id
"""
_LEFT: Final = """
SELECT m.sku, substr(m.from_place, 10) AS location_id, max(m.at) AS last,
       coalesce(sum(m.quantity) FILTER (WHERE m.verb = 'issue' AND m.at >= :sales), 0)::bigint
           AS sold
FROM stock_move m
WHERE m.sku = ANY(:codes) AND m.at >= :since AND m.verb IN ('issue', 'transfer')
  AND m.from_place LIKE 'location:%'
GROUP BY m.sku, m.from_place
"""
# A lot that is named anew, or goods that are judged, did not come on that day.
_CAME: Final = """
SELECT m.sku, substr(m.to_place, 10) AS location_id, (m.at AT TIME ZONE l.zone)::date AS day,
       sum(m.quantity)::bigint AS units
FROM stock_move m JOIN location l ON 'location:' || l.id = m.to_place
WHERE m.sku = ANY(:codes) AND m.condition = 'good' AND m.owner = 'own'
  AND m.to_place LIKE 'location:%' AND m.verb <> 'issue'
  AND (m.verb IN ('receive', 'transfer') OR m.reason IN ('opening', 'found', 'count'))
GROUP BY m.sku, m.to_place, day ORDER BY m.sku, m.to_place, day DESC
"""


async def lying(
    session: AsyncSession, question: Question, places: Sequence[str] | None, now: datetime
) -> list[Lying]:
    """Good stock of ours by product and place, where most money lies first."""
    asked = told(question, places)
    dearest = _DEAREST.format(where=where(question, places))
    codes = [row.sku for row in await run(session, dearest, **asked, most=MOST_SKUS)]
    at = "true" if places is None else "b.location_id = ANY(:places)"
    only = {} if places is None else {"places": list(places)}
    held = await run(session, _HELD.format(at=at), codes=codes, **only)
    left = await run(
        session, _LEFT, codes=codes, since=now - _LONGEST, sales=now - timedelta(days=SALES_DAYS)
    )
    moved = {(row.sku, row.location_id): row for row in left}
    came: dict[tuple[str, str], list[Layer]] = {}
    for row in await run(session, _CAME, codes=codes):
        came.setdefault((row.sku, row.location_id), []).append(Layer(row.day, row.units))
    return [_lying(row, moved, came) for row in held]


def _lying(
    row: Any, moved: dict[tuple[str, str], Any], came: dict[tuple[str, str], list[Layer]]
) -> Lying:
    key = (row.sku, row.location_id)
    gone = moved.get(key)
    return Lying(
        row.sku, row.name, row.location_id, row.place, row.on_hand, row.value_minor,
        gone.sold if gone else 0, gone.last.date() if gone else None,
        fifo(row.on_hand, came.get(key, ())),
    )  # fmt: skip
