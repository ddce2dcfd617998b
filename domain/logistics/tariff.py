"""What a parcel costs by contract, and which contract line serves it best."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.shared.freight import price_minor

ANYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class TariffRow:
    """One price line. Grams and minor units; the period is [valid_from, valid_to)."""

    carrier: str
    product: str
    origin_zone: str
    destination_zone: str
    first_g: int
    first_minor: int
    step_g: int
    step_minor: int
    volumetric_divisor: int  # cm³ per kg; 0 = volume does not count
    surcharge_minor: int
    minimum_minor: int
    currency: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a parcel by one line of a contract, in minor units of the line's currency."""

    row: TariffRow
    price_minor: int


def price(row: TariffRow, weight_g: int, dimensions_mm: tuple[int, int, int]) -> int:
    """The price of one box in minor units; a box without dimensions has no volumetric weight."""
    length, width, height = dimensions_mm
    return price_minor(row, weight_g, length * width * height)


def applicable(
    rows: Iterable[TariffRow], origin_zone: str, destination_zone: str, on: date
) -> tuple[TariffRow, ...]:
    """The one line of each carrier and product that holds on this day between these zones.

    A named destination beats "*", then a named origin, then the line agreed last.
    """
    best: dict[tuple[str, str], TariffRow] = {}
    for row in rows:
        if (
            row.origin_zone in (origin_zone, ANYWHERE)
            and row.destination_zone in (destination_zone, ANYWHERE)
            and row.valid_from <= on < row.valid_to
        ):
            key = (row.carrier, row.product)
            if key not in best or _precedence(row) > _precedence(best[key]):
                best[key] = row
    return tuple(best[key] for key in sorted(best))


def cheapest(rows: Iterable[TariffRow], weight_g: int, volume_mm3: int) -> Quote | None:
    """The line with the lowest price; equal prices go by carrier and product. None without lines.

    The rows must be of one currency: raises ValueError otherwise.
    """
    quotes = [Quote(row, price_minor(row, weight_g, volume_mm3)) for row in rows]
    if len({quote.row.currency for quote in quotes}) > 1:
        raise ValueError("prices of different currencies cannot be compared")
    return min(
        quotes,
        key=lambda quote: (quote.price_minor, quote.row.carrier, quote.row.product),
        default=None,
    )


def _precedence(row: TariffRow) -> tuple[bool, bool, date]:
    return (row.destination_zone != ANYWHERE, row.origin_zone != ANYWHERE, row.valid_from)
