"""How much to order at once, when demand is known: economic order quantity, Wagner–Whitin.

Source: Snyder & Shen, Fundamentals of Supply Chain Theory (2nd ed.), chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class EconomicOrder:
    """Units ordered at once, and what ordering and holding cost in the period of the demand."""

    quantity: float
    cost: float


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """Units to order at the beginning of each period, and what all of it costs."""

    quantities: tuple[int, ...]
    cost: float


def economic_order(fixed_cost: float, holding_cost: float, demand: float) -> EconomicOrder:
    """The order quantity at which ordering costs as much as holding (Harris 1913).

    `demand` in units of a period, `holding_cost` for a unit in that period. Raises ValueError
    unless all are above 0.
    """
    if min(fixed_cost, holding_cost, demand) <= 0:
        raise ValueError("costs and demand are above 0")
    quantity = sqrt(2 * fixed_cost * demand / holding_cost)
    return EconomicOrder(quantity, holding_cost * quantity)


def wagner_whitin(
    demand: Sequence[int], fixed_cost: float, holding_cost: float, unit_cost: float = 0.0
) -> OrderPlan:
    """The cheapest orders for demand that is known for every period; nothing is ever short.

    `holding_cost` is for a unit that is left at the end of a period. Of equally cheap plans the
    one with the later last order. Raises ValueError at negative numbers.
    """
    if min(fixed_cost, holding_cost, unit_cost, *demand, 0) < 0:
        raise ValueError("costs and demand are not negative")
    periods = len(demand)
    best = [0.0] * (periods + 1)  # from this period to the end
    until = [0] * periods  # an order in this period lasts before that one
    for first in range(periods - 1, -1, -1):
        best[first] = float("inf")
        cost = fixed_cost
        for last in range(first, periods):
            cost += (holding_cost * (last - first) + unit_cost) * demand[last]
            if cost + best[last + 1] < best[first]:
                best[first], until[first] = cost + best[last + 1], last + 1
    quantities, period = [0] * periods, 0
    while period < periods:
        quantities[period] = sum(demand[period : until[period]])
        period = until[period]
    return OrderPlan(tuple(quantities), best[0])
