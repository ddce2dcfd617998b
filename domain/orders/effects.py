"""What an action does to stock, money and parcels, and whom it tells: shown before it is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.orders.channels import OUR_CHANNELS
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus


@dataclass(frozen=True, slots=True)
class Effect:
    """One line. `kind` is a stable code; the rest is what its sentence is filled with."""

    kind: str
    subject: str = ""  # a shipment, waybill, SKU or order
    quantity: int = 0
    place: str = ""
    other: str = ""  # what it was before, or who is told
    amount_minor: int = 0
    before_minor: int = 0
    currency: str = ""
    at: datetime | None = None
    before: datetime | None = None  # what `at` was


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an action back: `how` is its code, `until` the event that ends it, empty while it
    is always possible."""

    how: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """All that an action does; what is empty is not touched. Without `undo` it stays done."""

    stock: tuple[Effect, ...] = ()
    money: tuple[Effect, ...] = ()
    parcels: tuple[Effect, ...] = ()
    messages: tuple[Effect, ...] = ()
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class ShipmentNow:
    """A shipment that was not cancelled. `place` is the name of where it lies."""

    no: str
    status: ShipmentStatus
    place: str
    units: int
    waybills: tuple[str, ...] = ()
    carrier: str = ""
    goes_with: tuple[str, ...] = ()  # other orders in its parcel
    picked: bool = False
    box: str = ""  # the shipment in whose parcel it goes, where that is another one

    @property
    def has_left(self) -> bool:
        return self.status.has_left

    @property
    def may_move(self) -> bool:
        """Nobody has taken anything for it from a shelf yet."""
        return self.status in _EARLY and not self.picked

    @property
    def may_join(self) -> bool:
        """Others may still go in one parcel with it: nobody has closed its box."""
        return self.status in _EARLY


@dataclass(frozen=True, slots=True)
class OrderNow:
    """What of an order decides about what can be done with it, and what that does."""

    no: str
    status: OrderStatus
    channel: str = OUR_CHANNELS[0]
    currency: str = "CNY"
    holds: frozenset[str] = frozenset()
    shipments: tuple[ShipmentNow, ...] = ()
    open_units: int = 0  # to be picked, in no shipment and no queue
    awaited_units: int = 0  # not in stock
    stock_given_back: bool = False  # it waited too long for its payment
    payable_minor: int = 0
    received_minor: int = 0  # what came in and does not go back
    receiver: str = ""  # contact | masked, empty while nobody told
    cash_on_delivery: bool = False
    label_open: str = ""  # the number of its open return label
    label_may_go: bool = False  # it can be voided
    invoice_open: str = ""
    invoice_issued: bool = False
    invoice_minor: int = 0
    sold_in_store: bool = False
    takes_difference: bool = False  # money for it may be written down by hand
    goes_with: tuple[str, ...] = ()  # orders that could go in one parcel with it

    @property
    def here(self) -> tuple[ShipmentNow, ...]:
        """What has not left."""
        return tuple(one for one in self.shipments if not one.has_left)

    @property
    def left(self) -> tuple[ShipmentNow, ...]:
        return tuple(one for one in self.shipments if one.has_left)

    @property
    def is_ours(self) -> bool:
        """Bought of ourselves: nobody else holds its money."""
        return self.channel in OUR_CHANNELS

    @property
    def owed_minor(self) -> int:
        """What the buyer still has to pay, where a hold waits for it."""
        waits = {HoldKind.DIFFERENCE, HoldKind.UNPAID} & self.holds
        return max(self.payable_minor - self.received_minor, 0) if waits else 0


_EARLY: Final = (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING)

# What takes each action back, and until when; what is not here stays done.
UNDO: Final[dict[str, Undo]] = {
    "hold": Undo("release"),
    "release": Undo("hold", "next_step"),
    "address": Undo("address", "hand_over"),
    "lines": Undo("lines", "pick"),
    "split": Undo("merge", "pick"),
    "merge": Undo("unmerge", "hand_over"),
    "unmerge": Undo("merge", "pick"),
    "return": Undo("withdraw", "goods_in"),
    "return_label": Undo("void", "collected"),
    "void_label": Undo("return_label"),
    "invoice": Undo("cancel_invoice", "issued"),
    "cancel_invoice": Undo("invoice"),
    "note": Undo("take_back"),
    "tag": Undo("untag"),
}


def waybills_void(shipments: Iterable[ShipmentNow]) -> tuple[Effect, ...]:
    """Each waybill of these shipments that its carrier is told to forget."""
    return tuple(
        Effect("carrier_cancels", waybill, other=one.carrier)
        for one in shipments
        for waybill in one.waybills
    )
