"""A transfer as its workflow moves it: promised, put into the books, reminded of, closed.

One call is one transaction. The transfer's row is locked before any balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.fitness import EXPIRED
from db.inventory.on_the_way import OnTheWay
from db.inventory.repository import StockRepository
from db.inventory.transfer_arrivals import (
    TransferArrivals,
    document_of,
    key_of_line,
    line_of,
    write_line,
)
from db.inventory.transfer_keys import key_of_row
from db.inventory.transfer_serials import TransferSerials
from db.inventory.transfers import Transfers
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import TRANSFER_DIFFERS, TRANSFER_LATE
from db.sql import run
from domain.inventory.stock import (
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.inventory.transfers import (
    AGAIN,
    TO_SHIP,
    TransferFacts,
    TransferLine,
    TransferState,
    TransferWork,
    by_lots,
    waits_for,
)
from domain.shared.errors import InsufficientStock
from domain.shared.ids import LocationId, transfer_workflow_id

# As a new order may take it: promised units and those that somebody queues for stay, and so do
# lots that are held. What expires first leaves first; what has expired only when it is asked for.
_FREE: Final = f"""
SELECT b.sku, b.lot, b.condition, b.owner,
       b.on_hand - b.reserved - CASE WHEN b.condition = 'good' AND b.owner = 'own' THEN coalesce((
           SELECT sum(w.quantity) FROM backorder w
           WHERE w.state = 'waiting' AND w.sku = b.sku AND w.location_id = b.location_id), 0)
           ELSE 0 END AS free
FROM stock_balance b JOIN location p ON p.id = b.location_id
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
WHERE b.location_id = :location AND b.sku = ANY(:skus) AND b.on_hand > b.reserved AND NOT b.frozen
  AND (NOT {EXPIRED} OR b.lot = ANY(:lots))
ORDER BY b.sku, t.expires_on NULLS LAST, b.lot
"""  # noqa: S608 (made of constants)

_RESERVED: Final = """
UPDATE stock_transfer SET state = 'reserved', round = round + 1, reserved_at = :at,
    waits_for = 'shipping', due_at = :due_at, reminders = 0, updated_at = clock_timestamp()
WHERE no = :no
"""

_SHIPPED: Final = """
UPDATE stock_transfer SET state = 'shipped', shipped_at = :at, transit_location = :way, eta = :eta,
    due_at = :eta, waits_for = 'arrival', reminders = 0, updated_at = clock_timestamp()
WHERE no = :no
"""

_TAKEN_BACK: Final = """
UPDATE stock_transfer SET state = 'approved', shipped_at = NULL, reserved_at = NULL, eta = NULL,
    due_at = NULL, waits_for = 'goods', carrier = '', waybill_no = '', reminders = 0,
    updated_at = clock_timestamp()
WHERE no = :no
"""

_OVER: Final = """
UPDATE stock_transfer SET state = :state, waits_for = '', due_at = NULL,
    closed_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE no = :no
