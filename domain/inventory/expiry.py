"""Whether a lot may still be sold: the one place where dates of lots are judged.

"Today" is the date on the clock of the place where the goods lie. The date of expiry itself is the
last good day. What remains of a lot is counted at the door: the days from the promised delivery to
the date of expiry. `FIT` in `db.inventory.fitness` says the same in SQL, and a test holds them
together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from domain.shared.errors import InvalidInput

MOST_DAYS: Final = 36_500
WHOLE: Final = 100


class LotState(StrEnum):
    OPEN = "open"
    HOLD = "hold"  # kept back everywhere, until somebody decides
    RECALLED = "recalled"


class Fitness(StrEnum):
    """What a lot is to a buyer. Only the first may be promised."""

    GOOD = "good"
    SHORT = "short"  # too little of its life would remain at the door
    EXPIRED = "expired"
    HELD = "held"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How long a SKU is good from its production, and what must always remain; 0 = nobody said."""

    days: int = 0
    min_days: int = 0


@dataclass(frozen=True, slots=True)
class LifeRule:
    """What a channel or a shop asks to remain at the door: days, or a share of the shelf life."""

    days: int = 0
    share_percent: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MOST_DAYS or not 0 <= self.share_percent <= WHOLE:
            raise InvalidInput(f"days are 0 to {MOST_DAYS}, a share is 0 to {WHOLE} percent")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order asks of a lot: it leaves by `ship_by` and is so many days on its way."""

    rule: LifeRule = LifeRule()
    to_door: int = 0
    ship_by: datetime | None = None


@dataclass(slots=True)
class FreeLot:
    """Units of a lot at a place that nobody holds."""

    lot: str
    units: int
    expires_on: date | None = None
    life: ShelfLife = ShelfLife()


def today_at(zone: str, now: datetime) -> date:
    """The date on the clock of a place."""
    return now.astimezone(ZoneInfo(zone)).date()


def expiry_of(produced_on: date | None, expires_on: date | None, life: ShelfLife) -> date | None:
    """The last good day: as it is printed, else counted from production; None = nobody knows."""
    if expires_on is not None or produced_on is None or not life.days:
        return expires_on
    return produced_on + timedelta(days=life.days)


def days_needed(life: ShelfLife, rule: LifeRule) -> int:
    """Days that must remain at the door. A share is rounded up; the SKU's own minimum always
    holds."""
    share = -(-life.days * rule.share_percent // WHOLE)
    return max(life.min_days, rule.days, share)


def at_the_door(wanted: Wanted, zone: str, now: datetime) -> date:
    """The promised day of delivery; what should have left already leaves today."""
    leaves = today_at(zone, now)
    if wanted.ship_by is not None:
        leaves = max(leaves, today_at(zone, wanted.ship_by))
    return leaves + timedelta(days=wanted.to_door)


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether the last good day is over."""
    return expires_on is not None and expires_on < today


def fitness(
    expires_on: date | None,
    today: date,
    delivered_on: date,
    needed: int = 0,
    state: LotState = LotState.OPEN,
) -> Fitness:
    """What a lot is to somebody who gets it on `delivered_on` and needs so many days then.

    A lot whose date nobody knows is good; it goes last.
    """
    if state is LotState.RECALLED:
        return Fitness.RECALLED
    if state is LotState.HOLD:
        return Fitness.HELD
    if is_expired(expires_on, today):
        return Fitness.EXPIRED
    if expires_on is not None and (expires_on - delivered_on).days < needed:
        return Fitness.SHORT
    return Fitness.GOOD


def fits(lot: FreeLot, wanted: Wanted, zone: str, now: datetime) -> bool:
    """Whether units of the lot may be promised to this order."""
    if lot.expires_on is None:
        return True
    needed = days_needed(lot.life, wanted.rule)
    found = fitness(lot.expires_on, today_at(zone, now), at_the_door(wanted, zone, now), needed)
    return found is Fitness.GOOD


def goes_first(expires_on: date | None, lot: str) -> tuple[date, str]:
    """First expired, first out; then by lot. Unknown dates come last."""
    return (expires_on or date.max, lot)


def take_first(
    lots: Iterable[FreeLot], quantity: int, fit: Callable[[FreeLot], bool]
) -> list[tuple[str, int]]:
    """(lot, units) of those that fit, as they expire; they are taken off what is free."""
    taken: list[tuple[str, int]] = []
    for one in sorted(lots, key=lambda lot: goes_first(lot.expires_on, lot.lot)):
        part = min(one.units, quantity)
        if part > 0 and fit(one):
            taken.append((one.lot, part))
            one.units -= part
            quantity -= part
    return taken
