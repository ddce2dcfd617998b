"""Other goods instead of those that came back: who owes whom the difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.shared.ids import Sku


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units that the buyer gets instead; `unit_minor` is what one of them costs the buyer."""

    sku: Sku
    quantity: int
    unit_minor: int

    @property
    def price_minor(self) -> int:
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class Difference:
    """What of the sum that is due pays for the new goods, and what is left on either side."""

    exchanged_minor: int
    refund_minor: int
    owed_minor: int  # by the buyer


def difference(due_minor: int, price_minor: int) -> Difference:
    """The goods that came back pay for the new ones as far as they go."""
    exchanged = min(due_minor, price_minor)
    return Difference(exchanged, due_minor - exchanged, price_minor - exchanged)


def price_of(wanted: Sequence[Wanted]) -> int:
    """What all of them cost together, in minor units."""
    return sum(one.price_minor for one in wanted)
