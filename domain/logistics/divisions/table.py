"""The division table we ship: provinces, cities and districts with codes and centroids.

Built by `tools/build_divisions.py` from npm `china-division` (National Bureau of Statistics,
cut-off 2023-06-30) and PyPI `cpca` (coordinates); their licences lie beside the table. Hong Kong,
Macao and Taiwan are there as provinces only. Centroids are for ranking distances, not for maps:
the source does not name their datum (WGS-84 and GCJ-02 differ by up to about 600 m).
"""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})


class Level(StrEnum):
    """How deep a division lies."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city or district; `code` is GB/T 2260, a province's `parent` is empty.

    `centroid_source` says whose coordinates these are: its `own`, those of its `former` code or
    rank, or those of its `city` or `province`.
    """

    code: str
    name: str
    parent: str
    longitude: float
    latitude: float
    centroid_source: str

    @property
    def level(self) -> Level:
        """Province, city or district, as the code's trailing zeros tell."""
        if self.code.endswith("0000"):
            return Level.PROVINCE
        return Level.CITY if self.code.endswith("00") else Level.DISTRICT

    @property
    def is_group(self) -> bool:
        """Whether this 'city' only groups districts in the statistics and belongs on no label.

        Such are 市辖区 and 县 of the municipalities and 省直辖县级行政区划.
        """
        return self.name in {"市辖区", "县"} or self.name.endswith("直辖县级行政区划")


@lru_cache(maxsize=1)
def all_divisions() -> Mapping[str, Division]:
    """Every division by code, in the order of the codes, so parents come before children."""
    table = resources.files(__package__).joinpath("divisions.csv")
    with table.open("r", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        return MappingProxyType(
            {
                code: Division(code, name, parent, float(longitude), float(latitude), source)
                for code, name, parent, longitude, latitude, source in rows
            }
        )


@lru_cache(maxsize=1)
def _children() -> dict[str, tuple[Division, ...]]:
    families: dict[str, list[Division]] = {}
    for division in all_divisions().values():
        families.setdefault(division.parent, []).append(division)
    return {parent: tuple(members) for parent, members in families.items()}


def find(code: str) -> Division | None:
    """The division with this code; longer codes of towns and villages lead to their district."""
    return all_divisions().get(code[:6])


def children(code: str) -> tuple[Division, ...]:
    """The divisions right below this one, by code; of the empty code, the provinces."""
    return _children().get(code, ())


@lru_cache(maxsize=1)
def districts() -> tuple[Division, ...]:
    """Every division a parcel can be addressed to, by code: districts, and cities without any.

    Hong Kong, Macao and Taiwan are left out, as their districts have no codes in the table.
    """
    families = _children()
    return tuple(
        division
        for division in all_divisions().values()
        if division.code not in families and division.level is not Level.PROVINCE
    )


def fixed_district(who: str) -> Division:
    """A district for somebody of whom none is known: always the same one, spread over all."""
    digest = hashlib.sha256(who.encode()).digest()
    return districts()[int.from_bytes(digest[:8], "big") % len(districts())]
