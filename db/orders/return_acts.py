"""What people and channels decide about a return, each in one transaction under its lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_return_no
from db.orders.refunds import tell_return
from db.orders.return_money import order_money, settlement_of, units_of
from db.orders.returns import (
    NewReturn,
    insert_return,
    lock_order,
    lock_return,
    return_state,
    returnable,
    tell,
)
from db.platform.attention import resolve_attention
from db.platform.notices import RETURN_LATE
from db.sql import run
from domain.orders.returns.lifecycle import needs_person
from domain.orders.returns.model import (
    Decision,
    Outcome,
    Remedy,
    ReturnKind,
    ReturnOrigin,
    ReturnReason,
)
from domain.orders.returns.plan import (
    Planned,
    PlannedLine,
    ReturnAction,
    ReturnPlan,
    plan_decision,
)
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    OrderNotFound,
    PlanChanged,
    ReturnClosed,
)
from domain.shared.ids import return_workflow_id

_DRAWS: Final = 5

_DECIDE: Final = """
UPDATE sales_return SET
    decision = CASE WHEN CAST(:decision AS text) <> '' THEN :decision ELSE decision END,
    decided_by = :actor, decision_reason = :reason, refund_freight = :freight,
    deduction_minor = :deduction, goodwill_minor = :goodwill, clock_left_s = NULL,
    settle_decided = settle_decided OR CAST(:settle AS boolean),
    to_tell = CASE WHEN origin = 'channel' AND CAST(:told AS text) <> '' THEN :told
                   ELSE to_tell END,
    judged_at = coalesce(judged_at, clock_timestamp()), updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_WITHDRAW: Final = """
UPDATE sales_return SET decision = 'withdrawn', decided_by = :actor, decision_reason = :reason,
    clock_left_s = NULL, judged_at = coalesce(judged_at, clock_timestamp()),
    updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

# What is on its way is moved on once more, so that this parcel has the time a parcel has.
_SENT: Final = """
UPDATE sales_return SET carrier = :carrier, waybill_no = :waybill_no,
    status = CASE WHEN status = 'in_transit' THEN 'approved' ELSE status END,
    sent_at = clock_timestamp(), escalated_at = NULL, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_ASK: Final = """
UPDATE sales_return SET question = :question, waits_for = 'buyer_answer',
    escalated_at = NULL, updated_at = clock_timestamp(),
    clock_left_s = greatest(extract(epoch FROM due_at - clock_timestamp()), 0)::bigint
WHERE return_no = :return_no
"""

_ANSWERED: Final = """
UPDATE sales_return SET question = '', waits_for = 'decision',
    remark = left(concat_ws(chr(10), nullif(remark, ''), CAST(:answer AS text)), 2000),
    due_at = clock_timestamp() + make_interval(secs => clock_left_s), clock_left_s = NULL,
    escalated_at = NULL, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_LINES: Final = """
