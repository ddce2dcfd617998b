"""Serial numbers of a count: which units are gone, which turned up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serial_moves import SerialMoves
from db.inventory.serials import SerialRegister
from db.sql import run
from domain.inventory.serials import SerialState, corrected_by_count, may_come_in
from domain.inventory.stock import AdjustmentReason, StockKey
from domain.shared.errors import SerialsMissing, SerialTaken

_LAST: Final = """
SELECT DISTINCT ON (line_no) line_no, e.named, e.serials_gone, e.serials_found,
       k.tracks_serials
FROM stock_count_entry e JOIN stock_count_line l USING (count_no, line_no)
JOIN sku k ON k.code = l.sku
WHERE count_no = :no ORDER BY line_no, e.round DESC
"""
_LIES: Final = """
SELECT coalesce((SELECT sum(b.on_hand) FROM stock_balance b
        WHERE b.sku = :sku AND b.location_id = :place AND b.lot = :lot
          AND b.condition = :condition), 0)::bigint AS units,
    (SELECT count(*) FROM serial x WHERE x.sku = :sku AND x.location_id = :place
        AND x.lot = :lot AND x.condition = :condition) AS known
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the numbers of a look say. `asked`: the SKU has numbers; `named`: they were scanned."""

    asked: bool = False
    named: bool = False
    gone: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountSerials:
    """Numbers of the count `no`; `by` is who looks or posts."""

    session: AsyncSession
    no: str
    by: str = "system"

    async def seen(
        self, key: StockKey, serials: Sequence[str], units: int, *, is_again: bool
    ) -> Seen:
        """Compare what was scanned with the register. The first look may do without numbers; a
        second one is taken because something differs, and only numbers say what.

        Raises SerialsMissing, SerialTaken, InvalidInput.
        """
        register = SerialRegister(self.session, self.by)
        if not await register.asked([key.sku]):
            await self._moves.refuse_count(key.sku, serials, len(serials))
            return Seen()
        if not serials and units:
            if is_again:
                raise SerialsMissing(f"{units} serial numbers of {key.sku} are needed")
            return Seen(asked=True)
        await self._moves.refuse_count(key.sku, serials, units)
        here = await self._moves.lie_there(key)
        strange = sorted(set(serials) - here)
        for one in (await register.lock((key.sku, serial) for serial in strange)).values():
            if may_come_in(one, moved=False):
                continue
            if one.place == key.location_id and one.state is SerialState.IN_STOCK:
                raise SerialTaken(
                    f"{one.serial} of {key.sku} lies here in another lot or condition: count it"
                    " there"
                )
            raise SerialTaken(f"{one.serial} of {key.sku} is in the register already")
        return Seen(True, True, tuple(sorted(here - set(serials))), tuple(strange))

    async def last(self) -> dict[int, Row[Any]]:
        """What the last look at each line says of its numbers."""
        return {row.line_no: row for row in await run(self.session, _LAST, no=self.no)}

    async def post(self, key: StockKey, last: Row[Any]) -> None:
        """The register says what was scanned, as far as the books do by now."""
        if not last.named:
            return
        here = await self._moves.lie_there(key)
        known = await SerialRegister(self.session, self.by).lock(
            (key.sku, serial) for serial in last.serials_found
        )
        new = [
            serial
            for serial in last.serials_found
            if may_come_in(known.get((key.sku, serial)), moved=False)
        ]
        [lies] = await run(
            self.session, _LIES, sku=key.sku, place=key.location_id, lot=key.lot,
            condition=key.condition,
        )  # fmt: skip
        gone, found = corrected_by_count(
            here & set(last.serials_gone), new, lies.known, int(lies.units)
        )
        if gone:
            await self._moves.write_off(key, gone, AdjustmentReason.COUNT)
        if found:
            await self._moves.find(key, found, AdjustmentReason.COUNT)

    @property
    def _moves(self) -> SerialMoves:
        return SerialMoves(self.session, self.no, self.by)
