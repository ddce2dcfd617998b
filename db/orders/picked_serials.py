"""Serial numbers at the pick and the pack: which units go into a shipment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lots import Lots
from db.inventory.serials import SerialRegister
from db.inventory.sought_serials import SoughtSerials
from db.sql import run
from domain.inventory.serials import Refusal, Serial, SerialState, refusal
from domain.inventory.stock import StockKey
from domain.orders.scanning import Verdict
from domain.shared.ids import LocationId, Lot, Sku

# What a unit was refused for; it was put back, so these scans never count.
REFUSED_SERIALS: Final = (
    Verdict.SERIAL_NEEDED, Verdict.SERIAL_UNITS, Verdict.SERIAL_UNKNOWN, Verdict.SERIAL_TWICE,
    Verdict.SERIAL_TAKEN, Verdict.SERIAL_ELSEWHERE, Verdict.SERIAL_OTHER_LOT,
)  # fmt: skip

_BOX: Final = "SELECT no FROM shipment WHERE no = :no OR ships_with = :no ORDER BY no"

# The first of the box that lacks a unit of this SKU; the parcel itself where none does.
_FOR_WHOM: Final = """
SELECT l.shipment_no AS no FROM shipment_line l
WHERE l.shipment_no = ANY(:box) AND l.sku = :sku
GROUP BY l.shipment_no
HAVING sum(coalesce(l.picked_quantity, l.quantity))
    > (SELECT count(*) FROM serial x WHERE x.shipment_no = l.shipment_no AND x.sku = :sku)
ORDER BY l.shipment_no LIMIT 1
"""

_IN_BOX: Final = """
SELECT x.sku, x.serial, x.lot, x.state, x.shipment_no, k.name FROM serial x
JOIN sku k ON k.code = x.sku
WHERE x.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
  AND x.state IN ('packed', 'shipped')
ORDER BY x.sku, x.serial
"""

# Undone: unless another scan that counts has the unit in this shipment.
_UNDONE: Final = """
SELECT w.sku, w.serial FROM warehouse_scan w
WHERE w.key = :undoes AND w.serial <> '' AND w.shipment_no = :no AND w.verdict = 'counted'
  AND NOT EXISTS (
    SELECT FROM warehouse_scan o
    WHERE o.shipment_no = w.shipment_no AND o.sku = w.sku AND o.serial = w.serial
      AND o.key <> w.key AND o.verdict = 'counted' AND NOT EXISTS (
        SELECT FROM warehouse_scan u WHERE u.shipment_no = o.shipment_no AND u.undoes = o.key
          AND u.verdict = 'undone'))
"""

_LACKING: Final = """
SELECT l.sku, sum(coalesce(l.picked_quantity, l.quantity))::bigint
    - (SELECT count(*) FROM serial x WHERE x.sku = l.sku AND x.state = 'packed'
       AND x.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)) AS units
FROM shipment m JOIN shipment_line l ON l.shipment_no = m.no JOIN sku k ON k.code = l.sku
WHERE (m.no = :no OR m.ships_with = :no) AND k.tracks_serials
GROUP BY l.sku ORDER BY l.sku
"""


@dataclass(slots=True)
class PickedSerials:
    """Units that scans name, locked. `actor` is who scans."""

    session: AsyncSession
    actor: str = "system"
    _asked: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], Serial] = field(default_factory=dict)

    @property
    def _register(self) -> SerialRegister:
        return SerialRegister(self.session, self.actor)

    async def prepare(self, skus: Iterable[str], numbers: Iterable[tuple[str, str]]) -> None:
        """Lock the units that scans name, of those SKUs that ask for numbers."""
        self._asked = await self._register.asked(skus)
        wanted = {(sku, serial) for sku, serial in numbers if sku in self._asked and serial}
        self._known = await self._register.lock(wanted)

    def lot_of(self, sku: str, serial: str) -> str:
        """The lot of a unit by the register; '' where it knows none."""
        found = self._known.get((sku, serial))
        return found.lot if found else ""

    async def refused(
        self, no: str, place: str, sku: str, serial: str, lot: str, counted: Sequence[str],
        units: int, *, packing: bool,
    ) -> Verdict | None:  # fmt: skip
        """Why this unit may not go. `counted` are the numbers of the units of its SKU that were
        counted here before it; at the pack a unit whose number was taken at the pick needs none.
        """
        if sku not in self._asked:
            return None
        box = [row.no for row in await run(self.session, _BOX, no=no)]
        if not serial:
            known = [row for row in await run(self.session, _IN_BOX, no=no) if row.sku == sku]
            covered = packing and len(counted) + units <= len(known)
            return None if covered else Verdict.SERIAL_NEEDED
        if units != 1:
            return Verdict.SERIAL_UNITS
        found = self._known.get((sku, serial))
        why = refusal(found, place, box, lot, counted)
        if why is None and packing and found and found.shipment_no not in box:
            promised = await Lots(self.session).promised(box, sku)
            lots = {one for lots in promised.values() for one in lots}
            return None if Lot(found.lot) in lots or not lots else Verdict.SERIAL_OTHER_LOT
        if why is Refusal.ELSEWHERE and found:
            came = await self._register.came_with_transfer(sku, place)
            return None if found.place in came else Verdict.SERIAL_ELSEWHERE
        return Verdict(why) if why else None

    async def take(self, no: str, place: str, sku: str, serial: str) -> None:
        """The unit goes into the shipment, or the first in its parcel that lacks one."""
        found = self._known.get((sku, serial))
        if sku not in self._asked or found is None or found.state is SerialState.PACKED:
            return
        box = [row.no for row in await run(self.session, _BOX, no=no)]
        rows = await run(self.session, _FOR_WHOM, box=box, sku=sku)
        shipment_no = rows[0].no if rows else no
        await self._register.pack(sku, serial, place, shipment_no)
        if found.sought:  # it was not the one that is missing
            key = StockKey(Sku(sku), LocationId(place), Lot(found.lot))
            await SoughtSerials(self.session, self.actor).settle(key)
        self._known[sku, serial] = Serial(
            sku, serial, found.lot, SerialState.PACKED, found.condition, place, shipment_no
        )

    async def put_back(self, no: str, undoes: str) -> None:
        """A scan was taken back: its unit is free again."""
        for row in await run(self.session, _UNDONE, no=no, undoes=undoes):
            await self._register.put_back(row.sku, row.serial, no)
            if found := self._known.get((row.sku, row.serial)):
                self._known[row.sku, row.serial] = Serial(
                    row.sku, row.serial, found.lot, SerialState.IN_STOCK, found.condition,
                    found.place, "",
                )  # fmt: skip


async def serials_in_box(session: AsyncSession, no: str) -> Sequence[Row[Any]]:
    """The units that go, or went, in a shipment and what rides in its parcel."""
    return await run(session, _IN_BOX, no=no)


async def serials_lacking(session: AsyncSession, no: str) -> Mapping[str, int]:
    """Units by SKU that go without a number although their SKU asks for it."""
    return {row.sku: row.units for row in await run(session, _LACKING, no=no) if row.units > 0}
