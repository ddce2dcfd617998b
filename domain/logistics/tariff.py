"""What a parcel costs by contract: first weight, then steps; every number is contract data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


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


def chargeable_g(row: TariffRow, weight_g: int, volume_mm3: int) -> int:
    """The larger of actual and volumetric weight in grams: volume in cm³ ÷ divisor in kg."""
    if row.volumetric_divisor <= 0:
        return weight_g
    volumetric_g = -(-volume_mm3 // row.volumetric_divisor)  # mm³ ÷ 1000 ÷ divisor × 1000 g
    return max(weight_g, volumetric_g)


def price_by_volume(row: TariffRow, weight_g: int, volume_mm3: int) -> int:
    """first + ⌈(chargeable − first weight) ÷ step⌉ × step price + surcharge, or the minimum."""
    over_g = max(chargeable_g(row, weight_g, volume_mm3) - row.first_g, 0)
    steps = -(-over_g // row.step_g) if row.step_g > 0 else 0
    total = row.first_minor + steps * row.step_minor + row.surcharge_minor
    return max(total, row.minimum_minor)


def price(row: TariffRow, weight_g: int, dimensions_mm: tuple[int, int, int]) -> int:
    """The price of one box in minor units; dimensions of zero do not count."""
    length, width, height = dimensions_mm
    return price_by_volume(row, weight_g, length * width * height)


def cheapest(rows: Iterable[TariffRow], weight_g: int, volume_mm3: int) -> int | None:
    """The lowest price of these rows; None when there are none."""
    return min((price_by_volume(row, weight_g, volume_mm3) for row in rows), default=None)
