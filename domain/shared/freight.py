"""What one parcel costs by a price line: first weight, then steps.

The structure is common to all carriers' freight templates; every number in it is contract data.
"""

from typing import Protocol


class FreightTerms(Protocol):
    """A price line: grams, minor units, and the volumetric divisor in cm³ per kg (0 = none)."""

    @property
    def carrier(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def first_g(self) -> int: ...
    @property
    def first_minor(self) -> int: ...
    @property
    def step_g(self) -> int: ...
    @property
    def step_minor(self) -> int: ...
    @property
    def volumetric_divisor(self) -> int: ...
    @property
    def surcharge_minor(self) -> int: ...
    @property
    def minimum_minor(self) -> int: ...


def chargeable_g(terms: FreightTerms, weight_g: int, volume_mm3: int) -> int:
    """The larger of actual and volumetric weight, rounded up to the step.

    Volume in cm³ ÷ divisor is kg, so volume in mm³ ÷ divisor is grams.
    """
    weight = weight_g
    if terms.volumetric_divisor > 0:
        weight = max(weight, -(-volume_mm3 // terms.volumetric_divisor))
    return -(-weight // terms.step_g) * terms.step_g if terms.step_g > 0 else weight


def price_minor(terms: FreightTerms, weight_g: int, volume_mm3: int) -> int:
    """First price + started steps above the first weight, at least the minimum; surcharge on top.

    A step of zero grams means that the first price covers any weight.
    """
    over_g = max(chargeable_g(terms, weight_g, volume_mm3) - terms.first_g, 0)
    steps = -(-over_g // terms.step_g) if terms.step_g > 0 else 0
    carriage = terms.first_minor + steps * terms.step_minor
    return max(carriage, terms.minimum_minor) + terms.surcharge_minor
