"""Cancelling as a plan of effects: shown first, carried out only if it is still the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.orders.order import OrderStatus, ShipmentStatus
from domain.shared.errors import ActionNotAllowed, OrderClosed
from domain.shared.plans import Plan


@dataclass(frozen=True, slots=True)
class CancellableLine:
    """One order line with what was paid for it and which shipments carry it."""

    line_id: str
    title: str
    payable_minor: int
    cancelled: bool
    goods: bool
    shipments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancellableShipment:
    no: str
    status: ShipmentStatus
    units: int
    waybills: tuple[str, ...] = ()
    intercepting: bool = False  # its carrier was asked to bring it back
    goes_with: tuple[str, ...] = ()  # other orders in its parcel
    is_packed: bool = False

    @property
    def may_be_caught(self) -> bool:
        """It is on its way and not at the door yet, and nothing of other orders is with it."""
        moving = self.status in (ShipmentStatus.HANDED_OVER, ShipmentStatus.IN_TRANSIT)
        alone = not self.goes_with
        return moving and alone and bool(self.waybills) and not self.intercepting


@dataclass(frozen=True, slots=True)
class CancellableOrder:
    """What a plan is made from."""

    order_id: str
    status: OrderStatus
    currency: str
    captured_minor: int
    refunded_minor: int
    refund_due_minor: int
    freight_minor: int
    lines: tuple[CancellableLine, ...]
    shipments: tuple[CancellableShipment, ...]
    owed_minor: int = 0  # by the buyer, for lines that were changed
    settled_by_channel: bool = False  # the marketplace holds the money and pays it back itself


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One thing the cancellation does. kind: stop_picking | release_stock | void_label |
    others_anew | cancel_line | refund_due | channel_refunds | intercept | comes_back |
    refund_after_return | cannot_stop."""

    kind: str
    subject: str
    quantity: int = 0
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CancellationPlan(Plan):
    """All effects in the order they happen; `hash` names exactly this plan.

    Lines of shipments that are intercepted are not cancelled: their goods come back as a return.
    """

    order_id: str
    whole_order: bool
    line_ids: tuple[str, ...]
    shipment_nos: tuple[str, ...]
    refund_minor: int
    effects: tuple[PlannedEffect, ...]
    intercept_nos: tuple[str, ...] = ()


def plan_cancellation(
    order: CancellableOrder, line_ids: Sequence[str] = (), *, intercept: bool = False
) -> CancellationPlan:
    """What cancelling the order (or only these lines) would do now.

    Lines in a shipment that has left stay. With `intercept` its carrier is asked to bring it back,
    where all that is in it is to be cancelled. A plan that could not do anything is refused with
    ActionNotAllowed, one for a closed order with OrderClosed.
    """
    if order.status.is_closed:
        raise OrderClosed(f"order {order.order_id} is {order.status}")
    left = {s.no for s in order.shipments if s.status.has_left}
    wanted = set(line_ids)
    open_lines = [line for line in order.lines if not line.cancelled]
    if unknown := wanted - {line.line_id for line in open_lines}:
        raise ActionNotAllowed(f"not open on this order: {', '.join(sorted(unknown))}")
    chosen = [line for line in open_lines if not wanted or line.line_id in wanted]
    stuck = [line for line in chosen if left & set(line.shipments)]
    doomed = [line for line in chosen if line not in stuck]
    caught = _to_catch(order, open_lines, chosen) if intercept else []
    # An order without goods has nothing that could have left: it is cancelled all the same.
    if any(line.goods for line in open_lines) and not any(line.goods for line in doomed):
        if not caught:
            raise ActionNotAllowed("everything asked for has already left")
        doomed = []  # postage and services stay with the goods until these are back
    remaining_goods = [line for line in open_lines if line.goods and line not in doomed]
    whole = not remaining_goods
    touched = {no for line in doomed for no in line.shipments}
    shipments = [
        s
        for s in order.shipments
        if s.no in touched and s.status is not ShipmentStatus.CANCELLED and s.no not in left
    ]
    refund = _refund(order, doomed, whole)
    return CancellationPlan(
        order.order_id,
        whole,
        tuple(line.line_id for line in doomed),
        tuple(s.no for s in shipments),
        refund,
        (
            *_of_what_is_here(doomed, shipments),
            *_of_what_left(stuck, caught),
            *_of_money(order, refund, caught=bool(caught)),
        ),
        tuple(s.no for s in caught),
    )


def _to_catch(
    order: CancellableOrder,
    open_lines: Sequence[CancellableLine],
    chosen: Sequence[CancellableLine],
) -> list[CancellableShipment]:
    """Shipments on their way in which nothing is that shall arrive."""
    kept = {no for line in open_lines if line not in chosen for no in line.shipments}
    wanted = {no for line in chosen for no in line.shipments}
    return [s for s in order.shipments if s.may_be_caught and s.no in wanted - kept]


def _refund(order: CancellableOrder, doomed: Sequence[CancellableLine], whole: bool) -> int:
    ceiling = order.captured_minor - order.refunded_minor - order.refund_due_minor
    if order.settled_by_channel or ceiling <= 0:
        return 0
    share = sum(line.payable_minor for line in doomed)
    return ceiling if whole else min(ceiling, max(share - order.owed_minor, 0))


def _of_what_is_here(
    doomed: Sequence[CancellableLine], shipments: Sequence[CancellableShipment]
) -> list[PlannedEffect]:
    effects: list[PlannedEffect] = []
    for shipment in shipments:
        if shipment.status is not ShipmentStatus.ALLOCATED:
            effects.append(PlannedEffect("stop_picking", shipment.no))
        effects += [PlannedEffect("void_label", waybill) for waybill in shipment.waybills]
        if shipment.is_packed:  # a closed box is opened: what others had in it is packed again
            effects += [PlannedEffect("others_anew", no) for no in shipment.goes_with]
        effects.append(PlannedEffect("release_stock", shipment.no, quantity=shipment.units))
    return effects + [PlannedEffect("cancel_line", line.line_id) for line in doomed]


def _of_what_left(
    stuck: Sequence[CancellableLine], caught: Sequence[CancellableShipment]
) -> list[PlannedEffect]:
    """Parcels that are asked back, and lines that neither stop nor come back."""
    effects: list[PlannedEffect] = []
    for shipment in caught:
        effects += [PlannedEffect("intercept", waybill) for waybill in shipment.waybills]
        effects.append(PlannedEffect("comes_back", shipment.no, quantity=shipment.units))
    numbers = {shipment.no for shipment in caught}
    effects += [
        PlannedEffect("cannot_stop", line.line_id)
        for line in stuck
        if not numbers & set(line.shipments)
    ]
    return effects


def _of_money(order: CancellableOrder, refund: int, *, caught: bool) -> list[PlannedEffect]:
    if order.settled_by_channel:
        holds_money = order.captured_minor > order.refunded_minor
        return [PlannedEffect("channel_refunds", order.order_id)] if holds_money else []
    effects: list[PlannedEffect] = []
    if refund:
        effects.append(PlannedEffect("refund_due", order.order_id, 0, refund, order.currency))
    if caught:
        effects.append(PlannedEffect("refund_after_return", order.order_id))
    return effects
