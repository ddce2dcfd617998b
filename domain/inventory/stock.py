"""Stock in base units: what is asked of it and what it answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.shared.ids import NO_LOT, LocationId, Lot, Sku

GOOD: Final = "good"
OWN: Final = "own"


class AdjustmentReason(StrEnum):
    """Why stock changed without a document of trade. A stable code per reason."""

    OPENING = "opening"
    COUNT = "count"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    RECALLED = "recalled"
    LOST = "lost"
    FOUND = "found"
    SHORT_PICK = "short_pick"
    SAMPLE = "sample"
    INTERNAL_USE = "internal_use"


@dataclass(frozen=True, slots=True, order=True)
class StockKey:
    """One row of the balance; sorted order is the one order in which rows are locked."""

    sku: Sku
    location_id: LocationId
    lot: Lot = NO_LOT
    condition: str = "good"
    owner: str = "own"


@dataclass(frozen=True, slots=True)
class StockLine:
    """A quantity (base units, more than zero) of one key."""

    key: StockKey
    quantity: int


@dataclass(frozen=True, slots=True)
class Document:
    """The paper behind a movement, and the key that makes it happen once."""

    kind: str
    no: str
    idempotency_key: str
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class ReserveStock:
    """Reserve all lines or none. The same `reservation_id` again gets the first answer."""

    reservation_id: str
    lines: tuple[StockLine, ...]
    order_id: str = ""
    workflow_id: str = ""
    expires_at: datetime | None = None

    def merged(self) -> dict[StockKey, int]:
        """Quantity per key: two lines of one SKU are one claim on the same stock."""
        sums: dict[StockKey, int] = {}
        for line in self.lines:
            sums[line.key] = sums.get(line.key, 0) + line.quantity
        return sums


class Resolution(StrEnum):
    """How a reservation that was not used ended."""

    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ReleaseStock:
    """Give back what is held under an id; saying it again changes nothing."""

    reservation_id: str
    how: Resolution = Resolution.VOIDED


@dataclass(frozen=True, slots=True)
class ReceiveStock:
    """Goods that came in from a supplier, on one paper."""

    document: Document
    lines: tuple[StockLine, ...]


@dataclass(frozen=True, slots=True)
class AdjustStock:
    """A correction of what lies there; negative quantities take away."""

    document: Document
    lines: tuple[StockLine, ...]
    reason: AdjustmentReason


@dataclass(frozen=True, slots=True)
class CarryOut:
    """Goods that left a place before the books heard of it: units by SKU, on one paper."""

    document: Document
    location_id: LocationId
    units: Mapping[Sku, int]
    order_id: str
    workflow_id: str


def from_lots(lots: Sequence[tuple[StockKey, int]], units: Mapping[Sku, int]) -> list[StockLine]:
    """Take the units of each SKU from what is free in its lots, in their order, as far as it goes.

    The caller holds the locks on the lots it passes in.
    """
    left = dict(units)
    taken: list[StockLine] = []
    for key, free in lots:
        granted = min(left.get(key.sku, 0), free)
        if granted > 0:
            left[key.sku] -= granted
            taken.append(StockLine(key, granted))
    return taken


def by_sku(lines: Iterable[StockLine]) -> dict[Sku, int]:
    """Units by SKU, all places and lots together."""
    sums: dict[Sku, int] = {}
    for line in lines:
        sums[line.key.sku] = sums.get(line.key.sku, 0) + line.quantity
    return sums


@dataclass(frozen=True, slots=True)
class Fill:
    """A backorder that got its units."""

    backorder_id: str
    order_id: str
    workflow_id: str


@dataclass(frozen=True, slots=True)
class Filled:
    """Whose waiting ended with a receipt, an adjustment or a release."""

    fills: tuple[Fill, ...] = ()


class Reserved(StrEnum):
    """Answer to a reservation."""

    GRANTED = "granted"
    REFUSED = "refused"
    ALREADY = "already"  # granted earlier; the same id came again
    RESOLVED = "resolved"  # granted earlier and given back since: the id is used up


@dataclass(frozen=True, slots=True)
class Expired:
    """Leases that ran out, and the backorders that got their units."""

    reservation_ids: tuple[str, ...] = ()
    fills: tuple[Fill, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A location in the tree; `transit` places hold what is on its way to their parent."""

    location_id: LocationId
    name: str
    kind: str
    parent_id: LocationId | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a SKU, or of several, one location has in one condition. `waiting` is promised
    to backorders that queue for it; `blocked` is free but of lots that are kept back or expired."""

    location_id: LocationId
    sku: Sku
    on_hand: int
    reserved: int
    waiting: int = 0
    blocked: int = 0
    condition: str = GOOD
    owner: str = OWN

    @property
    def available(self) -> int:
        """What a new order may take: nobody jumps the queue."""
        return max(self.on_hand - self.reserved - self.blocked - self.waiting, 0)
