"""What may be bought: budgets of a night, of the month and of suppliers, each in its own money."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from domain.shared.money import COMPANY_CURRENCY, Money, minor_digits

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of other currencies is worth in the company's, as a person wrote it down."""

    of: Mapping[str, Decimal] = field(default_factory=dict)

    def into(self, money: Money, currency: str, rounding: str = ROUND_HALF_UP) -> Money | None:
        """The sum in another currency; none where nobody knows a rate."""
        if money.currency == currency:
            return money
        here, there = self._worth(money.currency), self._worth(currency)
        if here is None or there is None:
            return None
        exact = (money.major * here / there).scaleb(minor_digits(currency))
        return Money(int(exact.quantize(_ONE, rounding=rounding)), currency)

    def _worth(self, currency: str) -> Decimal | None:
        return _ONE if currency == COMPANY_CURRENCY else self.of.get(currency)


@dataclass(frozen=True, slots=True)
class Purse:
    """What is left. `night_minor` and `month_minor` are the company's money, none is no limit;
    `suppliers` has what is left of a supplier's budget, in that supplier's money. `is_complete`:
    all that was bought this month could be compared."""

    rates: Rates = field(default_factory=Rates)
    night_minor: int | None = None
    month_minor: int | None = None
    suppliers: Mapping[str, int] = field(default_factory=dict)
    is_complete: bool = True

    def knows(self, currency: str) -> bool:
        """Whether it can be said what may be bought for this money."""
        if self.month_minor is not None and not self.is_complete:
            return False
        nothing_overall = self.night_minor is None and self.month_minor is None
        return nothing_overall or self._into(0, currency) is not None

    def left(self, supplier: str, currency: str) -> int | None:
        """So much may be bought from the supplier, in its money; none where nothing limits it."""
        overall = (self._into(one, currency) for one in (self.night_minor, self.month_minor)
                   if one is not None)  # fmt: skip
        sums = [one.minor for one in overall if one is not None]
        if supplier in self.suppliers:
            sums.append(self.suppliers[supplier])
        return max(min(sums), 0) if sums else None

    def without(self, supplier: str, spent: Money) -> "Purse":
        """What is left when this was bought too."""
        overall = self.rates.into(spent, COMPANY_CURRENCY)
        minor = overall.minor if overall else 0
        left = dict(self.suppliers)
        if supplier in left:
            left[supplier] -= spent.minor
        return replace(
            self, suppliers=left,
            night_minor=None if self.night_minor is None else self.night_minor - minor,
            month_minor=None if self.month_minor is None else self.month_minor - minor,
        )  # fmt: skip

    def _into(self, company_minor: int, currency: str) -> Money | None:
        return self.rates.into(Money(company_minor, COMPANY_CURRENCY), currency, ROUND_FLOOR)
