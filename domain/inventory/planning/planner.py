"""What to order tonight: transfers from above before purchases, within the terms of whoever sends.

A pure function of what a location needs, what lies above it, and what may be spent. What is on
order or on its way counts as there; nothing is asked for twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from math import floor
from typing import Final

from domain.inventory.purchasing.budgets import Purse
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar
from domain.shared.money import COMPANY_CURRENCY, Money

_NO_LIMIT: Final = Purse()
NEVER: Final = 9999.0  # days of cover of what nobody asks for


class SuggestionKind(StrEnum):
    PURCHASE = "purchase"
    TRANSFER = "transfer"
    DEALER = "dealer"  # a transfer to a dealer, who has to agree


class Limit(StrEnum):
    """Why less is suggested than is needed."""

    SURPLUS = "surplus"  # above there is no more to spare
    SHELF_LIFE = "shelf_life"
    BUDGET = "budget"
    NO_RATE = "no_rate"  # nobody knows what the supplier's money is worth
    NO_SUPPLIER = "no_supplier"


@dataclass(frozen=True, slots=True)
class Above:
    """A location goods may come from: what it can spare beyond all it needs itself."""

    location: str
    surplus: int
    days: int


@dataclass(frozen=True, slots=True)
class Supply:
    """Who sells a SKU to this location, on what terms; it takes so many days with this spread."""

    supplier: str
    terms: ItemTerms
    calendar: SupplierCalendar
    days: int
    currency: str = COMPANY_CURRENCY


@dataclass(frozen=True, slots=True)
class Need:
    """A SKU at a location. `position`: what is free there, on order and on its way, less what is
    waited for. `shelf_days`: how long a unit that comes may lie before it is too old to be sold."""

    sku: str
    daily: float
    free: int
    position: int
    reorder_point: int
    order_up_to: int
    unit_minor: int = 0
    above: tuple[Above, ...] = ()
    supply: Supply | None = None
    shelf_days: int | None = None
    currency: str = COMPANY_CURRENCY  # of `unit_minor`

    @property
    def cover_days(self) -> float:
        """How long what is free lasts."""
        return max(self.free, 0) / self.daily if self.daily > 0 else NEVER


@dataclass(frozen=True, slots=True)
class Planned:
    """One suggestion. `limits` say why it is less than what is needed, `wanted`."""

    kind: SuggestionKind
    sku: str
    source: str  # a location above, or a supplier
    quantity: int
    wanted: int
    order_on: date
    arrives_on: date
    unit_minor: int
    currency: str = COMPANY_CURRENCY
    limits: tuple[Limit, ...] = ()

    @property
    def value_minor(self) -> int:
        """What it costs, or is worth."""
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class Plan:
    """What to suggest, what is asked of the location above and is not there, and of what is needed
    what nobody can deliver, with the reason."""

    suggestions: tuple[Planned, ...]
    passed_up: Mapping[str, int] = field(default_factory=dict)
    unmet: Mapping[str, Limit] = field(default_factory=dict)


def spare(free: int, keep: int, promised: int) -> int:
    """What a location can give to those below: all beyond what it keeps for itself and promised."""
    return max(free - keep - promised, 0)


def plan(
    needs: Sequence[Need], today: date, *, dealer: bool = False, purse: Purse = _NO_LIMIT
) -> Plan:
    """The most urgent first, so that they get what is scarce: goods above and money."""
    left = purse
    suggestions: list[Planned] = []
    passed_up: dict[str, int] = {}
    unmet: dict[str, Limit] = {}
    for need in sorted(needs, key=lambda one: (one.cover_days, one.sku)):
        if need.position > need.reorder_point or need.order_up_to <= need.position:
            continue
        wanted = need.order_up_to - need.position
        room = _room(need)
        moved = _from_above(need, wanted, wanted if room is None else min(wanted, room), today)
        if dealer:
            moved = [replace(one, kind=SuggestionKind.DEALER) for one in moved]
        suggestions += moved
        came = sum(one.quantity for one in moved)
        rest, room = wanted - came, None if room is None else room - came
        if rest <= 0 or room == 0:
            if rest > 0:
                unmet[need.sku] = Limit.SHELF_LIFE
            continue
        if need.supply is None:
            if need.above:
                passed_up[need.sku] = rest if room is None else min(rest, room)
            unmet[need.sku] = Limit.SURPLUS if need.above else Limit.NO_SUPPLIER
            continue
        bought, limit = _bought(need, need.supply, rest, room, left, today)
        if bought is None:
            unmet[need.sku] = limit
            continue
        suggestions.append(replace(bought, wanted=wanted))
        left = left.without(bought.source, Money(bought.value_minor, bought.currency))
    return Plan(tuple(suggestions), passed_up, unmet)


def _room(need: Need) -> int | None:
    """How many more units are sold before they are too old; none where they do not age."""
    if need.shelf_days is None:
        return None
    return max(floor(need.daily * need.shelf_days) - max(need.position, 0), 0)


def _from_above(need: Need, wanted: int, most: int, today: date) -> list[Planned]:
    """As much as those above can spare, the nearest first."""
    found: list[Planned] = []
    rest = most
    for above in need.above:
        units = min(rest, above.surplus)
        if units <= 0:
            continue
        rest -= units
        limits = (Limit.SURPLUS,) if rest else (Limit.SHELF_LIFE,) if most < wanted else ()
        found.append(
            Planned(
                SuggestionKind.TRANSFER, need.sku, above.location, units, wanted, today,
                today + timedelta(days=above.days), need.unit_minor, need.currency, limits,
            )
        )  # fmt: skip
    return found


def _bought(
    need: Need, supply: Supply, rest: int, room: int | None, purse: Purse, today: date
) -> tuple[Planned | None, Limit]:
    """Whole steps of what is missing, or as many of them as there is room and money for; nothing
    where even the least that is sold is too much."""
    terms, limits = supply.terms, []
    units, price = terms.orderable(rest), _price(need, supply, purse)
    if room is not None and units > room:
        units, limits = room // terms.step * terms.step, [Limit.SHELF_LIFE]
    left = purse.left(supply.supplier, supply.currency)
    if not purse.knows(supply.currency):
        limits = [*limits, Limit.NO_RATE]
    elif left is not None and units * price > left:
        units, limits = left // price // terms.step * terms.step, [*limits, Limit.BUDGET]
    if units < max(terms.moq, 1):
        return None, limits[-1]
    order_on = supply.calendar.next_order_day(today)
    return (
        Planned(
            SuggestionKind.PURCHASE, need.sku, supply.supplier, units, rest, order_on,
            supply.calendar.here_on(order_on, supply.days), price, supply.currency, tuple(limits),
        ),
        Limit.BUDGET,
    )  # fmt: skip


def _price(need: Need, supply: Supply, purse: Purse) -> int:
    """Of a unit, in the supplier's money: at its terms, else what the SKU costs us."""
    usual = purse.rates.into(Money(need.unit_minor, need.currency), supply.currency)
    return supply.terms.price_minor or (usual.minor if usual else 0)
