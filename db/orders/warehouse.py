"""The warehouse side of a shipment: each act is kept and told to its workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import HandedOver, Packed, Picked
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderNotFound

_LOCK: Final = """
SELECT no, status, waits_for, workflow_id, picked_at, packed_at, handed_over_at FROM shipment
WHERE no = :no FOR UPDATE
"""

_PICK: Final = """
UPDATE shipment_line SET picked_quantity = least(quantity, :picked)
WHERE shipment_no = :no AND fulfilment_line_id = :line
"""

_LINES: Final = """
SELECT l.fulfilment_line_id, l.sku, l.quantity, l.picked_quantity, k.name, k.weight_g
FROM shipment_line l JOIN sku k ON k.code = l.sku WHERE l.shipment_no = :no ORDER BY l.sku, 1
"""

_PARCEL: Final = """
INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code, sorting_code,
                    status, weight_g, length_mm, width_mm, height_mm)
VALUES (:id, :no, '', '', '', '', '', 'labelled', :weight_g, :length_mm, :width_mm, :height_mm)
ON CONFLICT (id) DO NOTHING
"""

_PARCELS: Final = """
SELECT id, carrier, waybill_no, routing_code, status, weight_g FROM parcel
WHERE shipment_no = :no AND voided_at IS NULL ORDER BY id
"""

_LISTS: Final = """
SELECT s.no, s.status, s.waits_for, s.ship_by, o.no AS order_no, s.location_id
FROM shipment s JOIN sales_order o ON o.id = s.order_id
WHERE s.status IN ('picking', 'packed', 'labelled')
  AND (CAST(:location AS text) = '' OR s.location_id = :location)
ORDER BY s.ship_by NULLS LAST, s.created_at, s.no LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A closed box: grams and millimetres."""

    weight_g: int
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What staff do, in the caller's transaction. Doing the same again changes nothing."""

    session: AsyncSession

    async def lists(self, location: str, limit: int) -> Sequence[Row[Any]]:
        """Shipments that somebody has to pick, pack or hand over, the most urgent first."""
        return await run(self.session, _LISTS, location=location, limit=limit)

    async def lines(self, no: str) -> Sequence[Row[Any]]:
        """What belongs into the shipment."""
        return await run(self.session, _LINES, no=no)

    async def parcels(self, no: str) -> Sequence[Row[Any]]:
        """Its boxes with their waybills."""
        return await run(self.session, _PARCELS, no=no)

    async def pick(self, no: str, found: Mapping[str, int] | None) -> None:
        """Confirm the pick: units found per SKU, or None when all was there.

        Raises OrderNotFound, ActionNotAllowed when it is not being picked, InvalidInput for a SKU
        that is not on it.
        """
        shipment = await self._lock(no)
        if shipment.picked_at is not None:
            return
        _refuse_unless(shipment.status == "picking", shipment)
        lines = await self.lines(no)
        left = dict(found) if found is not None else None
        if left is not None and (strange := set(left) - {line.sku for line in lines}):
            raise InvalidInput(f"not on this pick list: {', '.join(sorted(strange))}")
        for line in lines:
            picked = line.quantity
            if left is not None:
                picked = min(left.get(line.sku, 0), line.quantity)
                left[line.sku] = left.get(line.sku, 0) - picked
            await run(self.session, _PICK, no=no, line=line.fulfilment_line_id, picked=picked)
        await self._stamp(no, "picked_at")
        await queue_signal(self.session, shipment.workflow_id, "picked", Picked())

    async def pack(self, no: str, boxes: Sequence[Box]) -> None:
        """Boxes are closed and weighed. Raises ActionNotAllowed before the pick is confirmed."""
        shipment = await self._lock(no)
        if shipment.packed_at is not None:
            return
        _refuse_unless(shipment.picked_at is not None, shipment)
        for number, box in enumerate(boxes, 1):
            await run(
                self.session, _PARCEL, id=f"{no}-P{number}", no=no, weight_g=box.weight_g,
                length_mm=box.length_mm, width_mm=box.width_mm, height_mm=box.height_mm,
            )  # fmt: skip
        await self._stamp(no, "packed_at")
        await queue_signal(self.session, shipment.workflow_id, "packed", Packed())

    async def hand_over(self, no: str) -> None:
        """The carrier took the boxes. Raises ActionNotAllowed before they are labelled."""
        shipment = await self._lock(no)
        if shipment.handed_over_at is not None:
            return
        _refuse_unless(shipment.status == "labelled", shipment)
        await queue_signal(self.session, shipment.workflow_id, "handed_over", HandedOver())

    async def _lock(self, no: str) -> Row[Any]:
        rows = await run(self.session, _LOCK, no=no)
        if not rows:
            raise OrderNotFound(f"there is no shipment {no}")
        return rows[0]

    async def _stamp(self, no: str, column: str) -> None:
        statements = {
            "picked_at": "UPDATE shipment SET picked_at = clock_timestamp() WHERE no = :no",
            "packed_at": "UPDATE shipment SET packed_at = clock_timestamp() WHERE no = :no",
        }
        await run(self.session, statements[column], no=no)


def _refuse_unless(allowed: bool, shipment: Row[Any]) -> None:
    if not allowed:
        raise ActionNotAllowed(f"shipment {shipment.no} is {shipment.status}")
