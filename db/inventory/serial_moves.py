"""Units with serial numbers that a paper moves, writes off or finds, in the caller's transaction.

Before and after it as many numbers lie in a balance as units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serials import SerialRegister, Unit
from db.sql import run
from domain.inventory.serials import SerialAct, SerialState, leaves, may_come_in
from domain.inventory.stock import StockKey
from domain.shared.errors import InvalidInput, SerialsMissing, SerialTaken

_MOVE: Final = """
UPDATE serial SET location_id = :place, condition = :condition, sought_by = ''
WHERE sku = :sku AND serial = ANY(:serials)
"""

_GONE: Final = """
UPDATE serial SET state = 'gone', location_id = NULL, shipment_no = NULL, order_id = NULL
WHERE sku = :sku AND serial = ANY(:serials)
"""

_UNNUMBERED: Final = """
SELECT coalesce((SELECT sum(b.on_hand) FROM stock_balance b
        WHERE b.sku = :sku AND b.location_id = :place AND b.lot = :lot
          AND b.condition = :condition), 0)::bigint
    - (SELECT count(*) FROM serial x WHERE x.sku = :sku AND x.location_id = :place
          AND x.lot = :lot AND x.condition = :condition) AS units
"""


@dataclass(frozen=True, slots=True)
class SerialMoves:
    """`document_no` is the paper, `by` who does it. Calls come before the balances change."""

    session: AsyncSession
    document_no: str
    by: str = "system"

    @property
    def _register(self) -> SerialRegister:
        return SerialRegister(self.session, self.by)

    async def may_leave(self, key: StockKey, serials: Sequence[str], units: int) -> list[str]:
        """Whether these are the numbers of so many units of a balance; those of them that nobody
        took down before, which must be units that lie there without a number.

        Raises SerialsMissing, InvalidInput for a number that is said twice, SerialTaken for a unit
        that does not lie there.
        """
        await self.refuse_count(key.sku, serials, units)
        known = await self._register.lock((key.sku, serial) for serial in serials)
        new: list[str] = []
        for serial in serials:
            found = known.get((key.sku, serial))
            if may_come_in(found, moved=False):
                new.append(serial)
            elif found is None or not leaves(found, key.location_id, key.lot, key.condition):
                raise SerialTaken(f"{serial} of {key.sku} does not lie there by the register")
        if new and len(new) > await self.unnumbered(key):
            raise SerialTaken(f"{new[0]} of {key.sku} does not lie there by the register")
        return new

    async def refuse_count(self, sku: str, serials: Sequence[str], units: int) -> None:
        """Raises SerialsMissing unless each unit has its number; InvalidInput for numbers of a SKU
        that asks for none, or one that is said twice."""
        if serials and not await self._register.asked([sku]):
            raise InvalidInput(f"{sku} asks for no serial numbers")
        if len(set(serials)) < len(serials):
            raise InvalidInput("a serial number is named twice")
        if len(serials) != units:
            raise SerialsMissing(f"{units} serial numbers of {sku} are needed")

    async def carry(
        self, key: StockKey, serials: Sequence[str], place: str, condition: str
    ) -> None:
        """Units go from a balance to a place. Raises as `may_leave`."""
        await self._note(key, await self.may_leave(key, serials, len(serials)))
        await run(
            self.session, _MOVE, sku=key.sku, serials=list(serials), place=place,
            condition=condition,
        )  # fmt: skip
        await self._told(key.sku, serials, SerialAct.MOVED, place)

    async def write_off(self, key: StockKey, serials: Sequence[str], reason: str) -> None:
        """Units leave the books. Raises as `may_leave`."""
        await self._note(key, await self.may_leave(key, serials, len(serials)))
        await run(self.session, _GONE, sku=key.sku, serials=list(serials))
        await self._told(key.sku, serials, SerialAct.WRITTEN_OFF, None, reason)

    async def may_be_found(self, sku: str, serials: Sequence[str], units: int) -> None:
        """Raises SerialTaken for a number that is in stock and not looked for, or out at a buyer's;
        and as `refuse_count`."""
        await self.refuse_count(sku, serials, units)
        known = await self._register.lock((sku, serial) for serial in serials)
        for one in known.values():
            turned_up = one.sought and one.state is SerialState.IN_STOCK
            if not turned_up and not may_come_in(one, moved=False):
                raise SerialTaken(f"{one.serial} of {sku} is in the register already")

    async def find(self, key: StockKey, serials: Sequence[str], reason: str) -> None:
        """Units come into the books. Raises as `may_be_found`."""
        await self.may_be_found(key.sku, serials, len(serials))
        units = [Unit(key.sku, serial, key.lot, key.condition) for serial in serials]
        await self._register.keep(units, key.location_id, None)
        await self._told(key.sku, serials, SerialAct.FOUND, key.location_id, reason)

    async def lie_there(self, key: StockKey) -> set[str]:
        """The numbers of the units of a balance that go into no parcel; nobody changes them."""
        return await self._register.set_apart(key.sku, key.location_id, key.lot, key.condition)

    async def unnumbered(self, key: StockKey) -> int:
        """Units of a balance whose numbers nobody took down yet."""
        rows = await run(
            self.session, _UNNUMBERED, sku=key.sku, place=key.location_id, lot=key.lot,
            condition=key.condition,
        )  # fmt: skip
        return max(int(rows[0].units), 0)

    async def _note(self, key: StockKey, serials: Sequence[str]) -> None:
        units = [Unit(key.sku, serial, key.lot, key.condition) for serial in serials]
        await self._register.keep(units, key.location_id, None)
        await self._told(key.sku, serials, SerialAct.NOTED, key.location_id)

    async def _told(
        self, sku: str, serials: Sequence[str], what: SerialAct, place: str | None,
        reason: str = "",
    ) -> None:  # fmt: skip
        await self._register.told(
            [(sku, serial) for serial in serials], what, self.document_no, place, reason=reason
        )
