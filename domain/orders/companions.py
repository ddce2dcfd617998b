"""Orders as far as it matters for going in one parcel: what may go with what, and what it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.sourcing.model import Candidate
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
    booked: bool = False  # what was not found is off the books

    @property
    def is_open(self) -> bool:
        """Its box is not packed yet."""
        return self.status in (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING) and not self.packed

    @property
    def may_move(self) -> bool:
        """Nobody has taken anything for it from a shelf yet."""
        early = self.status in (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING)
        return early and not self.picked and not self.stopping

    @property
    def is_ready(self) -> bool:
        """It is picked, stands at the packing bench, and nobody has closed a box."""
        return self.is_open and self.picked and self.booked and not self.stopping


@dataclass(frozen=True, slots=True)
class Companion:
    """An order as far as it matters for going in one parcel with others."""

    order_id: str
    no: str
    shop_id: str
    buyer: str  # the same for all orders of one buyer, empty where nobody names him
    receiver: str  # the same for the same person at the same place; empty where it is hidden
    status: OrderStatus
    holds: tuple[HoldKind, ...] = ()
    cash_on_delivery: bool = False
    test_order: bool = False
    carried_out: bool = False
    rest_to_come: bool = False  # something of it is not reserved yet
    has_left: bool = False  # something of it
    shipments: tuple[Waiting, ...] = ()
    hidden: bool = False  # only its platform knows the receiver

    @property
    def is_ready(self) -> bool:
        """All of it is picked and not packed."""
        return bool(self.shipments) and all(one.is_ready for one in self.shipments)


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
    if order.is_ready or all(one.may_move for one in order.shipments):
        return ""
    if any(not one.is_open for one in order.shipments):
        return f"order {order.no} is packed already"
    return f"order {order.no} is being picked"


def hindrance_between(one: Companion, other: Companion) -> str:
    """Why these two do not go to the same person; empty when they do."""
    if one.receiver != other.receiver:
        return f"order {other.no} goes to somebody else"
    same_shop = one.shop_id == other.shop_id
    if same_shop and one.buyer and other.buyer and one.buyer != other.buyer:
        return f"order {other.no} is of another buyer"
    if one.is_ready != other.is_ready:
        return f"order {other.no} is not as far: one is picked, the other is not"
    return ""


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
