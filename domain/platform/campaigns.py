"""Campaigns: the same decision about many steps that wait, a few of them first.

A step that was decided goes on, is parked again, or says nothing; one that could not be decided was
refused, or is gone because somebody else saw to it. Those that are gone prove nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# What every step of a campaign may be given alike; people and numbers are each one's own.
SHARED_VALUES: Final = frozenset({"carrier", "product", "booked_on"})
# A number that only a person knows, other for every step: no campaign can be done by hand with it.
OWN_NUMBERS: Final = frozenset({"waybill_no"})
MOST_ITEMS: Final = 20_000
CANARY: Final = 5
STOP_PERCENT: Final = 20
RATE_PER_MINUTE: Final = 30
# A step that was decided and says nothing for so long counts as one that did not go on.
PATIENCE: Final = timedelta(minutes=30)
_TURN_S: Final = 5.0
_MOST_AT_ONCE: Final = 50
_LOOK_S: Final = 5.0
_PAUSED_S: Final = 600.0


class CampaignState(StrEnum):
    CANARY = "canary"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"

    @property
    def is_over(self) -> bool:
        return self in (CampaignState.STOPPED, CampaignState.FINISHED)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many steps of a campaign are where."""

    waiting: int = 0
    deciding: int = 0
    decided: int = 0
    went_on: int = 0
    parked_again: int = 0
    silent: int = 0
    refused: int = 0
    gone: int = 0
    left: int = 0

    @property
    def pending(self) -> int:
        """Taken, and not known to have gone on or not."""
        return self.deciding + self.decided

    @property
    def failed(self) -> int:
        """Decided, or to be decided, and no further than before."""
        return self.parked_again + self.silent + self.refused

    @property
    def proven(self) -> int:
        """Those that show whether the decision helps."""
        return self.went_on + self.failed

    @property
    def total(self) -> int:
        return self.waiting + self.pending + self.proven + self.gone + self.left

    @property
    def percent(self) -> int:
        """How much of it is done."""
        open_ones = self.waiting + self.pending
        return 100 - (100 * open_ones + self.total - 1) // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class Pace:
    """How a campaign is told to go about it."""

    canary: int = CANARY
    stop_percent: int = STOP_PERCENT
    rate_per_minute: int = RATE_PER_MINUTE


@dataclass(frozen=True, slots=True)
class Move:
    """What a campaign does next: `take` steps to decide, look again after `wait_s`.

    `because` says why it stopped by itself: canary | failing.
    """

    state: CampaignState
    take: int = 0
    wait_s: float = _LOOK_S
    because: str = ""


def next_move(state: CampaignState, counts: Counts, pace: Pace) -> Move:
    """The next turn. While steps are being decided, or await their canaries, none is taken."""
    if state.is_over or state is CampaignState.PAUSED:
        return Move(state, wait_s=_LOOK_S * 3 if counts.pending else _PAUSED_S)
    if state is CampaignState.CANARY:
        return _with_canaries(counts, pace)
    return _at_rate(counts, pace)


def _with_canaries(counts: Counts, pace: Pace) -> Move:
    missing = min(pace.canary - counts.pending - counts.proven, counts.waiting)
    if counts.deciding:
        return Move(CampaignState.CANARY)
    if missing > 0:
        return Move(CampaignState.CANARY, take=missing)
    if counts.decided:
        return Move(CampaignState.CANARY)
    if fails_too_often(counts, pace):
        return Move(CampaignState.STOPPED, because="canary")
    return _at_rate(counts, pace)


def _at_rate(counts: Counts, pace: Pace) -> Move:
    if not counts.waiting and not counts.pending:
        return Move(CampaignState.FINISHED)
    if counts.waiting and counts.proven >= pace.canary and fails_too_often(counts, pace):
        return Move(CampaignState.STOPPED, because="failing")
    if not counts.waiting or counts.deciding:
        return Move(CampaignState.RUNNING, wait_s=_LOOK_S)
    take = min(max(1, int(pace.rate_per_minute * _TURN_S / 60)), _MOST_AT_ONCE, counts.waiting)
    return Move(CampaignState.RUNNING, take, wait_s=60.0 * take / pace.rate_per_minute)


def fails_too_often(counts: Counts, pace: Pace) -> bool:
    """Whether a larger share than allowed went no further."""
    return counts.failed * 100 > pace.stop_percent * counts.proven


# --- what crosses Temporal ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """Input of `Campaign`."""

    campaign_id: str


@dataclass(frozen=True, slots=True)
class CampaignMoved:
    """`Campaign.campaign_moved`: begun, paused, resumed or stopped; look at the tables."""

    campaign_id: str


@dataclass(frozen=True, slots=True)
class CampaignTurn:
    """One turn of a campaign at a moment of its workflow."""

    campaign_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class CampaignTaken:
    """What is to be decided now, and when to look again; `over`: there is nothing more to do."""

    item_ids: tuple[str, ...] = ()
    wait_s: float = _LOOK_S
    over: bool = False


@dataclass(frozen=True, slots=True)
class DecideItem:
    """Decide about one step of a campaign."""

    campaign_id: str
    item_id: str


# --- which steps --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """Steps that wait, by what they have in common; empty = any.

    `hours` = waiting at least so long; `at_risk` = the order is soon, or already, late.
    """

    fingerprint: str = ""
    cause: str = ""
    system: str = ""
    shop: str = ""
    step: str = ""
    assignee: str = ""
    hours: int = 0
    at_risk: bool = False
    item_ids: tuple[str, ...] = field(default=())
