"""A recall: what may become of its units, what is done next, and when it may be closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.shared.errors import ActionNotAllowed, InvalidInput


class Holder(StrEnum):
    PLACE = "place"  # one of ours
    DEALER = "dealer"
    BUYER = "buyer"


class End(StrEnum):
    """What may become of a unit; there is nothing else."""

    QUARANTINED = "quarantined"
    RETURNED = "returned"  # to its supplier from a place, to us from a buyer
    DESTROYED = "destroyed"
    CONFIRMED = "confirmed"  # whoever has it says that he knows
    NEVER_SOLD = "never_sold"  # it is still with the dealer, all of it


# What each kind of holder can say of its units.
ENDS_OF: Final[dict[Holder, frozenset[End]]] = {
    Holder.PLACE: frozenset({End.QUARANTINED, End.RETURNED, End.DESTROYED}),
    Holder.DEALER: frozenset(
        {End.QUARANTINED, End.RETURNED, End.DESTROYED, End.CONFIRMED, End.NEVER_SOLD}
    ),
    Holder.BUYER: frozenset({End.RETURNED, End.DESTROYED, End.CONFIRMED}),
}
# Units that are not on hand any more where they lay.
LEAVES: Final = frozenset({End.RETURNED, End.DESTROYED})


@dataclass(frozen=True, slots=True)
class Held:
    """Units that a holder has, or had, and how many of them came to an end."""

    units: int
    ended: int = 0

    @property
    def open(self) -> int:
        """Units of which nobody knows where they are."""
        return max(self.units - self.ended, 0)


class RecallStep(StrEnum):
    FREEZE = "freeze"
    STOP_PICKS = "stop_picks"
    INTERCEPT = "intercept"
    TELL = "tell"
    REMIND = "remind"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True, slots=True)
class RecallFacts:
    """Where a recall stands, as its workflow needs it."""

    recall_no: str
    closed: bool = False
    frozen: bool = False
    open_picks: int = 0  # shipments that hold units of it and are not dealt with
    on_the_way: int = 0  # parcels that were not asked back yet
    untold: int = 0  # holders
    open_units: int = 0
    remind_at: datetime | None = None


def next_step(facts: RecallFacts, now: datetime) -> RecallStep:
    """Nothing is promised any more before anything else is done; then what is still ours is kept,
    what is on its way is asked back, and those who have it are told, and told again."""
    if facts.closed:
        return RecallStep.END
    if not facts.frozen:
        return RecallStep.FREEZE
    if facts.open_picks:
        return RecallStep.STOP_PICKS
    if facts.on_the_way:
        return RecallStep.INTERCEPT
    if facts.untold:
        return RecallStep.TELL
    if facts.remind_at is not None and facts.remind_at <= now and facts.open_units:
        return RecallStep.REMIND
    return RecallStep.WAIT


def remind_after(days: int, now: datetime) -> datetime:
    """When those who said nothing are asked again."""
    return now + timedelta(days=days)


def refuse_end(holder: Holder, how: End, units: int, held: Held) -> None:
    """Raises InvalidInput for an end that such a holder cannot give, or more units than he has."""
    if how not in ENDS_OF[holder]:
        raise InvalidInput("this cannot become of units there")
    if not 0 < units <= held.open:
        raise InvalidInput(f"{held.open} units are open there, not {units}")


def refuse_closing(open_units: int, signed: str, frozen: bool) -> None:
    """Raises ActionNotAllowed while units are open, unless somebody signs for them."""
    if not frozen:
        raise ActionNotAllowed("the lots are not frozen yet")
    if open_units and not signed.strip():
        raise ActionNotAllowed(
            f"{open_units} units are not accounted for; somebody has to sign for them"
        )


def accounted(all_held: Iterable[Held]) -> tuple[int, int]:
    """(units, units that are open) of all holders."""
    listed = list(all_held)
    return sum(held.units for held in listed), sum(held.open for held in listed)
