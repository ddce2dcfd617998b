"""Reorder points of many SKUs at once: `safety_stock.target` for vectors, and from what they sold.

Beside the service of a cycle (how often one ends well) it knows the fill rate: of what is asked
for, the part that is there at once, so that a cycle may be short of no more than its share of what
it orders (Silver, Pyke & Thomas, 4th ed., §6.7; expected shortage E(X - s)+).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.inventory.planning.safety_stock import NOTHING, SLOW, Shape

Vector: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Whole: TypeAlias = npt.NDArray[np.int64]

SHAPES: Final = (Shape.NONE, Shape.POISSON, Shape.NEGATIVE_BINOMIAL, Shape.GAMMA)
_MOST: Final = 100_000
_HALVINGS: Final = 40
_LEAST_DAYS: Final = 2
_LUMPY: Final = 1.001


@dataclass(frozen=True, slots=True)
class Learned:
    """Of each row: mean and variance of a usual day, and from how many days."""

    mean: Vector
    variance: Vector
    days: Whole


@dataclass(frozen=True, slots=True)
class Conditions:
    """What each row is to be reckoned with; `batch` is what it orders at once, in units."""

    mean: Vector
    variance: Vector
    lead_days: Vector
    lead_variance: Vector
    review_days: Vector
    service: Vector
    by_fill: Flags
    batch: Vector


@dataclass(frozen=True, slots=True)
class Targets:
    """Where each row is ordered again; `shape` counts in `SHAPES`."""

    reorder_point: Whole
    expected: Vector
    safety: Vector
    shape: Whole


def learn(units: Vector, usable: Flags, factors: Vector) -> Learned:
    """What a usual day is: rows are SKUs, columns days; days that are not usable (nothing was there
    to be sold, or it was not kept yet) are left out, what a promotion sold is divided by it.

    A row without usable days is taken as it sold.
    """
    enough = usable.sum(axis=1) >= _LEAST_DAYS
    counted = np.where(enough[:, None], usable, True)
    days = counted.sum(axis=1)
    usual = np.where(counted, units / factors, 0.0)
    mean = usual.sum(axis=1) / days
    apart = np.where(counted, usual - mean[:, None], 0.0)
    variance = (apart**2).sum(axis=1) / np.maximum(days - 1, 1)
    return Learned(mean, variance, np.where(enough, days, 0).astype(np.int64))


def targets(of: Conditions) -> Targets:
    """The smallest stock position of each row that is enough for its service."""
    days = of.lead_days + of.review_days
    mean = of.mean * days
    variance = of.variance * days + of.mean**2 * of.lead_variance
    lumpy = variance > mean * _LUMPY
    shape = np.select([mean < NOTHING, mean >= SLOW, lumpy], [0, 3, 2], default=1).astype(np.int64)
    point = np.zeros(len(mean), dtype=np.int64)
    short = (1 - of.service) * of.batch
    for chosen, reckon in (
        ((shape == 1) | (shape == 2), _counted),
        ((shape == 3) & ~of.by_fill, _smooth_cycle),
        ((shape == 3) & of.by_fill, _smooth_fill),
    ):
        if chosen.any():
            point[chosen] = reckon(
                mean[chosen], np.maximum(variance, mean)[chosen], of.service[chosen],
                of.by_fill[chosen], short[chosen],
            )  # fmt: skip
    return Targets(point, mean, np.maximum(point - mean, 0.0), shape)


def ahead(factors: Vector, days: Vector) -> Vector:
    """The mean factor of the next so many days of each row; columns are days from today on."""
    until = np.clip(np.ceil(days).astype(np.int64), 1, factors.shape[1])
    summed = np.cumsum(factors, axis=1)
    found: Vector = summed[np.arange(len(until)), until - 1] / until
    return found


def classes(values: Sequence[float] | Vector) -> npt.NDArray[np.str_]:
    """A for what makes the first four fifths of the value, B up to nineteen twentieths, C the rest
    and all without value."""
    worth = np.asarray(values, dtype=np.float64)
    found = np.full(len(worth), "C")
    total = worth.sum()
    if total <= 0:
        return found
    order = np.argsort(-worth, kind="stable")
    before = (np.cumsum(worth[order]) - worth[order]) / total
    found[order] = np.where(before < 0.8, "A", np.where(before < 0.95, "B", "C"))
    found[worth <= 0] = "C"
    return found


def _counted(
    mean: Vector, variance: Vector, service: Vector, by_fill: Flags, short: Vector
) -> Whole:
    """Units counted up one by one, all rows together (Panjer's recursion p(k) = (a + b/k) p(k-1));
    a row leaves when it has enough."""
    lumpy = variance > mean * _LUMPY
    size = np.where(lumpy, mean**2 / np.where(lumpy, variance - mean, 1.0), 1.0)
    a = np.where(lumpy, mean / (size + mean), 0.0)
    b = np.where(lumpy, (size - 1) * a, mean)
    chance = np.where(lumpy, np.exp(size * np.log1p(-a)), np.exp(-mean))
    below, left_short = chance.copy(), mean.copy()
    point = np.zeros(len(mean), dtype=np.int64)
    rows = np.arange(len(mean))
    for units in range(1, _MOST + 1):
        open_ = np.where(by_fill, left_short > short, below < service)
        if not open_.all():
            rows, a, b, chance = rows[open_], a[open_], b[open_], chance[open_]
            below, left_short = below[open_], left_short[open_]
            service, by_fill, short = service[open_], by_fill[open_], short[open_]
        if not len(rows):
            break
        point[rows] = units
        chance = chance * (a + b / units)
        left_short = left_short - (1 - below)
        below = below + chance
    return point


def _smooth_cycle(
    mean: Vector, variance: Vector, service: Vector, by_fill: Flags, short: Vector
) -> Whole:
    normal = NormalDist()
    levels, row_of = np.unique(service, return_inverse=True)
    z = np.array([normal.inv_cdf(float(level)) for level in levels])[row_of]
    third = variance / (9 * mean**2)
    root = np.maximum(1 - third + z * np.sqrt(third), 0.0)
    found: Whole = np.ceil(mean * root**3).astype(np.int64)
    return found


def _smooth_fill(
    mean: Vector, variance: Vector, service: Vector, by_fill: Flags, short: Vector
) -> Whole:
    """By halving: what a cycle is short of falls the more there is."""
    low, high = np.zeros(len(mean)), mean + 12 * np.sqrt(variance)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_little = _expected_short(middle, mean, variance) > short
        low, high = np.where(too_little, middle, low), np.where(too_little, high, middle)
    found: Whole = np.ceil(high - 1e-6).astype(np.int64)
    return found


def _expected_short(point: Vector, mean: Vector, variance: Vector) -> Vector:
    """E(X - s)+ of a gamma: μ·(1 - F(s; k+1)) - s·(1 - F(s; k)), F by the cube root."""
    shape, scale = mean**2 / variance, variance / mean
    more = _above(point / scale, shape + 1)
    found: Vector = mean * more - point * _above(point / scale, shape)
    return found


def _above(x: Vector, shape: Vector) -> Vector:
    third = 1 / (9 * shape)
    z = (np.cbrt(x / shape) - 1 + third) / np.sqrt(third)
    return _upper(z)


def _upper(z: Vector) -> Vector:
    """The upper tail of the normal distribution; numpy has none."""
    tails: Any = _TAIL(z / sqrt(2))
    return np.asarray(tails, dtype=np.float64) / 2


_TAIL: Final = np.frompyfunc(erfc, 1, 1)
