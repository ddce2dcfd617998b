"""Which cartons a shipment goes into: first-fit by dimensions, exact about what fits.

Pieces are put, the largest first, into the smallest space that is left in a carton, turned the way
that most of their kind would fit in; the space around a piece is cut into three that do not
overlap. What is suggested can really be packed; a better packer may find a smaller carton.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

MOST_PIECES: Final = 100  # beyond that nobody packs by a suggestion

Sides = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """One unit of a SKU: millimetres and grams."""

    sku: str
    sides: Sides
    weight_g: int


@dataclass(frozen=True, slots=True)
class Carton:
    """A kind of box: inner sides, its own weight, and what it carries."""

    code: str
    sides: Sides
    tare_g: int = 0
    most_g: int = 30_000

    @property
    def volume(self) -> int:
        return volume(self.sides)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a piece lies in its carton, and how it is turned."""

    piece: Piece
    at: Sides
    sides: Sides


@dataclass(frozen=True, slots=True)
class FullCarton:
    carton: Carton
    placed: tuple[Placed, ...]

    @property
    def weight_g(self) -> int:
        """With its contents."""
        return self.carton.tare_g + sum(one.piece.weight_g for one in self.placed)

    def contents(self) -> dict[str, int]:
        """Units per SKU."""
        return dict(Counter(one.piece.sku for one in self.placed))


@dataclass(frozen=True, slots=True)
class _Space:
    at: Sides
    sides: Sides


def volume(sides: Sides) -> int:
    """Cubic millimetres."""
    return sides[0] * sides[1] * sides[2]


def suggest_cartons(
    pieces: Sequence[Piece], cartons: Sequence[Carton]
) -> tuple[FullCarton, ...] | None:
    """The smallest carton that takes everything, else as many as it takes.

    None when a piece was not measured, fits into no carton, or there are too many to work it out.
    """
    if not pieces or len(pieces) > MOST_PIECES or any(min(one.sides) <= 0 for one in pieces):
        return None
    rest = sorted(pieces, key=lambda one: (-volume(one.sides), one.sku))
    by_size = sorted(cartons, key=lambda carton: (carton.volume, carton.code))
    found: list[FullCarton] = []
    while rest:
        filled = [(carton, *_fill(carton, rest)) for carton in by_size]
        whole = [(carton, placed) for carton, placed, left in filled if not left]
        if whole:
            found.append(FullCarton(whole[0][0], tuple(whole[0][1])))
            return tuple(found)
        if not filled:
            return None
        carton, placed, left = max(filled, key=lambda one: sum(volume(p.sides) for p in one[1]))
        if not placed:
            return None
        found.append(FullCarton(carton, tuple(placed)))
        rest = left
    return tuple(found)


def agrees(actual_g: int, expected_g: int, tolerance_g: int, tolerance_percent: int) -> bool:
    """Whether a weight is as expected: the wider of the two tolerances holds."""
    off = abs(actual_g - expected_g)
    return off <= tolerance_g or off * 100 <= expected_g * tolerance_percent


def _fill(carton: Carton, pieces: Sequence[Piece]) -> tuple[list[Placed], list[Piece]]:
    spaces = [_Space((0, 0, 0), carton.sides)]
    placed: list[Placed] = []
    left: list[Piece] = []
    weight_g = carton.tare_g
    for piece in pieces:
        found = None if weight_g + piece.weight_g > carton.most_g else _room(piece, spaces)
        if found is None:
            left.append(piece)
            continue
        space, sides = found
        spaces.remove(space)
        spaces += _around(space, sides)
        spaces.sort(key=lambda one: volume(one.sides))
        placed.append(Placed(piece, space.at, sides))
        weight_g += piece.weight_g
    return placed, left


def _room(piece: Piece, spaces: Sequence[_Space]) -> tuple[_Space, Sides] | None:
    turns = sorted({(a, b, c) for a, b, c in permutations(piece.sides)})
    for space in spaces:
        fitting = [
            sides for sides in turns if all(a <= b for a, b in zip(sides, space.sides, strict=True))
        ]
        if fitting:
            return space, min(fitting, key=lambda sides: _waste(space, sides))
    return None


def _waste(space: _Space, sides: Sides) -> tuple[int, int]:
    """Turned the way that most of its kind fit in; then the narrowest strip beside it."""
    pairs = list(zip(sides, space.sides, strict=True))
    alike = pairs[0][1] // pairs[0][0] * (pairs[1][1] // pairs[1][0]) * (pairs[2][1] // pairs[2][0])
    return -alike, min(b - a for a, b in pairs)


def _around(space: _Space, sides: Sides) -> list[_Space]:
    """What is left of a space: to the right, in front, and on top."""
    (x, y, z), (length, width, height), (a, b, c) = space.at, space.sides, sides
    parts = (
        _Space((x + a, y, z), (length - a, width, height)),
        _Space((x, y + b, z), (a, width - b, height)),
        _Space((x, y, z + c), (a, b, height - c)),
    )
    return [part for part in parts if min(part.sides) > 0]
