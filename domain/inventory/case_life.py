"""Cases of goods receipts, so that none is forgotten: reminded of, then brought to people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.inventory.receipt_cases import CaseState

FIRST: Final = timedelta(days=2)  # a case may take so long before anybody is told
AGAIN: Final = timedelta(days=1)
QUIET: Final = 1  # reminders on the case itself; from the next on it is in the attention inbox


class CaseStep(StrEnum):
    REMIND = "remind"
    ESCALATE = "escalate"
    END = "end"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the tables say of a case: all that `next_step` needs."""

    no: str
    state: CaseState = CaseState.OPEN
    location_id: str = ""
    receipt_no: str = ""
    trouble: str = ""
    units: int = 0
    reminders: int = 0
    due_at: datetime | None = None


def next_step(facts: CaseFacts, now: datetime) -> CaseStep:
    """The one thing to do now; WAIT when only news or a time can change something."""
    if facts.state is not CaseState.OPEN:
        return CaseStep.END
    if facts.due_at is None or now < facts.due_at:
        return CaseStep.WAIT
    return CaseStep.REMIND if facts.reminders < QUIET else CaseStep.ESCALATE


@dataclass(frozen=True, slots=True)
class CaseRef:
    """What a case's workflow is started with."""

    no: str


@dataclass(frozen=True, slots=True)
class CaseMoved:
    """`ReceiptCase.case_moved`: opened, decided or withdrawn; look at the tables."""

    no: str


@dataclass(frozen=True, slots=True)
class CaseWork:
    """One step of a case; `at` is the workflow's time, by which clocks start."""

    no: str
    at: datetime
    actor: str = "system"
    step_id: str = ""
    correction_id: str = ""
    reason: str = ""
