"""Policies: where a SKU is ordered again and up to what, given what it sold until yesterday."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, variance
from typing import Protocol

from domain.inventory.planning.safety_stock import Demand, LeadTime, target


@dataclass(frozen=True, slots=True)
class Levels:
    """At `low` or below, order up to `high`; units."""

    low: int
    high: int


class Policy(Protocol):
    """What decides every night."""

    def levels(self, sold: Sequence[int]) -> Levels:
        """`sold`: units of every day until now, the oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class MinMax:
    """As many shops do it: so many days of what sold in the first `training` days, for ever."""

    cover_days: float
    order_days: float
    lead: LeadTime
    training: int

    def levels(self, sold: Sequence[int]) -> Levels:
        """The same every day."""
        daily = fmean(sold[: self.training])
        low = ceil(daily * (self.lead.mean + self.lead.review + self.cover_days))
        return Levels(low, ceil(low + daily * self.order_days))


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Safety stock from the last `window` days, at a service level, anew every night."""

    service: float
    order_days: float
    lead: LeadTime
    window: int

    def levels(self, sold: Sequence[int]) -> Levels:
        """From what sold lately."""
        lately = sold[-self.window :]
        demand = Demand(fmean(lately), variance(lately))
        low = target(demand, self.lead, self.service).reorder_point
        return Levels(low, ceil(low + max(demand.mean * self.order_days, 1)))
