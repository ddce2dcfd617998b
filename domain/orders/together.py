"""Which orders may go in one parcel, from where, and what it saves: plans people confirm."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.sourcing.model import Candidate
from domain.shared.errors import ActionNotAllowed
from domain.shared.freight import price_minor


@dataclass(frozen=True, slots=True)
class Piece:
    """Units of one SKU for one line of an order; weight and volume are per unit."""

    line_id: str  # of what has to be picked
    order_line_id: str
    sku: str
    quantity: int
    weight_g: int = 0
    volume_mm3: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A shipment that has not left. `box` names the parcel it shares with others by the shipment
    that leads there; empty while it goes alone."""

    no: str
    order_id: str
    location_id: str
    status: ShipmentStatus
    pieces: tuple[Piece, ...]
    box: str = ""
    picked: bool = False
    packed: bool = False
    stopping: bool = False

    @property
    def is_open(self) -> bool:
        """Its box is not packed yet."""
        return self.status in (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING) and not self.packed

    @property
    def may_move(self) -> bool:
        """Nobody has taken anything for it from a shelf yet."""
        early = self.status in (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING)
        return early and not self.picked and not self.stopping


@dataclass(frozen=True, slots=True)
class Companion:
    """An order as far as it matters for going in one parcel with others."""

    order_id: str
    no: str
    shop_id: str
    buyer_ref: str
    receiver: str  # the same for the same person at the same place; empty where it is hidden
    status: OrderStatus
    holds: tuple[HoldKind, ...] = ()
    cash_on_delivery: bool = False
    test_order: bool = False
    carried_out: bool = False
    rest_to_come: bool = False  # something of it is not reserved yet
    has_left: bool = False  # something of it
    shipments: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class MergePlan:
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

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON."""
        return plan_hash(self)

    @property
    def saved_minor(self) -> int:
        return self.freight_before_minor - self.freight_after_minor


def plan_hash(plan: Any) -> str:
    """Names exactly this plan."""
    text = json.dumps(asdict(plan), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def hindrance(order: Companion, *, alone: bool = False) -> str:
    """Why the order goes alone, as a sentence; empty when it may go with others, or its own parts
    with each other (`alone`)."""
    if order.status.is_closed or order.carried_out:
        return f"order {order.no} is {order.status}"
    if alone:
        return _not_at_hand(order)
    if not order.receiver:
        return f"only the platform knows who gets order {order.no}: it makes the waybill for it"
    if order.cash_on_delivery:
        return f"order {order.no} is paid on delivery"
    if order.test_order:
        return f"order {order.no} is only a test"
    if HoldKind.PRESALE in order.holds:
        return f"order {order.no} is sold before it is in stock"
    if order.holds:
        return f"order {order.no} is held: {order.holds[0]}"
    if order.rest_to_come:
        return f"order {order.no} waits for stock"
    if order.has_left:
        return f"something of order {order.no} has left already"
    return _not_at_hand(order)


def _not_at_hand(order: Companion) -> str:
    if not order.shipments:
        return f"nothing of order {order.no} is planned yet"
    if not all(shipment.may_move for shipment in order.shipments):
        return f"order {order.no} is picked already"
    return ""


def hindrance_between(one: Companion, other: Companion) -> str:
    """Why these two do not go to the same person; empty when they do."""
    if one.receiver != other.receiver:
        return f"order {other.no} goes to somebody else"
    same_shop = one.shop_id == other.shop_id
    if same_shop and one.buyer_ref and other.buyer_ref and one.buyer_ref != other.buyer_ref:
        return f"order {other.no} is of another buyer"
    return ""


def plan_merge(orders: Sequence[Companion], places: Sequence[Candidate]) -> MergePlan:
    """How these orders would go in one parcel: from the place that has all of it at the lowest
    cost, of equal ones from where most of it lies ready.

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
    chosen = _place(shipments, places)
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
    )


