"""One order that is paid, sent, cancelled, returned and refunded in any sequence, as tables alone.

Every verb is done by what the workflows and pages call, and what a workflow calls is called twice.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from activities.orders.case_answers import CaseAnswerActivities
from activities.orders.deciding import DecidingActivities
from activities.orders.ports import OrderRules
from activities.orders.refunding import RefundActivities
from activities.orders.returning import SalesReturnActivities
from activities.orders.shipping import ShippingActivities
from db.engine import Sessions
from db.orders.payments import NewPayment, record_payment
from db.orders.refunds import record_refund_news
from db.orders.repository import OrderRepository
from db.orders.return_acts import open_return, parcel_sent, withdraw
from db.orders.return_decisions import DecidedTerms, decide, plan_of
from db.orders.returns import Asked, return_state
from db.platform.gates import Gates
from db.shared.inspection_undo import undo_inspection
from db.shared.returns_bench import Bench, Counted, Verdict
from db.sql import run
from domain.orders.payment import RefundStatus
from domain.orders.returns.exchange import Wanted
from domain.orders.returns.lifecycle import ReturnStep, next_step
from domain.orders.returns.model import Disposition, ReturnKind, ReturnOrigin, ReturnReason
from domain.orders.returns.plan import ReturnAction, ReturnPlan
from domain.orders.work import (
    CarryOutCancellation,
    PlanRequest,
    RecordOrder,
    RefundStep,
    ReturnWork,
    ShipmentStep,
)
from domain.shared.errors import DomainError, InsufficientStock, IntegrationError
from domain.shared.ids import OrderId, ShipmentNo, Sku
from tests.activities.orders.bank import LIVE, Bank
from tests.fakes.outside import FakeAdapters
from tests.people import VAULT

ORDER: Final = OrderId("ord_1")
LINES: Final = ("ord_1.1/A", "ord_1.2/B")
SHIPMENTS: Final = ("O-1-1", "O-1-2")
KINDS: Final = (
    (ReturnKind.RETURN, "refund"), (ReturnKind.RETURN, "refund"), (ReturnKind.RETURN, "exchange"),
    (ReturnKind.REFUND_ONLY, "refund"), (ReturnKind.REFUND_ONLY, "resend"),
    (ReturnKind.RETURN, "other"),
)  # fmt: skip
REASONS: Final = (ReturnReason.CHANGED_MIND, ReturnReason.DAMAGED, ReturnReason.OTHER)
SORTS: Final = (*Disposition,)
_STEPS: Final = {
    ReturnStep.JUDGE: SalesReturnActivities.judge,
    ReturnStep.MOVE_ON: SalesReturnActivities.move_on,
    ReturnStep.ESCALATE: SalesReturnActivities.escalate,
    ReturnStep.EXPIRE: SalesReturnActivities.expire,
    ReturnStep.SETTLE: SalesReturnActivities.settle,
    ReturnStep.CLOSE: SalesReturnActivities.close,
    ReturnStep.TELL_CHANNEL: CaseAnswerActivities.told_by_hand,
}


@dataclass
class Story:
    """The company, its provider, and what the invariants are compared with."""

    sessions: Sessions
    owner: Sessions
    bank: Bank = field(default_factory=Bank)
    acts: int = 0
    by_hand_minor: int = 0  # what people paid that no refund stands for
    against_the_bank: set[str] = field(default_factory=set)  # by hand, and the provider may pay too
    settled_as_shown: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        rules = OrderRules()
        self.adapters = FakeAdapters(bank=self.bank)
        gates = Gates(self.sessions)
        self.returning = SalesReturnActivities(self.sessions, VAULT, rules)
        self.answering = CaseAnswerActivities(self.sessions, self.adapters, gates)
        self.refunding = RefundActivities(self.sessions, self.adapters, gates)
        self.deciding = DecidingActivities(self.sessions, VAULT, rules)
        self.shipping = ShippingActivities(self.sessions)

    async def tell(self, verb: str, *arguments: Any) -> None:
        """One step; what the rules refuse changes nothing."""
        try:
            await getattr(self, verb)(*arguments)
        except (DomainError, InsufficientStock) as error:
            self.refused[f"{verb}: {type(error).__name__}"] += 1

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.sessions.begin() as session:
            return await run(session, statement, **values)

    # money that comes in

    async def pay(self, number: int, minor: int) -> None:
        """A provider tells of a payment, twice; a number it told before is the same payment."""
        transaction = f"T{number}"
        minor = self.bank.captured.setdefault(transaction, minor)
        for _ in range(2):
            async with self.sessions.begin() as session:
                payment = NewPayment(
                    "s1", "stripe", "mini", transaction, "1", "1", minor, "CNY", datetime.now(UTC)
                )
                await record_payment(session, payment)

    # goods that leave

    async def ship(self, number: int) -> None:
        no = ShipmentNo(SHIPMENTS[number])
        (row,) = await self.rows("SELECT status, seq FROM shipment WHERE no = :no", no=no)
        if row.status == "allocated":
            await self._twice(self.shipping.hand_over, ShipmentStep(no, row.seq))

    async def parcel(self, number: int, status: str) -> None:
        """It arrives, is lost or comes back."""
        no = ShipmentNo(SHIPMENTS[number])
        (row,) = await self.rows("SELECT status, seq FROM shipment WHERE no = :no", no=no)
        if row.status in ("allocated", "cancelled"):
            return
        await self.rows("UPDATE parcel SET status = :s WHERE shipment_no = :no", s=status, no=no)
        await self._twice(self.shipping.track, ShipmentStep(no, row.seq))

    async def cancel(self, line: int) -> None:
        """Preview and carry out: what has not left is cancelled, its money is due back."""
        lines = () if line == 2 else (f"ord_1.{line + 1}",)
        plan = await self.deciding.plan_cancellation(PlanRequest(ORDER, lines))
        (row,) = await self.rows("SELECT seq, refund_due_minor AS due FROM sales_order"
                                 " WHERE id = 'ord_1'")  # fmt: skip
        request = CarryOutCancellation(ORDER, plan.hash, plan, row.seq, "changed mind", "kefu")
        await self._twice(self.deciding.carry_out, request)
        (after,) = await self.rows("SELECT refund_due_minor AS due FROM sales_order"
                                   " WHERE id = 'ord_1'")  # fmt: skip
        assert after.due - row.due == plan.refund_minor, "the plan that was shown"

    async def start_refund(self) -> None:
        """What the order's workflow does about money that is due."""
        async with self.sessions.begin() as session:
            state = await OrderRepository(session).state(ORDER)
        if state.refund_to_start:
            record = RecordOrder(ORDER, state.seq, (), "start_refund")
            await self._twice(self.deciding.record, record)
        elif state.refund_due_minor and not state.refund_running:
            self.by_hand_minor += state.refund_due_minor
            record = RecordOrder(ORDER, state.seq, (), "refund_settled")
            await self._twice(self.deciding.record, record)

    # returns

    async def ask(
        self, kind: int, reason: int, units: tuple[int, int], goodwill: int, case: bool
    ) -> None:
        what, remedy = KINDS[kind]
        wanted = (Wanted(Sku("B"), 1 + reason, 240),) if remedy == "other" else ()
        self.acts += 1
        asked = Asked(
            what, ReturnOrigin.CHANNEL if case else ReturnOrigin.CUSTOMER_SERVICE, REASONS[reason],
            dict(zip(LINES, units, strict=True)), goodwill_minor=goodwill,
            remedy="exchange" if wanted else remedy, wanted=wanted,
            case_no=f"C{self.acts}" if case else "",
        )  # fmt: skip
        async with self.sessions.begin() as session:
            await open_return(session, ORDER, asked)

    async def decide(self, number: int, action: ReturnAction, sums: tuple[int, int]) -> None:
        """Preview and confirm. What is settled at once is settled as it was shown."""
        no = await self._return(number)
        terms = DecidedTerms(None, *sums)
        async with self.sessions.begin() as session:
            plan = await plan_of(session, no, action, terms)
        async with self.sessions.begin() as session:
            await decide(session, no, action, plan.hash, terms, "as agreed", "kefu")
        (row,) = await self.rows("SELECT kind, rounds FROM sales_return WHERE return_no = :n", n=no)
        at_once = row.kind == "refund_only" and action is ReturnAction.APPROVE
        if at_once or action is ReturnAction.SETTLE:
            await self._work(no)
            await self._was_settled_as_shown(no, plan, row.rounds + 1)

    async def send(self, number: int) -> None:
        self.acts += 1
        no = await self._return(number)
        async with self.sessions.begin() as session:
            await parcel_sent(session, no, "sf", f"SF{self.acts}", "buyer")

    async def withdraw(self, number: int) -> None:
        no = await self._return(number)
        async with self.sessions.begin() as session:
            await withdraw(session, no, "keeps it", "buyer")

    async def receive(self, number: int, line: int, units: int) -> None:
        self.acts += 1
        no, act = await self._return(number), f"act{self.acts}"
        for _ in range(2):
            async with self.sessions.begin() as session:
                counted = [Counted(LINES[line], units)]
                await Bench(session, "bench").receive(no, act, "HQ", counted)

    async def inspect(self, number: int, line: int, units: int, sort: int) -> None:
        self.acts += 1
        no, act = await self._return(number), f"act{self.acts}"
        for _ in range(2):
            async with self.sessions.begin() as session:
                told = [Verdict(LINES[line], units, SORTS[sort])]
                await Bench(session, "bench").inspect(no, act, told)

    async def undo(self, number: int) -> None:
        found = await self.rows("SELECT id, return_no FROM return_inspection ORDER BY at, id")
        if found:
            one = found[number % len(found)]
            for _ in range(2):
                async with self.sessions.begin() as session:
                    await undo_inspection(session, one.return_no, one.id, "mistyped", "bench")

    async def late(self, number: int) -> None:
        """The clock of its next act runs out."""
        no = await self._return(number)
        async with self.owner.begin() as session:
            await run(session, "UPDATE sales_return SET due_at = now() - interval '1 s'"
                      " WHERE return_no = :no AND due_at IS NOT NULL", no=no)  # fmt: skip

    async def work(self, number: int) -> None:
        await self._work(await self._return(number))

    async def pay_rest(self, number: int, paid: bool) -> None:
        """A person pays what no known payment covers, or leaves it out, where it is asked for."""
        no = await self._return(number)
        async with self.sessions.begin() as session:
            state = await return_state(session, no)
        if next_step(state, datetime.now(UTC)) is ReturnStep.PAY_BY_HAND:
            self.by_hand_minor += state.rest_minor if paid else 0
            await self._twice(self.returning.pay_rest, ReturnWork(no, paid=paid, actor="caiwu"))

    # refunds

    async def refund(self, number: int, fate: RefundStatus, fails: str) -> None:
        """Its workflow goes on: sends it, or asks how far it is."""
        row = await self._refund(number)
        if row is None:
            return
        self.bank.fate, self.bank.fails = fate, fails
        step = RefundStep(row.refund_no)
        act = self.refunding.send if row.state == RefundStatus.INTENDED else self.refunding.ask
        for _ in range(2):  # what fails is tried again
            try:
                await self._twice(act, step)
                break
            except IntegrationError as error:
                self.refused[f"refund: {type(error).__name__}"] += 1
        self.bank.fails = ""

    async def bank_moves(self, number: int, status: RefundStatus, told: bool) -> None:
        """The provider goes on with a refund, and tells of it, twice, or does not."""
        if not self.bank.known:
            return
        no = sorted(self.bank.known)[number % len(self.bank.known)]
        self.bank.moves(no, status)
        for _ in range(2 if told else 0):
            async with self.sessions.begin() as session:
                assert await record_refund_news(session, no, "s1", self.bank.known[no].status)

    async def by_hand(self, number: int, status: RefundStatus) -> None:
        """A person settles a parked refund; left out only what the provider does not pay either."""
        row = await self._refund(number)
        if row is None:
            return
        known = self.bank.known.get(row.refund_no)
        may_pay = known is not None and known.status in LIVE
        if may_pay and status is RefundStatus.SKIPPED:
            return
        if may_pay:
            self.against_the_bank.add(row.refund_no)
        await self._twice(self.refunding.settle, RefundStep(row.refund_no, status=status))

    async def replace(self, number: int) -> None:
        """What the provider gave up is tried under a new number."""
        row = await self._refund(number)
        if row is not None and row.state == RefundStatus.CLOSED:
            await self._twice(self.refunding.replace, RefundStep(row.refund_no))

    async def open_gates(self) -> None:
        """Somebody lets the provider be called again."""
        async with self.owner.begin() as session:
            await run(session, "DELETE FROM gate")
        self.refunding = RefundActivities(self.sessions, self.adapters, Gates(self.sessions))

    async def _return(self, number: int) -> str:
        found = await self.rows("SELECT return_no FROM sales_return ORDER BY created_at, return_no")
        return str(found[number % len(found)].return_no) if found else "R-0"

    async def _refund(self, number: int) -> Any:
        found = await self.rows(
            "SELECT refund_no, state FROM refund WHERE settled_at IS NULL"
            " ORDER BY created_at, refund_no"
        )
        return found[number % len(found)] if found else None

    async def _work(self, no: str) -> None:
        """What the return's workflow does until it waits for somebody."""
        for _ in range(12):
            async with self.sessions.begin() as session:
                state = await return_state(session, no)
            act: Any = _STEPS.get(next_step(state, datetime.now(UTC)))
            if act is None:
                return
            of = self.answering if act is CaseAnswerActivities.told_by_hand else self.returning
            await self._twice(partial(act, of), ReturnWork(no))
        raise AssertionError(f"{no} never comes to rest")

    async def _was_settled_as_shown(self, no: str, plan: ReturnPlan, number: int) -> None:
        found = await self.rows(
            "SELECT refund_minor, lines FROM return_settlement WHERE return_no = :no"
            " AND round = :round", no=no, round=number,
        )  # fmt: skip
        assert [one.refund_minor for one in found] == [plan.refund_minor]
        shown = Counter[str]()
        for effect in plan.effects:
            shown[effect.kind] += effect.amount_minor or effect.quantity
        (written,) = await self.rows(
            "SELECT coalesce(sum(amount_minor), 0)::int AS minor FROM refund WHERE return_no = :no"
            " AND return_round = :round AND follows IS NULL", no=no, round=number,
        )  # fmt: skip
        assert written.minor == shown["pays_provider"]
        units = sum(count for count, _ in found[0].lines.values())
        assert units == shown["goods_accepted"] + shown["goods_stay"]
        self.settled_as_shown += 1

    async def _twice(self, act: Callable[[Any], Awaitable[Any]], about: Any) -> None:
        """A worker dies after an activity is done: it is done again, and changes nothing."""
        await act(about)
        await act(about)
