"""Policies beside each other: what service each gives for how much stock and money."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.inventory.planning.policies import Policy
from domain.inventory.planning.simulation import Outcome, simulate

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Sold:
    """What a SKU sold on each day, and what one of it costs to have."""

    sku: str
    daily: tuple[int, ...]
    price: Decimal


@dataclass(frozen=True, slots=True)
class Costs:
    """Of having stock (its share a year) and of placing an order (money)."""

    holding_a_year: Decimal
    order: Decimal


@dataclass(frozen=True, slots=True)
class Tried:
    """A policy in one setting over all SKUs. `service`: share of asked value that was there;
    `stock`: value lying there on average; `cost`: of holding and ordering in the time tried."""

    policy: str
    setting: str
    service: float
    stock: Decimal
    orders: int
    cost: Decimal


def try_out(
    name: str, setting: str, policy: Policy, goods: Iterable[Sold], training: int, lead_days: int,
    costs: Costs,
) -> Tried:  # fmt: skip
    """One policy over all goods. Raises ValueError when there is no demand to try it on."""
    asked = sold = stock = Decimal(0)
    orders = days = 0
    for one in goods:
        outcome: Outcome = simulate(policy, one.daily, training, lead_days)
        asked += outcome.asked * one.price
        sold += outcome.sold * one.price
        stock += Decimal(outcome.unit_days) / outcome.days * one.price
        orders, days = orders + outcome.orders, outcome.days
    if not asked:
        raise ValueError("nothing was asked for in the days that are tried")
    held = stock * costs.holding_a_year * days / YEAR_DAYS
    return Tried(name, setting, float(sold / asked), stock, orders, held + costs.order * orders)


def stock_at(service: float, tried: Sequence[Tried]) -> Decimal | None:
    """The stock a policy needs for that service, between its nearest two settings; None where no
    setting reaches as far."""
    known = sorted(tried, key=lambda one: one.service)
    for below, above in itertools.pairwise(known):
        if below.service <= service <= above.service:
            width = above.service - below.service
            share = Decimal((service - below.service) / width) if width else Decimal(0)
            return below.stock + (above.stock - below.stock) * share
    return None
