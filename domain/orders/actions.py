"""Everything a person can do with an order now, and why not where it is not possible."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.orders.desk import Standing, hold_obstacle, release_obstacle
from domain.orders.effects import OrderNow
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus


class Doing(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    ADDRESS = "address"
    LINES = "lines"
    SPLIT = "split"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DIFFERENCE = "difference"
    CANCEL = "cancel"
    RETURN = "return"
    RETURN_LABEL = "return_label"
    VOID_LABEL = "void_label"
    INVOICE = "invoice"
    CANCEL_INVOICE = "cancel_invoice"
    REVERSE_INVOICE = "reverse_invoice"
    NOTE = "note"
    TAG = "tag"


class WhyNot(StrEnum):
    """Beside the obstacles of `domain.orders.desk`."""

    CLOSED = "closed"
    HAS_LEFT = "has_left"
    PICKED = "picked"
    PACKED = "packed"
    HIDDEN_RECEIVER = "hidden_receiver"
    NO_RECEIVER = "no_receiver"
    NOTHING_LEFT = "nothing_left"
    NOT_DELIVERED = "not_delivered"
    LABEL_OPEN = "label_open"
    NO_LABEL = "no_label"
    INVOICE_OPEN = "invoice_open"
    NO_INVOICE = "no_invoice"
    ISSUED = "issued"
    NOT_ISSUED = "not_issued"
    SOLD_IN_STORE = "sold_in_store"
    OTHER_CHANNEL = "other_channel"
    UNPAID = "not_paid"
    HELD = "held"
    CASH_ON_DELIVERY = "cash_on_delivery"
    SHARED = "shared"
    NOT_SHARED = "not_shared"
    NOT_PLANNED = "not_planned"
    NOBODY_ELSE = "nobody_else"
    NOTHING_OWED = "nothing_owed"


@dataclass(frozen=True, slots=True)
class Doable:
    """One action. `obstacle` is empty when it is possible; `hold` is the hold it would release."""

    doing: Doing
    obstacle: str = ""
    hold: str = ""


def doable(order: OrderNow) -> tuple[Doable, ...]:
    """Every action in the order people need them."""
    standing = Standing(order.status, order.holds)
    return (
        Doable(Doing.HOLD, hold_obstacle(standing) or ""),
        *(
            Doable(Doing.RELEASE, release_obstacle(standing, HoldKind(kind)) or "", kind)
            for kind in sorted(order.holds)
        ),
        *(Doable(doing, obstacle(order)) for doing, obstacle in _OBSTACLES.items()),
        Doable(Doing.NOTE),
        Doable(Doing.TAG),
    )


def _address(order: OrderNow) -> str:
    if order.status.is_closed:
        return WhyNot.CLOSED
    if order.sold_in_store:
        return WhyNot.SOLD_IN_STORE
    if order.receiver != "contact":
        return WhyNot.HIDDEN_RECEIVER if order.receiver else WhyNot.NO_RECEIVER
    return WhyNot.HAS_LEFT if order.left else ""


def _lines(order: OrderNow) -> str:
    if not order.is_ours:
        return WhyNot.OTHER_CHANNEL
    if order.status.is_closed:
        return WhyNot.CLOSED
    if order.sold_in_store:
        return WhyNot.SOLD_IN_STORE
    if HoldKind.UNPAID in order.holds:
        return WhyNot.UNPAID
    if order.left:
        return WhyNot.HAS_LEFT
    if not all(one.may_move for one in order.here):
        return WhyNot.PICKED
    return WhyNot.SHARED if any(one.goes_with for one in order.here) else ""


def _split(order: OrderNow) -> str:
    if order.status.is_closed:
        return WhyNot.CLOSED
    if order.sold_in_store:
        return WhyNot.SOLD_IN_STORE
    if order.cash_on_delivery:
        return WhyNot.CASH_ON_DELIVERY
    if order.holds:
        return WhyNot.HELD
    if not order.here:
        return WhyNot.HAS_LEFT if order.left else WhyNot.NOT_PLANNED
    free = [one for one in order.here if one.may_move and not one.goes_with]
    return "" if free else WhyNot.PICKED


def _merge(order: OrderNow) -> str:
    """With other orders, or parts of its own in one parcel again."""
    if order.status.is_closed:
        return WhyNot.CLOSED
    if order.goes_with:
        return ""
    if not order.here:
        return WhyNot.HAS_LEFT if order.left else WhyNot.NOT_PLANNED
    own = [one for one in order.here if one.may_join]
    if len(own) < len(order.here):
        return WhyNot.PACKED
    apart = {one.box or one.no for one in own}
    return "" if len(apart) > 1 and not any(one.goes_with for one in own) else WhyNot.NOBODY_ELSE


def _unmerge(order: OrderNow) -> str:
    return "" if any(one.goes_with for one in order.here) else WhyNot.NOT_SHARED


def _difference(order: OrderNow) -> str:
    if order.status.is_closed:
        return WhyNot.CLOSED
    return "" if order.takes_difference and order.owed_minor else WhyNot.NOTHING_OWED


def _cancel(order: OrderNow) -> str:
    """A parcel on its way can be asked back; one that arrived is a return."""
    if order.status.is_closed:
        return WhyNot.CLOSED
    return WhyNot.HAS_LEFT if order.status is OrderStatus.DELIVERED else ""


def _return(order: OrderNow) -> str:
    return "" if order.left else WhyNot.NOTHING_LEFT


def _return_label(order: OrderNow) -> str:
    if not any(one.status is ShipmentStatus.DELIVERED for one in order.shipments):
        return WhyNot.NOT_DELIVERED
    if order.receiver != "contact":
        return WhyNot.HIDDEN_RECEIVER if order.receiver else WhyNot.NO_RECEIVER
    return WhyNot.LABEL_OPEN if order.label_open else ""


def _void_label(order: OrderNow) -> str:
    return "" if order.label_open and order.label_may_go else WhyNot.NO_LABEL


def _invoice(order: OrderNow) -> str:
    if order.status is OrderStatus.CANCELLED:
        return WhyNot.CLOSED
    return WhyNot.INVOICE_OPEN if order.invoice_open else ""


def _cancel_invoice(order: OrderNow) -> str:
    if not order.invoice_open:
        return WhyNot.NO_INVOICE
    return WhyNot.ISSUED if order.invoice_issued else ""


def _reverse_invoice(order: OrderNow) -> str:
    if not order.invoice_open:
        return WhyNot.NO_INVOICE
    return "" if order.invoice_issued else WhyNot.NOT_ISSUED


_OBSTACLES: Final[dict[Doing, Callable[[OrderNow], str]]] = {
    Doing.ADDRESS: _address,
    Doing.LINES: _lines,
    Doing.SPLIT: _split,
    Doing.MERGE: _merge,
    Doing.UNMERGE: _unmerge,
    Doing.DIFFERENCE: _difference,
    Doing.CANCEL: _cancel,
    Doing.RETURN: _return,
    Doing.RETURN_LABEL: _return_label,
    Doing.VOID_LABEL: _void_label,
    Doing.INVOICE: _invoice,
    Doing.CANCEL_INVOICE: _cancel_invoice,
    Doing.REVERSE_INVOICE: _reverse_invoice,
}
