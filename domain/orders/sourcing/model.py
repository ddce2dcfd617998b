"""What sourcing is asked and what it answers. Plain values, so that a decision can be stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.shared.freight import FreightTerms


class Strategy(StrEnum):
    CHEAPEST = "cheapest"  # freight + handling of all parcels
    NEAREST = "nearest"  # kilometres of all parcels together
    INVENTORY_FIRST = "inventory_first"  # fewest parcels, then where most stays in stock
    PRIORITY = "priority"  # every unit from the first place in the company's own order that has it


@dataclass(frozen=True, slots=True)
class Usual:
    """How the company sources, where a shop has no rule of its own."""

    strategy: Strategy = Strategy.CHEAPEST
    max_parcels: int | None = None


class Rejected(StrEnum):
    """Why a plan was not taken."""

    DEARER = "dearer"
    FARTHER = "farther"
    LESS_STOCK_LEFT = "less_stock_left"
    LOWER_PRIORITY = "lower_priority"
    TIED = "tied"  # as good, but later in the company's order of places
    SHORT = "short"  # does not have everything
    OVER_PARCEL_CAP = "over_parcel_cap"


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
    """A place that could send, with what is free there now. Costs in minor units.

    A parcel costs handling + the cheapest line of `freight` + `per_unit_minor` × units.
    """

    location_id: str
    distance_km: float
    priority: int  # lower comes first
    handling_minor: int
    free: Mapping[str, int]
    freight: tuple[FreightTerms, ...] = ()
    per_unit_minor: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """One parcel: (line_id, sku, quantity) from one location, by the cheapest carrier product."""

    location_id: str
    lines: tuple[tuple[str, str, int], ...]
    cost_minor: int
    distance_m: int = 0
    carrier: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan that was not taken.

    `cost_minor` is None when the places lack something; `by` says how much worse, in minor units
    (dearer) or metres (farther); `skus` what is lacking.
    """

    location_ids: tuple[str, ...]
    cost_minor: int | None
    reason: Rejected
    by: int = 0
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan, what could not be placed, and what was rejected.

    `over_parcel_cap`: some of `missing` is free somewhere, only the cap keeps it there.
    `proven`: no other plan is better under the strategy.
    """

    strategy: Strategy
    plan: tuple[Placement, ...]
    total_minor: int
    missing: tuple[tuple[str, str, int], ...] = ()
    over_parcel_cap: bool = False
    alternatives: tuple[Alternative, ...] = field(default=())
    max_parcels: int | None = None
    proven: bool = False
