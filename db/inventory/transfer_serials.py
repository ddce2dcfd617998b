"""Serial numbers of the units of a transfer: which left, which came, which are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serial_moves import SerialMoves
from db.inventory.serials import SerialRegister, Unit
from db.inventory.transfer_keys import key_of_row
from db.sql import run
from domain.inventory.serials import SerialAct, SerialState, decided_serials, may_come_in
from domain.inventory.transfers import Arrived, Decision, Difference
from domain.shared.errors import InvalidInput, SerialTaken

_OF: Final = """
SELECT line_no, sku, serial, state FROM stock_transfer_serial
WHERE transfer_no = :no ORDER BY line_no, serial
"""
_WRITE: Final = """
INSERT INTO stock_transfer_serial (transfer_no, sku, serial, line_no, state)
SELECT :no, :sku, s, :line_no, :state FROM unnest(CAST(:serials AS text[])) AS s
ON CONFLICT (transfer_no, sku, serial) DO UPDATE SET state = excluded.state,
    line_no = excluded.line_no
"""
# A goods receipt of the transfer has moved these already.
_CAME: Final = """
UPDATE stock_transfer_serial t SET state = CASE x.condition WHEN 'good' THEN 'arrived'
    ELSE 'damaged' END
FROM serial x
WHERE t.transfer_no = :no AND t.state = 'on_the_way' AND x.sku = t.sku AND x.serial = t.serial
  AND x.location_id = :place
