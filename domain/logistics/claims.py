"""A claim against the carrier of a parcel that was lost or damaged, and what it does next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class ClaimKind(StrEnum):
    LOST = "lost"
    DAMAGED = "damaged"


class ClaimOrigin(StrEnum):
    """Who opened it."""

    TRACKING = "tracking"
    RETURN = "return"
    BENCH = "bench"
    CUSTOMER_SERVICE = "customer_service"


class ClaimStatus(StrEnum):
    OPENED = "opened"  # to be filed at the carrier
    FILED = "filed"  # the carrier has to answer
    ACCEPTED = "accepted"  # in whole or in part; its money is to come
    REFUSED = "refused"
    CLOSED = "closed"


class ClaimOutcome(StrEnum):
    """How a claim ended; empty while it has not."""

    OPEN = ""
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    FOUND = "found"  # the parcel turned up again


class Answer(StrEnum):
    """What the carrier said."""

    NONE = ""
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"


class Basis(StrEnum):
    """At what goods are valued against this carrier."""

    COST = "cost"
    SALES = "sales"


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """What our contract with a carrier says about claims; settings of its account."""

    file_within: timedelta = timedelta(days=30)  # after despatch
    warn_before: timedelta = timedelta(days=7)
    answer_within: timedelta = timedelta(days=15)
    pay_within: timedelta = timedelta(days=30)
    again_after: timedelta = timedelta(days=7)
    basis: Basis = Basis.COST
    limit_minor: int | None = None  # for a parcel that is not insured
    freight_times: int | None = None  # the same limit, as so many times the freight
    freight: bool = True  # whether the freight is claimed too


NO_TERMS: Final = ClaimTerms()


def terms_of(settings: Mapping[str, Any]) -> ClaimTerms:
    """The terms that are set of a carrier's account; the usual ones where nothing is set."""

    def days(key: str, usual: timedelta) -> timedelta:
        told = settings.get(key)
        return timedelta(days=told) if isinstance(told, int) else usual

    return ClaimTerms(
        file_within=days("claim_within_days", NO_TERMS.file_within),
        answer_within=days("claim_answer_days", NO_TERMS.answer_within),
        pay_within=days("claim_pay_days", NO_TERMS.pay_within),
        basis=Basis(settings.get("claim_basis", NO_TERMS.basis)),
        limit_minor=settings.get("claim_limit_minor"),
        freight_times=settings.get("claim_freight_times"),
        freight=settings.get("claim_freight", NO_TERMS.freight),
    )


@dataclass(frozen=True, slots=True)
class ClaimState:
    """What the tables say of a claim: all that `next_step` needs, and no personal data.

    Of what was claimed some is accepted, some received; `written_off_minor` is what does not come
    any more, and `booked_off_minor` the part of it that had been accepted before.
    """

    claim_no: str
    order_id: str
    kind: ClaimKind = ClaimKind.LOST
    status: ClaimStatus = ClaimStatus.OPENED
    waits: str = ""
    outcome: ClaimOutcome = ClaimOutcome.OPEN
    most_minor: int = 0  # what may be claimed: the goods within the carrier's limit, and freight
    claimed_minor: int = 0
    accepted_minor: int = 0
    received_minor: int = 0
    booked_off_minor: int = 0
    written_off_minor: int = 0
    filed: bool = False
    answer: Answer = Answer.NONE
    found: bool = False
    ended: ClaimOutcome = ClaimOutcome.OPEN  # how a person ended it
    due_at: datetime | None = None  # when somebody is reminded
    reminders: int = 0

    @property
    def receivable_minor(self) -> int:
        """What the carrier owes by its own word."""
        return self.accepted_minor - self.received_minor - self.booked_off_minor

    @property
    def rest_minor(self) -> int:
        """What is claimed and neither came nor was given up."""
        return self.claimed_minor - self.received_minor - self.written_off_minor


class ClaimStep(StrEnum):
    MOVE_ON = "move_on"  # its status changed: write it down, and start the next clock
    REMIND = "remind"
    CLOSE = "close"
    END = "end"
    WAIT = "wait"


def next_step(state: ClaimState, now: datetime) -> ClaimStep:
    """The one thing to do now; WAIT when only an event or a time can change something."""
    if state.outcome is not ClaimOutcome.OPEN:
        return ClaimStep.END
    if ending_of(state) is not ClaimOutcome.OPEN:
        return ClaimStep.CLOSE
    if (state.status, state.waits) != (status_of(state), waits_for(state)):
        return ClaimStep.MOVE_ON
    if state.due_at is not None and now >= state.due_at:
        return ClaimStep.REMIND
    return ClaimStep.WAIT


def status_of(state: ClaimState) -> ClaimStatus:
    """Where the claim stands, derived from its facts."""
    if state.outcome is not ClaimOutcome.OPEN:
        return ClaimStatus.CLOSED
    if not state.filed:
        return ClaimStatus.OPENED
    if state.answer is Answer.REFUSED:
        return ClaimStatus.REFUSED
    return ClaimStatus.FILED if state.answer is Answer.NONE else ClaimStatus.ACCEPTED


def ending_of(state: ClaimState) -> ClaimOutcome:
    """How it ends now; OPEN while something is still to come.

    What the carrier did not accept is never given up by itself: a person who may writes it off.
    """
    if state.ended is not ClaimOutcome.OPEN:
        return state.ended
    if state.found:
        silent = not state.filed and not state.received_minor
        return ClaimOutcome.FOUND if silent else ClaimOutcome.OPEN
    paid = state.received_minor > 0 and state.received_minor == state.claimed_minor
    return ClaimOutcome.PAID if paid else ClaimOutcome.OPEN


def waits_for(state: ClaimState) -> str:
    """What the claim waits for, as a stable code."""
    if state.outcome is not ClaimOutcome.OPEN:
        return ""
    if state.found:
        return "found"
    match status_of(state):
        case ClaimStatus.OPENED:
            return "filing"
        case ClaimStatus.FILED:
            return "answer"
        case ClaimStatus.REFUSED:
            return "decision"
        case _:
            return "money" if state.receivable_minor else "rest"


def remind_at(
    waits: str, since: datetime, file_by: datetime, reminders: int, terms: ClaimTerms
) -> datetime:
    """When somebody is reminded next, after so many times; `since` is the last time, or the start.

    Before the carrier's time limit is over it is said twice: a week before, and at its end.
    """
    if waits == "filing" and reminders == 0:
        return file_by - terms.warn_before
    if waits == "filing" and since < file_by:
        return file_by
    if reminders == 0 and waits == "answer":
        return since + terms.answer_within
    if reminders == 0 and waits == "money":
        return since + terms.pay_within
    return since + terms.again_after