"""


@dataclass(frozen=True, slots=True)
class TransferPosting:
    """The steps of a transfer that change books or state; each said again changes nothing."""

    session: AsyncSession

    async def facts(self, no: str) -> TransferFacts:
        """Where the transfer stands. Raises TransferNotFound."""
        row = await Transfers(self.session).lock(no)
        [counted] = await run(
            self.session,
            "SELECT coalesce(sum(shipped - received - damaged - lost - returned), 0)::bigint"
            " AS way, (SELECT count(*) FROM stock_transfer_difference d WHERE d.transfer_no = :no"
            "  AND d.decision = '')::int AS undecided"
            " FROM stock_transfer_line WHERE transfer_no = :no",
            no=no,
        )  # fmt: skip
        report = await self._oldest(no)
        return TransferFacts(
            no, TransferState(row.state), bool(row.cancel_asked_by),
            report.id if report else "", report.kind if report else "",
            counted.way, counted.undecided, row.from_location, row.due_at,
        )  # fmt: skip

    async def reserve(self, work: TransferWork) -> None:
        """Promise its goods, lot by lot; `partly` takes what is there and drops the rest.

        Raises InsufficientStock when not all is free, or nothing.
        """
        row = await Transfers(self.session).lock(work.no)
        if row.state != TransferState.APPROVED:
            return
        asked = await Transfers(self.session).lines(work.no)
        lines, lacking = await self._with_lots(row, asked)
        if (lacking and not work.partly) or not lines:
            sku = next((x.sku for x in asked if x.line_no in lacking), "")
            missing = sum(lacking.values())
            raise InsufficientStock(f"{row.from_location} lacks {missing} free units, of {sku}")
        lease = lease_of(work.no, row.round + 1)
        wanted = tuple(StockLine(key, line.asked) for line, key in lines)
        request = ReserveStock(lease, wanted, "", work.workflow_id)
        answer = (await StockRepository(self.session).reserve_batch([request]))[lease]
        if answer not in (Reserved.GRANTED, Reserved.ALREADY):
            raise InsufficientStock(f"{row.from_location} has not all of it free")
        await self._write_lots(work.no, lines)
        await run(self.session, _RESERVED, no=work.no, at=work.at, due_at=work.at + TO_SHIP)

    async def post(self, work: TransferWork) -> None:
        """Put one report into the books."""
        row = await Transfers(self.session).lock(work.no)
        report = await self._oldest(work.no)
        if report is None or report.id != work.report_id:
            return
        match report.kind:
            case "ship":
                await self._ship(row, report, work.at)
            case "unship":
                await self._unship(row, report)
            case "receive":
                await TransferArrivals(self.session).receive(row, report)
            case _:
                await TransferArrivals(self.session).decide(row, report)
        await self._posted(report.id, "")
        await self._settle(work.no)

    async def drop(self, work: TransferWork) -> None:
        """A person leaves a report out of the books."""
        await Transfers(self.session).lock(work.no)
        await self._posted(work.report_id, work.actor)

    async def remind(self, work: TransferWork) -> None:
        """It waits longer than it should: somebody is told, again every day."""
        row = await Transfers(self.session).lock(work.no)
        if row.due_at is None or row.due_at > work.at or row.closed_at is not None:
            return
        await run(
            self.session,
            "UPDATE stock_transfer SET reminders = reminders + 1, due_at = :due_at WHERE no = :no",
            no=work.no, due_at=work.at + AGAIN,
        )  # fmt: skip
        await open_attention(
            self.session, workflow_id=transfer_workflow_id(work.no), step_id=TRANSFER_LATE,
            system=f"stock/{row.from_location}", cause="TransferLate", code=row.waits_for,
            attempts=row.reminders + 1, actions=("done_by_hand",),
            error=f"transfer {work.no} from {row.from_location} to {row.to_location} is late",
        )  # fmt: skip

    async def cancel(self, work: TransferWork) -> None:
        """Give back what was promised: nothing was sent."""
        row = await Transfers(self.session).lock(work.no)
        if row.state in (TransferState.APPROVED, TransferState.RESERVED):
            await StockRepository(self.session).release(lease_of(work.no, row.round))
            await run(self.session, _OVER, no=work.no, state="cancelled")
            await self._late_no_more(work.no)

    async def close(self, work: TransferWork) -> None:
        """Every unit of it is where it belongs."""
        facts = await self.facts(work.no)
        if facts.state is TransferState.SHIPPED and not (facts.on_the_way or facts.undecided):
            await run(self.session, _OVER, no=work.no, state="closed")
            await self._late_no_more(work.no)

    async def _with_lots(
        self, row: Row[Any], asked: Sequence[Row[Any]]
    ) -> tuple[list[tuple[TransferLine, StockKey]], dict[int, int]]:
        """The lines by lot with the balances they will be of, and what is lacking by line."""
        free = await run(
            self.session, _FREE, location=row.from_location, skus=sorted({x.sku for x in asked}),
            lots=sorted({x.lot for x in asked if x.lot}),
        )  # fmt: skip
        number = max(line.line_no for line in asked) + 1
        found: list[tuple[TransferLine, StockKey]] = []
        lacking: dict[int, int] = {}
        for kept in sorted({(line.condition, line.owner) for line in asked}):
            same = [line_of(x) for x in asked if (x.condition, x.owner) == kept]
            there = [(x.sku, x.lot, int(x.free)) for x in free if (x.condition, x.owner) == kept]
            lines, missing = by_lots(same, there, number)
            number += len(lines)
            lacking |= missing
            found += [(line, key_of_line(row.from_location, line, *kept)) for line in lines]
        return found, lacking

    async def _write_lots(self, no: str, lines: Sequence[tuple[TransferLine, StockKey]]) -> None:
        await run(self.session, "DELETE FROM stock_transfer_line WHERE transfer_no = :no", no=no)
        await run(
            self.session,
            "INSERT INTO stock_transfer_line (transfer_no, line_no, sku, lot, condition, owner,"
            " asked, shipped, received, damaged, lost, returned, short)"
            " SELECT :no, l.*, 0, 0, 0, 0, 0, 0 FROM unnest(CAST(:numbers AS int[]),"
            " CAST(:skus AS text[]), CAST(:lots AS text[]), CAST(:conditions AS text[]),"
            " CAST(:owners AS text[]), CAST(:asked AS bigint[])) AS l",
            no=no, numbers=[line.line_no for line, _ in lines],
            skus=[key.sku for _, key in lines], lots=[key.lot for _, key in lines],
            conditions=[key.condition for _, key in lines], owners=[key.owner for _, key in lines],
            asked=[line.asked for line, _ in lines],
        )  # fmt: skip

    async def _ship(self, row: Row[Any], report: Row[Any], at: datetime) -> None:
        told = {int(no): int(units) for no, units in report.told["units"].items()}
        lines = await Transfers(self.session).lines(row.no)
        way = await OnTheWay(self.session).place(row.to_location)
        units: dict[StockKey, int] = {}
        for line in lines:
            sent = told.get(line.line_no, line.asked)
            key = key_of_row(row.from_location, line)
            units[key] = units.get(key, 0) + sent
            await write_line(self.session, row.no, replace(line_of(line), shipped=sent))
        await TransferSerials(self.session, row, report.actor).send(lines, report.told, way)
        document = document_of(row.no, report)
        await OnTheWay(self.session).send(lease_of(row.no, row.round), units, way, document)
        eta = row.eta or at + timedelta(days=row.days)
        await run(self.session, _SHIPPED, no=row.no, at=at, way=way, eta=eta)

    async def _unship(self, row: Row[Any], report: Row[Any]) -> None:
        lines = await Transfers(self.session).lines(row.no)
        back = [
            StockLine(key_of_row(row.transit_location, line), line.shipped)
            for line in lines
            if line.shipped
        ]
        await TransferSerials(self.session, row, report.actor).take_back(lines)
        stock, home = StockRepository(self.session), LocationId(row.from_location)
        await stock.transfer(document_of(row.no, report), back, home)
        for line in lines:
            await write_line(self.session, row.no, replace(line_of(line), shipped=0))
        await run(self.session, _TAKEN_BACK, no=row.no)

    async def _settle(self, no: str) -> None:
        """Say whom it waits for now, and whether somebody has to decide."""
        facts = await self.facts(no)
        await run(
            self.session,
            "UPDATE stock_transfer SET waits_for = :waits, updated_at = clock_timestamp()"
            " WHERE no = :no",
            no=no, waits=waits_for(facts),
        )  # fmt: skip
        if facts.undecided:
            await open_attention(
                self.session, workflow_id=transfer_workflow_id(no), step_id=TRANSFER_DIFFERS,
                system=f"stock/{facts.from_location}", cause="TransferDiffers", attempts=1,
                actions=("done_by_hand",), error=f"transfer {no} did not arrive as it was sent",
            )  # fmt: skip
        else:
            await self._done(no, TRANSFER_DIFFERS)

    async def _late_no_more(self, no: str) -> None:
        for step in (TRANSFER_LATE, TRANSFER_DIFFERS):
            await self._done(no, step)

    async def _done(self, no: str, step: str) -> None:
        await resolve_attention(
            self.session, workflow_id=transfer_workflow_id(no), step_id=step, by="system",
            resolution="done",
        )  # fmt: skip

    async def _oldest(self, no: str) -> Row[Any] | None:
        rows = await run(
            self.session,
            "SELECT * FROM stock_transfer_report WHERE transfer_no = :no AND posted_at IS NULL"
            " ORDER BY at, id LIMIT 1",
            no=no,
        )  # fmt: skip
        return rows[0] if rows else None

    async def _posted(self, report_id: str, dropped_by: str) -> None:
        await run(
            self.session,
            "UPDATE stock_transfer_report SET posted_at = clock_timestamp(), dropped_by = :by"
            " WHERE id = :id AND posted_at IS NULL",
            id=report_id, by=dropped_by,
        )  # fmt: skip


def lease_of(no: str, round: int) -> str:
    """Under what a transfer's goods are promised; a new one each time they are."""
    return f"transfer/{no}/{round}"
