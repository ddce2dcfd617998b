"""A goods receipt into the books, and out of them again: each in one transaction, once.

Stock, lots, the order, cost, cases and whoever waits for the goods change together or not at all;
the books of finance are told by the ledger itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_receipt_case_no
from db.inventory.costing import Costing, Received
from db.inventory.inbound import Came
from db.inventory.receipt_cases import tell_case
from db.inventory.receipt_lots import learn
from db.inventory.receipt_scans import serials_of
from db.inventory.receiving import Picture, Receiving, refuse_posted
from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister, Unit
from db.inventory.sources import NOT_OF_A_TRANSFER
from db.platform.audit import audit
from db.sql import run
from domain.inventory.case_life import FIRST
from domain.inventory.receipt_plan import ReceiptPlan
from domain.inventory.receiving import ReceiptLine, ReceiptState, SourceKind, Trouble, Verdict
from domain.inventory.serials import kept_as
from domain.inventory.stock import AdjustmentReason, Document, Fill, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, InvalidInput, PlanChanged
from domain.shared.ids import LocationId, Lot, Sku

_LINES: Final = """
INSERT INTO goods_receipt_line (receipt_no, line_no, source_line_no, sku, units, verdict, trouble,
    lot, produced_on, expires_on, bin, cost_minor, currency)
SELECT :no, l.line_no, l.source_line_no, l.sku, l.units, l.verdict, l.trouble, l.lot, l.produced_on,
    l.expires_on, l.bin, l.cost_minor, :currency
FROM unnest(CAST(:line_no AS int[]), CAST(:source_line_no AS int[]), CAST(:sku AS text[]),
            CAST(:units AS bigint[]), CAST(:verdict AS text[]), CAST(:trouble AS text[]),
            CAST(:lot AS text[]), CAST(:produced_on AS date[]), CAST(:expires_on AS date[]),
            CAST(:bin AS text[]), CAST(:cost_minor AS bigint[]))
    AS l(line_no, source_line_no, sku, units, verdict, trouble, lot, produced_on, expires_on, bin,
         cost_minor)
"""

_CASE: Final = """
INSERT INTO receipt_case (no, receipt_no, line_no, location_id, trouble, sku, lot, units,
    value_minor, currency, source_line_no, state, reference, reason, decided_by, due_at)
VALUES (:no, :receipt_no, :line_no, :location_id, :trouble, :sku, :lot, :units, :value, :currency,
    :source_line_no, 'open', '', '', '', clock_timestamp() + :first)
"""

_POSTED: Final = """
UPDATE goods_receipt SET state = 'posted', posted_by = :actor, posted_at = clock_timestamp(),
    counted_by = CASE WHEN counted_at IS NULL THEN :actor ELSE counted_by END,
    counted_at = coalesce(counted_at, clock_timestamp())
WHERE no = :no
"""

_CORRECTED: Final = """
UPDATE goods_receipt SET state = 'corrected', why = :why, corrected_by = :actor,
    corrected_at = clock_timestamp() WHERE no = :no
"""

_ARRIVED: Final = "UPDATE ship_notice SET state = :state WHERE no = :no AND state <> 'cancelled'"

_PUT_AWAY: Final = """
INSERT INTO stock_bin (location_id, sku, zone, bin)
SELECT DISTINCT ON (b.sku) :location_id, b.sku, '', b.bin
FROM unnest(CAST(:sku AS text[]), CAST(:bin AS text[])) AS b(sku, bin)
ON CONFLICT DO NOTHING
"""

_POSTED_LINES: Final = "SELECT * FROM goods_receipt_line WHERE receipt_no = :no ORDER BY line_no"

_CASES: Final = "SELECT no, state FROM receipt_case WHERE receipt_no = :no ORDER BY no FOR UPDATE"

_WITHDRAW: Final = """
UPDATE receipt_case SET state = 'withdrawn', reason = :why, decided_by = :actor,
    decided_at = clock_timestamp(), due_at = NULL WHERE receipt_no = :no AND state = 'open'
