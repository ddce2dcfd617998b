"""What comes to the places of the network: transfers on the way, and what suppliers still owe."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.asking import told, where
from db.sql import run
from domain.inventory.levels import Question

# `b` is a line by SKU and the place it goes to.
_OWED: Final = """(
    SELECT p.no, p.supplier, p.location_id, p.expected_on, l.sku,
           l.ordered - l.received - l.cancelled AS units
    FROM purchase_order_line l JOIN purchase_order p ON p.no = l.purchase_no
    WHERE l.received + l.cancelled < l.ordered
      AND p.state IN ('approved', 'sent', 'acknowledged', 'partly_received'))"""
_MOVING: Final = """(
    SELECT t.no, t.from_location, t.to_location AS location_id, t.eta, t.carrier, t.waybill_no,
           l.sku, l.owner, l.shipped - l.received - l.damaged - l.lost - l.returned AS units
    FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
    WHERE t.state = 'shipped')"""
_ON_ORDER: Final = """
SELECT {key} AS key, sum(b.units)::bigint AS units
FROM {owed} b JOIN sku k ON k.code = b.sku WHERE {where} GROUP BY 1
"""
_COMING: Final = """
SELECT 'transfer' AS kind, b.no, f.name AS source, b.location_id, p.name AS place, b.eta,
       b.carrier, b.waybill_no, b.owner, sum(b.units)::bigint AS units,
       array_agg(DISTINCT b.sku ORDER BY b.sku) AS skus
FROM {moving} b JOIN location p ON p.id = b.location_id
LEFT JOIN location f ON f.id = b.from_location
WHERE b.units > 0 AND {where} GROUP BY b.no, f.name, b.location_id, p.name, b.eta, b.carrier,
      b.waybill_no, b.owner
UNION ALL
SELECT 'purchase', b.no, s.name, b.location_id, p.name,
       b.expected_on::timestamp AT TIME ZONE p.zone, '', '', 'supplier', sum(b.units)::bigint,
       array_agg(DISTINCT b.sku ORDER BY b.sku)
FROM {owed} b JOIN location p ON p.id = b.location_id JOIN supplier s ON s.code = b.supplier
WHERE {where} GROUP BY b.no, s.name, b.location_id, p.name, b.expected_on, p.zone
ORDER BY eta NULLS LAST, no LIMIT :limit
"""
_PROMISED: Final = """
SELECT coalesce(o.no, '') AS order_no, b.workflow_id, o.status, o.ship_by, b.sku, b.location_id,
       p.name AS place, sum(b.quantity - b.voided_quantity)::bigint AS units
FROM reservation b JOIN location p ON p.id = b.location_id
LEFT JOIN sales_order o ON o.id = b.order_id
WHERE b.state = 'held' AND {where}
GROUP BY o.no, b.workflow_id, o.status, o.ship_by, b.sku, b.location_id, p.name
ORDER BY o.ship_by NULLS LAST, o.no, b.sku LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Coming:
    """One transaction's view of what comes, and of whom what is there is promised to."""

    session: AsyncSession

    async def on_order(
        self, question: Question, places: Sequence[str] | None, key: str
    ) -> dict[str, int]:
        """Units that suppliers owe, by a column of `b` (line and place) or `k` (product)."""
        statement = _ON_ORDER.format(key=key, owed=_OWED, where=where(question, places))
        rows = await run(self.session, statement, **told(question, places))
        return {row.key: row.units for row in rows}

    async def shipments(
        self, question: Question, places: Sequence[str] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Transfers that have left and purchase orders that are owed, the earliest first."""
        statement = _COMING.format(moving=_MOVING, owed=_OWED, where=where(question, places))
        return await run(self.session, statement, **told(question, places), limit=limit)

    async def promised(
        self, question: Question, places: Sequence[str] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Who holds units, those to be shipped first first; transfers have no order."""
        statement = _PROMISED.format(where=where(question, places))
        return await run(self.session, statement, **told(question, places), limit=limit)
