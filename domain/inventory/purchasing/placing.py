"""A purchase order and the letters about it, as a supplier reads them."""

from dataclasses import dataclass
from datetime import date

from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """Units of one SKU, under our code and the supplier's."""

    line_no: int
    sku: str
    supplier_sku: str
    name: str
    units: int
    case_pack: int
    price: Money


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """A purchase order as it leaves us. `key` is ours: fixed before the first call."""

    key: str
    no: str
    supplier: str
    buyer: str
    currency: str
    wanted_on: date | None
    place: str
    address: str
    contact: str
    phone: str
    lines: tuple[OrderedLine, ...]
    revision: int = 1  # above the first, it replaces what the supplier knows

    @property
    def total(self) -> Money:
        """What all of it costs."""
        minor = sum(line.units * line.price.minor for line in self.lines)
        return Money(minor, self.currency)


@dataclass(frozen=True, slots=True)
class Letter:
    """What else the supplier is told of an order: that it is cancelled, or asked where it is."""

    key: str
    no: str
    reference: str  # the supplier's number, where it gave one
    reason: str = ""
    expected_on: date | None = None
