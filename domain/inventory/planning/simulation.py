"""A policy tried on the past: a SKU's real demand, day by day, and what would have lain there.

What is not there is not sold and not waited for. Orders come after the lead time, in the morning;
the policy decides in the evening. It begins with what it would order up to.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from domain.inventory.planning.policies import Policy


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one SKU over `days`: units asked for, units sold, units lying there summed over evenings,
    orders placed."""

    days: int
    asked: int
    sold: int
    unit_days: int
    orders: int

    @property
    def stock(self) -> float:
        """Units in the evening, on average."""
        return self.unit_days / self.days


def simulate(policy: Policy, demand: Sequence[int], training: int, lead_days: int) -> Outcome:
    """Days from `training` on; those before are only known. Raises ValueError without any."""
    days = len(demand) - training
    if days <= 0 or training < 2 or lead_days < 1:
        raise ValueError("there are days to learn from, days to try, and a lead time")
    there = policy.levels(demand[:training]).high
    coming = deque([0] * lead_days)
    sold = unit_days = orders = 0
    for today in range(training, len(demand)):
        there += coming.popleft()
        leaving = min(there, demand[today])
        there, sold = there - leaving, sold + leaving
        levels = policy.levels(demand[: today + 1])
        position = there + sum(coming)
        ordered = levels.high - position if position <= levels.low else 0
        coming.append(max(ordered, 0))
        orders += ordered > 0
        unit_days += there
    return Outcome(days, sum(demand[training:]), sold, unit_days, orders)
