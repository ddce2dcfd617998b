"""What came of a transfer, and what people found out about the rest: into the books."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.goods_claims import GoodsClaims, NewGoodsClaim
from db.ids import new_id
from db.inventory.lot_register import LotRegister
from db.inventory.repository import StockRepository
from db.inventory.transfer_keys import key_of_row
from db.inventory.transfer_serials import TransferSerials
from db.inventory.transfers import Transfers
from db.sql import run
from domain.finance.goods_claims import CARRIER
from domain.finance.stock_rules import OURS
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.inventory.transfers import (
    Arrived,
    Decision,
    Difference,
    TransferLine,
    arrival,
    decided,
)
from domain.shared.ids import LocationId, Lot, Sku

_LINE: Final = """
UPDATE stock_transfer_line SET shipped = :shipped, received = :received, damaged = :damaged,
    lost = :lost, returned = :returned, short = :short
WHERE transfer_no = :no AND line_no = :line_no
"""

_DIFFERS: Final = """
INSERT INTO stock_transfer_difference (id, transfer_no, line_no, kind, units, decision, reason,
    reference, decided_by, decided_at)
VALUES (:id, :no, :line_no, :kind, :units, :decision, :reason, :reference, :actor,
    CASE WHEN :is_decided THEN clock_timestamp() END)
"""


@dataclass(frozen=True, slots=True)
class TransferArrivals:
    """Reports of receivers and decisions; the caller holds the transfer's lock."""

    session: AsyncSession

    async def receive(self, row: Row[Any], report: Row[Any]) -> None:
        lines = {line.line_no: line for line in await Transfers(self.session).lines(row.no)}
        told = {int(one["line_no"]): Arrived(**one) for one in report.told["lines"]}
        last = bool(report.told["last"])
        asked = sorted({*told, *(lines if last else ())})
        held = await LotRegister(self.session).follows(
            row.from_location, [(lines[no].sku, lines[no].lot) for no in asked if lines[no].lot]
        )
        good: list[StockLine] = []
        apart: list[tuple[StockLine, str]] = []  # in which condition they are set apart
        serials = TransferSerials(self.session, row, report.actor)
        for line_no in asked:
            key = key_of_row(row.transit_location, lines[line_no])
            is_held = key.condition == "good" and (key.sku, key.lot) in held
            said, strange = await serials.came(
                lines[line_no], told.get(line_no, Arrived(line_no)),
                "quarantine" if is_held else key.condition,
            )  # fmt: skip
            came = arrival(line_of(lines[line_no]), said, last=last)
            if came.good and is_held:
                apart.append((StockLine(key, came.good), "quarantine"))
            elif came.good:
                good.append(StockLine(key, came.good))
            if came.damaged:
                apart.append((StockLine(key, came.damaged), "damaged"))
            await write_line(self.session, row.no, came.line)
            await self._differ(row.no, line_no, Difference.OVER, came.over + strange)
            await self._differ(row.no, line_no, Difference.DAMAGED, came.damaged)
            await self._short(row.no, line_no, came.line.short)
        if report.told["receipt_no"]:
            await serials.came_with_receipt()
        stock, to = StockRepository(self.session), LocationId(row.to_location)
        await stock.hold(_touched(good, apart, to))
        if good:
            await stock.transfer(document_of(row.no, report), good, to)
        for n, (line, condition) in enumerate(apart):
            kept = replace(line.key, condition=condition)
            if kept != line.key:
                await stock.sort_out(document_of(row.no, report, f":apart:{n}"), line, kept)
            moved = StockLine(kept, line.quantity)
            await stock.transfer(document_of(row.no, report, f":arrived:{n}"), [moved], to)

    async def decide(self, row: Row[Any], report: Row[Any]) -> None:
        told = report.told
        [open_one] = await run(
            self.session, "SELECT * FROM stock_transfer_difference WHERE id = :id",
            id=told["difference_id"],
        )  # fmt: skip
        [line] = [
            x for x in await Transfers(self.session).lines(row.no)
            if x.line_no == open_one.line_no
        ]  # fmt: skip
        decision, units = Decision(told["decision"]), int(told["units"])
        kind = Difference(open_one.kind)
        serials = TransferSerials(self.session, row, report.actor)
        named = await serials.about(line.line_no, kind, units, told.get("serials", []))
        await serials.decide(line, kind, decision, named)
        await write_line(self.session, row.no, decided(line_of(line), kind, decision, units))
        await self._move_decided(row, report, line, kind, decision, units)
        claim_no = await self._divide(open_one, decision, units, told, report.actor)
        if decision is Decision.CARRIER_CLAIM and line.owner == OURS:
            await self._claim(row, line, claim_no, units, report.actor)

    async def _move_decided(
        self, row: Row[Any], report: Row[Any], line: Row[Any], kind: Difference,
        decision: Decision, units: int,
    ) -> None:  # fmt: skip
        """The books follow what was found out. Raises InsufficientStock where they cannot."""
        stock, document = StockRepository(self.session), document_of(row.no, report)
        at_way = key_of_row(row.transit_location, line)
        at_home = key_of_row(row.from_location, line)
        there = key_of_row(row.to_location, line)
        match decision:
            case Decision.FOUND_AT_SENDER:
                home = LocationId(row.from_location)
                await stock.transfer(document, [StockLine(at_way, units)], home)
            case Decision.FROM_SENDER:
                to = LocationId(row.to_location)
                await stock.transfer(document, [StockLine(at_home, units)], to)
            case Decision.FOUND:
                await stock.adjust(document, [StockLine(there, units)], AdjustmentReason.FOUND)
            case Decision.LOST | Decision.CARRIER_CLAIM:
                broken = kind is Difference.DAMAGED
                key = replace(there, condition="damaged") if broken else at_way
                reason = AdjustmentReason.DAMAGED if broken else AdjustmentReason.LOST
                await stock.adjust(document, [StockLine(key, -units)], reason)
            case Decision.KEPT:
                return

    async def _claim(
        self, row: Row[Any], line: Row[Any], claim_no: str, units: int, actor: str
    ) -> None:
        """At what the goods cost us; in the books it is nothing until the carrier accepts it."""
        [cost] = await run(
            self.session, "SELECT cost_minor, currency FROM sku WHERE code = :sku", sku=line.sku
        )
        await GoodsClaims(self.session, actor).open(
            NewGoodsClaim(
                claim_no, "transfer", row.no, row.to_location, f"{CARRIER}{row.carrier or '?'}",
                cost.currency, cost.cost_minor * units,
            )
        )  # fmt: skip

    async def _divide(
        self, row: Row[Any], decision: str, units: int, told: Mapping[str, Any], actor: str
    ) -> str:
        """The decided units become a row of their own when others still wait; returns its id."""
        if units == row.units:
            await run(
                self.session,
                "UPDATE stock_transfer_difference SET decision = :decision, reason = :reason,"
                " reference = :reference, decided_by = :actor, decided_at = clock_timestamp()"
                " WHERE id = :id",
                id=row.id, decision=decision, reason=told["reason"], reference=told["reference"],
                actor=actor,
            )  # fmt: skip
            return str(row.id)
        await run(
            self.session,
            "UPDATE stock_transfer_difference SET units = units - :units WHERE id = :id",
            id=row.id, units=units,
        )  # fmt: skip
        return await self._differ(
            row.transfer_no, row.line_no, Difference(row.kind), units, decision, told, actor
        )

    async def _differ(
        self,
        no: str,
        line_no: int,
        kind: Difference,
        units: int,
        decision: str = "",
        told: Mapping[str, Any] | None = None,
        actor: str = "",
    ) -> str:
        difference_id = new_id("dif")
        if units:
            words = {name: (told or {}).get(name, "") for name in ("reason", "reference")}
            await run(
                self.session, _DIFFERS, id=difference_id, no=no, line_no=line_no, kind=kind,
                units=units, decision=decision, is_decided=bool(decision), actor=actor, **words,
            )  # fmt: skip
        return difference_id

    async def _short(self, no: str, line_no: int, units: int) -> None:
        """What is missing of a line is one open row; units that came after all end it."""
        rows = await run(
            self.session,
            "SELECT id FROM stock_transfer_difference WHERE transfer_no = :no"
            " AND line_no = :line_no AND kind = 'short' AND decision = ''",
            no=no, line_no=line_no,
        )  # fmt: skip
        if not rows:
            await self._differ(no, line_no, Difference.SHORT, units)
            return
        await run(
            self.session,
            "UPDATE stock_transfer_difference SET"
            " units = CASE WHEN :units = 0 THEN units ELSE :units END,"
            " decision = CASE WHEN :units = 0 THEN 'arrived' ELSE '' END,"
            " decided_at = CASE WHEN :units = 0 THEN clock_timestamp() END WHERE id = :id",
            id=rows[0].id, units=units,
        )  # fmt: skip


