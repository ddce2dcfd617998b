"""What the planner's workflow and its steps tell each other."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlanNight:
    """Plan the whole company; without a night, the one that is now."""

    night: date | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """A night: the day on which the planned goods are ordered."""

    night: date


@dataclass(frozen=True, slots=True)
class NightToPlan:
    """Days whose demand is not read yet, locations whose policies are not reckoned, and those for
    which nothing was suggested, those below others first."""

    days: tuple[date, ...] = ()
    to_reckon: tuple[str, ...] = ()
    to_suggest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """One location in one night; `after` is the last SKU that was reckoned."""

    location_id: str
    night: date
    after: str = ""
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Reckoned:
    """How far the policies are; nothing behind `after` means all of them."""

    after: str = ""


@dataclass(frozen=True, slots=True)
class PlacePlanned:
    """What came of it."""

    suggestions: int = 0
    approved: int = 0
