"""Cases about goods that came otherwise than agreed; each is decided under its lock, once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.goods_claims import ClaimLine, GoodsClaims, NewGoodsClaim
from db.inventory.inbound import Came
from db.inventory.lot_asking import refuse_without_lot
from db.inventory.lot_register import LotRegister
from db.inventory.receipt_queries import LACKS_LOT, NUMBERS_OF_CASE
from db.inventory.receiving import Receiving
from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister
from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.sql import run
from domain.finance.goods_claims import SUPPLIER, ClaimMove
from domain.inventory.case_life import CaseMoved
from domain.inventory.expiry import is_expired, today_at
from domain.inventory.receipt_cases import Case, CaseState, GoodsGo, decisions, goods_go
from domain.inventory.receiving import CONDITION, SourceKind, Trouble, Verdict
from domain.inventory.serials import GOOD, SerialState, decided_serials
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import InvalidInput, ReceiptCaseNotFound
from domain.shared.ids import LocationId, Lot, Sku, receipt_case_workflow_id

# A line of the receipt has the lot, where there are goods.
_READ: Final = f"""
SELECT c.*, r.source_kind, r.source_no, r.sender, p.zone, p.name AS location_name,
       l.verdict, l.expires_on, l.produced_on, l.cost_minor, s.name AS sku_name,
       {NUMBERS_OF_CASE} AS serials,
       {LACKS_LOT} AS lacks_lot
FROM receipt_case c
JOIN goods_receipt r ON r.no = c.receipt_no
JOIN location p ON p.id = c.location_id
JOIN sku s ON s.code = c.sku
LEFT JOIN goods_receipt_line l ON l.receipt_no = c.receipt_no AND l.line_no = c.line_no
WHERE c.no = :no
"""  # noqa: S608 (made of constants)
_LOCK: Final = f"{_READ} FOR UPDATE OF c"

_ENDED: Final = """
UPDATE receipt_case SET state = :state, reason = :reason, reference = :reference,
    decided_by = :actor, decided_at = clock_timestamp(), due_at = NULL WHERE no = :no