async def write_line(session: AsyncSession, no: str, line: TransferLine) -> None:
    """Where the units of a line are now."""
    await run(
        session, _LINE, no=no, line_no=line.line_no, shipped=line.shipped,
        received=line.received, damaged=line.damaged, lost=line.lost, returned=line.returned,
        short=line.short,
    )  # fmt: skip


def line_of(row: Row[Any]) -> TransferLine:
    """A line as its rules see it."""
    return TransferLine(
        row.line_no, row.sku, row.asked, row.lot, row.shipped, row.received, row.damaged,
        row.lost, row.returned, row.short,
    )  # fmt: skip


def key_of_line(location: str, line: TransferLine, condition: str, owner: str) -> StockKey:
    """The same for a line that is about to be written."""
    return StockKey(Sku(line.sku), LocationId(location), Lot(line.lot), condition, owner)


def document_of(no: str, report: Row[Any], part: str = "") -> Document:
    """The paper of what a report moves; its key makes it happen once."""
    return Document("transfer", no, f"transfer:{no}:{report.id}{part}", report.actor)


def _touched(
    good: Sequence[StockLine], apart: Sequence[tuple[StockLine, str]], to: LocationId
) -> Iterator[StockKey]:
    for line in good:
        yield line.key
        yield replace(line.key, location_id=to)
    for line, condition in apart:
        yield line.key
        yield replace(line.key, condition=condition)
        yield replace(line.key, condition=condition, location_id=to)
