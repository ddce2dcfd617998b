"""Shipments and their parcels, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.sql import run
from domain.orders.work import Entry, ShipmentFacts
from domain.shared.errors import OrderNotFound
from domain.shared.ids import OrderId, ShipmentNo

_FACTS: Final = """
SELECT s.no, s.order_id, s.status, s.seq, s.location_id, s.carrier, o.channel, o.shop_id,
       coalesce(h.holds, '{}') AS blocked_by, coalesce(p.parcels, 0) AS parcels,
       coalesce(l.units, 0) AS units, coalesce(l.picked, 0) AS picked_units,
       p.tracked, p.last_fact_at, s.picked_at, s.packed_at
FROM shipment s
JOIN sales_order o ON o.id = s.order_id
LEFT JOIN LATERAL (
    SELECT array_agg(kind ORDER BY kind) AS holds FROM order_hold
    WHERE order_id = s.order_id AND released_at IS NULL) h ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS parcels, max(last_fact_at) AS last_fact_at,
           CASE WHEN bool_or(status = 'lost') THEN 'lost'
                WHEN bool_or(status IN ('returning', 'returned')) THEN 'returned'
                WHEN bool_and(status = 'delivered') THEN 'delivered'
                WHEN bool_or(status = 'exception') THEN 'exception'
                WHEN bool_or(status <> 'labelled') THEN 'in_transit'
                ELSE 'labelled' END AS tracked
    FROM parcel WHERE shipment_no = s.no AND voided_at IS NULL) p ON true
LEFT JOIN LATERAL (
    SELECT sum(quantity) AS units, sum(coalesce(picked_quantity, quantity)) AS picked
    FROM shipment_line WHERE shipment_no = s.no) l ON true
WHERE s.no = :no
"""

_PROGRESS: Final = """
UPDATE shipment SET
    seq = :seq, status = CAST(:status AS text), waits_for = :waits_for,
    handed_over_at = CASE WHEN CAST(:status AS text) = 'handed_over'
                          THEN coalesce(handed_over_at, clock_timestamp())
                          ELSE handed_over_at END,
    delivered_at = CASE WHEN CAST(:status AS text) = 'delivered'
                        THEN coalesce(delivered_at, clock_timestamp()) ELSE delivered_at END
WHERE no = :no AND seq <= :seq
"""


@dataclass(frozen=True, slots=True)
class ShipmentRepository:
    """One transaction's view of shipments."""

    session: AsyncSession

    async def facts(self, no: str) -> ShipmentFacts:
        """What the shipment's workflow needs to go on. Raises OrderNotFound for unknown numbers."""
        rows = await self.run(_FACTS, {"no": no})
        if not rows:
            raise OrderNotFound(f"there is no shipment {no}")
        row = rows[0]
        return ShipmentFacts(
            ShipmentNo(row.no),
            OrderId(row.order_id),
            row.status,
            row.seq,
            row.location_id,
            row.carrier,
            tuple(row.blocked_by),
            row.shop_id,
            row.channel,
            True,
            row.parcels,
            int(row.units),
            int(row.picked_units),
            row.tracked or "",
            0,
            row.last_fact_at,
        )

    async def record(
        self, facts: ShipmentFacts, seq: int, status: str, waits_for: str, entries: Sequence[Entry]
    ) -> None:
        """Write the status and lines of the story after `seq`; older ones change nothing."""
        last = seq + len(entries)
        if entries:
            await self.run(
                statements.EVENTS,
                {
                    "order_id": facts.order_id,
                    "source": facts.shipment_no,
                    "seq": [seq + 1 + i for i in range(len(entries))],
                    "kind": [entry.kind for entry in entries],
                    "data": [
                        statements.as_json({**entry.data, "shipment": facts.shipment_no})
                        for entry in entries
                    ],
                    "actor": [entry.actor for entry in entries],
                },
            )
        await self.run(
            _PROGRESS,
            {"no": facts.shipment_no, "seq": last, "status": status, "waits_for": waits_for},
        )

    async def run(self, statement: str, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        """One statement of this repository."""
        return await run(self.session, statement, **parameters)