"""


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """How it ends and why; `reference` is a credit note or the number of a return, `minor` what
    the supplier credits (none = what the goods cost by the order); `serials` name the units where
    more wait than the case has, `lot` that of goods which came without one and go on sale."""

    state: CaseState
    reason: str
    reference: str = ""
    minor: int | None = None
    serials: tuple[str, ...] = ()
    lot: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReceiptCases:
    """`actor` is who decides; `request_id` names the press of the button."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def find(self, no: str) -> Row[Any]:
        """Raises ReceiptCaseNotFound."""
        return await self._one(_READ, no)

    async def decide(self, no: str, decision: CaseDecision) -> Row[Any]:
        """End a case: goods leave quarantine for sale, for their supplier or for good; what is
        accepted of an order counts as received. Returns the case as it was.

        Raises ReceiptCaseNotFound, ActionNotAllowed for what may not be decided, InvalidInput
        without a reason, SerialsMissing where it is not clear which units they are, LotMissing for
        goods whose lot has to be named before they are sold,
        InsufficientStock when the goods are not there any more.
        """
        row = await self._one(_LOCK, no)
        if not decision.reason:
            raise InvalidInput("a reason is needed")
        go = goods_go(case_of(row), decision.state)
        if decision.state is CaseState.ACCEPTED and row.line_no and row.source_line_no:
            await self._tell_source(row)  # its order before its balances, as a receipt is posted
        if decision.lot and (go is not GoodsGo.ON_SALE or row.lot not in ("", decision.lot)):
            raise InvalidInput("a lot is named for goods that came without one and go on sale")
        if go is not GoodsGo.NOWHERE:
            await self._serials(row, go, decision)
            await self._move(row, go, decision)
        elif decision.serials:
            raise InvalidInput("goods that never came have no serial numbers here")
        if decision.state is CaseState.CREDITED:
            await self._claim(row, decision)
        elif decision.minor is not None:
            raise InvalidInput("only what the supplier credits has a sum")
        await run(
            self.session, _ENDED, no=no, state=decision.state, reason=decision.reason,
            reference=decision.reference, actor=self.actor,
        )  # fmt: skip
        await tell_case(self.session, no)
        await audit(
            self.session, self.actor, f"receipt_case.{decision.state}", f"receipt-case/{no}",
            reason=decision.reason,
            after={"sku": row.sku, "lot": row.lot, "units": row.units, "goods": str(go)},
            request_id=self.request_id,
        )  # fmt: skip
        return row

    async def _tell_source(self, row: Row[Any]) -> None:
        """What is accepted counts as received, as far as the order has room: others may have come
        for it since. Of a transfer its own books know what came."""
        inbound = Receiving(self.session).inbound(row.source_kind)
        if inbound.moves_goods:
            return
        source = await inbound.source(row.source_no, locked=True)
        units = min(row.units, source.room_of(row.source_line_no))
        if source.is_open and units:
            told = {row.source_line_no: units}
            await inbound.came(row.source_no, Came(row.receipt_no, row.no, self.actor, told))

    async def _claim(self, row: Row[Any], decision: CaseDecision) -> None:
        """The supplier owes what he credits. Without any sum yet finance says it later."""
        claims = GoodsClaims(self.session, self.actor, self.request_id)
        debtor = f"{SUPPLIER}{row.sender or row.source_no}"
        never_came = row.trouble == Trouble.SHORT
        await claims.open(
            NewGoodsClaim(
                row.no, "receipt", row.receipt_no, row.location_id, debtor, row.currency,
                row.value_minor, never_came,
            )
        )  # fmt: skip
        minor = row.value_minor if decision.minor is None else decision.minor
        if minor:
            line = ClaimLine(
                f"{row.no}:accepted", ClaimMove.ACCEPTED, minor, reference=decision.reference
            )
            await claims.move(row.no, line)

    async def _serials(self, row: Row[Any], go: GoodsGo, decision: CaseDecision) -> None:
        """The units of the case are good, or gone, by their numbers."""
        register = SerialRegister(self.session, self.actor, self.request_id)
        numbers = [(row.sku, serial) for serial in row.serials]
        known = await register.lock(numbers)  # which nobody moved meanwhile
        waiting = [
            one.serial
            for one in known.values()
            if one.state is SerialState.IN_STOCK and one.condition != GOOD
        ]
        chosen = decided_serials(sorted(waiting), row.units, decision.serials)
        await register.decided(
            row.sku, chosen, row.location_id, row.receipt_no, decision.reason,
            good=go is GoodsGo.ON_SALE,
        )  # fmt: skip
        if decision.lot:
            await register.are_of_lot(row.sku, chosen, decision.lot)

    async def _move(self, row: Row[Any], go: GoodsGo, decision: CaseDecision) -> None:
        stock = StockRepository(self.session)
        document = Document("goods_receipt", row.receipt_no, f"receipt-case/{row.no}", self.actor)
        condition = CONDITION[Verdict(row.verdict)]
        key = StockKey(Sku(row.sku), LocationId(row.location_id), Lot(row.lot), condition)
        line = StockLine(key, row.units)
        match go:
            case GoodsGo.ON_SALE:
                good = StockKey(key.sku, key.location_id, Lot(row.lot or decision.lot))
                if decision.lot:
                    await LotRegister(self.session, self.actor).know(
                        row.sku, decision.lot, row.produced_on, decision.expires_on
                    )
                await refuse_without_lot(self.session, [StockLine(good, row.units)])
                await stock.sort_out(document, line, good)
            case GoodsGo.TO_SUPPLIER:
                value = None if row.cost_minor is None else row.cost_minor * row.units
                await stock.send_back(document, [line], [value])
            case GoodsGo.AWAY:
                reason = AdjustmentReason.EXPIRED if _expired(row) else AdjustmentReason.DAMAGED
                await stock.adjust(document, [StockLine(key, -row.units)], reason)

    async def _one(self, statement: str, no: str) -> Row[Any]:
        rows = await run(self.session, statement, no=no)
        if not rows:
            raise ReceiptCaseNotFound(f"there is no case {no[:50]!a}")
        return rows[0]


async def tell_case(session: AsyncSession, no: str) -> None:
    """After the commit the case's workflow looks again; it is started where none runs."""
    await queue_signal(session, receipt_case_workflow_id(no), "case_moved", CaseMoved(no))


def case_of(row: Row[Any]) -> Case:
    """What its rules need to know."""
    return Case(
        Trouble(row.trouble), SourceKind(row.source_kind), _expired(row), CaseState(row.state)
    )


def offered(row: Row[Any]) -> tuple[CaseState, ...]:
    """How it may end now."""
    return decisions(case_of(row))


def _expired(row: Row[Any]) -> bool:
    return is_expired(row.expires_on, today_at(row.zone, datetime.now(UTC)))
