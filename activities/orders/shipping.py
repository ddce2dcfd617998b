"""A shipment's own steps: from the pick list to the goods that leave the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from db.engine import Sessions
from db.inventory.ledger import key_of
from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister
from db.inventory.sought_serials import SoughtSerials
from db.orders.boxes import leave_box, lock_box
from db.orders.picked_lots import lots_read
from db.orders.promises import close_picked
from db.orders.shipments import PACKING, ShipmentRepository
from db.shared.return_cases import came_back
from db.sql import run
from domain.inventory.stock import AdjustmentReason, Document
from domain.logistics.tracking import ParcelStatus
from domain.orders.order import ShipmentStatus
from domain.orders.work import Entry, ShipmentFacts, ShipmentStep

_STATUS_OF_PARCELS = {
    ParcelStatus.DELIVERED: (ShipmentStatus.DELIVERED, ""),
    ParcelStatus.LOST: (ShipmentStatus.EXCEPTION, "parcel"),
    ParcelStatus.RETURNED: (ShipmentStatus.EXCEPTION, "parcel"),
    ParcelStatus.EXCEPTION: (ShipmentStatus.IN_TRANSIT, "delivery"),
    ParcelStatus.IN_TRANSIT: (ShipmentStatus.IN_TRANSIT, "delivery"),
}

_FOUND: Final = """
SELECT l.sku, s.location_id, sum(l.quantity)::bigint AS asked,
       sum(coalesce(l.picked_quantity, l.quantity))::bigint AS picked