@dataclass(frozen=True, slots=True)
class PartingPlan:
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

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON."""
        return plan_hash(self)


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


def boxes_of(shipments: Iterable[Waiting]) -> dict[str, list[Waiting]]:
    """The parcels that these shipments make, by the shipment that leads each."""
    boxes: dict[str, list[Waiting]] = {}
    for one in shipments:
        boxes.setdefault(one.box or one.no, []).append(one)
    return boxes


def freight_of(shipments: Iterable[Waiting], places: Mapping[str, Candidate]) -> int:
    """What all these parcels cost; one from a place that sends no more is not counted."""
    total = 0
    for box in boxes_of(shipments).values():
        if place := places.get(box[0].location_id):
            total += cost_minor(place, [piece for one in box for piece in one.pieces])
    return total


def cost_minor(place: Candidate, pieces: Iterable[Piece]) -> int:
    """Handling and the cheapest carriage of one parcel from there."""
    weight = volume = 0
    for piece in pieces:
        weight += piece.weight_g * piece.quantity
        volume += piece.volume_mm3 * piece.quantity
    prices = [price_minor(terms, weight, volume) for terms in place.freight]
    return place.handling_minor + min(prices, default=0)


def has_all(place: Candidate, shipments: Iterable[Waiting]) -> bool:
    """Whether what does not lie there for these shipments already is free there."""
    wanted: dict[str, int] = {}
    for one in shipments:
        if one.location_id != place.location_id:
            for piece in one.pieces:
                wanted[piece.sku] = wanted.get(piece.sku, 0) + piece.quantity
    return all(place.free.get(sku, 0) >= quantity for sku, quantity in wanted.items())


def _place(shipments: Sequence[Waiting], places: Sequence[Candidate]) -> Candidate | None:
    pieces = [piece for one in shipments for piece in one.pieces]

    def rank(place: Candidate) -> tuple[int, int, int, str]:
        moved = sum(1 for one in shipments if one.location_id != place.location_id)
        return (cost_minor(place, pieces), moved, place.priority, place.location_id)

    able = [place for place in places if place.freight and has_all(place, shipments)]
    return min(able, key=rank, default=None)


# --- a part ahead -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken out of a shipment: (line, SKU, quantity), or all of it."""

    shipment_no: str
    whole: bool
    lines: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """These parts go now and by themselves, from `location_id` or, where it is empty, from where
    each lies. What stays behind goes when the rest of the order does."""

    order_no: str
    parts: tuple[Part, ...]
    location_id: str
    units_now: int
    units_later: int  # in shipments
    units_awaited: int  # not in stock yet
    parcels_before: int
    parcels_after: int
    freight_before_minor: int
    freight_after_minor: int

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON."""
        return plan_hash(self)


@dataclass(frozen=True, slots=True)
class Dividable:
    """An order whose parts may go by themselves. `factors` are units to pick for one unit of a
    line, by what has to be picked; `awaited` units are not in stock yet."""

    order: Companion
    factors: Mapping[str, int]
    awaited: int = 0
    places: tuple[Candidate, ...] = field(default=())


def plan_split(what: Dividable, wanted: Mapping[str, int], location_id: str = "") -> SplitPlan:
    """What sending these units of order lines now, and the rest later, would do.

    Raises ActionNotAllowed with the reason.
    """
    order = what.order
    if why := _not_dividable(order):
        raise ActionNotAllowed(why)
    free = [one for one in order.shipments if one.may_move and not one.box]
    taken = {one.no: _taken(one, wanted, what.factors) for one in free}
    _refuse_what_is_not_there(free, taken, wanted, what.factors)
    parts = tuple(_part(one, taken[one.no]) for one in free if taken[one.no])
    whole = all(part.whole for part in parts) and len(parts) == len(free)
    if whole and not what.awaited and not location_id:
        raise ActionNotAllowed("nothing would stay behind")
    places = {place.location_id: place for place in what.places}
    ahead, behind = _divided(free, parts, location_id)
    if location_id and not _fits(places.get(location_id), free, parts):
        raise ActionNotAllowed(f"{location_id} does not have all of it")
    return SplitPlan(
        order.no,
        parts,
        location_id,
        _units(ahead),
        _units(behind),
        what.awaited,
        len(boxes_of(free)),
        len(boxes_of([*ahead, *behind])),
        freight_of(free, places),
        freight_of([*ahead, *behind], places),
    )


def _not_dividable(order: Companion) -> str:
    if order.status.is_closed or order.carried_out:
        return f"order {order.no} is {order.status}"
    if order.cash_on_delivery:  # one sum is collected, by one parcel
        return f"order {order.no} is paid on delivery"
    return f"order {order.no} is held: {order.holds[0]}" if order.holds else ""


def _taken(one: Waiting, wanted: Mapping[str, int], factors: Mapping[str, int]) -> dict[str, int]:
    """Units to pick of each piece that are asked for, not more than are in this shipment."""
    return {
        piece.line_id: min(
            wanted.get(piece.order_line_id, 0) * factors[piece.line_id], piece.quantity
        )
        for piece in one.pieces
        if wanted.get(piece.order_line_id, 0) > 0
    }


def _refuse_what_is_not_there(
    free: Sequence[Waiting],
    taken: dict[str, dict[str, int]],
    wanted: Mapping[str, int],
    factors: Mapping[str, int],
) -> None:
    """What lies in several places is taken from the first; what is nowhere cannot go now."""
    left: dict[str, int] = {}
    lines = {piece.line_id: piece.order_line_id for one in free for piece in one.pieces}
    for line_id, order_line_id in lines.items():
        left[line_id] = wanted.get(order_line_id, 0) * factors[line_id]
    for one in free:
        for line_id, quantity in list(taken[one.no].items()):
            taken[one.no][line_id] = min(quantity, left[line_id])
            left[line_id] -= taken[one.no][line_id]
        taken[one.no] = {line: units for line, units in taken[one.no].items() if units}
    unknown = {line for line, units in wanted.items() if units > 0} - set(lines.values())
    if unknown or any(left.values()):
        raise ActionNotAllowed("that much does not lie ready")
    if not any(taken.values()):
        raise ActionNotAllowed("choose what goes now")


def _part(one: Waiting, taken: Mapping[str, int]) -> Part:
    lines = tuple(
        (piece.line_id, piece.sku, taken[piece.line_id])
        for piece in one.pieces
        if taken.get(piece.line_id)
    )
    return Part(one.no, all(taken.get(p.line_id) == p.quantity for p in one.pieces), lines)


def _divided(
    free: Sequence[Waiting], parts: Sequence[Part], location_id: str
) -> tuple[list[Waiting], list[Waiting]]:
    """The shipments of now and of later, as they would be."""
    ahead, behind = [], []
    taken = {part.shipment_no: {line: q for line, _, q in part.lines} for part in parts}
    for one in free:
        units = taken.get(one.no, {})
        now = _with(one, {p.line_id: units.get(p.line_id, 0) for p in one.pieces})
        later = _with(one, {p.line_id: p.quantity - units.get(p.line_id, 0) for p in one.pieces})
        if now.pieces:
            box = f"{location_id}:now" if location_id else f"{one.no}:now"
            place = location_id or one.location_id
            ahead.append(replace(now, no=f"{one.no}:now", box=box, location_id=place))
        if later.pieces:
            behind.append(later)
    return ahead, behind


def _with(one: Waiting, units: Mapping[str, int]) -> Waiting:
    pieces = (replace(piece, quantity=units[piece.line_id]) for piece in one.pieces)
    return replace(one, pieces=tuple(piece for piece in pieces if piece.quantity))


def _fits(place: Candidate | None, free: Sequence[Waiting], parts: Sequence[Part]) -> bool:
    if place is None or not place.freight:
        return False
    ahead, _ = _divided(free, parts, "")
    return has_all(place, ahead)


def _units(shipments: Iterable[Waiting]) -> int:
    return sum(piece.quantity for one in shipments for piece in one.pieces)
