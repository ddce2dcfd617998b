"""The large regions 大区 of China, from the province a place lies in."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from domain.inventory.stock import Place
from domain.logistics.divisions.names import NATION, within
from domain.shared.ids import LocationId


class Region(StrEnum):
    """Seven regions, the places beyond them, and those nobody gave an address."""

    EAST = "east"  # 华东
    NORTH = "north"  # 华北
    CENTRAL = "central"  # 华中
    SOUTH = "south"  # 华南
    SOUTHWEST = "southwest"  # 西南
    NORTHWEST = "northwest"  # 西北
    NORTHEAST = "northeast"  # 东北
    OUTSIDE = "outside"  # 港澳台
    UNKNOWN = "unknown"


# The first two digits of the code of a province (GB/T 2260).
_OF_PROVINCE: Final[Mapping[str, Region]] = {
    province: region
    for region, provinces in {
        Region.EAST: "31 32 33 34 35 36 37",
        Region.NORTH: "11 12 13 14 15",
        Region.CENTRAL: "41 42 43",
        Region.SOUTH: "44 45 46",
        Region.SOUTHWEST: "50 51 52 53 54",
        Region.NORTHWEST: "61 62 63 64 65",
        Region.NORTHEAST: "21 22 23",
        Region.OUTSIDE: "71 81 82",
    }.items()
    for province in provinces.split()
}


def region_of(division_code: str, province: str = "") -> Region:
    """The region of a division's code or, where a place has none, of its province's name."""
    code = division_code or within(NATION).get(province.strip())
    return _OF_PROVINCE.get(code[:2], Region.UNKNOWN)


def regions(places: Sequence[Place], told: Mapping[LocationId, Region]) -> dict[LocationId, Region]:
    """The region of every place; one without an address lies where the place above it lies."""
    above = {place.location_id: place.parent_id for place in places}
    found: dict[LocationId, Region] = {}
    for place in places:
        here: LocationId | None = place.location_id
        seen: list[LocationId] = []
        while here is not None and here in above and here not in found and here not in seen:
            seen.append(here)
            if told.get(here, Region.UNKNOWN) is not Region.UNKNOWN:
                break
            here = above[here]
        region = Region.UNKNOWN
        if here is not None:
            region = found.get(here, told.get(here, Region.UNKNOWN))
        found |= dict.fromkeys(seen, region)
    return found
