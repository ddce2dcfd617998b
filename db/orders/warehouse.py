"""The warehouse side of a shipment: each act is kept and told to its workflow, in one transaction.

Doing the same again changes nothing and is told once; doing it differently is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.boxes import lock_box
from db.orders.platform_labels import PRINTED_BY
from db.orders.shipments import STOPPING
from db.orders.words import of_order, said_about, with_words
from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.scope import scope_in
from db.sql import run
from domain.orders.messages import HandedOver, Packed, Picked
from domain.orders.order import ShipmentStatus
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    OrderNotFound,
    UnknownLocation,
)

# What lies in front of the staff; everything else is not theirs any more, or not yet.
OPEN: Final = (ShipmentStatus.PICKING, ShipmentStatus.PACKED, ShipmentStatus.LABELLED)

_LOCK: Final = """
SELECT no, order_id, status, workflow_id, picked_at, packed_at, handed_over_at, waits_for,
       ships_with
FROM shipment WHERE no = :no
"""

_LINES: Final = """
SELECT l.shipment_no || '/' || l.fulfilment_line_id AS id, l.sku, l.quantity,
       l.picked_quantity, k.name, k.gtin, k.weight_g
FROM shipment_line l JOIN sku k ON k.code = l.sku
WHERE l.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
ORDER BY l.sku, l.fulfilment_line_id, l.shipment_no
"""

_PICK: Final = """
UPDATE shipment_line l SET picked_quantity = p.picked
FROM unnest(CAST(:ids AS text[]), CAST(:picked AS bigint[])) AS p(id, picked)
WHERE l.shipment_no || '/' || l.fulfilment_line_id = p.id
  AND l.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
"""

_PICKED: Final = """
UPDATE shipment SET picked_at = clock_timestamp() WHERE no = :no OR ships_with = :no
"""

_BOXES: Final = """
SELECT weight_g, length_mm, width_mm, height_mm FROM parcel
WHERE shipment_no = :no AND voided_at IS NULL
"""

_PARCELS: Final = """
SELECT id, carrier, waybill_no, routing_code, status, weight_g FROM parcel
WHERE shipment_no = :no AND voided_at IS NULL ORDER BY id
"""

_PACK: Final = """
INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code, sorting_code,
                    status, weight_g, length_mm, width_mm, height_mm)
SELECT :no || '-P' || b.n, :no, '', '', '', '', '', 'labelled', b.weight_g, b.length_mm,
       b.width_mm, b.height_mm
FROM unnest(CAST(:weights AS bigint[]), CAST(:lengths AS int[]), CAST(:widths AS int[]),
            CAST(:heights AS int[])) WITH ORDINALITY
     AS b(weight_g, length_mm, width_mm, height_mm, n)
"""

# Who was picked before it went in the box waits for the packing as well.
_WAIT_FOR_IT: Final = """
SELECT workflow_id FROM shipment WHERE no = :no OR ships_with = :no ORDER BY no
"""

_PACKED: Final = """
UPDATE shipment SET packed_at = clock_timestamp(),
    weight_g = CASE WHEN no = :no THEN CAST(:weight_g AS bigint) ELSE weight_g END
WHERE no = :no OR ships_with = :no
"""

_HANDED_OVER: Final = """
UPDATE shipment SET handed_over_at = clock_timestamp() WHERE no = :no OR ships_with = :no
"""

_HOLDS: Final = """
SELECT DISTINCT h.kind FROM order_hold h JOIN shipment s ON s.order_id = h.order_id
WHERE (s.no = :no OR s.ships_with = :no) AND h.released_at IS NULL ORDER BY h.kind
"""

_OUTDATED: Final = """
SELECT FROM parcel p JOIN shipment s ON s.no = p.shipment_no
JOIN receiver r ON r.order_id = s.order_id
WHERE p.shipment_no = :no AND p.voided_at IS NULL AND p.receiver_version > 0
  AND p.receiver_version <> r.version
