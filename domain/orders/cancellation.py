"""Cancelling as a plan of effects: shown first, carried out only if it is still the same."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from domain.orders.order import OrderStatus, ShipmentStatus
from domain.shared.errors import ActionNotAllowed, OrderClosed


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
    settled_by_channel: bool = False  # the marketplace holds the money and pays it back itself


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One thing the cancellation does. kind: stop_picking | release_stock | void_label |
    cancel_line | refund_due | channel_refunds | cannot_stop."""

    kind: str
    subject: str
    quantity: int = 0
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CancellationPlan:
    """All effects in the order they happen; `hash` names exactly this plan."""

    order_id: str
    whole_order: bool
    line_ids: tuple[str, ...]
    shipment_nos: tuple[str, ...]
    refund_minor: int
    effects: tuple[PlannedEffect, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def plan_cancellation(order: CancellableOrder, line_ids: Sequence[str] = ()) -> CancellationPlan:
    """What cancelling the order (or only these lines) would do now.

    Lines in a shipment that has left stay; a plan that could not cancel anything is refused with
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
    # An order without goods has nothing that could have left: it is cancelled all the same.
    if any(line.goods for line in open_lines) and not any(line.goods for line in doomed):
        raise ActionNotAllowed("everything asked for has already left")
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
        tuple(_effects(order, doomed, stuck, shipments, refund)),
    )


def _refund(order: CancellableOrder, doomed: Sequence[CancellableLine], whole: bool) -> int:
    ceiling = order.captured_minor - order.refunded_minor - order.refund_due_minor
    if order.settled_by_channel or ceiling <= 0:
        return 0
    share = sum(line.payable_minor for line in doomed)
    return ceiling if whole else min(ceiling, max(share, 0))


def _effects(
    order: CancellableOrder,
    doomed: Sequence[CancellableLine],
    stuck: Sequence[CancellableLine],
    shipments: Sequence[CancellableShipment],
    refund: int,
) -> list[PlannedEffect]:
    effects: list[PlannedEffect] = []
    for shipment in shipments:
        if shipment.status is not ShipmentStatus.ALLOCATED:
            effects.append(PlannedEffect("stop_picking", shipment.no))
        effects += [PlannedEffect("void_label", waybill) for waybill in shipment.waybills]
        effects.append(PlannedEffect("release_stock", shipment.no, quantity=shipment.units))
    effects += [PlannedEffect("cancel_line", line.line_id) for line in doomed]
    effects += [PlannedEffect("cannot_stop", line.line_id) for line in stuck]
    if refund:
        effects.append(PlannedEffect("refund_due", order.order_id, 0, refund, order.currency))
    elif order.settled_by_channel and order.captured_minor > order.refunded_minor:
        effects.append(PlannedEffect("channel_refunds", order.order_id))
    return effects
