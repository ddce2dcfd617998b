"""A catalogue from what was sold: each product's name and price, and stock for so many days."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class OfferedProduct:
    """A product without GTIN; `opening` is what lies there before the first order, in units."""

    sku: str
    title: str
    price: Decimal
    opening: int


@dataclass(slots=True)
class Assortment:
    """Gathers what a file names; sold in [first, first + days) is what the opening stock covers."""

    first: date
    days: int
    _titles: dict[str, Counter[str]] = field(default_factory=dict)
    _prices: dict[str, Counter[Decimal]] = field(default_factory=dict)
    _units: Counter[str] = field(default_factory=Counter)

    def name(self, sku: str, title: str) -> None:
        """The file names this product."""
        titles = self._titles.setdefault(sku, Counter())
        if title:
            titles[title] += 1

    def sell(self, sku: str, quantity: int, price: Decimal, day: date) -> None:
        """So many units of it were sold that day."""
        if price > 0:
            self._prices.setdefault(sku, Counter())[price] += 1
        if 0 <= (day - self.first).days < self.days:
            self._units[sku] += quantity

    def products(self) -> tuple[OfferedProduct, ...]:
        """Every product by code, with the name and the price it was mostly sold under."""
        return tuple(
            OfferedProduct(
                sku,
                _usual(titles, sku),
                _usual(self._prices.get(sku, Counter()), Decimal(0)),
                self._units[sku],
            )
            for sku, titles in sorted(self._titles.items())
        )


def _usual(seen: Counter[ValueT], otherwise: ValueT) -> ValueT:
    """The most frequent, of equally frequent ones the first."""
    return max(seen, key=lambda value: seen[value], default=otherwise)
