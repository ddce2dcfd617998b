"""Money: integer minor units with a currency; rounded once, split without loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

COMPANY_CURRENCY: Final = "CNY"  # the company's own; what is compared is compared in it
# Decimal places of currencies that have not two.
OTHER_DIGITS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3}


def minor_digits(currency: str) -> int:
    """How many decimal places the currency has (ISO 4217; two unless listed)."""
    return OTHER_DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """A sum in minor units (fen, cents) of one ISO 4217 currency."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> "Money":
        """From major units; rounds half away from zero to the currency's minor unit."""
        scaled = Decimal(amount).scaleb(minor_digits(currency))
        return cls(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"

    @property
    def major(self) -> Decimal:
        """The sum in major units, with the currency's number of decimal places."""
        digits = minor_digits(self.currency)
        return Decimal(self.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} is not {self.currency}")
        return other.minor


def share_of(minor: int, part: int, whole: int) -> int:
    """What `part` of `whole` equal units is of a sum, rounded half away from zero."""
    exact = Decimal(minor * part) / Decimal(whole)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split(minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share a sum out by weights; the parts add up to it exactly.

    Largest remainders get the spare minor units, earlier parts first; equal shares when all weights
    are zero. Raises ValueError for no weights or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be given and not negative")
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    sign = -1 if minor < 0 else 1
    parts = [abs(minor) * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(abs(minor) * weights[i] % total), i))
    for i in order[: abs(minor) - sum(parts)]:
        parts[i] += 1
    return tuple(sign * part for part in parts)
