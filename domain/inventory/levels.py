"""What is asked of the stock of the whole network, and how the answer is laid out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.inventory.network import PlaceStock, Units
from domain.inventory.regions import Region
from domain.inventory.stock import Place
from domain.shared.ids import LocationId


class By(StrEnum):
    """What the rows of an answer are."""

    TREE = "tree"  # places, each above those below it
    REGION = "region"  # the large regions, with their places
    BRAND = "brand"
    CATEGORY = "category"
    SKU = "sku"


@dataclass(frozen=True, slots=True)
class Question:
    """Which goods, and where. None asks for all; "" for those without a brand or category."""

    text: str = ""  # in code or name, or the whole barcode
    skus: tuple[str, ...] | None = None
    brand: str | None = None
    category: str | None = None
    region: Region | None = None
    under: LocationId | None = None  # this place and all below it

    @property
    def about_groups(self) -> bool:
        """Whether whole brands or categories are asked about, or everything."""
        return not self.text and self.skus is None


@dataclass(frozen=True, slots=True)
class Row:
    """A row with everything below it. `key` is a place's id, a region, a brand, a category or a
    SKU; `about` is the kind of a place, or how many places a region has."""

    key: str
    name: str
    about: str
    units: Units
    has_below: bool = False


def where(
    question: Question, places: Sequence[Place], regions: Mapping[LocationId, Region]
) -> list[Place]:
    """The places that are asked about; goods on the way lie where they go."""
    asked = set(within(places, question.under)) if question.under is not None else None
    return [
        place
        for place in places
        if (asked is None or place.location_id in asked)
        and (question.region is None or regions.get(place.location_id) is question.region)
    ]


def within(places: Iterable[Place], top: LocationId) -> list[LocationId]:
    """A place and all below it."""
    below = _below(places)
    found, waiting = dict[LocationId, None](), [top]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found[here] = None
            waiting += [place.location_id for place in below.get(here, ())]
    return list(found)


def tree_rows(stock: Sequence[PlaceStock], above: LocationId | None = None) -> list[Row]:
    """The places right below one, or at the top; what a part of the tree is asked for has its own
    top: places above which nobody was asked for."""
    known = {one.place.location_id for one in stock}
    parents = {one.place.parent_id for one in stock}
    return [
        _row(one, one.place.location_id in parents)
        for one in stock
        if (one.place.parent_id == above if above else one.place.parent_id not in known)
    ]


def region_rows(stock: Sequence[PlaceStock], regions: Mapping[LocationId, Region]) -> list[Row]:
    """The regions that have places, those with most on hand first."""
    totals: dict[Region, Units] = {}
    counts: dict[Region, int] = {}
    for one in stock:
        region = regions.get(one.place.location_id, Region.UNKNOWN)
        totals[region] = totals.get(region, Units()) + one.own
        counts[region] = counts.get(region, 0) + 1
    order = sorted(totals, key=lambda region: (-totals[region].on_hand, region))
    return [Row(region, region, str(counts[region]), totals[region], True) for region in order]


def places_of(
    stock: Sequence[PlaceStock], regions: Mapping[LocationId, Region], region: str
) -> list[Row]:
    """The places of a region, each alone, those with most on hand first."""
    there = [one for one in stock if regions.get(one.place.location_id) == region]
    there.sort(key=lambda one: (-one.own.on_hand, one.place.location_id))
    return [Row(one.place.location_id, one.place.name, one.place.kind, one.own) for one in there]


def _row(stock: PlaceStock, has_below: bool) -> Row:
    place = stock.place
    return Row(place.location_id, place.name, place.kind, stock.with_below, has_below)


def _below(places: Iterable[Place]) -> dict[LocationId | None, list[Place]]:
    found: dict[LocationId | None, list[Place]] = {}
    for place in places:
        found.setdefault(place.parent_id, []).append(place)
    return found