"""

_SHIPMENTS: Final = f"""
SELECT s.no, o.no AS order_no, s.location_id, s.status, s.waits_for, s.carrier, s.product,
       s.ship_by, s.picked_at, s.packed_at, s.handed_over_at, o.gift, s.order_id,
       {PRINTED_BY} AS labels_by,
       (SELECT coalesce(array_agg(DISTINCT h.kind ORDER BY h.kind), '{{}}') FROM order_hold h
        JOIN shipment m ON m.order_id = h.order_id AND (m.no = s.no OR m.ships_with = s.no)
        WHERE h.released_at IS NULL) AS holds,
       (SELECT coalesce(array_agg(DISTINCT n.no ORDER BY n.no), '{{}}') FROM shipment m
        JOIN sales_order n ON n.id = m.order_id AND n.id <> s.order_id
        WHERE m.ships_with = s.no) AS goes_with,
       (SELECT jsonb_agg(jsonb_build_object('sku', x.sku, 'name', k.name, 'gtin', k.gtin,
                         'quantity', x.quantity, 'picked', x.picked, 'weight_g', k.weight_g,
                         'asks_serial', k.tracks_serials)
                         ORDER BY x.sku)
        FROM (SELECT sku, sum(quantity)::bigint AS quantity,
                     CASE WHEN bool_and(picked_quantity IS NOT NULL)
                          THEN sum(picked_quantity)::bigint END AS picked
              FROM shipment_line WHERE shipment_no IN (
                  SELECT no FROM shipment WHERE no = s.no OR ships_with = s.no) GROUP BY sku) x
        JOIN sku k ON k.code = x.sku) AS lines,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'carrier', p.carrier,
                                  'waybill_no', p.waybill_no, 'routing_code', p.routing_code,
                                  'status', p.status, 'weight_g', p.weight_g) ORDER BY p.id), '[]')
        FROM parcel p WHERE p.shipment_no = s.no AND p.voided_at IS NULL) AS parcels
FROM shipment s JOIN sales_order o ON o.id = s.order_id
"""  # noqa: S608 (made of constants)

# Urgency, then number: a page goes on after the shipment the last one ended with.
_LIST: Final = f"""{_SHIPMENTS}
WHERE s.ships_with = '' AND s.status = ANY(:statuses)
  AND (CAST(:location AS text) = '' OR s.location_id = :location)
  AND (CAST(:after AS text) = '' OR (coalesce(s.ship_by, 'infinity'), s.no)
       > (SELECT coalesce(ship_by, 'infinity'), no FROM shipment WHERE no = :after))
