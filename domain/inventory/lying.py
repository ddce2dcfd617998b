"""How long goods have lain, how long they will last, and which nobody wants any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

# From so many days on; the last bucket has no end.
AGES: Final = (0, 31, 61, 91, 181)
COVERS: Final = (0, 7, 14, 30, 60, 90)
SALES_DAYS: Final = 28


@dataclass(frozen=True, slots=True)
class Layer:
    """Units that came on one day; None where the ledger does not say when."""

    day: date | None
    units: int


@dataclass(frozen=True, slots=True)
class Lying:
    """What a place has of a product, and what moved there."""

    sku: str
    name: str
    location_id: str
    place: str
    on_hand: int
    value_minor: int
    sold: int  # in the last `SALES_DAYS`
    last_left: date | None
    layers: tuple[Layer, ...] = ()

    @property
    def cover_days(self) -> int | None:
        """For how many days it lasts when it sells on as it did; None when nothing was sold."""
        return self.on_hand * SALES_DAYS // self.sold if self.sold else None

    def oldest_days(self, today: date) -> int | None:
        """How long the oldest unit has lain; None when nobody knows."""
        days = [_days(layer, today) for layer in self.layers]
        known = [one for one in days if one is not None]
        return max(known) if known and len(known) == len(days) else None

    def is_dead(self, today: date, days: int) -> bool:
        """Whether nothing left and nothing came for so many days."""
        newest = max((layer.day for layer in self.layers if layer.day), default=None)
        moved = [one for one in (self.last_left, newest) if one is not None]
        return not moved or (today - max(moved)).days >= days


def fifo(on_hand: int, arrivals: Iterable[Layer]) -> tuple[Layer, ...]:
    """First in, first out: what lies there are the units that came last. `arrivals` come newest
    first; what they do not explain came on a day nobody knows."""
    left, found = on_hand, list[Layer]()
    for one in arrivals:
        taken = min(left, one.units)
        if taken > 0:
            found.append(Layer(one.day, taken))
            left -= taken
    return (*found, Layer(None, left)) if left > 0 else tuple(found)


def by_age(lying: Sequence[Lying], today: date) -> list[int]:
    """Units in each of `AGES`, then those of which nobody knows."""
    found = [0] * (len(AGES) + 1)
    for one in lying:
        for layer in one.layers:
            days = _days(layer, today)
            found[-1 if days is None else _bucket(AGES, days)] += layer.units
    return found


def by_cover(lying: Sequence[Lying]) -> list[int]:
    """How many products at a place last as long as each of `COVERS`, then those not sold."""
    found = [0] * (len(COVERS) + 1)
    for one in lying:
        days = one.cover_days
        found[-1 if days is None else _bucket(COVERS, days)] += 1
    return found


def _bucket(begins: Sequence[int], days: int) -> int:
    return max(n for n, begin in enumerate(begins) if days >= begin)


def _days(layer: Layer, today: date) -> int | None:
    return None if layer.day is None else max((today - layer.day).days, 0)