"""
_WAITS: Final = {
    Difference.SHORT: "on_the_way",
    Difference.OVER: "over",
    Difference.DAMAGED: "damaged",
}
_BECOMES: Final = {
    Decision.FOUND_AT_SENDER: "returned",
    Decision.LOST: "lost",
    Decision.CARRIER_CLAIM: "lost",
    Decision.FROM_SENDER: "arrived",
    Decision.FOUND: "arrived",
    Decision.KEPT: "arrived",
}


@dataclass(frozen=True, slots=True)
class TransferSerials:
    """What is said of the numbers of a transfer, whose lock the caller holds; lines of SKUs that
    ask for none have none. `by` is who says it."""

    session: AsyncSession
    row: Row[Any]
    by: str = "system"

    async def refuse_sending(
        self, lines: Mapping[int, Row[Any]], units: Mapping[int, int],
        serials: Mapping[int, Sequence[str]],
    ) -> None:  # fmt: skip
        """Raises SerialsMissing, SerialTaken, InvalidInput unless each unit that leaves has the
        number of a unit that lies there."""
        asked = await self._register.asked(line.sku for line in lines.values())
        said: set[tuple[str, str]] = set()
        for line_no, line in lines.items():
            named = list(serials.get(line_no, ()))
            if said & {(line.sku, serial) for serial in named}:
                raise InvalidInput("a serial number is named twice")
            said |= {(line.sku, serial) for serial in named}
            if line.sku in asked or named:
                sent = units.get(line_no, line.asked)
                key = key_of_row(self.row.from_location, line)
                await self._moves.may_leave(key, named, sent)

    async def send(self, lines: Sequence[Row[Any]], told: Mapping[str, Any], way: str) -> None:
        """They are on the way. Raises as `refuse_sending`."""
        for line in lines:
            if named := told.get("serials", {}).get(str(line.line_no), []):
                key = key_of_row(self.row.from_location, line)
                await self._moves.carry(key, named, way, line.condition)
                await self._write(line, named, "on_the_way")

    async def take_back(self, lines: Sequence[Row[Any]]) -> None:
        """They never left."""
        sent = await self._of("on_the_way")
        for line in lines:
            if named := sent.get(line.line_no, []):
                key = key_of_row(self.row.transit_location, line)
                await self._moves.carry(key, named, self.row.from_location, line.condition)
        await run(
            self.session, "DELETE FROM stock_transfer_serial WHERE transfer_no = :no",
            no=self.row.no,
        )  # fmt: skip

    async def refuse_arrival(self, lines: Mapping[int, Row[Any]], told: Sequence[Arrived]) -> None:
        """Raises SerialsMissing, SerialTaken, InvalidInput unless each unit that came has the
        number of one that was sent, or of one that could have come by mistake."""
        sent = await self._sent()
        asked = await self._register.asked(line.sku for line in lines.values())
        said: set[tuple[str, str]] = set()
        for one in told:
            line, named = lines[one.line_no], [*one.serials, *one.damaged_serials]
            if not named and (line.sku not in asked or one.line_no not in sent):
                continue  # sent before anybody was asked for numbers
            await self._moves.refuse_count(line.sku, one.serials, one.good)
            await self._moves.refuse_count(line.sku, one.damaged_serials, one.damaged)
            if len(set(named)) < len(named) or said & {(line.sku, serial) for serial in named}:
                raise InvalidInput("a serial number is named twice")
            said |= {(line.sku, serial) for serial in named}
            await self._refuse_strange(line, named, sent)

    async def _refuse_strange(
        self, line: Row[Any], named: Sequence[str], sent: Mapping[int, Mapping[str, str]]
    ) -> None:
        mine = sent.get(line.line_no, {})
        strange = [serial for serial in named if mine.get(serial) != "on_the_way"]
        known = await self._register.lock((line.sku, serial) for serial in strange)
        others = {
            (line.sku, serial)
            for line_no, states in sent.items() if line_no != line.line_no
            for serial, state in states.items() if state == "on_the_way"
        }  # fmt: skip
        for serial in strange:
            found = known.get((line.sku, serial))
            if (line.sku, serial) in others:
                raise InvalidInput(
                    f"{serial} of {line.sku} was sent with another line of this transfer"
                )
            if may_come_in(found, moved=line.line_no not in sent):
                continue
            stays = found is not None and found.state is SerialState.IN_STOCK
            if found is None or not stays:
                raise SerialTaken(f"{serial} of {line.sku} is in the register already")
            if found.place != self.row.from_location:
                raise SerialTaken(
                    f"{serial} of {line.sku} lies at {found.place} by the register, not on the way"
                )

    async def came(self, line: Row[Any], told: Arrived, good_as: str) -> tuple[Arrived, int]:
        """Units lie at the receiver under their numbers, good ones as `good_as`; what came as far
        as it was sent, and how many units were not."""
        named = [*told.serials, *told.damaged_serials]
        if not named:
            return told, 0
        sent = (await self._sent()).get(line.line_no)
        if sent is None:  # sent without numbers: they are known from now on
            await self._known(line, told.serials, good_as)
            await self._known(line, told.damaged_serials, "damaged")
            return told, 0
        mine = {serial for serial, state in sent.items() if state == "on_the_way"}
        good = [serial for serial in told.serials if serial in mine]
        damaged = [serial for serial in told.damaged_serials if serial in mine]
        strange = [serial for serial in named if serial not in mine]
        key = key_of_row(self.row.transit_location, line)
        for kept, condition, state in (
            (good, good_as, "arrived"), (damaged, "damaged", "damaged"),
        ):  # fmt: skip
            if kept:
                await self._moves.carry(key, kept, self.row.to_location, condition)
                await self._write(line, kept, state)
        await self._write(line, strange, "over")
        return replace(told, good=len(good), damaged=len(damaged)), len(strange)

    async def came_with_receipt(self) -> None:
        """What the scanner at the ramp has moved is here."""
        await run(self.session, _CAME, no=self.row.no, place=self.row.to_location)

    async def about(
        self, line_no: int, kind: Difference, units: int, named: Sequence[str]
    ) -> list[str]:
        """The numbers of the units that somebody decides about: those he names, or all where so
        many wait. Raises InvalidInput, SerialsMissing."""
        waiting = (await self._of(_WAITS[kind])).get(line_no, [])
        return decided_serials(waiting, units, named)

    async def refuse_decision(
        self, line: Row[Any], decision: Decision, serials: Sequence[str]
    ) -> None:
        """Raises SerialTaken for numbers that cannot come in so."""
        if serials and decision is Decision.FOUND:
            await self._moves.may_be_found(line.sku, serials, len(serials))
        if serials and decision is Decision.FROM_SENDER:
            home = key_of_row(self.row.from_location, line)
            await self._moves.may_leave(home, serials, len(serials))

    async def decide(
        self, line: Row[Any], kind: Difference, decision: Decision, serials: Sequence[str]
    ) -> None:
        """The register follows what was found out. Raises SerialTaken where it cannot."""
        if not serials:
            return
        at_way = key_of_row(self.row.transit_location, line)
        there = key_of_row(self.row.to_location, line)
        match decision:
            case Decision.FOUND_AT_SENDER:
                await self._moves.carry(at_way, serials, self.row.from_location, line.condition)
            case Decision.FROM_SENDER:
                home = key_of_row(self.row.from_location, line)
                await self._moves.carry(home, serials, self.row.to_location, line.condition)
            case Decision.FOUND:
                await self._moves.find(there, serials, decision)
            case Decision.LOST | Decision.CARRIER_CLAIM:
                broken = kind is Difference.DAMAGED
                key = replace(there, condition="damaged") if broken else at_way
                await self._moves.write_off(key, serials, decision)
            case Decision.KEPT:
                pass
        await self._write(line, serials, _BECOMES[decision])

    async def _known(self, line: Row[Any], serials: Sequence[str], condition: str) -> None:
        units = [Unit(line.sku, serial, line.lot, condition) for serial in serials]
        await self._register.keep(units, self.row.to_location, None)
        numbers = [(line.sku, serial) for serial in serials]
        await self._register.told(numbers, SerialAct.MOVED, self.row.no, self.row.to_location)

    async def _sent(self) -> dict[int, dict[str, str]]:
        """The numbers that were sent, by line, each with where it is."""
        found: dict[int, dict[str, str]] = {}
        for one in await run(self.session, _OF, no=self.row.no):
            found.setdefault(one.line_no, {})[one.serial] = one.state
        return found

    async def _of(self, state: str) -> dict[int, list[str]]:
        return {
            line_no: [serial for serial, now in states.items() if now == state]
            for line_no, states in (await self._sent()).items()
        }

    async def _write(self, line: Row[Any], serials: Sequence[str], state: str) -> None:
        if serials:
            await run(
                self.session, _WRITE, no=self.row.no, sku=line.sku, serials=list(serials),
                line_no=line.line_no, state=state,
            )  # fmt: skip

    @property
    def _moves(self) -> SerialMoves:
        return SerialMoves(self.session, self.row.no, self.by)

    @property
    def _register(self) -> SerialRegister:
        return SerialRegister(self.session, self.by)


async def serials_of_transfer(session: AsyncSession, no: str) -> dict[int, list[Row[Any]]]:
    """The numbers of a transfer by line, each with what became of it."""
    found: dict[int, list[Row[Any]]] = {}
    for one in await run(session, _OF, no=no):
        found.setdefault(one.line_no, []).append(one)
    return found
