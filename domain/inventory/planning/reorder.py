"""When to order and up to what, when demand is not known.

Demand in whole units is Poisson: slow movers are no bell curve. Sources: Snyder & Shen,
Fundamentals of Supply Chain Theory (2nd ed.), chapters 4 and 5; Zheng & Federgruen (1991) for
(s, S), Federgruen & Zheng (1992) for (r, Q).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, lgamma, log
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class BaseStock:
    """What to have at the beginning of the period, and what the period costs on average."""

    level: float
    cost: float


@dataclass(frozen=True, slots=True)
class OrderUpTo:
    """At `reorder_point` or below, order up to `level`; cost of a period on average."""

    reorder_point: int
    level: int
    cost: float


@dataclass(frozen=True, slots=True)
class ReorderPoint:
    """At `reorder_point`, order `quantity`; cost of a unit of time on average."""

    reorder_point: int
    quantity: int
    cost: float


def newsvendor(
    holding_cost: float, shortage_cost: float, mean: float, deviation: float
) -> BaseStock:
    """The stock for one selling season with normal demand: the critical ratio p / (p + h).

    Costs are for a unit left and a unit short. Raises ValueError unless all are above 0.
    """
    if min(holding_cost, shortage_cost, mean, deviation) <= 0:
        raise ValueError("costs, mean and deviation are above 0")
    normal = NormalDist()
    z = normal.inv_cdf(shortage_cost / (shortage_cost + holding_cost))
    cost = (holding_cost + shortage_cost) * normal.pdf(z) * deviation
    return BaseStock(mean + z * deviation, cost)


def poisson_order_up_to(
    holding_cost: float, shortage_cost: float, fixed_cost: float, mean: float
) -> OrderUpTo:
    """The best (s, S) for periods with Poisson demand of `mean` and no lead time.

    Raises ValueError unless the costs of units and the mean are above 0 and the other is not
    below it.
    """
    if min(holding_cost, shortage_cost, mean) <= 0 or fixed_cost < 0:
        raise ValueError("costs and mean are above 0")
    one = _one_period(holding_cost, shortage_cost, mean)
    renewals = _Renewals(mean)

    def cost(point: int, level: int) -> float:
        lasting = range(level - point)
        held = sum(renewals.density(j) * one(level - j) for j in lasting)
        return (fixed_cost + held) / sum(renewals.density(j) for j in lasting)

    lowest = _lowest(one, int(mean))
    point, level = lowest - 1, lowest
    while cost(point, level) > one(point):
        point -= 1
    best = cost(point, level)
    candidate = level + 1
    while one(candidate) <= best:
        if cost(point, candidate) < best:
            level = candidate
            while cost(point, level) <= one(point + 1):
                point += 1
            best = cost(point, level)
        candidate += 1
    return OrderUpTo(point, level, best)


def poisson_reorder_point(
    holding_cost: float, shortage_cost: float, fixed_cost: float, rate: float, lead_time: float
) -> ReorderPoint:
    """The best (r, Q) for demand of `rate` units and costs of a unit in the same time.

    Raises ValueError unless costs, rate and lead time are above 0.
    """
    if min(holding_cost, shortage_cost, fixed_cost, rate, lead_time) <= 0:
        raise ValueError("costs, rate and lead time are above 0")
    one = _one_period(holding_cost, shortage_cost, rate * lead_time)
    lowest = _lowest(one, int(rate * lead_time))
    below, above = lowest - 1, lowest + 1  # what would join next on either side
    total, quantity = fixed_cost * rate + one(lowest), 1
    while min(one(below), one(above)) < total / quantity:
        if one(below) <= one(above):
            total, below = total + one(below), below - 1
        else:
            total, above = total + one(above), above + 1
        quantity += 1
    return ReorderPoint(below, quantity, total / quantity)


class _Renewals:
    """How often, on average, exactly j units went since the order: periods, not occasions."""

    def __init__(self, mean: float) -> None:
        self._mean = mean
        self._known = [1 / (1 - _poisson(0, mean))]

    def density(self, units: int) -> float:
        while len(self._known) <= units:
            j = len(self._known)
            before = sum(_poisson(i, self._mean) * self._known[j - i] for i in range(1, j + 1))
            self._known.append(before / (1 - _poisson(0, self._mean)))
        return self._known[units]


def _one_period(holding: float, shortage: float, mean: float) -> Callable[[int], float]:
    """What a period costs that begins with so many units, against Poisson demand of `mean`."""

    @cache
    def cost(units: int) -> float:
        left = sum((units - d) * _poisson(d, mean) for d in range(max(units, 0)))
        return holding * left + shortage * (left - units + mean)

    return cost


def _lowest(cost: Callable[[int], float], start: int) -> int:
    """Where a convex cost is least, the smallest such number."""
    units = start
    while cost(units + 1) < cost(units):
        units += 1
    while cost(units - 1) <= cost(units):
        units -= 1
    return units


def _poisson(units: int, mean: float) -> float:
    return exp(units * log(mean) - mean - lgamma(units + 1))