SELECT l.*, k.name, o.title FROM sales_return_line l
JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
JOIN order_line o ON o.id = f.order_line_id JOIN sku k ON k.code = l.sku
WHERE l.return_no = :return_no ORDER BY o.line_no, l.sku
"""

_FREE: Final = """
SELECT coalesce(sum(p.amount_minor - p.refunded_minor - p.refunding_minor), 0)::bigint AS free
FROM payment p JOIN payment_account a ON a.id = p.account_id AND a.active
JOIN sales_order o ON o.shop_id = p.shop_id AND o.external_no = p.external_no
WHERE o.id = :order_id AND p.purpose = 'order' AND p.currency = o.currency
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A return that somebody asks for; without units it is about money alone."""

    kind: ReturnKind
    origin: ReturnOrigin
    reason: ReturnReason
    units: Mapping[str, int] = field(default_factory=dict)
    remark: str = ""
    goodwill_minor: int = 0
    case_no: str = ""
    carrier: str = ""
    waybill_no: str = ""
    remedy: str = "refund"
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class DecidedTerms:
    """What somebody decides beside yes or no; `freight` None = as the reason says."""

    freight: bool | None = None
    deduction_minor: int = 0
    goodwill_minor: int = 0


async def open_return(session: AsyncSession, order_id: str, asked: Asked) -> str:
    """Open a return of units that were sent and are in no other return; its number.

    Raises OrderNotFound, InvalidInput for units the order does not have, ActionNotAllowed for
    units that cannot come back any more and for a case that is open already.
    """
    await lock_order(session, order_id)
    known = {row.id: row for row in await returnable(session, order_id)}
    if not known and not await run(session, "SELECT 1 FROM sales_order WHERE id = :i", i=order_id):
        raise OrderNotFound("there is no such order")
    units = {part: count for part, count in asked.units.items() if count}
    if strange := sorted(set(units) - set(known)):
        raise InvalidInput(f"{strange[0]} is no line of this order")
    if any(count < 0 for count in units.values()):
        raise InvalidInput("quantities must be above zero")
    if not units and (asked.kind.needs_goods or not asked.goodwill_minor):
        raise InvalidInput("choose what comes back, or a sum")
    if asked.remedy == Remedy.RESEND and (asked.kind.needs_goods or not units):
        raise InvalidInput("what is sent anew without coming back must be named")
    if asked.remedy == Remedy.EXCHANGE and not asked.kind.needs_goods:
        raise InvalidInput("an exchange begins with goods that come back")
    for part, count in units.items():
        if count > known[part].left_over:
            raise ActionNotAllowed(
                f"{known[part].left_over} units of {known[part].sku} can come back,"
                f" {count} are asked"
            )
    for _ in range(_DRAWS):
        number = new_return_no(datetime.now(UTC))
        new = NewReturn(
            number, order_id, asked.kind, asked.origin, asked.reason, units, asked.remark,
            asked.goodwill_minor, asked.case_no, asked.carrier, asked.waybill_no, asked.remedy,
            asked.actor,
        )  # fmt: skip
        if await insert_return(session, new):
            return number
    raise ActionNotAllowed("this case has a return already")


async def plan_of(
    session: AsyncSession,
    return_no: str,
    action: ReturnAction,
    terms: DecidedTerms,
) -> ReturnPlan:
    """What a decision would do now, in money and goods. Raises ReturnNotFound, and what
    `_refuse_unless_open_to` says."""
    row = await lock_return(session, return_no)
    await _refuse_unless_open_to(session, return_no, action)
    return await _plan(session, row, action, terms)


async def decide(
    session: AsyncSession,
    return_no: str,
    action: ReturnAction,
    plan_hash: str,
    terms: DecidedTerms,
    reason: str,
    actor: str,
) -> ReturnPlan:
    """Carry out the plan that was shown. Raises PlanChanged when it would do something else now,
    ReturnClosed, ActionNotAllowed when there is nothing to decide."""
    row = await lock_return(session, return_no)
    await _refuse_unless_open_to(session, return_no, action)
    plan = await _plan(session, row, action, terms)
    if plan.hash != plan_hash:
        raise PlanChanged("the return moved on since the plan was shown")
    decision, told = {
        ReturnAction.APPROVE: (Decision.APPROVED, "agree"),
        ReturnAction.REJECT: (Decision.REJECTED, "refuse"),
        ReturnAction.SETTLE: (Decision.NONE, ""),
    }[action]
    await run(
        session, _DECIDE, return_no=return_no, decision=decision, told=told, actor=actor,
        reason=reason, freight=terms.freight, deduction=terms.deduction_minor,
        goodwill=terms.goodwill_minor, settle=action is ReturnAction.SETTLE,
    )  # fmt: skip
    data = {"return_no": return_no, "reason": reason}
    await tell(session, row.order_id, return_no, f"return_{action}", data, actor)
    await _moved(session, row, actor)
    return plan


async def withdraw(session: AsyncSession, return_no: str, reason: str, actor: str) -> None:
    """The buyer keeps the goods after all, or it was a mistake. Raises ReturnClosed, and
    ActionNotAllowed once goods have come in or money is planned."""
    row = await _open(session, return_no)
    state = await return_state(session, return_no)
    if state.received_units or state.settled:
        raise ActionNotAllowed("goods have come in, or money is on its way")
    await run(session, _WITHDRAW, return_no=return_no, reason=reason, actor=actor)
    await _moved(session, row, actor)


async def parcel_sent(
    session: AsyncSession, return_no: str, carrier: str, waybill_no: str, actor: str
) -> None:
    """The buyer, or the channel, tells the parcel's number; a later number replaces it.

    Raises ReturnClosed, ActionNotAllowed before it is approved and where no goods are awaited.
    """
    row = await _open(session, return_no)
    if not ReturnKind(row.kind).needs_goods or row.decision != Decision.APPROVED:
        raise ActionNotAllowed("no parcel is awaited")
    if (row.carrier, row.waybill_no) == (carrier, waybill_no):
        return
    await run(session, _SENT, return_no=return_no, carrier=carrier, waybill_no=waybill_no)
    data = {"return_no": return_no, "waybills": waybill_no}
    await tell(session, row.order_id, return_no, "return_sent", data, actor)
    await _moved(session, row, actor)


async def ask_buyer(session: AsyncSession, return_no: str, question: str, actor: str) -> None:
    """Ask the buyer something; our clock stands still until the answer.

    Raises ReturnClosed, ActionNotAllowed unless it waits for a decision.
    """
    row = await _open(session, return_no)
    if row.decision != Decision.NONE or row.due_at is None or row.clock_left_s is not None:
        raise ActionNotAllowed("the return does not wait for a decision of ours")
    await run(session, _ASK, return_no=return_no, question=question)
    data = {"return_no": return_no, "question": question}
    await tell(session, row.order_id, return_no, "return_asked", data, actor)
    await _moved(session, row, actor)


async def buyer_answered(session: AsyncSession, return_no: str, answer: str, actor: str) -> None:
    """The answer; our clock goes on where it stood. Raises ReturnClosed, ActionNotAllowed."""
    row = await _open(session, return_no)
    if row.clock_left_s is None:
        raise ActionNotAllowed("nothing was asked")
    await run(session, _ANSWERED, return_no=return_no, answer=answer)
    await tell(session, row.order_id, return_no, "return_answered", {"return_no": return_no}, actor)
    await _moved(session, row, actor)


async def _open(session: AsyncSession, return_no: str) -> Any:
    row = await lock_return(session, return_no)
    if row.outcome != Outcome.OPEN:
        raise ReturnClosed(f"the return is {row.outcome}")
    return row


async def _refuse_unless_open_to(
    session: AsyncSession, return_no: str, action: ReturnAction
) -> None:
    state = await return_state(session, return_no)
    if state.outcome is not Outcome.OPEN:
        raise ReturnClosed(f"the return is {state.outcome}")
    if action is ReturnAction.SETTLE:
        looked_at = state.received_units and state.inspected_units == state.received_units
        if not looked_at or state.settled or not needs_person(state):
            raise ActionNotAllowed("there is nothing to settle by hand now")
    elif state.decision is not Decision.NONE or state.received_units:
        raise ActionNotAllowed("it was decided already")


async def _plan(
    session: AsyncSession, row: Any, action: ReturnAction, terms: DecidedTerms
) -> ReturnPlan:
    if min(terms.deduction_minor, terms.goodwill_minor) < 0:
        raise InvalidInput("sums must not be negative")
    units = await units_of(session, row.return_no, asked=action is not ReturnAction.SETTLE)
    money = await order_money(session, row.order_id)
    paid = settlement_of(money, _Terms(row.reason, row.remedy, terms), units)
    if paid.goodwill_minor < terms.goodwill_minor and action is not ReturnAction.REJECT:
        raise ActionNotAllowed("the order has no money left for this goodwill")
    lines = await run(session, _LINES, return_no=row.return_no)
    state = await return_state(session, row.return_no)
    free = (await run(session, _FREE, order_id=row.order_id))[0].free
    planned = [
        PlannedLine(
            line.fulfilment_line_id,
            line.title or line.name,
            line.quantity,
            line.accepted_quantity - line.refunded_quantity,
            line.inspected_quantity - line.accepted_quantity,
        )
        for line in lines
    ]
    return plan_decision(
        action,
        Planned(
            row.return_no, ReturnKind(row.kind), money.currency, planned, paid,
            state.pays_channel, free, Remedy(row.remedy),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms that are being decided, in the form of a return's row."""

    reason: str
    remedy: str
    terms: DecidedTerms

    @property
    def refund_freight(self) -> bool | None:
        return self.terms.freight

    @property
    def deduction_minor(self) -> int:
        return self.terms.deduction_minor

    @property
    def goodwill_minor(self) -> int:
        return self.terms.goodwill_minor


async def _moved(session: AsyncSession, row: Any, actor: str) -> None:
    """What was late is late no more; the workflow looks again."""
    await resolve_attention(
        session, workflow_id=return_workflow_id(row.return_no), step_id=RETURN_LATE, by=actor,
        resolution="done",
    )  # fmt: skip
    await tell_return(session, row.return_no, row.order_id)
