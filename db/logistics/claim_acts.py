"""What people decide about a claim, each in one transaction under its lock."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.logistics.claims import lock_claim, state_of, tell_story, wake
from db.platform.attention import resolve_attention
from db.platform.notices import CLAIM_LATE
from db.sql import run
from domain.logistics.claim_plan import ClaimAction, ClaimPlan, plan
from domain.logistics.claims import ClaimOutcome
from domain.shared.errors import InvalidInput, PlanChanged
from domain.shared.ids import claim_workflow_id
from domain.shared.money import Money

# Another filing begins the carrier's silence anew: its clock is set when the workflow moves on.
_DECIDED: Final = """
UPDATE carrier_claim SET claimed_minor = :claimed, accepted_minor = :accepted,
    received_minor = :received, booked_off_minor = :booked_off, written_off_minor = :written_off,
    answer = :answer, outcome = :outcome, ended = :ended,
    filed_on = coalesce(CAST(:filed_on AS date), filed_on),
    carrier_ref = coalesce(nullif(CAST(:carrier_ref AS text), ''), carrier_ref),
    answer_reason = CASE WHEN CAST(:answers AS boolean) THEN :reason ELSE answer_reason END,
    ended_reason = CASE WHEN CAST(:ends AS boolean) THEN :reason ELSE ended_reason END,
    ended_by = CASE WHEN CAST(:ends AS boolean) THEN :actor ELSE ended_by END,
    waits_for = CASE WHEN CAST(:refiled AS boolean) THEN '' ELSE waits_for END,
    updated_at = clock_timestamp()
WHERE claim_no = :claim_no
"""

_MONEY: Final = """
INSERT INTO claim_money (id, claim_no, kind, amount_minor, reference, value_on, actor)
VALUES (:id, :claim_no, :kind, :amount, :reference, :on, :actor)
"""

_STORY: Final = {
    ClaimAction.FILE: "claim_filed",
    ClaimAction.ACCEPT: "claim_accepted",
    ClaimAction.REFUSE: "claim_refused",
    ClaimAction.PAY: "claim_paid",
    ClaimAction.WRITE_OFF: "claim_written_off",
    ClaimAction.SETTLE_FOUND: "claim_withdrawn",
}
_ANSWERS: Final = (ClaimAction.ACCEPT, ClaimAction.REFUSE)
_ENDS: Final = (ClaimAction.WRITE_OFF, ClaimAction.SETTLE_FOUND)
_NEEDS_REASON: Final = (ClaimAction.REFUSE, *_ENDS)


@dataclass(frozen=True, slots=True)
class ClaimDecision:
    """What somebody says: for how much (none = all of it), since when, and under which number.

    `reference` is the carrier's number of the claim, or the number of the payment.
    """

    action: ClaimAction
    amount_minor: int = 0
    on: date | None = None
    reference: str = ""
    reason: str = ""


async def plan_of(session: AsyncSession, claim_no: str, decision: ClaimDecision) -> ClaimPlan:
    """What a decision would do now, in money. Raises ClaimNotFound, ActionNotAllowed and
    InvalidInput."""
    row = await lock_claim(session, claim_no)
    return plan(decision.action, state_of(row), decision.amount_minor)


async def decide(
    session: AsyncSession,
    claim_no: str,
    decision: ClaimDecision,
    plan_hash: str,
    actor: str,
    act: str,
    today: date,
) -> ClaimPlan:
    """Carry out the plan that was shown; `act` names this press of a button.

    Raises ClaimNotFound, PlanChanged when it would do something else now, ActionNotAllowed, and
    InvalidInput for a number or reason that is missing, and a day that is yet to come.
    """
    row = await lock_claim(session, claim_no)
    shown = plan(decision.action, state_of(row), decision.amount_minor)
    if shown.hash != plan_hash:
        raise PlanChanged("the claim moved on since the plan was shown")
    on = decision.on or today
    if on > today:
        raise InvalidInput("this day is yet to come")
    if decision.action is ClaimAction.FILE and not (decision.reference or row.carrier_ref):
        raise InvalidInput("the carrier's number of the claim is needed")
    if decision.action in _NEEDS_REASON and not decision.reason:
        raise InvalidInput("a reason is needed")
    for kind, minor in shown.moves:
        await run(
            session, _MONEY, id=f"{act}:{kind}", claim_no=claim_no, kind=kind, amount=minor,
            reference=decision.reference, on=on, actor=actor,
        )  # fmt: skip
    await _keep(session, row, shown, decision, on, actor)
    await _tell(session, row, shown, decision, actor)
    return shown


async def _keep(
    session: AsyncSession,
    row: Any,
    shown: ClaimPlan,
    decision: ClaimDecision,
    on: date,
    actor: str,
) -> None:
    after, files = shown.after, decision.action is ClaimAction.FILE
    await run(
        session, _DECIDED, claim_no=row.claim_no, claimed=after.claimed_minor,
        accepted=after.accepted_minor, received=after.received_minor,
        booked_off=after.booked_off_minor, written_off=after.written_off_minor,
        answer=after.answer, outcome=after.outcome, ended=after.ended,
        filed_on=on if files else None, carrier_ref=decision.reference if files else "",
        answers=decision.action in _ANSWERS, ends=decision.action in _ENDS,
        refiled=files and row.filed_on is not None, reason=decision.reason, actor=actor,
    )  # fmt: skip


async def _tell(
    session: AsyncSession, row: Any, shown: ClaimPlan, decision: ClaimDecision, actor: str
) -> None:
    """The order's story and the workflow; what was late is late no more."""
    after = shown.after
    amount = {
        ClaimAction.FILE: after.claimed_minor,
        ClaimAction.ACCEPT: after.accepted_minor,
        ClaimAction.PAY: decision.amount_minor,
        ClaimAction.WRITE_OFF: after.written_off_minor,
        ClaimAction.SETTLE_FOUND: shown.before.received_minor - after.received_minor,
    }.get(decision.action, 0)
    data = {
        "claim_no": row.claim_no, "amount": str(Money(amount, row.currency)),
        "reason": decision.reason, "reference": decision.reference,
    }  # fmt: skip
    kind = _STORY[decision.action]
    await tell_story(session, row.order_id, row.claim_no, kind, data, actor)
    await resolve_attention(
        session, workflow_id=claim_workflow_id(row.claim_no), step_id=CLAIM_LATE, by=actor,
        resolution="done",
    )  # fmt: skip
    if row.outcome == ClaimOutcome.OPEN:
        await wake(session, row.claim_no, row.order_id)
