"""What somebody decides about a return: a plan is shown, and carried out if it still holds."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.exchanges import wanted_of
from db.orders.refunds import free_minor
from db.orders.return_acts import moved
from db.orders.return_money import order_money, price_instead, settlement_of, units_of
from db.orders.returns import lock_return, return_state, tell
from db.orders.words import add_words, of_return
from db.sql import run
from domain.orders.returns.lifecycle import needs_person
from domain.orders.returns.model import Decision, Outcome, Remedy, ReturnKind, ReturnState
from domain.orders.returns.plan import (
    OtherGoods,
    Planned,
    PlannedLine,
    ReturnAction,
    ReturnPlan,
    plan_decision,
)
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    PlanChanged,
    ReturnClosed,
    ReturnNotFound,
)

_DECIDE: Final = """
UPDATE sales_return SET
    decision = CASE WHEN CAST(:decision AS text) <> '' THEN :decision ELSE decision END,
    decided_by = :actor, refund_freight = :freight,
    deduction_minor = :deduction, goodwill_minor = :goodwill, clock_left_s = NULL,
    settle_decided = settle_decided OR CAST(:settle AS boolean),
    to_tell = CASE WHEN origin = 'channel' AND CAST(:told AS text) <> '' THEN :told
                   ELSE to_tell END,
    judged_at = coalesce(judged_at, clock_timestamp()), updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_MONEY: Final = """
SELECT o.currency, (
    coalesce((SELECT sum(s.goodwill_minor) FROM return_settlement s WHERE s.order_id = o.id), 0)
    + coalesce((SELECT sum(x.goodwill_minor) FROM sales_return x
                WHERE x.order_id = o.id AND x.return_no <> r.return_no
                  AND x.decision = 'approved' AND x.outcome = ''), 0))::bigint AS goodwill_minor
FROM sales_return r JOIN sales_order o ON o.id = r.order_id WHERE r.return_no = :return_no
"""

_LINES: Final = """
SELECT l.*, k.name, o.title FROM sales_return_line l
JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
JOIN order_line o ON o.id = f.order_line_id JOIN sku k ON k.code = l.sku
WHERE l.return_no = :return_no ORDER BY o.line_no, l.sku
"""


@dataclass(frozen=True, slots=True)
class DecidedTerms:
    """What somebody decides beside yes or no; `freight` None = as the reason says."""

    freight: bool | None = None
    deduction_minor: int = 0
    goodwill_minor: int = 0


async def plan_of(
    session: AsyncSession,
    return_no: str,
    action: ReturnAction,
    terms: DecidedTerms,
) -> ReturnPlan:
    """What a decision would do now, in money and goods. Raises ReturnNotFound, and what
    `_refuse_unless_open_to` says."""
    row = await lock_return(session, return_no)
    return await _plan(session, row, action, terms)


async def decide(
    session: AsyncSession,
    return_no: str,
    action: ReturnAction,
    plan_hash: str,
    terms: DecidedTerms,
    reason: str,
    actor: str,
    *,
    most_goodwill_minor: int | None = None,
) -> ReturnPlan:
    """Carry out the plan that was shown. Raises PlanChanged when it would do something else now,
    ReturnClosed, ActionNotAllowed when there is nothing to decide, and when the order would get
    more goodwill in all than whoever decides may give."""
    row = await lock_return(session, return_no)
    if most_goodwill_minor is not None and terms.goodwill_minor:
        given = (await run(session, _MONEY, return_no=return_no))[0].goodwill_minor
        if given + terms.goodwill_minor > most_goodwill_minor:
            raise ActionNotAllowed("goodwill above the limit is given by a manager")
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
        freight=terms.freight, deduction=terms.deduction_minor,
        goodwill=terms.goodwill_minor, settle=action is ReturnAction.SETTLE,
    )  # fmt: skip
    await add_words(session, row.order_id, of_return(return_no), decision_reason=reason)
    data, words = {"return_no": return_no}, {"reason": reason}
    await tell(session, row.order_id, return_no, f"return_{action}", data, actor, words)
    await moved(session, row, actor)
    return plan


async def currency_of(session: AsyncSession, return_no: str) -> str:
    """What the return's sums are in. Raises ReturnNotFound."""
    rows = await run(session, _MONEY, return_no=return_no)
    if not rows:
        raise ReturnNotFound(f"there is no return {return_no[:50]!a}")
    return str(rows[0].currency)


def _refuse_unless_open_to(state: ReturnState, action: ReturnAction) -> None:
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
    """Raises what `_refuse_unless_open_to` says, and ActionNotAllowed for too much goodwill."""
    if min(terms.deduction_minor, terms.goodwill_minor) < 0:
        raise InvalidInput("sums must not be negative")
    state = await return_state(session, row.return_no)
    _refuse_unless_open_to(state, action)
    units = await units_of(session, row.return_no, asked=action is not ReturnAction.SETTLE)
    money = await order_money(session, row.order_id)
    price = await price_instead(session, row.return_no, row.remedy)
    paid = settlement_of(money, _Terms(row.reason, terms), units, price)
    if paid.goodwill_minor < terms.goodwill_minor and action is not ReturnAction.REJECT:
        raise ActionNotAllowed("the order has no money left for this goodwill")
    lines = await run(session, _LINES, return_no=row.return_no)
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
            state.pays_channel, await free_minor(session, row.order_id), Remedy(row.remedy),
            await _instead(session, row) if price else (),
        ),
    )  # fmt: skip


async def _instead(session: AsyncSession, row: Any) -> list[OtherGoods]:
    wanted = await wanted_of(session, row.return_no)
    return [OtherGoods(name, one.quantity, one.price_minor) for one, name in wanted]


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms that are being decided, in the form of a return's row."""

    reason: str
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
