"""Shipments and their parcels, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.orders.boxes import lock_box, riders_follow, take_out
from db.sql import run
from domain.orders.channels import OUR_CHANNELS
from domain.orders.work import Entry, ShipmentFacts
from domain.shared.errors import OrderNotFound
from domain.shared.ids import OrderId, ShipmentNo

STOPPING: Final = "stopping"
PACKING: Final = "packing"
CANNOT_BE_ASKED: Final = frozenset(OUR_CHANNELS)  # they push; there is nothing of them to call

_FACTS: Final = """
SELECT s.no, s.order_id, s.status, s.seq, s.location_id, s.carrier, o.channel, o.shop_id,
       s.ships_with,
       coalesce(h.holds, '{}')
       || CASE WHEN h.cancelled THEN '{cancelled}' ELSE '{}' END::text[]
       || CASE WHEN h.closed THEN '{line_cancelled}' ELSE '{}' END::text[]
       || CASE WHEN h.elsewhere THEN '{other_receiver}' ELSE '{}' END::text[] AS blocked_by,
       coalesce(p.parcels, 0) AS parcels,
       coalesce(l.units, 0) AS units, coalesce(l.picked, 0) AS picked_units,
       p.tracked, p.last_fact_at, p.incident, coalesce(p.foreign_carrier, false) AS foreign_carrier,
       s.picked_at, s.packed_at, s.handed_over_at, s.waits_for,
       coalesce(p.outdated, false) AS label_outdated, coalesce(r.kind = 'masked', false) AS masked
FROM shipment s
JOIN sales_order o ON o.id = s.order_id
LEFT JOIN receiver r ON r.order_id = s.order_id
LEFT JOIN LATERAL ( -- what stops one order in the box stops the box
    SELECT (SELECT array_agg(DISTINCT x.kind ORDER BY x.kind) FROM order_hold x
            WHERE x.order_id = ANY(array_agg(m.order_id)) AND x.released_at IS NULL) AS holds,
           bool_or(n.channel_state = 'cancelled') AS cancelled,
           bool_or(EXISTS (SELECT FROM shipment_line x JOIN order_line y ON y.id = x.order_line_id
                           WHERE x.shipment_no = m.no AND y.closed_by_channel)) AS closed,
           bool_or(q.whole_digest IS DISTINCT FROM r.whole_digest) AS elsewhere
    FROM shipment m JOIN sales_order n ON n.id = m.order_id
    LEFT JOIN receiver q ON q.order_id = m.order_id
    WHERE m.no = s.no OR m.ships_with = s.no) h ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS parcels, max(last_fact_at) AS last_fact_at,
           CASE WHEN bool_or(status = 'lost') THEN 'lost'
                WHEN bool_or(status IN ('returning', 'returned')) THEN 'returned'
                WHEN bool_and(status = 'delivered') THEN 'delivered'
                WHEN bool_or(status = 'exception') THEN 'exception'
                WHEN bool_or(status <> 'labelled') THEN 'in_transit'
                ELSE 'labelled' END AS tracked,
           bool_or(waybill_no <> '' AND (
               NOT EXISTS (SELECT FROM carrier_account WHERE code = parcel.carrier AND active)
               OR EXISTS (SELECT FROM effect WHERE key = parcel.id
                          AND system = 'carrier/kuaidi100'))) AS foreign_carrier,
           (array_agg(incident ORDER BY last_fact_at DESC NULLS LAST)
                FILTER (WHERE incident <> '' AND status <> 'delivered'))[1] AS incident,
           bool_or(receiver_version > 0 AND receiver_version <> r.version) AS outdated
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
WHERE no = :no AND seq <= :seq AND status <> 'cancelled'
RETURNING status
"""

_HALT: Final = """
UPDATE shipment SET waits_for = 'stopping'
WHERE no = :no AND handed_over_at IS NULL
  AND status IN ('allocated', 'picking', 'packed', 'labelled')