ORDER BY coalesce(s.ship_by, 'infinity'), s.no LIMIT :limit
"""  # noqa: S608 (made of constants)
_ONE: Final = f"{_SHIPMENTS} WHERE s.no = :no"


@dataclass(frozen=True, slots=True)
class Box:
    """A closed box: grams and millimetres."""

    weight_g: int
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What staff see and do, in the caller's transaction. `actor` is who does it."""

    session: AsyncSession
    actor: str = "system"

    async def shipments(
        self, location: str, statuses: Sequence[str], after: str = "", limit: int = 50
    ) -> Sequence[Any]:
        """Shipments with lines (per SKU), parcels and open holds, the most urgent first.

        `location` empty = all; the page goes on after the shipment number `after`. Raises
        UnknownLocation.
        """
        known = "SELECT FROM location WHERE id = :id"
        if location and not (
            scope_in(self.session).covers(location) and await run(self.session, known, id=location)
        ):
            raise UnknownLocation(f"there is no location {location}")
        rows = await run(
            self.session, _LIST, location=location, statuses=[str(s) for s in statuses],
            after=after, limit=limit,
        )  # fmt: skip
        return await self._with_remarks(rows)

    async def shipment(self, no: str) -> Any:
        """One shipment, in whatever state. Raises OrderNotFound."""
        rows = await run(self.session, _ONE, no=no)
        if not rows:
            raise _unknown(no)
        return (await self._with_remarks(rows))[0]

    async def lines(self, no: str) -> Sequence[Row[Any]]:
        """What belongs into the shipment, line by line: sku, name, quantity, picked_quantity."""
        return await run(self.session, _LINES, no=no)

    async def parcels(self, no: str) -> Sequence[Row[Any]]:
        """Its boxes that count, with their waybills."""
        return await run(self.session, _PARCELS, no=no)

    async def pick(self, no: str, found: Mapping[str, int] | None = None, reason: str = "") -> None:
        """Confirm the pick: units found of every SKU, or None when all was there; `reason` says why
        some are missing.

        Raises OrderNotFound, ActionNotAllowed when it is not being picked or was picked otherwise,
        InvalidInput when the SKUs are not those of the shipment or more was found than asked.
        """
        shipment = await self._lock(no)
        lines = await self.lines(no)
        picks = _picks(lines, found)
        if shipment.picked_at is not None:
            if picks != {line.id: line.picked_quantity for line in lines}:
                raise ActionNotAllowed(f"shipment {no} was picked otherwise")
            return
        if shipment.status != ShipmentStatus.PICKING:
            raise ActionNotAllowed(f"shipment {no} is {shipment.status}")
        await run(self.session, _PICK, no=no, ids=list(picks), picked=list(picks.values()))
        await run(self.session, _PICKED, no=no)
        short = sum(picks.values()) < sum(line.quantity for line in lines)
        await queue_signal(self.session, shipment.workflow_id, "picked", Picked(short))
        await self._audit("shipment.picked", no, reason)

    async def pack(self, no: str, boxes: Sequence[Box], reason: str = "") -> None:
        """Boxes are closed and weighed; parcels are `{no}-P1`, `{no}-P2`, … `reason` says why they
        are not as expected.

        Raises OrderNotFound, ActionNotAllowed before the pick is confirmed, when nothing was found
        or when it was packed otherwise.
        """
        shipment = await self._lock(no)
        if shipment.packed_at is not None:
            packed = [tuple(row) for row in await run(self.session, _BOXES, no=no)]
            if sorted(packed) != sorted(astuple(box) for box in boxes):
                raise ActionNotAllowed(f"shipment {no} was packed otherwise")
            return
        if shipment.status != ShipmentStatus.PICKING:
            raise ActionNotAllowed(f"shipment {no} is {shipment.status}")
        if shipment.picked_at is None:
            raise ActionNotAllowed(f"shipment {no} is not picked yet")
        units = sum(line.picked_quantity for line in await self.lines(no))
        if not 0 < len(boxes) <= units:
            raise ActionNotAllowed(f"shipment {no} has {units} units for {len(boxes)} boxes")
        await run(
            self.session, _PACK, no=no, weights=[box.weight_g for box in boxes],
            lengths=[box.length_mm for box in boxes], widths=[box.width_mm for box in boxes],
            heights=[box.height_mm for box in boxes],
        )  # fmt: skip
        await run(self.session, _PACKED, no=no, weight_g=sum(box.weight_g for box in boxes))
        for one in await run(self.session, _WAIT_FOR_IT, no=no):
            await queue_signal(self.session, one.workflow_id, "packed", Packed())
        await self._audit("shipment.packed", no, reason)

    async def hand_over(self, no: str) -> None:
        """The carrier took the boxes.

        Raises OrderNotFound, ActionNotAllowed before they are labelled or while the order is held.
        """
        shipment = await self._lock(no)
        status = ShipmentStatus(shipment.status)
        if status is ShipmentStatus.CANCELLED:
            raise ActionNotAllowed(f"shipment {no} is {status}")
        if status.has_left or shipment.handed_over_at is not None:
            return
        if status is not ShipmentStatus.LABELLED:
            raise ActionNotAllowed(f"shipment {no} is {status}")
        held = [row.kind for row in await run(self.session, _HOLDS, no=no)]
        if held:
            raise ActionNotAllowed(f"the order of shipment {no} is held: {', '.join(held)}")
        if await run(self.session, _OUTDATED, no=no):
            raise ActionNotAllowed(f"shipment {no} gets a new label: its receiver has changed")
        await run(self.session, _HANDED_OVER, no=no)
        await queue_signal(self.session, shipment.workflow_id, "handed_over", HandedOver())
        await self._audit("shipment.handed_over", no)

    async def _with_remarks(self, rows: Sequence[Row[Any]]) -> Sequence[Any]:
        said = await said_about(
            self.session, {of_order(row.order_id): row.order_id for row in rows}
        )
        names = ("buyer_remark", "seller_remark")
        return [with_words(row, said(of_order(row.order_id)), *names) for row in rows]

    async def _lock(self, no: str) -> Row[Any]:
        await lock_box(self.session, no)
        rows = await run(self.session, _LOCK, no=no)
        if not rows:
            raise _unknown(no)
        if rows[0].ships_with:
            raise ActionNotAllowed(f"shipment {no} goes in the parcel of {rows[0].ships_with}")
        if rows[0].waits_for == STOPPING:
            raise ActionNotAllowed(f"shipment {no} is taken back")
        return rows[0]

    async def _audit(self, action: str, no: str, reason: str = "") -> None:
        """An act happens once per shipment, so the shipment names the request."""
        subject = f"shipment/{no}"
        await audit(self.session, self.actor, action, subject, reason=reason, request_id=no)


def _picks(lines: Sequence[Row[Any]], found: Mapping[str, int] | None) -> dict[str, int]:
    """Units found per line: what was found of a SKU goes to its lines in order."""
    if found is None:
        return {line.id: line.quantity for line in lines}
    asked = {line.sku for line in lines}
    if strange := set(found) - asked:
        raise InvalidInput(f"not on this pick list: {', '.join(sorted(strange))}")
    if missing := asked - set(found):
        raise InvalidInput(f"say how many were found of {', '.join(sorted(missing))}")
    left = dict(found)
    picks: dict[str, int] = {}
    for line in lines:
        picks[line.id] = min(left[line.sku], line.quantity)
        left[line.sku] -= picks[line.id]
    if over := sorted(sku for sku, units in left.items() if units):
        raise InvalidInput(f"more found than asked of {', '.join(over)}")
    return picks


def _unknown(no: str) -> OrderNotFound:
    return OrderNotFound(f"there is no shipment {no}")
