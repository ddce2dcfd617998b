"""What actions and plans do, as programs read it, and the order it is computed from."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from api.deps import RequestContext
from api.orders.money import MoneyView
from db.orders.detail import OrderDetail, Shipment, order_detail
from domain.orders.effects import Effect, Effects, OrderNow, ShipmentNow
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus


class EffectView(BaseModel):
    """`kind` is a stable code. `subject` is a shipment, waybill, SKU or order; `place` where it
    lies; `other` what it was before, or who is told; empty where it means nothing."""

    kind: str
    subject: str
    quantity: int
    place: str
    other: str
    amount: MoneyView | None
    amount_before: MoneyView | None
    at: datetime | None
    at_before: datetime | None

    @classmethod
    def of(cls, one: Effect) -> "EffectView":
        def money(minor: int) -> MoneyView | None:
            return MoneyView.of(minor, one.currency) if one.currency else None

        return cls(
            kind=one.kind, subject=one.subject, quantity=one.quantity, place=one.place,
            other=one.other, amount=money(one.amount_minor), amount_before=money(one.before_minor),
            at=one.at, at_before=one.before,
        )  # fmt: skip


class UndoView(BaseModel):
    """`how` names what takes it back; `until` the event after which it does not, empty = always."""

    how: str
    until: str


class EffectsView(BaseModel):
    """Everything that it does. An empty list: not touched, nobody told."""

    stock: list[EffectView]
    money: list[EffectView]
    parcels: list[EffectView]
    messages: list[EffectView]
    undo: UndoView | None

    @classmethod
    def of(cls, effects: Effects) -> "EffectsView":
        def views(some: Iterable[Effect]) -> list[EffectView]:
            return [EffectView.of(one) for one in some]

        undo = effects.undo
        return cls(
            stock=views(effects.stock), money=views(effects.money), parcels=views(effects.parcels),
            messages=views(effects.messages),
            undo=UndoView(how=undo.how, until=undo.until) if undo else None,
        )  # fmt: skip


async def read_now(context: RequestContext, no: str) -> OrderNow:
    """The order as its effects are computed from. Raises OrderNotFound."""
    async with context.sessions.begin() as session:
        return now_of(await order_detail(session, context.vault, no))


def now_of(detail: OrderDetail, goes_with: Iterable[str] = ()) -> OrderNow:
    """The order as it is; `goes_with` are orders that could go in one parcel with it."""
    order = detail.order
    holds = frozenset(hold.kind for hold in detail.open_holds)
    live = [one for one in detail.shipments if one.row.status != ShipmentStatus.CANCELLED]
    label, invoice = detail.open_return_label, detail.open_invoice
    awaited = sum(int(row.quantity) for row in detail.waiting)
    back = order.refunded_minor + order.refund_due_minor + order.returning_minor
    return OrderNow(
        order.no, OrderStatus(order.status), order.channel, order.currency, holds,
        tuple(_shipment(one) for one in live),
        open_units=max(_wanted(detail) - sum(_units(one) for one in live) - awaited, 0),
        awaited_units=awaited, stock_given_back=order.stock_given_back,
        payable_minor=order.payable_minor, received_minor=order.captured_minor - back,
        receiver=detail.receiver.kind if detail.receiver else "",
        cash_on_delivery=order.cash_on_delivery,
        label_open=label.no if label else "",
        label_may_go=label is not None
        and label.state != "cancelling" and label.status == "labelled",
        invoice_open=(invoice.number or invoice.no) if invoice else "",
        invoice_issued=invoice is not None and invoice.state != "waiting",
        invoice_minor=invoice.total_minor - invoice.red_minor if invoice else 0,
        sold_in_store=detail.ticket is not None,
        takes_difference=HoldKind.DIFFERENCE in holds
        or (HoldKind.UNPAID in holds and bool(detail.sent_for)),
        goes_with=tuple(goes_with),
    )  # fmt: skip


def _shipment(one: Shipment) -> ShipmentNow:
    return ShipmentNow(
        one.row.no, ShipmentStatus(one.row.status), one.location, _units(one),
        tuple(p.row.waybill_no for p in one.parcels if p.row.waybill_no and not p.row.voided_at),
        one.row.carrier, tuple(one.goes_with), one.row.picked_at is not None,
        one.row.ships_with,
    )  # fmt: skip


def _units(one: Shipment) -> int:
    return sum(int(line.quantity if line.picked is None else line.picked) for line in one.lines)


def _wanted(detail: OrderDetail) -> int:
    return sum(
        int(part.quantity - part.cancelled_quantity)
        for parts in detail.contents.values()
        for part in parts
    )
