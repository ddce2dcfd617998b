"""Serial numbers of kits and their components: what went in, what came out, and of which lots."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serial_moves import SerialMoves
from db.inventory.serials import SerialRegister, Unit
from db.sql import run
from domain.inventory.kits import Named, lots_first, papers_opened
from domain.inventory.serials import Serial, SerialAct, SerialState, leaves, may_come_in
from domain.inventory.stock import StockKey, StockLine, from_lots
from domain.shared.errors import InsufficientStock, InvalidInput, SerialTaken
from domain.shared.ids import Lot, Sku

_AWAY: Final = """
UPDATE serial SET state = :state, location_id = NULL, shipment_no = NULL, order_id = NULL
WHERE sku = :sku AND serial = ANY(:serials)
"""
# The paper by which a kit, or what is in it, was put together last.
_PAPERS: Final = """
SELECT DISTINCT ON (e.sku, e.serial) e.sku, e.serial, e.document_no, o.kit
FROM serial_event e JOIN kit_order o ON o.no = e.document_no
WHERE (e.sku, e.serial) IN (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:serials AS text[])))
  AND e.what IN ('made', 'built_in')
ORDER BY e.sku, e.serial, e.at DESC, e.id DESC
"""


@dataclass(slots=True)
class KitSerials:
    """The numbers that a paper of kits names, by SKU; `by` is who works."""

    session: AsyncSession
    kit: str
    document_no: str
    by: str
    named: Mapping[str, Sequence[str]]
    asked: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], Serial] = field(default_factory=dict)
    _papers: dict[tuple[str, str], str] = field(default_factory=dict)

    async def prepare(self, units: Mapping[str, int]) -> None:
        """Lock the units that are named: each of the SKUs that ask for numbers, in `units` the kit
        and its components, names all of them. It comes before the balances are locked.

        Raises SerialsMissing, InvalidInput.
        """
        for sku in self.named:
            if sku not in units:
                raise InvalidInput(f"{sku} is no part of this kit")
        self.asked = await SerialRegister(self.session).asked(units)
        for sku in sorted(units):
            named = self.named.get(sku, ())
            if sku in self.asked or named:
                await self._moves.refuse_count(sku, named, units[sku])
        numbers = sorted((sku, serial) for sku in self.asked for serial in self.named[sku])
        self._known = await SerialRegister(self.session).lock(numbers)
        rows = await run(
            self.session, _PAPERS, skus=[sku for sku, _ in numbers],
            serials=[serial for _, serial in numbers],
        )  # fmt: skip
        self._papers = {
            (row.sku, row.serial): row.document_no for row in rows if row.kit == self.kit
        }

    def lots_named(self, sku: str) -> set[str]:
        """The lots of the units that are named."""
        return {known.lot for known in self._of(sku).values()}

    async def used(self, sku: str, free: Sequence[tuple[StockKey, int]]) -> list[StockLine]:
        """Free units of a balance that are used up by their numbers: each of its own lot, and those
        that nobody took down before of lots where units lie without a number.

        Raises InsufficientStock, SerialTaken.
        """
        keys = {str(key.lot): key for key, _ in free}
        units = {str(key.lot): free_units for key, free_units in free}
        lines: list[StockLine] = []
        for lot, serials in (await self._by_lot(sku, keys)).items():
            if len(serials) > units[lot]:
                raise InsufficientStock(
                    f"{keys[lot].location_id} has {units[lot]} free units of {sku},"
                    f" {len(serials)} are asked"
                )
            await self._leave(keys[lot], serials)
            lines.append(StockLine(keys[lot], len(serials)))
        return lines

    async def _by_lot(self, sku: str, keys: Mapping[str, StockKey]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        new: list[str] = []
        for serial in self.named[sku]:
            unit = self._known.get((sku, serial))
            if unit is None or may_come_in(unit, moved=False):
                new.append(serial)
                continue
            key = keys.get(unit.lot)
            if key is None or not leaves(unit, key.location_id, key.lot, key.condition):
                raise SerialTaken(f"{serial} of {sku} does not lie there by the register")
            found.setdefault(unit.lot, []).append(serial)
        for lot, key in keys.items() if new else ():
            room = await self._moves.unnumbered(key)
            if new[:room]:
                await self._come(key, new[:room], SerialAct.NOTED)
                found.setdefault(lot, []).extend(new[:room])
                del new[:room]
        if new:
            raise SerialTaken(f"{new[0]} of {sku} does not lie there by the register")
        return found

    def kits_opened(
        self, lots: Sequence[tuple[StockKey, int]], units: int, each: Mapping[str, int]
    ) -> list[StockLine]:
        """Which lots of kits are taken apart: those the components that came out went into."""
        named = {
            sku: [
                Named(serial, paper=self._papers.get((sku, serial), ""))
                for serial in self.named[sku]
            ]
            for sku in self.asked - {self.kit}
        }
        keys = {str(key.lot): key for key, _ in lots}
        order = lots_first([(key.lot, free) for key, free in lots], papers_opened(named, each))
        found = from_lots([(keys[lot], free) for lot, free in order], {Sku(self.kit): units})
        return merged(found)

    async def made(self, key: StockKey) -> None:
        """Kits got their numbers. Raises SerialTaken."""
        if key.sku in self.asked:
            named = self.named[key.sku]
            await self._moves.may_be_found(key.sku, named, len(named))
            await self._come(key, named, SerialAct.MADE)

    async def taken_out(self, sku: str, place: StockKey) -> list[StockLine]:
        """Components lie there again, each in the lot it was of; `place` is where.

        Raises SerialTaken for a unit that is elsewhere, or went into another kit.
        """
        papers = {
            self._papers.get((self.kit, serial), "") for serial in self.named.get(self.kit, ())
        }
        by_lot: dict[str, list[str]] = {}
        for serial in self.named[sku]:
            found = self._known.get((sku, serial))
            paper = self._papers.get((sku, serial), "")
            strange = not paper or bool(papers and "" not in papers and paper not in papers)
            if found and found.state is SerialState.BUILT_IN and strange:
                raise SerialTaken(f"{serial} of {sku} did not go into these kits")
            if found and found.state not in (SerialState.BUILT_IN, SerialState.GONE):
                raise SerialTaken(f"{serial} of {sku} is in the register already")
            by_lot.setdefault(found.lot if found else "", []).append(serial)
        lines = []
        for lot, serials in by_lot.items():
            key = StockKey(Sku(sku), place.location_id, Lot(lot))
            await self._come(key, serials, SerialAct.TAKEN_OUT)
            lines.append(StockLine(key, len(serials)))
        return lines

    async def _come(self, key: StockKey, serials: Sequence[str], what: SerialAct) -> None:
        register = SerialRegister(self.session, self.by)
        units = [Unit(key.sku, serial, key.lot, key.condition) for serial in serials]
        await register.keep(units, key.location_id, None)
        numbers = [(str(key.sku), serial) for serial in serials]
        await register.told(numbers, what, self.document_no, key.location_id)

    async def _leave(self, key: StockKey, serials: Collection[str]) -> None:
        """A kit that is taken apart is gone; a component is in its kit."""
        apart = key.sku == self.kit
        state = SerialState.GONE if apart else SerialState.BUILT_IN
        await run(self.session, _AWAY, sku=key.sku, serials=sorted(serials), state=state)
        what = SerialAct.TAKEN_APART if apart else SerialAct.BUILT_IN
        numbers = [(str(key.sku), serial) for serial in serials]
        register = SerialRegister(self.session, self.by)
        await register.told(numbers, what, self.document_no, key.location_id)

    def _of(self, sku: str) -> dict[str, Serial]:
        return {one.serial: one for (of, _), one in self._known.items() if of == sku}

    @property
    def _moves(self) -> SerialMoves:
        return SerialMoves(self.session, self.document_no, self.by)


def merged(lines: Sequence[StockLine]) -> list[StockLine]:
    """One line for each balance."""
    units: dict[StockKey, int] = {}
    for line in lines:
        units[line.key] = units.get(line.key, 0) + line.quantity
    return [StockLine(key, n) for key, n in units.items()]
