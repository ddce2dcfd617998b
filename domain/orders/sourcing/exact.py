"""The best split of a small order: a dynamic programme over everything that can be cut off it.

best(j parcels, state) = min over cuts of best(j - 1, rest) + the cheapest location for the piece. A
location found twice in a plan is then given a step of its own, in which it may send one piece only,
until no location appears twice; so the result is exact.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from domain.orders.sourcing.lattice import Lattice, Levels, lattice_of, size
from domain.orders.sourcing.picture import NEVER, Picture, Vector

Shares = dict[int, Vector]  # location → quantity of every SKU

_MOST_BLOCKS: Final = 8
_MOST_PAIRS: Final = 30_000
_MOST_CELLS: Final = 300_000  # states × locations
_MOST_BITS: Final = 60
_MOST_UNITS: Final = 12  # of one SKU that are looked at one by one in an order that is too large
_MOST_WORK: Final = 1_500_000  # pairs looked at


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """What is sent as one: level v of block b is v × `unit[b]` of every SKU.

    `first` is one SKU of each block: a location that has it for a level has the whole level.
    `complete`: every possible plan is a cut of these blocks.
    """

    levels: Levels
    unit: Vector
    first: Vector
    complete: bool


def blocks_of(picture: Picture) -> Blocks | None:
    """How to cut this order; None when it has more blocks than can be looked at exactly."""
    count = len(picture.need)
    if count <= _MOST_BLOCKS:
        levels, complete = _levels(picture)
        return Blocks(levels, _each_alone(count), np.arange(count), complete)
    groups: dict[bytes, list[int]] = {}
    for sku, has_all in enumerate((picture.free >= picture.need).T):
        if has_all.any():
            groups.setdefault(has_all.tobytes(), []).append(sku)
    if not 0 < len(groups) <= _MOST_BLOCKS:
        return None
    unit = np.zeros((len(groups), count), dtype=np.int64)
    for block, members in enumerate(groups.values()):
        unit[block, members] = picture.need[members]
    first = np.array([members[0] for members in groups.values()], dtype=np.int64)
    return Blocks(((0, 1),) * len(groups), unit, first, complete=False)


def whole_items(picture: Picture) -> Blocks:
    """Every SKU from one location, as far as one has it: the classical subsets of lines."""
    most = np.minimum(picture.need, picture.free.max(axis=0))
    levels = tuple((0, int(quantity)) for quantity in most)
    return Blocks(levels, _each_alone(len(most)), np.arange(len(most)), complete=False)


@lru_cache(maxsize=64)
def _each_alone(count: int) -> Vector:
    return np.eye(count, dtype=np.int64)


def best_split(picture: Picture, blocks: Blocks, cap: int | None) -> tuple[Shares, bool]:
    """Who sends what: most units first, then the best score, then fewest parcels.

    The flag says that no cut of the blocks is better.
    """
    lattice = lattice_of(blocks.levels)
    quantities = lattice.level @ blocks.unit
    loads = picture.loads(quantities)
    places, pieces = _offers(picture, blocks, lattice)
    scores = picture.score.pairs(places, loads, quantities, pieces)
    table = np.full((len(quantities), len(picture.candidates)), NEVER, dtype=np.int64)
    table[pieces, places] = scores
    table[0] = 0
    alone: list[int] = []
    work = _MOST_WORK
    least = int(scores.min(initial=NEVER))
    while True:
        programme = _Programme(table, least, lattice, loads.units, cap, alone, work)
        plan = programme.plan()
        work -= programme.work
        used = [place for place, _ in plan]
        twice = sorted({place for place in used if used.count(place) > 1})
        if not twice or work <= 0:
            split = {place: quantities[state] for place, state in plan[::-1]}
            return split, not twice and programme.finished
        alone += twice


def _offers(picture: Picture, blocks: Blocks, lattice: Lattice) -> tuple[Vector, Vector]:
    """Every location with every piece that it could send: the piece `[1][i]` from `[0][i]`."""
    sku = blocks.first[lattice.bit_block]
    least = lattice.bit_level * blocks.unit[lattice.bit_block, sku]
    most = (picture.free.take(sku, axis=1) >= least) @ lattice.bit_stride
    first = lattice.below_start.take(most)
    counts = lattice.below_start.take(most + 1) - first
    ends = counts.cumsum()
    places = np.arange(len(most)).repeat(counts)
    positions = np.arange(len(places)) + (first - ends + counts).take(places)
    return places, lattice.below.take(positions)


def _levels(picture: Picture) -> tuple[Levels, bool]:
    """Single units where the tables stay small, else the amounts that locations happen to have."""
    needs = picture.need.tolist()
    if sum(needs) <= _MOST_BITS:
        units = [tuple(range(need + 1)) for need in needs]
        if _fits(picture, units):
            return tuple(units), True
    levels: list[tuple[int, ...]] = [
        (0, most) for most in np.minimum(picture.free.max(axis=0), needs).tolist()
    ]
    for sku, need in enumerate(needs):
        finer = [_breakpoints(picture, sku, count) for count in (4, 2, 1)]
        for block in (tuple(range(need + 1)), *finer) if need <= _MOST_UNITS else finer:
            trial = [*levels[:sku], block, *levels[sku + 1 :]]
            if _fits(picture, trial):
                levels = trial
                break
    return tuple(levels), False


def _fits(picture: Picture, levels: list[tuple[int, ...]]) -> bool:
    states, pairs, bits = size(tuple(levels))
    cells = states * len(picture.candidates)
    return pairs <= _MOST_PAIRS and cells <= _MOST_CELLS and bits <= _MOST_BITS


def _breakpoints(picture: Picture, sku: int, count: int) -> tuple[int, ...]:
    """Nothing, all, and what the locations with the largest parts have, with what then is left."""
    need = int(picture.need[sku])
    parts = np.unique(picture.free[:, sku])
    chosen = parts[(parts > 0) & (parts < need)][-count:].tolist()
    return tuple(sorted({0, need, *chosen, *(need - part for part in chosen)}))


class _Programme:
    """Layers of best scores: `steps[0][j]` with at most j parcels from the common locations, each
    further step with one location of `alone` added, which may send one piece."""

    def __init__(
        self,
        table: Vector,
        least: int,
        lattice: Lattice,
        units: Vector,
        cap: int | None,
        alone: list[int],
        most_work: int,
    ) -> None:
        self.table, self.lattice, self.units, self.alone = table, lattice, units, alone
        common = table
        if alone:
            common = table.copy()
            common[1:, alone] = NEVER
        self.place = common.argmin(axis=1)
        self.single = common[np.arange(len(common)), self.place]
        self.limit = len(lattice.bit_level) if cap is None else cap
        self.least = least
        nothing = np.full(len(self.single), NEVER, dtype=np.int64)
        nothing[0] = 0
        self.steps = [[nothing] for _ in range(len(alone) + 1)]
        self.finished = False
        while not self.finished and (self.work < most_work or len(self.steps[0]) < 2):
            self.finished = not self._add_layer() or len(self.steps[0]) > self.limit

    def _add_layer(self) -> bool:
        """Allow one parcel more; False when more parcels cannot be better."""
        parcels = len(self.steps[0])
        common = self.steps[0]
        common.append(
            self.single if parcels == 1 else self._cut(common[-1], self.single, common[-1])
        )
        for step, place in enumerate(self.alone, start=1):
            before = self.steps[step - 1]
            layer = self._cut(before[parcels - 1], self.table[:, place], before[parcels])
            self.steps[step].append(layer)
        if self.steps[-1][-1][-1] <= (parcels + 1) * self.least:
            return False
        return any([(layers[-1] != layers[-2]).any() for layers in self.steps])

    @property
    def work(self) -> int:
        """How many pairs were looked at."""
        return len(self.lattice.piece) * len(self.steps) * len(self.steps[0])

    def _cut(self, rest: Vector, piece: Vector, without: Vector) -> Vector:
        sums = rest.take(self.lattice.rest)
        sums += piece.take(self.lattice.piece)
        best: Vector = np.minimum.reduceat(sums, self.lattice.start)
        return np.minimum(best, without, out=best)

    def plan(self) -> list[tuple[int, int]]:
        """(location, state) of every parcel; among equals the earliest location."""
        last = self.steps[-1][-1]
        state = self.lattice.full
        if last[state] >= NEVER:
            reached = np.where(last < NEVER, self.units, -1)
            most = np.flatnonzero(reached == reached.max())
            state = int(most[last[most].argmin()])
        parcels = len(self.steps[-1]) - 1
        found: list[tuple[int, int]] = []
        for number in range(len(self.alone), 0, -1):
            layers, before = self.steps[number], self.steps[number - 1]
            parcels = _fewest(layers, parcels, state)
            score = layers[parcels][state]
            if score == before[parcels][state]:
                continue
            place = self.alone[number - 1]
            piece, state = self._found(before[parcels - 1], self.table[:, place], state, score)
            found.append((place, piece))
            parcels -= 1
        layers = self.steps[0]
        while state:
            parcels = _fewest(layers, parcels, state)
            score = layers[parcels][state]
            piece, state = self._found(layers[parcels - 1], self.single, state, score)
            found.append((int(self.place[piece]), piece))
            parcels -= 1
        return found

    def _found(self, rest: Vector, piece: Vector, state: int, score: int) -> tuple[int, int]:
        """The cut of the state that has this score; only its non-empty pieces count."""
        cuts = self.lattice.cuts(state)
        pieces, rests = self.lattice.piece[cuts], self.lattice.rest[cuts]
        is_it = (rest[rests] + piece[pieces] == score) & (pieces > 0)
        position = int(is_it.argmax())
        return int(pieces[position]), int(rests[position])


def _fewest(layers: list[Vector], parcels: int, state: int) -> int:
    """The smallest number of parcels that reaches the same score."""
    while parcels and layers[parcels - 1][state] == layers[parcels][state]:
        parcels -= 1
    return parcels