RETURNING no
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """What a posting did."""

    plan: ReceiptPlan
    fills: tuple[Fill, ...] = ()
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptPosting:
    """`actor` is who posts; `request_id` names the press of the button."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    @property
    def _receiving(self) -> Receiving:
        return Receiving(self.session, self.actor, self.request_id)

    async def post(self, no: str, plan_hash: str | None = None) -> Posted:
        """What was counted comes into stock; who waits for it is served.

        Raises ReceiptPosted for who comes second, PlanChanged when the order, the lots or the
        counts moved on since the plan was shown, ActionNotAllowed, InvalidInput.
        """
        picture = await self._receiving.picture(no, locked=True)
        row, found = picture.row, picture.found
        refuse_posted(row)
        if row.state not in (ReceiptState.OPEN, ReceiptState.COUNTED):
            raise ActionNotAllowed(f"the goods receipt is {row.state}")
        if not found.lines and not found.missing:
            raise InvalidInput("nothing was counted")
        plan = ReceiptPlan(no, found)
        if plan_hash is not None and plan.hash != plan_hash:
            raise PlanChanged("the goods receipt moved on since it was shown")
        await learn(self.session, found.lines, self.actor)
        await self._serials(picture)
        fills = await self._move(picture)
        await self._write(picture)
        cases = await self._open_cases(picture)
        await self._tell_source(row, "", found.received, found.lines)
        await run(self.session, _POSTED, no=no, actor=self.actor)
        if row.notice_no:
            await run(self.session, _ARRIVED, no=row.notice_no, state="arrived")
        await self._audit(row, "posted", "", plan)
        return Posted(plan, tuple(fills), tuple(cases))

    async def correct(self, no: str, why: str) -> None:
        """Take a posted receipt back by an opposite posting: its units leave stock, its order waits
        for them again, its open cases are withdrawn.

        Raises ActionNotAllowed unless it is posted, nothing of its cases was decided and its books
        are ours; InsufficientStock when units of it are promised or gone.
        """
        if not why:
            raise InvalidInput("a reason is needed")
        row = await self._receiving.lock(no)
        if row.state != ReceiptState.POSTED:
            raise ActionNotAllowed(f"the goods receipt is {row.state}")
        if self._receiving.inbound(row.source_kind).moves_goods:
            raise ActionNotAllowed("a transfer is corrected where it is decided about")
        cases = await run(self.session, _CASES, no=no)
        if any(case.state != "open" for case in cases):
            raise ActionNotAllowed("a case of this receipt was decided already")
        lines = [line_of(one) for one in await run(self.session, _POSTED_LINES, no=no)]
        units: dict[int, int] = {}
        for line in lines:
            if line.source_line_no and line.verdict is Verdict.ACCEPTED:
                units[line.source_line_no] = units.get(line.source_line_no, 0) - line.units
        await self._tell_source(row, "/undo", units, ())  # its order before its balances
        await SerialRegister(self.session, self.actor).take_out(no)
        await self._take_out(row, lines)
        for case in await run(self.session, _WITHDRAW, no=no, why=why, actor=self.actor):
            await tell_case(self.session, case.no)
        await run(self.session, _CORRECTED, no=no, why=why, actor=self.actor)
        if row.notice_no:
            await run(self.session, _ARRIVED, no=row.notice_no, state="expected")
        await self._audit(row, "corrected", why, None)

    async def _serials(self, picture: Picture) -> None:
        """The register of serial numbers knows the units that were scanned by one."""
        scanned = await serials_of(self.session, picture.row.no)
        register = SerialRegister(self.session, self.actor)
        asked = await register.asked(unit.sku for _, unit in scanned)
        units = [
            Unit(unit.sku, serial, unit.lot, condition)
            for serial, unit, condition in kept_as(picture.found.lines, scanned)
            if unit.sku in asked
        ]
        moved = picture.row.source_kind == SourceKind.TRANSFER
        await register.receive(picture.row.no, picture.row.location_id, units, moved=moved)

    async def _move(self, picture: Picture) -> Sequence[Fill]:
        row = picture.row
        ours = [line for line in picture.found.lines if not self._moved_by_source(row, line)]
        if not ours:
            return []
        stock = StockRepository(self.session)
        document = Document("goods_receipt", row.no, f"receipt/{row.no}", self.actor)
        lines = [stock_line(row.location_id, line) for line in ours]
        if self._receiving.inbound(row.source_kind).moves_goods:
            return await stock.adjust(document, lines, AdjustmentReason.FOUND)
        costing = Costing(self.session)
        values = await costing.values(_currency(picture), ours)
        await costing.receive(
            Received(line.sku, line.units, value) for line, value in zip(ours, values, strict=True)
        )
        return await stock.receive(document, lines, values)

    def _moved_by_source(self, row: Row[Any], line: ReceiptLine) -> bool:
        """What is no part of a transfer is in no book of it."""
        moves = self._receiving.inbound(row.source_kind).moves_goods
        return moves and line.trouble not in NOT_OF_A_TRANSFER

    async def _take_out(self, row: Row[Any], lines: Sequence[ReceiptLine]) -> None:
        if not lines:
            return
        costing = Costing(self.session)
        values = [line.value_minor for line in lines]
        await costing.receive(
            Received(line.sku, -line.units, None if value is None else -value)
            for line, value in zip(lines, values, strict=True)
        )
        document = Document("goods_receipt", row.no, f"receipt/{row.no}/undo", self.actor)
        goods = [stock_line(row.location_id, line) for line in lines]
        await StockRepository(self.session).send_back(document, goods, values)

    async def _write(self, picture: Picture) -> None:
        lines, row = picture.found.lines, picture.row
        if not lines:
            return
        names = (
            "line_no", "source_line_no", "sku", "units", "verdict", "trouble", "lot",
            "produced_on", "expires_on", "bin",
        )  # fmt: skip
        columns: dict[str, list[Any]] = {
            name: [getattr(line, name) for line in lines] for name in names
        }
        values = await Costing(self.session).values(_currency(picture), lines)
        columns["cost_minor"] = [
            None if value is None else line.cost_minor
            for line, value in zip(lines, values, strict=True)
        ]
        await run(self.session, _LINES, no=row.no, currency=_currency(picture) or "CNY", **columns)
        away = [line for line in lines if line.bin and line.verdict is Verdict.ACCEPTED]
        await run(
            self.session, _PUT_AWAY, location_id=row.location_id,
            sku=[line.sku for line in away], bin=[line.bin for line in away],
        )  # fmt: skip

    async def _open_cases(self, picture: Picture) -> list[str]:
        row = picture.row
        opened: list[str] = []
        for line in picture.found.troubles:
            if not self._moved_by_source(row, line):
                told = (line.line_no, line.trouble, line.lot, line.source_line_no)
                opened.append(await self._open_case(picture, line, *told))
        if not self._receiving.inbound(row.source_kind).moves_goods:
            for gone in picture.found.missing:
                told = (0, Trouble.SHORT, "", gone.source_line_no)
                opened.append(await self._open_case(picture, gone, *told))
        return opened

    async def _open_case(
        self, picture: Picture, goods: Any, line_no: int, trouble: Trouble, lot: str, source: int
    ) -> str:
        no, row = new_receipt_case_no(datetime.now(UTC)), picture.row
        await run(
            self.session, _CASE, no=no, receipt_no=row.no, line_no=line_no,
            location_id=row.location_id, trouble=trouble, sku=goods.sku, lot=lot,
            units=goods.units, value=(goods.cost_minor or 0) * goods.units,
            currency=_currency(picture) or "CNY", source_line_no=source, first=FIRST,
        )  # fmt: skip
        await tell_case(self.session, no)
        return no

    async def _tell_source(
        self, row: Row[Any], part: str, units: dict[int, int], lines: Iterable[ReceiptLine]
    ) -> None:
        inbound = self._receiving.inbound(row.source_kind)
        if row.source_no and (units or inbound.moves_goods):
            came = Came(row.no, f"{row.no}{part}", self.actor, units, tuple(lines))
            await inbound.came(row.source_no, came)

    async def _audit(self, row: Row[Any], did: str, why: str, plan: ReceiptPlan | None) -> None:
        await audit(
            self.session, self.actor, f"receipt.{did}", f"receipt/{row.no}", reason=why,
            before={"state": row.state}, after={} if plan is None else dict(plan.sums),
            request_id=self.request_id,
        )  # fmt: skip


def stock_line(location_id: str, line: ReceiptLine) -> StockLine:
    """How the ledger keeps units of a line."""
    key = StockKey(Sku(line.sku), LocationId(location_id), Lot(line.lot), line.condition)
    return StockLine(key, line.units)


def line_of(row: Row[Any]) -> ReceiptLine:
    """A posted line."""
    return ReceiptLine(
        row.line_no, row.sku, row.units, Verdict(row.verdict), Trouble(row.trouble), row.lot,
        row.produced_on, row.expires_on, row.bin, row.source_line_no, row.cost_minor,
    )  # fmt: skip


def _currency(picture: Picture) -> str:
    return picture.source.currency if picture.source else ""