"""

_KEEP_BACK: Final = """
UPDATE shipment SET handed_over_at = NULL
WHERE (no = :no OR ships_with = :no) AND status = 'labelled'
"""

# A new label is a new parcel: its id is the carrier's key, and the old one keeps its number.
_NEW_LABELS: Final = """
WITH outdated AS (
    UPDATE parcel p SET voided_at = clock_timestamp()
    FROM receiver r JOIN shipment s ON s.order_id = r.order_id
    WHERE s.no = :no AND p.shipment_no = s.no AND p.voided_at IS NULL
      AND p.receiver_version > 0 AND p.receiver_version <> r.version
    RETURNING p.id), without AS (
    SELECT DISTINCT ON (b.base) b.base, p.*
    FROM parcel p, LATERAL (SELECT regexp_replace(p.id, '-R[0-9]+$', '') AS base) b
    WHERE p.shipment_no = :no AND NOT EXISTS (
        SELECT FROM parcel q WHERE q.shipment_no = :no AND q.voided_at IS NULL
          AND q.id NOT IN (SELECT id FROM outdated)
          AND regexp_replace(q.id, '-R[0-9]+$', '') = b.base)
    ORDER BY b.base, p.id)
INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code, sorting_code,
                    status, weight_g, length_mm, width_mm, height_mm)
SELECT w.base || '-R' || r.version, w.shipment_no, '', '', '', '', '', 'labelled', w.weight_g,
       w.length_mm, w.width_mm, w.height_mm
FROM without w JOIN shipment s ON s.no = w.shipment_no JOIN receiver r ON r.order_id = s.order_id
ON CONFLICT (id) DO NOTHING
"""

_RATE_AGAIN: Final = """
UPDATE shipment SET carrier = '', product = '', freight_minor = 0 WHERE no = :no
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
            row.channel not in CANNOT_BE_ASKED,
            row.parcels,
            int(row.units),
            int(row.picked_units),
            row.tracked or "",
            row.picked_at is not None,
            row.packed_at is not None,
            row.waits_for == PACKING,
            row.handed_over_at is not None,
            row.waits_for == STOPPING,
            row.label_outdated,
            row.last_fact_at,
            row.foreign_carrier,
            row.incident or "",
            row.masked,
            row.ships_with,
        )

    async def lock(self, no: str) -> ShipmentFacts:
        """The facts, and nobody changes the shipment until the transaction ends."""
        await lock_box(self.session, no)
        return await self.facts(no)

    async def halt(self, no: str) -> ShipmentFacts:
        """From now on the warehouse does nothing with it, unless the carrier has it already.

        It leaves the box it shares with others; a box that is closed is opened first.
        """
        await take_out(self.session, no)
        await self.run(_HALT, {"no": no})
        return await self.facts(no)

    async def keep_back(self, no: str) -> None:
        """The carrier did not take it after all."""
        await self.run(_KEEP_BACK, {"no": no})

    async def label_anew(self, no: str) -> None:
        """Every box whose label was voided or is outdated gets a parcel without a waybill."""
        await self.run(_NEW_LABELS, {"no": no})
        await self.run(_RATE_AGAIN, {"no": no})

    async def record(
        self,
        facts: ShipmentFacts,
        seq: int,
        status: str,
        waits_for: str,
        entries: Sequence[Entry],
        riders: Mapping[str, Sequence[Entry]] | None = None,
    ) -> ShipmentFacts:
        """Write the status and lines of the story after `seq`; returns how it stands then.

        An older status changes nothing, and a cancelled shipment stays cancelled. What rides in its
        parcel follows, with lines of its own where `riders` has some.
        """
        last = seq + len(entries)
        box = await lock_box(self.session, facts.shipment_no)
        moved = await self.run(
            _PROGRESS,
            {"no": facts.shipment_no, "seq": last, "status": status, "waits_for": waits_for},
        )
        if not moved:
            return await self.facts(facts.shipment_no)
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
        if box.lead.no == facts.shipment_no:
            again = box.lead.seq >= last  # said before, and the answer was lost
            told = {
                one.no: () if again else (riders or {}).get(one.no, entries) for one in box.riders
            }
            await riders_follow(self.session, box, status, waits_for, told)
        return replace(facts, status=status, seq=last)

    async def run(self, statement: str, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        """One statement of this repository."""
        return await run(self.session, statement, **parameters)
