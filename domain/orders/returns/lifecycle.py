"""What a return does next, decided from what the tables say about it."""

from datetime import datetime
from enum import StrEnum

from domain.orders.returns.model import Decision, Outcome, ReturnState, ReturnStatus


class ReturnStep(StrEnum):
    JUDGE = "judge"  # ask the rules
    MOVE_ON = "move_on"  # its status changed: write it down, and start the next clock
    TELL_CHANNEL = "tell_channel"
    WARN = "warn"
    ESCALATE = "escalate"
    EXPIRE = "expire"
    SETTLE = "settle"
    PAY_BY_HAND = "pay_by_hand"
    CLOSE = "close"
    END = "end"
    WAIT = "wait"


def next_step(state: ReturnState, now: datetime) -> ReturnStep:
    """The one thing to do now; WAIT when only an event or a time can change something."""
    if state.outcome is not Outcome.OPEN:
        return ReturnStep.TELL_CHANNEL if state.to_tell else ReturnStep.END
    if not state.judged:
        return ReturnStep.JUDGE
    if ending_of(state) is not Outcome.OPEN:
        return ReturnStep.CLOSE
    if state.status is not status_of(state):
        return ReturnStep.MOVE_ON
    if state.to_tell:
        return ReturnStep.TELL_CHANNEL
    if _may_settle(state):
        return ReturnStep.SETTLE
    if state.rest_minor and not state.pays_channel:
        return ReturnStep.PAY_BY_HAND
    if _is_late(state, now):
        return _when_late(state)
    if _is_near(state, now):
        return ReturnStep.WARN
    return ReturnStep.WAIT


def status_of(state: ReturnState) -> ReturnStatus:
    """Where the return stands, derived from its facts."""
    if state.outcome is not Outcome.OPEN:
        return ReturnStatus.CLOSED
    if state.settled:
        return ReturnStatus.REFUNDING
    if state.received_units:
        done = state.inspected_units == state.received_units
        return ReturnStatus.INSPECTED if done else ReturnStatus.RECEIVED
    if state.decision is not Decision.APPROVED:
        return ReturnStatus.REQUESTED
    if not state.kind.needs_goods:
        return ReturnStatus.INSPECTED
    return ReturnStatus.IN_TRANSIT if state.sent else ReturnStatus.APPROVED


def ending_of(state: ReturnState) -> Outcome:
    """How it ends now; OPEN while something is still to come."""
    if state.received_units and not state.settled:
        return Outcome.OPEN  # goods lie here: whatever was decided before, they are dealt with
    if state.decision is Decision.REJECTED and not (state.planned_minor or state.replaced):
        return Outcome.REJECTED
    if state.decision is Decision.WITHDRAWN and not state.planned_minor:
        return Outcome.WITHDRAWN
    if not state.settled or state.refund_running or state.to_tell:
        return Outcome.OPEN
    if state.rest_minor and not (state.pays_channel and state.channel_done):
        return Outcome.OPEN
    if state.replaced:
        return Outcome.REPLACED
    return Outcome.REFUNDED if state.planned_minor else Outcome.NOTHING_DUE


def waits_for(state: ReturnState) -> str:
    """What the return waits for, as a stable code."""
    match status_of(state):
        case ReturnStatus.REQUESTED:
            return "buyer_answer" if state.clock_stopped else "decision"
        case ReturnStatus.APPROVED:
            return "buyer_parcel"
        case ReturnStatus.IN_TRANSIT:
            return "parcel"
        case ReturnStatus.RECEIVED:
            return "inspection"
        case ReturnStatus.INSPECTED:
            return "settlement" if needs_person(state) else ""
        case ReturnStatus.REFUNDING:
            if state.rest_minor:
                return "channel_refund" if state.pays_channel else "refund_by_hand"
            return "refund"
        case _:
            return ""


def needs_person(state: ReturnState) -> bool:
    """Whether somebody has to say what is paid: units were refused, or came uninvited."""
    if state.settle_decided or not state.kind.needs_goods:
        return False
    accepted = state.decision is Decision.APPROVED and not state.reopened
    return state.refused_units > 0 or not accepted


def wake_at(state: ReturnState) -> datetime | None:
    """When to look again if nothing is heard."""
    if state.clock_stopped or state.escalated:
        return None
    return state.warn_at or state.due_at


def _may_settle(state: ReturnState) -> bool:
    return (
        status_of(state) is ReturnStatus.INSPECTED and not state.settled and not needs_person(state)
    )


def _is_late(state: ReturnState, now: datetime) -> bool:
    runs = not (state.clock_stopped or state.escalated)
    return runs and state.due_at is not None and now >= state.due_at


def _is_near(state: ReturnState, now: datetime) -> bool:
    runs = not (state.clock_stopped or state.escalated)
    return runs and state.warn_at is not None and now >= state.warn_at


def _when_late(state: ReturnState) -> ReturnStep:
    """The buyer's silence ends a return; ours is told to somebody."""
    silent = status_of(state) is ReturnStatus.APPROVED
    return ReturnStep.EXPIRE if silent else ReturnStep.ESCALATE
