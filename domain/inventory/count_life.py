"""A count from the paper to the books: what its workflow does next, and when it says so again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.inventory.counting import CountState

# How long a count that nobody counts or approves waits before somebody is told, and told again.
AGAIN: Final = timedelta(days=1)
MOST_DAYS: Final = 30  # that a person may give it at once


class CountStep(StrEnum):
    LATE = "late"  # its day is over: a person says how it goes on
    POST = "post"
    ASK = "ask"  # more units than may be corrected without a second person
    END = "end"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class CountFacts:
    """What the tables say of a count: all that `next_step` needs."""

    no: str
    state: CountState = CountState.OPEN
    location_id: str = ""
    open: int = 0  # lines that nobody counted
    again: int = 0  # lines that somebody else counts a second time
    units: int = 0  # that a posting would correct
    needs_two: bool = False
    reminders: int = 0
    due_at: datetime | None = None


def next_step(facts: CountFacts, now: datetime) -> CountStep:
    """The one thing to do now; WAIT when only news or a time can change something."""
    if facts.state in (CountState.POSTED, CountState.CANCELLED):
        return CountStep.END
    if facts.state is CountState.COUNTED:
        return CountStep.ASK if facts.needs_two else CountStep.POST
    late = facts.due_at is not None and now >= facts.due_at
    return CountStep.LATE if late and facts.state is CountState.OPEN else CountStep.WAIT


def waits_for(facts: CountFacts) -> str:
    """Whom it waits for; empty when it goes on by itself."""
    match facts.state:
        case CountState.OPEN:
            return "second look" if facts.again and not facts.open else "counting"
        case CountState.COUNTED:
            return "approval" if facts.needs_two else ""
        case CountState.SHORT:
            return "promised units"
        case _:
            return ""


def days_given(value: object) -> int:
    """How many days a person gives it; one where nothing usable was said."""
    text = str(value or "").strip()
    days = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    return min(max(days, 1), MOST_DAYS)


@dataclass(frozen=True, slots=True)
class CountRules:
    """`alone_units`: corrections above so many take a second person; 0 = never."""

    alone_units: int = 1_000
    approval: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class CountRef:
    """What a count's workflow is started with."""

    no: str


@dataclass(frozen=True, slots=True)
class CountMoved:
    """`Count.count_moved`: planned, counted, posted or dropped; look at the tables."""

    no: str


@dataclass(frozen=True, slots=True)
class CountWork:
    """One step of a count; `at` is the workflow's time, by which clocks start."""

    no: str
    at: datetime
    actor: str = "system"
    step_id: str = ""
    correction_id: str = ""
