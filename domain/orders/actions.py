"""Everything a person can do with an order now, and why not where it is not possible."""

from dataclasses import dataclass
from enum import StrEnum

from domain.orders.desk import Standing, hold_obstacle, release_obstacle
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus


class Doing(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    ADDRESS = "address"
    CANCEL = "cancel"
    RETURN = "return"
    RETURN_LABEL = "return_label"
    INVOICE = "invoice"
    NOTE = "note"
    TAG = "tag"


class WhyNot(StrEnum):
    """Beside the obstacles of `domain.orders.desk`."""

    CLOSED = "closed"
    HAS_LEFT = "has_left"
    PACKED = "packed"
    HIDDEN_RECEIVER = "hidden_receiver"
    NO_RECEIVER = "no_receiver"
    NOTHING_LEFT = "nothing_left"
    NOT_DELIVERED = "not_delivered"
    LABEL_OPEN = "label_open"
    INVOICE_OPEN = "invoice_open"
    SOLD_IN_STORE = "sold_in_store"


# What takes an action back; what is not here stays done.
UNDO: dict[Doing, str] = {
    Doing.HOLD: "release",
    Doing.RELEASE: "hold",
    Doing.ADDRESS: "address",
    Doing.RETURN: "withdraw",
    Doing.RETURN_LABEL: "void",
    Doing.INVOICE: "cancel_invoice",
    Doing.NOTE: "take_back",
    Doing.TAG: "untag",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What of an order decides about what can be done with it."""

    standing: Standing
    shipments: tuple[ShipmentStatus, ...] = ()
    receiver: str = ""  # contact | masked, empty while nobody told
    label_open: bool = False
    invoice_open: bool = False
    sold_in_store: bool = False


@dataclass(frozen=True, slots=True)
class Doable:
    """One action. `obstacle` is empty when it is possible; `hold` is the hold it would release."""

    doing: Doing
    obstacle: str = ""
    hold: str = ""

    @property
    def undo(self) -> str:
        return UNDO.get(self.doing, "")


def doable(facts: Facts) -> tuple[Doable, ...]:
    """Every action in the order people need them."""
    return (
        Doable(Doing.HOLD, hold_obstacle(facts.standing) or ""),
        *(
            Doable(Doing.RELEASE, release_obstacle(facts.standing, HoldKind(kind)) or "", kind)
            for kind in sorted(facts.standing.holds)
        ),
        Doable(Doing.ADDRESS, _address(facts)),
        Doable(Doing.CANCEL, _cancel(facts)),
        Doable(Doing.RETURN, "" if _left(facts) else WhyNot.NOTHING_LEFT),
        Doable(Doing.RETURN_LABEL, _return_label(facts)),
        Doable(Doing.INVOICE, _invoice(facts)),
        Doable(Doing.NOTE),
        Doable(Doing.TAG),
    )


def _address(facts: Facts) -> str:
    if facts.standing.status.is_closed:
        return WhyNot.CLOSED
    if facts.sold_in_store:
        return WhyNot.SOLD_IN_STORE
    if facts.receiver != "contact":
        return WhyNot.HIDDEN_RECEIVER if facts.receiver else WhyNot.NO_RECEIVER
    if _left(facts):
        return WhyNot.HAS_LEFT
    early = (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING, ShipmentStatus.CANCELLED)
    return "" if all(status in early for status in facts.shipments) else WhyNot.PACKED


def _cancel(facts: Facts) -> str:
    """A parcel on its way can be asked back; one that arrived is a return."""
    status = facts.standing.status
    if status.is_closed:
        return WhyNot.CLOSED
    return WhyNot.HAS_LEFT if status is OrderStatus.DELIVERED else ""


def _return_label(facts: Facts) -> str:
    if ShipmentStatus.DELIVERED not in facts.shipments:
        return WhyNot.NOT_DELIVERED
    if facts.receiver != "contact":
        return WhyNot.HIDDEN_RECEIVER if facts.receiver else WhyNot.NO_RECEIVER
    return WhyNot.LABEL_OPEN if facts.label_open else ""


def _invoice(facts: Facts) -> str:
    if facts.standing.status is OrderStatus.CANCELLED:
        return WhyNot.CLOSED
    return WhyNot.INVOICE_OPEN if facts.invoice_open else ""


def _left(facts: Facts) -> bool:
    return any(status.has_left for status in facts.shipments)
