"""Stock along the tree of places: what each has, and what it has together with all below it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.inventory.stock import GOOD, OWN, Level, Place
from domain.shared.ids import LocationId

TRANSIT: Final = "transit"
DEALER: Final = "dealer"
_DAMAGED: Final = frozenset({"damaged", "scrap"})


@dataclass(frozen=True, slots=True)
class Units:
    """Counted in base units. `on_hand`, `reserved` and `available` are good and ours; `consigned`
    of them lie at a dealer's. Nothing else can be promised: what is in transit or on order comes
    later, what is kept back is in another condition, and what dealers own is theirs."""

    on_hand: int = 0
    reserved: int = 0
    available: int = 0
    in_transit: int = 0
    on_order: int = 0
    quarantine: int = 0
    damaged: int = 0
    blocked: int = 0  # on hand and free, but of lots that are kept back or expired
    other: int = 0  # kept for other reasons: to be refurbished, to go back to the supplier
    consigned: int = 0
    dealer_owned: int = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(
            self.on_hand + other.on_hand,
            self.reserved + other.reserved,
            self.available + other.available,
            self.in_transit + other.in_transit,
            self.on_order + other.on_order,
            self.quarantine + other.quarantine,
            self.damaged + other.damaged,
            self.blocked + other.blocked,
            self.other + other.other,
            self.consigned + other.consigned,
            self.dealer_owned + other.dealer_owned,
        )

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to show."""
        return self == Units()


def units_of(level: Level, kind: str) -> Units:
    """What a balance at a place of this kind counts as."""
    if level.owner != OWN:
        return Units(dealer_owned=level.on_hand)
    if kind == TRANSIT:
        return Units(in_transit=level.on_hand)
    if level.condition == GOOD:
        consigned = level.on_hand if kind == DEALER else 0
        return Units(
            level.on_hand, level.reserved, level.available, blocked=level.blocked,
            consigned=consigned,
        )  # fmt: skip
    if level.condition == "quarantine":
        return Units(quarantine=level.on_hand)
    if level.condition in _DAMAGED:
        return Units(damaged=level.on_hand)
    return Units(other=level.on_hand)


@dataclass(frozen=True, slots=True)
class PlaceStock:
    """One place: its own units, and with those of every place below."""

    place: Place
    own: Units
    with_below: Units


def roll_up(
    places: Sequence[Place], levels: Iterable[Level], on_order: Mapping[str, int] | None = None
) -> list[PlaceStock]:
    """Stock per place; what is on the way counts at its parent, others keep their order.

    Levels of places that are not listed are left out. Raises ValueError when the tree has a circle.
    """
    standing = {p.location_id: p for p in places if p.kind != TRANSIT}
    transit = {p.location_id: p.parent_id for p in places if p.kind == TRANSIT}
    own = dict.fromkeys(standing, Units())
    for level in levels:
        at: LocationId | None = level.location_id
        kind = standing[at].kind if at in standing else TRANSIT
        at = transit.get(level.location_id, at)
        if at in own:
            own[at] += units_of(level, kind)
    for name, units in (on_order or {}).items():
        if (there := LocationId(name)) in own:
            own[there] += Units(on_order=units)
    return add_up(standing.values(), own)


def add_up(places: Iterable[Place], own: Mapping[LocationId, Units]) -> list[PlaceStock]:
    """Every place with what all places below it have. Raises ValueError for a circle."""
    standing = {p.location_id: p for p in places}
    total = dict.fromkeys(standing, Units())
    for at in standing:
        units = own.get(at, Units())
        for above in _upwards(at, standing):
            if not units.nothing:
                total[above] += units
    return [PlaceStock(p, own.get(at, Units()), total[at]) for at, p in standing.items()]


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
