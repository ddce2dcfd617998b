"""One order's allocation while it is being made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from db.inventory.remaining_life import ANYBODY
from db.shared.sourcing import Network
from domain.inventory.expiry import Wanted
from domain.inventory.stock import ReserveStock, StockKey, StockLine
from domain.orders.sourcing.model import Decision, Demand
from domain.orders.work import AllocateOrder, Entry
from domain.shared.ids import LocationId, Lot, Sku, shipment_workflow_id

Lines = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one place sends: (line, SKU, quantity), and with whom it is expected to be cheapest."""

    no: str
    location_id: str
    lines: Lines
    carrier: str = ""
    product: str = ""


@dataclass(slots=True)
class Plan:
    """One order's allocation while it is being made."""

    request: AllocateOrder
    order: Any
    demands: tuple[Demand, ...] = ()
    doubted: frozenset[tuple[str, str]] = frozenset()
    wanted: Wanted = ANYBODY  # matters only for goods with a date
    question: dict[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    shipments: list[Shipment] = field(default_factory=list)
    numbered: int = 0

    def next_number(self) -> str:
        """Goes on where earlier shipments of the order ended; a number that was refused is gone."""
        self.numbered += 1
        count = self.request.allocation_id.rsplit(":", 1)[1]
        number = self.order.shipments + self.numbered
        no = self.order.no
        return f"{no}-{number}" if count == "1" else f"{no}-{count}{number:02d}"


def reservation_of(plan: Plan, shipment: Shipment, network: Network) -> ReserveStock:
    """Takes the units from the network's picture too, so that the next order sees them gone."""
    place = LocationId(shipment.location_id)
    lines = tuple(
        StockLine(StockKey(Sku(sku), place, Lot(lot)), units)
        for _, sku, quantity in shipment.lines
        for lot, units in network.take(place, sku, quantity, plan.wanted)
    )
    return ReserveStock(
        shipment.no, lines, plan.request.order_id, shipment_workflow_id(shipment.no)
    )


def missing_of(plan: Plan) -> Iterator[tuple[str, str, int]]:
    """What could not be reserved: (line, SKU, quantity); everything when nothing was decided."""
    if plan.decision is not None:
        yield from plan.decision.missing
    else:
        for demand in plan.demands:
            yield demand.line_id, demand.sku, demand.quantity


def story_of(plans: Sequence[Plan], request: AllocateOrder) -> list[Entry]:
    """The lines of the story that this allocation adds."""
    plan = next(p for p in plans if p.request.allocation_id == request.allocation_id)
    entries = [
        Entry("allocated", {"shipment": shipment.no, "location": shipment.location_id})
        for shipment in plan.shipments
    ]
    short = ", ".join(f"{sku} × {quantity}" for _, sku, quantity in missing_of(plan))
    return entries + ([Entry("backordered", {"missing": short})] if short else [])
