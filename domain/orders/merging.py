"""Which orders may go in one parcel, from where, and what it saves: plans people confirm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from domain.orders.companions import (
    Companion,
    Waiting,
    boxes_of,
    cost_minor,
    freight_of,
    has_all,
    hindrance,
    hindrance_between,
)
from domain.orders.order import ShipmentStatus
from domain.orders.sourcing.model import Candidate
from domain.shared.errors import ActionNotAllowed
from domain.shared.plans import Plan


@dataclass(frozen=True, slots=True)
class MergePlan(Plan):
    """`lead` is the shipment in whose parcel the `riders` go, all from `location_id`; `moved` have
    to be reserved there first. Freight in minor units of the company."""

    order_nos: tuple[str, ...]
    lead: str
    riders: tuple[str, ...]
    location_id: str
    moved: tuple[str, ...]
    status: ShipmentStatus
    parcels_before: int
    parcels_after: int
    freight_before_minor: int
    freight_after_minor: int
    picked: bool = False  # all of it stands at the packing bench

    @property
    def saved_minor(self) -> int:
        return self.freight_before_minor - self.freight_after_minor


def plan_merge(orders: Sequence[Companion], places: Sequence[Candidate]) -> MergePlan:
    """How these orders would go in one parcel: from the place that has all of it at the lowest
    cost, of equal ones from where most of it lies ready. What is picked stays where it stands.

    The first order is the one somebody looks at. `free` of a place is what no order was promised.
    Raises ActionNotAllowed with the reason.
    """
    first = orders[0]
    for order in orders:
        alone = len(orders) == 1
        if why := hindrance(order, alone=alone) or hindrance_between(first, order):
            raise ActionNotAllowed(why)
    shipments = sorted(chain.from_iterable(o.shipments for o in orders), key=lambda one: one.no)
    if len(boxes_of(shipments)) < 2:
        raise ActionNotAllowed("there is nothing to put together")
    by_id = {place.location_id: place for place in places}
    picked = all(one.is_ready for one in shipments)
    if picked and len({one.location_id for one in shipments}) > 1:
        raise ActionNotAllowed("it is picked at different places")
    chosen = by_id.get(shipments[0].location_id) if picked else _place(shipments, places)
    if chosen is None:
        raise ActionNotAllowed("no place has all of it")
    begun = [one for one in shipments if one.status is ShipmentStatus.PICKING]
    here = [one for one in begun or shipments if one.location_id == chosen.location_id]
    lead = (here or begun or shipments)[0]
    pieces = [piece for one in shipments for piece in one.pieces]
    return MergePlan(
        tuple(order.no for order in orders),
        lead.no,
        tuple(one.no for one in shipments if one.no != lead.no),
        chosen.location_id,
        tuple(one.no for one in shipments if one.location_id != chosen.location_id),
        ShipmentStatus.PICKING if begun else ShipmentStatus.ALLOCATED,
        len(boxes_of(shipments)),
        1,
        freight_of(shipments, by_id),
        cost_minor(chosen, pieces),
        picked,
    )


def _place(shipments: Sequence[Waiting], places: Sequence[Candidate]) -> Candidate | None:
    pieces = [piece for one in shipments for piece in one.pieces]

    def rank(place: Candidate) -> tuple[int, int, int, str]:
        moved = sum(1 for one in shipments if one.location_id != place.location_id)
        return (cost_minor(place, pieces), moved, place.priority, place.location_id)

    able = [place for place in places if place.freight and has_all(place, shipments)]
    return min(able, key=rank, default=None)


@dataclass(frozen=True, slots=True)
class PartingPlan(Plan):
    """The order goes by itself again. A `closed` box is opened: its label is voided, and everything
    in it is planned and packed anew."""

    order_no: str
    others: tuple[str, ...]
    shipments: tuple[str, ...]
    closed: bool
    parcels_before: int
    parcels_after: int
    freight_before_minor: int
    freight_after_minor: int


def plan_parting(orders: Sequence[Companion], places: Sequence[Candidate]) -> PartingPlan:
    """What taking the first order out of the parcel it shares with the others would do.

    Raises ActionNotAllowed with the reason.
    """
    mine = orders[0]
    shared = [one for one in mine.shipments if one.box]
    if not shared:
        raise ActionNotAllowed("nothing of it goes with another order")
    together = [one for order in orders for one in order.shipments if one.box]
    closed = any(not one.is_open for one in together)
    apart = [
        replace(one, box=f"{one.no}:alone") if closed or one in shared else one for one in together
    ]
    by_id = {place.location_id: place for place in places}
    return PartingPlan(
        mine.no,
        tuple(order.no for order in orders[1:]),
        tuple(one.no for one in shared),
        closed,
        len(boxes_of(together)),
        len(boxes_of(apart)),
        freight_of(together, by_id),
        freight_of(apart, by_id),
    )
