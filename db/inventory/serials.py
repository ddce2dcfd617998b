"""The register of units with serial numbers, in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.inventory.serials import Serial, SerialAct, SerialState, may_come_in
from domain.shared.errors import (
    InvalidInput,
    SerialTaken,
    UnknownLocation,
    UnknownSku,
)

Numbers = Iterable[tuple[str, str]]  # SKU and serial number

# A shipment that was taken back holds nothing: what was packed for it lies where it lay.
STATE: Final = """
CASE WHEN x.state = 'packed' AND EXISTS (SELECT FROM shipment s WHERE s.no = x.shipment_no
     AND s.status = 'cancelled') THEN 'in_stock' ELSE x.state END
"""

_OF_LOT: Final = "UPDATE serial SET lot = :lot WHERE sku = :sku AND serial = ANY(:serials)"

_ASKED: Final = "SELECT code FROM sku WHERE code = ANY(:skus) AND tracks_serials"

_LOCK: Final = f"""
SELECT x.*, {STATE} AS now FROM serial x
WHERE (x.sku, x.serial) IN (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[])))
ORDER BY x.sku, x.serial FOR UPDATE OF x
"""  # noqa: S608 (made of constants)

_KEEP: Final = """
INSERT INTO serial (sku, serial, lot, state, condition, location_id, receipt_no)
SELECT n.sku, n.serial, n.lot, 'in_stock', n.condition, :place, CAST(:receipt_no AS text)
FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[]), CAST(:lots AS text[]),
            CAST(:conditions AS text[])) AS n(sku, serial, lot, condition)
ORDER BY n.sku, n.serial
ON CONFLICT (sku, serial) DO UPDATE SET lot = excluded.lot, state = 'in_stock',
    condition = excluded.condition, location_id = excluded.location_id, sought_by = '',
    receipt_no = coalesce(CASE WHEN serial.state = 'gone' THEN excluded.receipt_no END,
                          serial.receipt_no, excluded.receipt_no)
"""

_EVENTS: Final = """
INSERT INTO serial_event (sku, serial, what, document_no, location_id, order_id, act, reason, actor)
SELECT n.sku, n.serial, :what, :document_no, CAST(:place AS text), CAST(:order_id AS text), :act,
       :reason, :actor
FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[])) AS n(sku, serial)
"""

_PACK: Final = """
UPDATE serial x SET state = 'packed', location_id = :place, shipment_no = s.no,
    order_id = s.order_id, sought_by = ''
FROM shipment s
WHERE s.no = :shipment_no AND x.sku = :sku AND x.serial = :serial RETURNING x.order_id
"""

_UNPACK: Final = """
UPDATE serial SET state = 'in_stock', shipment_no = NULL, order_id = NULL
WHERE sku = :sku AND serial = :serial AND state = 'packed'
RETURNING sku, serial, location_id
"""

_BACK_ON_THE_SHELF: Final = """
UPDATE serial SET state = 'in_stock', shipment_no = NULL, order_id = NULL
WHERE shipment_no = :shipment_no AND state = 'packed' AND (:sku = '' OR sku = :sku AND lot = :lot)
RETURNING sku, serial, location_id
"""

_SHIP: Final = """
UPDATE serial SET state = 'shipped', location_id = NULL
WHERE shipment_no = :shipment_no AND state = 'packed' RETURNING sku, serial, order_id
"""

_MOVED_HERE: Final = """
SELECT DISTINCT t.from_location FROM stock_transfer t
JOIN stock_transfer_line l ON l.transfer_no = t.no
WHERE t.to_location = :place AND l.sku = :sku AND t.state IN ('shipped', 'closed')
  AND NOT EXISTS (SELECT FROM stock_transfer_serial s WHERE s.transfer_no = t.no AND s.sku = l.sku)
"""

_OF_RECEIPT: Final = """
SELECT x.* FROM serial x WHERE x.receipt_no = :receipt_no AND EXISTS (
    SELECT FROM serial_event e WHERE e.sku = x.sku AND e.serial = x.serial
      AND e.document_no = :receipt_no AND e.what = 'received')
ORDER BY x.sku, x.serial FOR UPDATE
"""

_GONE: Final = """
UPDATE serial SET state = 'gone', location_id = NULL
WHERE (sku, serial) IN (SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[])))
"""

_GOOD: Final = """
UPDATE serial SET condition = 'good', sought_by = ''
WHERE (sku, serial) IN (SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[])))
"""
_APART: Final = """
SELECT serial FROM serial
WHERE sku = :sku AND location_id = :place AND lot = :lot AND condition = :condition
  AND state = 'in_stock'
ORDER BY serial FOR UPDATE
"""

_BACK_OUT: Final = """
UPDATE serial x SET state = 'shipped', location_id = NULL FROM serial_event e
WHERE e.act = :act AND e.what = 'returned' AND x.sku = e.sku AND x.serial = e.serial
  AND x.state = 'in_stock'
