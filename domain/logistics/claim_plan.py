"""What a person decides about a claim, as a plan of its money: shown first, then carried out."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from domain.logistics.claims import Answer, ClaimOutcome, ClaimState
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.plans import hash_of


class ClaimAction(StrEnum):
    FILE = "file"  # it was handed in at the carrier, for a sum
    ACCEPT = "accept"  # the carrier owes a sum
    REFUSE = "refuse"
    PAY = "pay"  # money came
    WRITE_OFF = "write_off"
    SETTLE_FOUND = "settle_found"  # the parcel is there: withdrawn, and so much paid back


class MoneyKind(StrEnum):
    """What a line of a claim's ledger of money means."""

    ACCEPTED = "accepted"
    RECEIVED = "received"
    WRITTEN_OFF = "written_off"  # of what had been accepted


@dataclass(frozen=True, slots=True)
class ClaimEffect:
    """One thing the decision does. kind: asks_carrier | asks_less | carrier_owes | not_accepted |
    owes_no_more | money_in | still_owed | gives_up | keeps | pays_back | closes."""

    kind: str
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """What a decision does now; `hash` names exactly this plan. `moves` go into the ledger."""

    action: ClaimAction
    before: ClaimState
    after: ClaimState
    effects: tuple[ClaimEffect, ...]

    @property
    def moves(self) -> tuple[tuple[MoneyKind, int], ...]:
        """What changes of what is accepted, received and written off, in the order to be booked.

        What is accepted or no longer written off comes first: nothing is received that nobody owes.
        """
        before, after = self.before, self.after
        told = (
            (MoneyKind.ACCEPTED, after.accepted_minor - before.accepted_minor),
            (MoneyKind.WRITTEN_OFF, after.booked_off_minor - before.booked_off_minor),
            (MoneyKind.RECEIVED, after.received_minor - before.received_minor),
        )
        return tuple((kind, minor) for kind, minor in told if minor)

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON; reminders and clocks do not change it."""
        calm = {"due_at": None, "reminders": 0, "status": "", "waits": ""}
        facts = [asdict(self.before) | calm, asdict(self.after) | calm, self.action]
        return hash_of(facts)


def plan(action: ClaimAction, state: ClaimState, amount_minor: int = 0) -> ClaimPlan:
    """What the decision would do. Raises ActionNotAllowed and InvalidInput."""
    if amount_minor < 0:
        raise InvalidInput("sums must not be negative")
    late_money = action is ClaimAction.PAY and state.outcome is ClaimOutcome.WRITTEN_OFF
    if state.outcome is not ClaimOutcome.OPEN and not late_money:
        raise ActionNotAllowed("the claim is closed")
    after, effects = _PLANS[action](state, amount_minor)
    return ClaimPlan(action, state, after, tuple(e for e in effects if e.amount_minor or e.kind
                                                 == "closes"))  # fmt: skip


def _file(state: ClaimState, amount: int) -> tuple[ClaimState, list[ClaimEffect]]:
    if state.found:
        raise ActionNotAllowed("the parcel was found")
    amount = amount or state.claimed_minor
    if amount > state.most_minor:
        raise ActionNotAllowed("more than the carrier answers for")
    if amount < max(state.accepted_minor, state.received_minor, 1):
        raise ActionNotAllowed("less than the carrier accepted already")
    after = replace(state, filed=True, answer=Answer.NONE, claimed_minor=amount)
    return after, [
        ClaimEffect("asks_carrier", amount),
        ClaimEffect("asks_less", state.most_minor - amount),
    ]


def _accept(state: ClaimState, amount: int) -> tuple[ClaimState, list[ClaimEffect]]:
    _refuse_unless_filed(state)
    amount = amount or state.claimed_minor
    if amount > state.claimed_minor:
        raise ActionNotAllowed("more than was claimed")
    if amount < state.received_minor + state.booked_off_minor:
        raise ActionNotAllowed("less than the carrier has paid already")
    answer = Answer.ACCEPTED if amount == state.claimed_minor else Answer.PARTLY
    after = replace(state, answer=answer, accepted_minor=amount)
    return after, [
        ClaimEffect("carrier_owes", after.receivable_minor),
        ClaimEffect("not_accepted", state.claimed_minor - amount),
    ]


def _refuse(state: ClaimState, _: int) -> tuple[ClaimState, list[ClaimEffect]]:
    _refuse_unless_filed(state)
    if state.received_minor:
        raise ActionNotAllowed("the carrier has paid already")
    owed = state.receivable_minor
    after = replace(
        state, answer=Answer.REFUSED, accepted_minor=state.accepted_minor - owed
    )  # fmt: skip
    return after, [
        ClaimEffect("owes_no_more", owed),
        ClaimEffect("not_accepted", state.claimed_minor),
    ]


def _pay(state: ClaimState, amount: int) -> tuple[ClaimState, list[ClaimEffect]]:
    """Money says more than words: what comes beyond what was accepted is accepted with it."""
    if not state.filed:
        raise ActionNotAllowed("the claim is not filed yet")
    if amount == 0:
        raise InvalidInput("a sum is needed")
    if amount > state.claimed_minor - state.received_minor:
        raise ActionNotAllowed("more than was claimed")
    short = max(amount - state.receivable_minor, 0)
    back = min(short, state.booked_off_minor)
    after = replace(
        state,
        accepted_minor=state.accepted_minor + short - back,
        booked_off_minor=state.booked_off_minor - back,
        received_minor=state.received_minor + amount,
        written_off_minor=max(state.written_off_minor - amount, 0),
    )
    if state.outcome is ClaimOutcome.WRITTEN_OFF and not after.written_off_minor:
        after = replace(after, outcome=ClaimOutcome.PAID)
    effects = [ClaimEffect("money_in", amount), ClaimEffect("still_owed", after.receivable_minor)]
    done = after.received_minor == after.claimed_minor and not state.found
    return after, effects + ([ClaimEffect("closes")] if done else [])


def _write_off(state: ClaimState, _: int) -> tuple[ClaimState, list[ClaimEffect]]:
    if state.found:
        raise ActionNotAllowed("the parcel was found")
    after = replace(
        state,
        ended=ClaimOutcome.WRITTEN_OFF,
        booked_off_minor=state.booked_off_minor + state.receivable_minor,
        written_off_minor=state.claimed_minor - state.received_minor,
    )
    return after, [
        ClaimEffect("gives_up", after.written_off_minor),
        ClaimEffect("keeps", state.received_minor),
        ClaimEffect("closes"),
    ]


def _settle_found(state: ClaimState, amount: int) -> tuple[ClaimState, list[ClaimEffect]]:
    """Nothing is owed for a parcel that is there; what was paid for it may have to go back."""
    if not state.found:
        raise ActionNotAllowed("the parcel was not found")
    if amount > state.received_minor:
        raise ActionNotAllowed("more than the carrier has paid")
    kept = state.received_minor - amount
    after = replace(
        state,
        ended=ClaimOutcome.FOUND,
        received_minor=kept,
        accepted_minor=kept + state.booked_off_minor,
        written_off_minor=state.claimed_minor - kept,
    )
    return after, [
        ClaimEffect("pays_back", amount),
        ClaimEffect("keeps", kept),
        ClaimEffect("gives_up", after.written_off_minor),
        ClaimEffect("closes"),
    ]


def _refuse_unless_filed(state: ClaimState) -> None:
    if not state.filed:
        raise ActionNotAllowed("the claim is not filed yet")
    if state.found:
        raise ActionNotAllowed("the parcel was found")


_PLANS = {
    ClaimAction.FILE: _file,
    ClaimAction.ACCEPT: _accept,
    ClaimAction.REFUSE: _refuse,
    ClaimAction.PAY: _pay,
    ClaimAction.WRITE_OFF: _write_off,
    ClaimAction.SETTLE_FOUND: _settle_found,
}