FROM shipment_line l JOIN shipment s ON s.no = l.shipment_no
WHERE l.shipment_no = :no GROUP BY l.sku, s.location_id ORDER BY l.sku
"""
_MISSED: Final = """
SELECT DISTINCT sku, substr(from_place, 10) AS location_id, lot, condition, owner FROM stock_move
WHERE idempotency_key = :key ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class ShippingActivities:
    """One method is one transaction; each may be repeated and answers the same."""

    sessions: Sessions

    @activity.defn(name="shipment.load")
    async def load(self, step: ShipmentStep) -> ShipmentFacts:
        """Where the shipment stands now."""
        async with self.sessions.begin() as session:
            return await ShipmentRepository(session).facts(step.shipment_no)

    @activity.defn(name="shipment.open")
    async def open(self, step: ShipmentStep) -> ShipmentFacts:
        """Where it stands; a new one is on the pick list of its location from now on."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.lock(step.shipment_no)
            status = ShipmentStatus.PICKING
            begun = facts.seq or facts.status not in (ShipmentStatus.ALLOCATED, status)
            if begun or facts.ships_with:
                return facts
            entry = Entry("pick_list")
            return await shipments.record(facts, step.seq, status, "picking", [entry])

    @activity.defn(name="shipment.pick_confirmed")
    async def pick_confirmed(self, step: ShipmentStep) -> ShipmentFacts:
        """Take what was not found off the balance; the rest waits for packing."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.lock(step.shipment_no)
            if facts.pick_is_booked or facts.ships_with:
                return facts
            box = await lock_box(session, step.shipment_no)
            read = await lots_read(session, box.lead.no)
            told = {one.no: await _book_pick(session, one.no, read) for one in box.members}
            facts = await shipments.record(
                facts, step.seq, ShipmentStatus.PICKING, PACKING, told.pop(step.shipment_no), told
            )
            await close_picked(session, [one.no for one in box.members])
            for no in await _not_found(session, [one.no for one in box.riders]):
                await leave_box(session, await lock_box(session, no), no)
            return facts

    @activity.defn(name="shipment.packed")
    async def packed(self, step: ShipmentStep) -> ShipmentFacts:
        """Boxes are closed and weighed; they wait for a label. Of the boxes of another its lead
        tells."""
        async with self.sessions.begin() as session:
            facts = await ShipmentRepository(session).facts(step.shipment_no)
        if facts.ships_with:
            return facts
        return await self._move(step, ShipmentStatus.PACKED, "label", Entry("packed"))

    @activity.defn(name="shipment.labelled")
    async def labelled(self, step: ShipmentStep) -> ShipmentFacts:
        """Every parcel has a waybill; they wait for the carrier."""
        entry = Entry("labelled", step.data)
        return await self._move(step, ShipmentStatus.LABELLED, "hand_over", entry)

    @activity.defn(name="shipment.hand_over")
    async def hand_over(self, step: ShipmentStep) -> ShipmentFacts:
        """The carrier took the parcels: the goods leave the ledger in the same transaction.

        Nothing leaves while the order is held or the label names an old receiver: then the
        shipment stays as it is.
        """
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.lock(step.shipment_no)
            if ShipmentStatus(facts.status).has_left:
                return facts  # our answer was lost
            if facts.blocked_by or facts.label_outdated:
                return facts
            for no in (await lock_box(session, step.shipment_no)).numbers:
                document = Document("shipment", no, f"issue:{no}")
                await StockRepository(session).issue(no, document)
                await SerialRegister(session).ship(no)
            status = ShipmentStatus.HANDED_OVER
            entry = Entry("handed_over")
            return await shipments.record(facts, step.seq, status, "delivery", [entry])

    @activity.defn(name="shipment.keep_back")
    async def keep_back(self, step: ShipmentStep) -> ShipmentFacts:
        """It may not leave now: it comes back from the ramp and is handed over again later."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.lock(step.shipment_no)
            await shipments.keep_back(step.shipment_no)
            entry = Entry("kept_back", step.data)
            facts = await shipments.record(facts, step.seq, facts.status, "hand_over", [entry])
            return replace(facts, is_handed_over=False)

    @activity.defn(name="shipment.halt")
    async def halt(self, step: ShipmentStep) -> ShipmentFacts:
        """The warehouse stops; a shipment the carrier was seen to take cannot be stopped."""
        async with self.sessions.begin() as session:
            return await ShipmentRepository(session).halt(step.shipment_no)

    @activity.defn(name="shipment.label_anew")
    async def label_anew(self, step: ShipmentStep) -> ShipmentFacts:
        """The labels are void because the receiver changed: back to where they are ordered."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            await shipments.lock(step.shipment_no)
            await shipments.label_anew(step.shipment_no)
            facts = await shipments.facts(step.shipment_no)
            entry = Entry("label_anew", step.data)
            return await shipments.record(facts, step.seq, ShipmentStatus.PACKED, "label", [entry])

    @activity.defn(name="shipment.track")
    async def track(self, step: ShipmentStep) -> ShipmentFacts:
        """Take over how far its parcels are."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.facts(step.shipment_no)
            if facts.ships_with:
                return facts  # the one in whose parcel it goes says how far that is
            move = _STATUS_OF_PARCELS.get(ParcelStatus(facts.tracked or "labelled"))
            if move is None or move[0] == facts.status:
                return facts
            entries = [Entry("tracked", {"status": facts.tracked})]
            moved = await shipments.record(facts, step.seq, move[0], move[1], entries)
            if facts.tracked == ParcelStatus.RETURNED:
                for no in (await lock_box(session, step.shipment_no)).numbers:
                    await came_back(session, no)
            return moved

    @activity.defn(name="shipment.stop")
    async def stop(self, step: ShipmentStep) -> ShipmentFacts:
        """Give the reserved stock back; the shipment is cancelled."""
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.lock(step.shipment_no)
            for no in (await lock_box(session, step.shipment_no)).numbers:
                await SerialRegister(session).all_put_back(no)
                await StockRepository(session).release(no)
            status = ShipmentStatus.CANCELLED
            entry = Entry("stopped", step.data)
            return await shipments.record(facts, step.seq, status, "", [entry])

    @activity.defn(name="shipment.settle")
    async def settle(self, step: ShipmentStep) -> ShipmentFacts:
        """A person decided how a lost, refused or returned parcel ends: `status` in the data."""
        status = ShipmentStatus(step.data.get("status", ShipmentStatus.DELIVERED))
        return await self._move(step, status, "", Entry("settled", step.data))

    async def _move(
        self, step: ShipmentStep, status: ShipmentStatus, waits_for: str, entry: Entry
    ) -> ShipmentFacts:
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.facts(step.shipment_no)
            return await shipments.record(facts, step.seq, status, waits_for, [entry])


async def _book_pick(
    session: AsyncSession, no: str, lots: Mapping[str, Mapping[str, int]]
) -> list[Entry]:
    """What was not found is off the balance, none of it of `lots` that were in hand; the lines of
    the story that tell of the pick."""
    rows = await run(session, _FOUND, no=no)
    serials, short = SoughtSerials(session), [row for row in rows if row.picked < row.asked]
    if short:
        await serials.hold([row.sku for row in short], short[0].location_id)
    document = Document("shipment", no, f"short:{no}")
    missing = await StockRepository(session).short_pick(
        no, {row.sku: row.picked for row in rows}, document, lots
    )
    if not missing:
        return [Entry("picked")]
    keys = [key_of(row) for row in await run(session, _MISSED, key=document.idempotency_key)]
    await serials.missing(no, keys, AdjustmentReason.SHORT_PICK)
    text = ", ".join(f"{sku} × {quantity}" for sku, quantity in missing.items())
    return [Entry("picked"), Entry("short_pick", {"missing": text})]


async def _not_found(session: AsyncSession, numbers: list[str]) -> list[str]:
    """Shipments of which nothing is in the box: they are given back alone."""
    return [no for no in numbers if not any(r.picked for r in await run(session, _FOUND, no=no))]
