"""Safety stock: what lies there against demand and lead times that are not known beforehand.

Demand over the time until the next order arrives has mean μ(L + R) and variance
σ²(L + R) + μ²·var(L) (Silver, Pyke & Thomas, Inventory and Production Management, 4th ed., §6.7).
Few units are counted, not measured: a slow mover is Poisson, or negative binomial where it comes
in lumps; only much demand is smooth enough for a bell curve, and that one is skewed, so that it is
taken by its cube root (Wilson & Hilferty 1931).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

NOTHING: Final = 1e-6  # units until the next order arrives: nobody waits for them
SLOW: Final = 20.0  # units until the next order arrives: below it they are counted one by one


class Shape(StrEnum):
    """As what demand is reckoned with."""

    NONE = "none"
    POISSON = "poisson"
    NEGATIVE_BINOMIAL = "negative_binomial"
    GAMMA = "gamma"


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of one day: mean and variance of the days that could sell."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Days from the order to the shelf: mean and variance; `review` is days between two looks."""

    mean: float
    variance: float = 0.0
    review: float = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where to order again, and why: units expected meanwhile, units kept against chance."""

    reorder_point: int
    expected: float
    safety: float
    shape: Shape
    service: float


def target(demand: Demand, lead: LeadTime, service: float) -> Target:
    """The stock position at which to order so that a cycle ends well with this probability.

    Raises ValueError unless 0 < service < 1 and nothing is negative.
    """
    if not 0 < service < 1 or min(demand.mean, demand.variance, lead.mean, lead.variance) < 0:
        raise ValueError("service is between 0 and 1, nothing is negative")
    days = lead.mean + lead.review
    mean = demand.mean * days
    variance = demand.variance * days + demand.mean**2 * lead.variance
    shape = _shape(mean, variance)
    point = _quantile(shape, mean, variance, service)
    return Target(point, mean, max(point - mean, 0.0), shape, service)


def _shape(mean: float, variance: float) -> Shape:
    if mean < NOTHING:
        return Shape.NONE
    if mean >= SLOW:
        return Shape.GAMMA
    return Shape.NEGATIVE_BINOMIAL if variance > mean * 1.001 else Shape.POISSON


def _quantile(shape: Shape, mean: float, variance: float, service: float) -> int:
    """The smallest number of units that is enough with this probability."""
    match shape:
        case Shape.NONE:
            return 0
        case Shape.GAMMA:
            return _gamma(mean, max(variance, mean), service)
        case Shape.POISSON:
            return _counted(lambda k: k * log(mean) - mean - lgamma(k + 1), service)
    size = mean**2 / (variance - mean)
    chance = size / (size + mean)
    return _counted(
        lambda k: lgamma(k + size) - lgamma(size) - lgamma(k + 1)
        + size * log(chance) + k * log(1 - chance),
        service,
    )  # fmt: skip


def _counted(log_probability: Callable[[int], float], service: float) -> int:
    units, below = 0, exp(log_probability(0))
    while below < service and units < 100_000:
        units += 1
        below += exp(log_probability(units))
    return units


def _gamma(mean: float, variance: float, service: float) -> int:
    shape = mean**2 / variance
    root = 1 - 1 / (9 * shape) + NormalDist().inv_cdf(service) * sqrt(1 / (9 * shape))
    return ceil(mean * max(root, 0.0) ** 3)
