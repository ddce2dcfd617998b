"""What sourcing is asked and what it answers. Plain values, so that a decision can be stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Strategy(StrEnum):
    CHEAPEST = "cheapest"  # freight + handling of all parcels
    NEAREST = "nearest"  # kilometres of all parcels
    INVENTORY_FIRST = "inventory_first"  # fewest parcels, then where most stays in stock
    PRIORITY = "priority"  # the company's own order of locations


class FreightRow(Protocol):
    """A price line as `domain.logistics.tariff.TariffRow` has it."""

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


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of one SKU for one line; weight and volume are per unit."""

    line_id: str
    sku: str
    quantity: int
    weight_g: int = 0
    volume_mm3: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that could send, with what is free there now. Costs in minor units."""

    location_id: str
    distance_km: float
    priority: int
    handling_minor: int
    free: Mapping[str, int]
    freight: tuple[FreightRow, ...] = ()
    per_unit_minor: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """One parcel's worth: (line_id, sku, quantity) from one location."""

    location_id: str
    lines: tuple[tuple[str, str, int], ...]
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan that was not taken. reason: dearer | farther | more_parcels | lower_priority |
    short:SKU."""

    location_ids: tuple[str, ...]
    cost_minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan, what could not be placed, and what was rejected."""

    strategy: Strategy
    plan: tuple[Placement, ...]
    total_minor: int
    missing: tuple[tuple[str, str, int], ...] = ()
    over_parcel_cap: bool = False
    alternatives: tuple[Alternative, ...] = field(default=())
