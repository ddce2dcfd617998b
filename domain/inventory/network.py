"""Stock along the tree of places: what each has, and what it has together with all below it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.inventory.stock import Level, Place
from domain.shared.ids import LocationId

TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class Units:
    """Counted in base units. What is in transit is not on hand and cannot be promised."""

    on_hand: int = 0
    reserved: int = 0
    available: int = 0
    in_transit: int = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(
            self.on_hand + other.on_hand,
            self.reserved + other.reserved,
            self.available + other.available,
            self.in_transit + other.in_transit,
        )


@dataclass(frozen=True, slots=True)
class PlaceStock:
    """One place: its own units, and with those of every place below."""

    place: Place
    own: Units
    with_below: Units


def roll_up(places: Sequence[Place], levels: Iterable[Level]) -> list[PlaceStock]:
    """Stock of one SKU per place; what is on the way counts at its parent, others keep their order.

    Levels of places that are not listed are left out. Raises ValueError when the tree has a circle.
    """
    standing = {p.location_id: p for p in places if p.kind != TRANSIT}
    transit = {p.location_id: p.parent_id for p in places if p.kind == TRANSIT}
    own = dict.fromkeys(standing, Units())
    for level in levels:
        at = level.location_id
        if at in own:
            own[at] += Units(level.on_hand, level.reserved, level.available)
        elif (parent := transit.get(at)) in own:
            own[parent] += Units(in_transit=level.on_hand)
    total = dict.fromkeys(standing, Units())
    for at, units in own.items():
        for above in _upwards(at, standing):
            total[above] += units
    return [PlaceStock(p, own[at], total[at]) for at, p in standing.items()]


def whole(stock: Iterable[PlaceStock]) -> Units:
    """All places together."""
    return sum((place.own for place in stock), Units())


def _upwards(at: LocationId, standing: dict[LocationId, Place]) -> Iterable[LocationId]:
    seen: set[LocationId] = set()
    here: LocationId | None = at
    while here in standing:
        if here in seen:
            raise ValueError(f"{here} lies below itself")
        seen.add(here)
        yield here
        here = standing[here].parent_id