RETURNING x.sku, x.serial, x.order_id
"""
_CAME_BY: Final = """
SELECT count(*)::int AS units FROM serial_event WHERE act = :act AND what = 'returned'
"""

_ROOM: Final = """
SELECT coalesce((SELECT sum(b.on_hand) FROM stock_balance b
        WHERE b.sku = :sku AND b.location_id = :place AND b.lot = :lot), 0)::bigint AS on_hand,
    (SELECT count(*) FROM serial x WHERE x.sku = :sku AND x.location_id = :place AND x.lot = :lot)
        AS known
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that comes in: its number, its lot, and how the ledger keeps it."""

    sku: str
    serial: str
    lot: str = ""
    condition: str = "good"


@dataclass(frozen=True, slots=True)
class SerialRegister:
    """Serial numbers as one transaction sees them. `by` is who does it."""

    session: AsyncSession
    by: str = "system"
    request_id: str = ""

    async def asked(self, skus: Iterable[str]) -> set[str]:
        """Those of the SKUs whose units have serial numbers."""
        return {row.code for row in await run(self.session, _ASKED, skus=sorted(set(skus)))}

    async def lock(self, numbers: Numbers) -> dict[tuple[str, str], Serial]:
        """What is known of these units; nobody changes it until the transaction ends."""
        wanted = sorted(set(numbers))
        rows = await run(self.session, _LOCK, **_columns(wanted))
        return {(row.sku, row.serial): _serial(row) for row in rows}

    async def receive(
        self, receipt_no: str, place: str, units: Sequence[Unit], *, moved: bool
    ) -> None:
        """Units come in with a goods receipt, `moved` from a place of ours with a transfer.

        Raises SerialTaken for a number that is in stock already, or out at a buyer's.
        """
        known = await self.lock((one.sku, one.serial) for one in units)
        for one in units:
            if not may_come_in(known.get((one.sku, one.serial)), moved=moved):
                raise SerialTaken(f"{one.serial} of {one.sku} is in the register already")
        what = SerialAct.MOVED if moved else SerialAct.RECEIVED
        await self.keep(units, place, receipt_no)
        await self.told([(one.sku, one.serial) for one in units], what, receipt_no, place)

    async def take_out(self, receipt_no: str) -> None:
        """The receipt is taken back. Raises SerialTaken when a unit of it is not there any more."""
        rows = await run(self.session, _OF_RECEIPT, receipt_no=receipt_no)
        for row in rows:
            if row.state != SerialState.IN_STOCK:
                raise SerialTaken(
                    f"unit {row.serial} of {row.sku} lies here no more: it is {row.state}"
                )
        numbers = [(row.sku, row.serial) for row in rows]
        await run(self.session, _GONE, **_columns(numbers))
        await self.told(numbers, SerialAct.UNDONE, receipt_no, None)

    async def note(self, sku: str, place: str, lot: str, serials: Sequence[str]) -> None:
        """Numbers of units that lie there already, such as opening stock, are taken down.

        Raises InvalidInput where the SKU asks for none, a number is said twice, or more are named
        than units lie there without one; SerialTaken, UnknownSku, UnknownLocation.
        """
        if not await run(self.session, "SELECT code FROM sku WHERE code = :sku", sku=sku):
            raise UnknownSku(f"there is no SKU {sku[:50]}")
        if not await self.asked([sku]):
            raise InvalidInput(f"{sku} asks for no serial numbers")
        here = scope_in(self.session).covers(place) and await run(
            self.session, "SELECT id FROM location WHERE id = :place", place=place
        )
        if not here:
            raise UnknownLocation(f"there is no location {place[:50]}")
        if len(set(serials)) < len(serials):
            raise InvalidInput("a serial number is named twice")
        known = await self.lock((sku, serial) for serial in serials)
        for one in known.values():
            if not may_come_in(one, moved=False):
                raise SerialTaken(f"{one.serial} of {sku} is in the register already")
        room = (await run(self.session, _ROOM, sku=sku, place=place, lot=lot))[0]
        if len(serials) > room.on_hand - room.known:
            raise InvalidInput(
                f"{max(room.on_hand - room.known, 0)} units lie there without a number,"
                f" {len(serials)} numbers are named"
            )
        await self.keep([Unit(sku, serial, lot) for serial in serials], place, None)
        await self.told([(sku, serial) for serial in serials], SerialAct.NOTED, "", place)
        await audit(
            self.session, self.by, "serial.noted", f"sku/{sku}",
            after={"location": place, "lot": lot, "serials": list(serials)},
            request_id=self.request_id,
        )  # fmt: skip

    async def set_apart(self, sku: str, place: str, lot: str, condition: str) -> set[str]:
        """The numbers of units that lie there in this condition; nobody changes them meanwhile."""
        rows = await run(
            self.session, _APART, sku=sku, place=place, lot=lot, condition=condition
        )  # fmt: skip
        return {row.serial for row in rows}

    async def decided(
        self, sku: str, serials: Sequence[str], place: str, document_no: str, reason: str, *,
        good: bool,
    ) -> None:  # fmt: skip
        """Units that were set apart are good after all, or gone; the caller has locked them."""
        numbers = [(sku, serial) for serial in serials]
        if good:
            await run(self.session, _GOOD, **_columns(numbers))
        else:
            await run(self.session, _GONE, **_columns(numbers))
        lies = place if good else None
        what = SerialAct.CORRECTED if good else SerialAct.WRITTEN_OFF
        await self.told(numbers, what, document_no, lies, reason=reason)

    async def are_of_lot(self, sku: str, serials: Sequence[str], lot: str) -> None:
        """Somebody read the lot on these units, which the caller has locked."""
        await run(self.session, _OF_LOT, sku=sku, serials=list(serials), lot=lot)

    async def came_with_transfer(self, sku: str, place: str) -> set[str]:
        """The places from which units of a SKU were sent here, whether their numbers were scanned
        as they came or not."""
        rows = await run(self.session, _MOVED_HERE, sku=sku, place=place)
        return {row.from_location for row in rows}

    async def pack(self, sku: str, serial: str, place: str, shipment_no: str) -> None:
        """A unit goes into a shipment; the caller has locked it and seen that it may."""
        rows = await run(
            self.session, _PACK, sku=sku, serial=serial, place=place, shipment_no=shipment_no
        )
        await self.told(
            [(sku, serial)], SerialAct.PACKED, shipment_no, place, order_id=rows[0].order_id
        )

    async def put_back(self, sku: str, serial: str, shipment_no: str) -> None:
        """It was taken out of the shipment again."""
        rows = await run(self.session, _UNPACK, sku=sku, serial=serial)
        for row in rows:
            await self.told([(sku, serial)], SerialAct.PUT_BACK, shipment_no, row.location_id)

    async def all_put_back(self, shipment_no: str, sku: str = "", lot: str = "") -> None:
        """The shipment does not leave, or not with these units: they lie where they lay."""
        rows = await run(
            self.session, _BACK_ON_THE_SHELF, shipment_no=shipment_no, sku=sku, lot=lot
        )
        for row in rows:
            numbers = [(row.sku, row.serial)]
            await self.told(numbers, SerialAct.PUT_BACK, shipment_no, row.location_id)

    async def ship(self, shipment_no: str) -> None:
        """What was packed has left; said again it changes nothing."""
        for row in await run(self.session, _SHIP, shipment_no=shipment_no):
            await self.told(
                [(row.sku, row.serial)], SerialAct.SHIPPED, shipment_no, None,
                order_id=row.order_id,
            )  # fmt: skip

    async def come_back(
        self, return_no: str, order_id: str, act: str, units: Sequence[Unit], place: str
    ) -> None:
        """Units of an order are back. Raises SerialTaken for one that was not sent with it."""
        locked = await run(
            self.session, _LOCK, **_columns([(one.sku, one.serial) for one in units])
        )
        sent = {
            (row.sku, row.serial)
            for row in locked
            if row.now == SerialState.SHIPPED and row.order_id == order_id
        }
        for one in units:
            if (one.sku, one.serial) not in sent:
                raise SerialTaken(f"{one.serial} of {one.sku} was not sent with this order")
        await self.keep(units, place, None)
        await self.told(
            [(one.sku, one.serial) for one in units], SerialAct.RETURNED, return_no, place,
            order_id=order_id, act=act,
        )  # fmt: skip

    async def return_undone(self, return_no: str, act: str) -> None:
        """The look at a return was taken back. Raises SerialTaken when a unit went on since."""
        back = await run(self.session, _BACK_OUT, act=act)
        if len(back) < (await run(self.session, _CAME_BY, act=act))[0].units:
            raise SerialTaken("a unit of this return went on since")
        await self.told(
            [(row.sku, row.serial) for row in back], SerialAct.UNDONE, return_no, None, act=act
        )

    async def keep(self, units: Sequence[Unit], place: str, receipt_no: str | None) -> None:
        """These units lie at a place from now on, whatever was known of their numbers."""
        if units:
            await run(
                self.session, _KEEP, skus=[one.sku for one in units],
                serials=[one.serial for one in units], lots=[one.lot for one in units],
                conditions=[one.condition for one in units], place=place, receipt_no=receipt_no,
            )  # fmt: skip

    async def told(
        self, numbers: Collection[tuple[str, str]], what: SerialAct, document_no: str,
        place: str | None, *, order_id: str | None = None, act: str = "", reason: str = "",
    ) -> None:  # fmt: skip
        """One line in the life of each number; the caller has changed the register."""
        if numbers:
            await run(
                self.session, _EVENTS, **_columns(sorted(numbers)), what=what,
                document_no=document_no, place=place, order_id=order_id, act=act, reason=reason,
                actor=self.by,
            )  # fmt: skip


def _columns(numbers: Collection[tuple[str, str]]) -> Mapping[str, list[str]]:
    return {"skus": [sku for sku, _ in numbers], "serials": [serial for _, serial in numbers]}


def _serial(row: Row[Any]) -> Serial:
    return Serial(
        row.sku, row.serial, row.lot, SerialState(row.now), row.condition, row.location_id or "",
        row.shipment_no or "", row.sought_by != "",
    )  # fmt: skip
