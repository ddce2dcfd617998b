"""What an order does next, decided from what the tables say about it."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus

# These say that we do not know what to send or where: nothing can be reserved for them.
BLOCKS_ALLOCATION = frozenset(
    {
        HoldKind.UNMAPPED_SKU,
        HoldKind.ADDRESS,
        HoldKind.NO_LINES,
        HoldKind.PRESALE,
        HoldKind.SENT_ELSEWHERE,
    }
)


@dataclass(frozen=True, slots=True)
class ShipmentState:
    """One shipment of the order as the tables have it."""

    no: str
    workflow_id: str
    status: ShipmentStatus
    ahead: bool = False  # a person sends it without waiting for the rest


@dataclass(frozen=True, slots=True)
class OrderState:
    """All that `next_step` needs: no personal data, so it may cross Temporal."""

    order_id: str
    seq: int
    status: OrderStatus
    known: bool = False  # a snapshot was applied; before that we only heard of the order
    holds: tuple[HoldKind, ...] = ()
    to_allocate: bool = False  # units that are neither in a shipment nor waiting for stock
    waiting_for_stock: bool = False
    shipments: tuple[ShipmentState, ...] = ()
    cancelled_by_channel: bool = False
    sent_without_us: bool = False  # the channel says it is sent, and nothing of ours has left
    cancellable: bool = True  # goods that have not left, or nothing to send at all
    lines_to_cancel: tuple[str, ...] = ()  # closed by the channel while we work on them
    paid: bool = False
    refund_due_minor: int = 0
    refund_to_start: bool = False  # due, not on its way, and a payment is known to take it from
    refund_running: bool = False  # on its way at a payment provider
    fetch_needed: bool = False  # two snapshots of one version differ, or only a fact was told
    unpaid_reserved_until: datetime | None = None
    stock_given_back: bool = False  # waited too long for the payment; nothing is reserved until it
    presale_until: datetime | None = None
    delivered_at: datetime | None = None
    complete_at: datetime | None = None  # when nothing more is expected of a delivered order
    carried_out: bool = False  # sold in a store: the goods left before we heard of it
    # Until then it waits for other orders of its receiver; afterwards it looks for them once.
    gather_until: datetime | None = None
    promise_at: datetime | None = None  # when people are to be told that a promise is in danger
    promises_over: tuple[str, ...] = ()  # what they were told and is no longer so


class NextStep(StrEnum):
    FETCH = "fetch"
    CANCEL = "cancel"
    CANCEL_LINES = "cancel_lines"
    ALLOCATE = "allocate"
    CARRY_OUT = "carry_out"
    GIVE_BACK_UNPAID = "give_back_unpaid"
    RELEASE_PRESALE = "release_presale"
    GATHER = "gather"
    START_SHIPMENTS = "start_shipments"
    START_REFUND = "start_refund"
    SETTLE_REFUND = "settle_refund"
    TELL_PROMISES = "tell_promises"
    COMPLETE = "complete"
    CLOSE = "close"
    WAIT = "wait"


def next_step(
    state: OrderState,
    now: datetime,
    started: Set[str] = frozenset(),
) -> NextStep:
    """The one thing to do now; WAIT when only an event or a time can change something.

    `started` are the shipments whose own lifecycles are known to run.
    """
    if state.status.is_closed:
        return _after_the_end(state)
    if state.fetch_needed:
        return NextStep.FETCH
    if not state.known:
        return NextStep.WAIT
    if HoldKind.NO_SUCH_ORDER in state.holds:
        return NextStep.WAIT
    if state.cancelled_by_channel and state.cancellable:
        return NextStep.CANCEL
    if state.sent_without_us and not _live(state):
        held = HoldKind.SENT_ELSEWHERE in state.holds
        return NextStep.WAIT if held else NextStep.COMPLETE
    if state.lines_to_cancel and not state.cancelled_by_channel:
        return NextStep.CANCEL_LINES
    if state.carried_out:
        return _next_of_sale(state)
    if _due(state.unpaid_reserved_until, now):
        return NextStep.GIVE_BACK_UNPAID
    if HoldKind.PRESALE in state.holds and _due(state.presale_until, now):
        return NextStep.RELEASE_PRESALE
    if state.to_allocate and not state.stock_given_back and not _blocked(state):
        return NextStep.ALLOCATE
    if state.refund_to_start:
        return NextStep.START_REFUND
    if _may_start(state, started):
        if state.gather_until is None or _nothing_to_gather(state):
            return NextStep.START_SHIPMENTS
        if _due(state.gather_until, now):
            return NextStep.GATHER
    if _due(state.promise_at, now):
        return NextStep.TELL_PROMISES
    if _due(state.complete_at, now):
        return NextStep.COMPLETE
    return NextStep.WAIT


def to_start(state: OrderState, started: Set[str]) -> tuple[ShipmentState, ...]:
    """Shipments that need a lifecycle of their own: new ones, and those whose engine was lost."""
    over = (ShipmentStatus.CANCELLED, ShipmentStatus.DELIVERED)
    rest_to_come = state.waiting_for_stock or state.to_allocate
    return tuple(
        s
        for s in state.shipments
        if s.no not in started and s.status not in over and (s.ahead or not rest_to_come)
    )


def wake_at(state: OrderState, now: datetime) -> datetime | None:
    """When to look again if nothing is heard; None when only an event can help."""
    times = [
        state.unpaid_reserved_until, state.complete_at, state.gather_until, state.promise_at,
    ]  # fmt: skip
    if HoldKind.PRESALE in state.holds:
        times.append(state.presale_until)
    return min((time for time in times if time and time > now), default=None)


def status_of(state: OrderState) -> OrderStatus:
    """The order's status as people read it, derived from its parts."""
    if state.status.is_closed:
        return state.status
    live = _live(state)
    if state.carried_out:
        return _status_of_sale(state)
    whole = bool(live) and not state.to_allocate and not state.waiting_for_stock
    if whole and all(s.status is ShipmentStatus.DELIVERED for s in live):
        return OrderStatus.DELIVERED
    if whole and all(s.status.has_left for s in live):
        return OrderStatus.SHIPPED
    if any(s.status is not ShipmentStatus.ALLOCATED for s in live):
        return OrderStatus.IN_FULFILMENT
    if state.holds:
        return OrderStatus.ON_HOLD
    if state.waiting_for_stock:
        return OrderStatus.BACKORDERED
    if live:
        return OrderStatus.ALLOCATED
    return OrderStatus.RECEIVED


