"""All ways to cut an order into two: the tables a dynamic programme walks, the same for all orders
of one shape and therefore kept.

A *block* is sent in levels: an item of three units has levels 0, 1, 2, 3; what must stay together
has levels 0 and 1. A *state* gives every block a level.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from domain.orders.sourcing.picture import Vector

Levels = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """`level` is states × blocks. Bit k stands for `bit_level[k]` of block `bit_block[k]`.

    Who can send the levels of some bits, and all below them, can at most send the state that is the
    sum of their `bit_stride`. From state s pieces `below[i]` can be sent, for i from
    `below_start[s]` to `below_start[s + 1]`: those that are not larger in any block, and not empty.
    State s can be cut into `piece[i]` and `rest[i]` for i from `start[s]` to `start[s + 1]`.
    """

    level: Vector
    bit_block: Vector
    bit_level: Vector
    bit_stride: Vector
    below_start: Vector
    below: Vector
    start: Vector
    piece: Vector
    rest: Vector

    @property
    def full(self) -> int:
        """The state in which everything is sent."""
        return len(self.level) - 1

    def cuts(self, state: int) -> slice:
        """Where the pairs of a state are."""
        end = self.start[state + 1] if state < self.full else len(self.piece)
        return slice(int(self.start[state]), int(end))


@lru_cache(maxsize=512)
def _cuts(levels: tuple[int, ...]) -> tuple[tuple[int, int, int], ...]:
    """(level, piece, rest) as positions in `levels`, for pieces and rests that are levels too."""
    position = {level: i for i, level in enumerate(levels)}
    return tuple(
        (i, j, position[level - piece])
        for i, level in enumerate(levels)
        for j, piece in enumerate(levels)
        if level - piece in position
    )


@lru_cache(maxsize=512)
def size(levels: Levels) -> tuple[int, int, int]:
    """How many states, pairs and bits the lattice of these levels has."""
    return (
        prod(len(block) for block in levels),
        prod(len(_cuts(block)) for block in levels),
        sum(len(block) - 1 for block in levels),
    )


@lru_cache(maxsize=32)
def lattice_of(levels: Levels) -> Lattice:
    """The tables for blocks with these levels; each block's levels ascend from 0."""
    state = piece = rest = above = below = np.zeros(1, dtype=np.int64)
    for block in levels:
        whole, part, other = np.array(_cuts(block), dtype=np.int64).T
        count = len(block)
        state = (state[:, None] * count + whole).ravel()
        piece = (piece[:, None] * count + part).ravel()
        rest = (rest[:, None] * count + other).ravel()
        higher, lower = np.tril_indices(count)
        above = (above[:, None] * count + higher).ravel()
        below = (below[:, None] * count + lower).ravel()
    order = np.argsort(state, kind="stable")
    above, below = above[below > 0], below[below > 0]
    by_state = np.argsort(above, kind="stable")
    grid = np.meshgrid(*[np.array(block, dtype=np.int64) for block in levels], indexing="ij")
    level = np.stack([axis.ravel() for axis in grid], axis=1)
    bit_block = [b for b, block in enumerate(levels) for _ in block[1:]]
    strides = [prod(len(block) for block in levels[b + 1 :]) for b in range(len(levels))]
    return Lattice(
        level,
        np.array(bit_block, dtype=np.int64),
        np.array([value for block in levels for value in block[1:]], dtype=np.int64),
        np.array([strides[b] for b in bit_block], dtype=np.int64),
        np.searchsorted(above[by_state], np.arange(len(level) + 1)),
        below[by_state],
        np.searchsorted(state[order], np.arange(len(level))),
        piece[order],
        rest[order],
    )