def waits_for(state: OrderState) -> str:
    """What the order waits for, as a stable code: `hold:…`, `stock`, a stage, or nothing."""
    if state.status.is_closed:
        return _refund_code(state)
    if not state.known:
        return "channel"
    if state.holds:
        return f"hold:{state.holds[0]}"
    if state.waiting_for_stock:
        return "stock"
    stages = [
        (ShipmentStatus.EXCEPTION, "parcel"),
        (ShipmentStatus.ALLOCATED, "warehouse"),
        (ShipmentStatus.PICKING, "picking"),
        (ShipmentStatus.PACKED, "label"),
        (ShipmentStatus.LABELLED, "hand_over"),
        (ShipmentStatus.HANDED_OVER, "delivery"),
        (ShipmentStatus.IN_TRANSIT, "delivery"),
        (ShipmentStatus.DELIVERED, "completion"),
    ]
    present = {shipment.status for shipment in state.shipments}
    return next((code for status, code in stages if status in present), "")


def _live(state: OrderState) -> list[ShipmentState]:
    return [s for s in state.shipments if s.status is not ShipmentStatus.CANCELLED]


def _next_of_sale(state: OrderState) -> NextStep:
    """The goods have left: only the books follow. A hold keeps it open, never the goods."""
    if state.to_allocate:
        return NextStep.CARRY_OUT
    return NextStep.WAIT if state.holds else NextStep.COMPLETE


def _status_of_sale(state: OrderState) -> OrderStatus:
    if state.holds:
        return OrderStatus.ON_HOLD
    booked = bool(_live(state)) and not state.to_allocate
    return OrderStatus.DELIVERED if booked else OrderStatus.RECEIVED


def _after_the_end(state: OrderState) -> NextStep:
    """A closed order is done when no money is due back."""
    if state.refund_to_start:
        return NextStep.START_REFUND
    if state.refund_running:
        return NextStep.WAIT
    return NextStep.SETTLE_REFUND if state.refund_due_minor else NextStep.CLOSE


def _refund_code(state: OrderState) -> str:
    if state.refund_to_start or state.refund_running:
        return "refund_running"
    return "refund" if state.refund_due_minor else ""


def _may_start(state: OrderState, started: Set[str]) -> bool:
    return not state.holds and bool(to_start(state, started))


def _nothing_to_gather(state: OrderState) -> bool:
    """It is worked on already: by itself, or because a person put it together with others."""
    return any(
        s.status not in (ShipmentStatus.ALLOCATED, ShipmentStatus.CANCELLED) or s.ahead
        for s in state.shipments
    )


def _blocked(state: OrderState) -> bool:
    return bool(BLOCKS_ALLOCATION & set(state.holds)) or state.cancelled_by_channel


def _due(time: datetime | None, now: datetime) -> bool:
    return time is not None and now >= time
