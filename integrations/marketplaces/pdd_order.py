"""A Pinduoduo order in our words: states, money, receiver (wire-formats §1.3)."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.address import Address, Receiver
from integrations.marketplaces.lines import SoldItem, sold_lines, told_ids
from integrations.marketplaces.reading import (
    Body,
    ChinaTime,
    Code,
    Fee,
    Number,
    OptionalChinaTime,
    OptionalFee,
    Quantity,
    Text,
    minor,
    read_body,
    read_promise,
    version_of,
    zero,
)
from integrations.marketplaces.receivers import read_receiver

CURRENCY: Final = "CNY"
_ZERO: Final = Decimal(0)
_UNDER_REVIEW: Final = 1  # risk_control_status
_DEPOSIT: Final = 1  # trade_type
# A pre-sale must be on its way before its promise ends, whatever its own time says.
_PROMISE_KEPT_BY: Final = timedelta(hours=24)


class OrderStatus(IntEnum):
    NONE = 0  # nothing to ship yet
    TO_SHIP = 1
    SHIPPED = 2
    SIGNED = 3


class ConfirmStatus(IntEnum):
    OPEN = 0
    CONFIRMED = 1
    CANCELLED = 2


class GroupStatus(IntEnum):
    FORMING = 0
    FORMED = 1
    FAILED = 2


class RefundStatus(IntEnum):
    UNKNOWN = 0
    NONE = 1  # or closed
    IN_PROGRESS = 2
    REFUNDING = 3
    REFUNDED = 4


class StepStatus(IntEnum):
    """How much of a pre-sale with a deposit is paid."""

    NOTHING = 0
    DEPOSIT = 1
    WHOLE = 2


_REFUND_OPEN: Final = (RefundStatus.IN_PROGRESS, RefundStatus.REFUNDING)
# after_sales_status: asked, being refunded, refused for now, agreed, with the platform, exchanges
# and repairs under way.
AFTER_SALE_OPEN: Final = frozenset({2, 3, 4, 5, 6, 7, 8, 14, 15, 18, 21, 22, 27, 31, 32})


class Item(Body):
    goods_id: Number
    goods_count: Quantity
    goods_price: OptionalFee = None
    sku_id: Text = ""
    outer_id: Text = ""
    outer_goods_id: Text = ""
    goods_name: Text = ""
    goods_spec: Text = ""


class StepOrder(Body):
    step_trade_status: Annotated[StepStatus, BeforeValidator(zero)] = StepStatus.NOTHING
    advanced_paid_fee: OptionalFee = None
    step_paid_fee: OptionalFee = None

    @property
    def paid(self) -> Decimal:
        """The deposit; the sum of both payments where that is told."""
        return max(self.advanced_paid_fee or _ZERO, self.step_paid_fee or _ZERO)


class Order(Body):
    order_sn: Number
    order_status: Annotated[OrderStatus, BeforeValidator(zero)]
    pay_amount: Fee
    created_time: ChinaTime
    updated_at: ChinaTime
    item_list: tuple[Item, ...] = Field(min_length=1)
    confirm_status: ConfirmStatus = ConfirmStatus.CONFIRMED
    group_status: GroupStatus = GroupStatus.FORMED
    refund_status: Annotated[RefundStatus, BeforeValidator(zero)] = RefundStatus.UNKNOWN
    after_sales_status: Code = 0
    risk_control_status: Code = 0
    trade_type: Code = 0
    step_order_info: StepOrder | None = None
    is_pre_sale: Code = 0
    pre_sale_time: Text = ""
    postage: OptionalFee = None
    pay_time: OptionalChinaTime = None
    confirm_time: OptionalChinaTime = None
    last_ship_time: Text = ""
    tracking_number: Text = ""
    remark: Text = ""
    buyer_memo: Text = ""
    province: Text = ""
    city: Text = ""
    town: Text = ""
    receiver_name: Text = ""
    receiver_phone: Text = ""
    receiver_address: Text = ""
    receiver_name_mask: Text = ""
    receiver_phone_mask: Text = ""
    receiver_address_mask: Text = ""
    open_address_id: Text = ""


class _Info(Body):
    order_info: Order


class _OrderAnswer(Body):
    order_info_get_response: _Info


def read_order(raw: bytes) -> Order:
    """Raises Rejected (code `unreadable`) saying where it is wrong."""
    return read_body(_OrderAnswer, raw, system="pdd").order_info_get_response.order_info


def snapshot_of(order: Order, shop: str) -> OrderSnapshot:
    """Σ line payable + postage = pay_amount, to the fen."""
    payment = minor(order.pay_amount, CURRENCY)
    freight = min(minor(order.postage or _ZERO, CURRENCY), payment)
    state = state_of(order)
    ship_by = read_promise(order.last_ship_time)
    return OrderSnapshot(
        channel="pdd",
        shop=shop,
        external_no=order.order_sn,
        version=version_of(order.updated_at),
        state=state,
        currency=CURRENCY,
        placed_at=order.created_time,
        lines=sold_lines(
            [_sold(item) for item in order.item_list],
            payment - freight,
            CURRENCY,
            system="pdd",
            refund_in_progress=_refund_in_progress(order),
        ),
        receiver=_receiver(order),
        paid_at=order.pay_time or order.confirm_time,
        captured_minor=_captured(order, state, payment),
        freight_minor=freight,
        ship_by=ship_by,
        presale_until=_presale_until(order, ship_by),
        buyer_remark=order.buyer_memo,
        seller_remark=order.remark,
    )


def state_of(order: Order) -> ChannelState:
    """To be shipped: the deal is made, paid in whole, not refunded and not under review."""
    to_ship = order.order_status in (OrderStatus.NONE, OrderStatus.TO_SHIP)
    if ConfirmStatus.CANCELLED is order.confirm_status or order.group_status is GroupStatus.FAILED:
        return ChannelState.CANCELLED
    if to_ship and order.refund_status is RefundStatus.REFUNDED:
        return ChannelState.CANCELLED
    if order.order_status is OrderStatus.SIGNED:
        return ChannelState.COMPLETED
    if order.order_status is OrderStatus.SHIPPED:
        return ChannelState.SHIPPED
    if _step(order) in (StepStatus.NOTHING, StepStatus.DEPOSIT):
        return ChannelState.UNPAID
    made = order.confirm_status is ConfirmStatus.CONFIRMED
    if not made and order.pay_time is None:
        return ChannelState.UNPAID
    if not made or order.risk_control_status == _UNDER_REVIEW:
        return ChannelState.FROZEN  # a group that is not complete yet, or the platform's review
    if order.group_status is GroupStatus.FORMING or order.order_status is OrderStatus.NONE:
        return ChannelState.FROZEN
    return ChannelState.PAID


def _step(order: Order) -> StepStatus | None:
    """How far the payment of a deposit order is; None for an ordinary one."""
    if order.trade_type != _DEPOSIT or order.step_order_info is None:
        return None
    return order.step_order_info.step_trade_status


def _captured(order: Order, state: ChannelState, payment: int) -> int:
    if state is ChannelState.CANCELLED:
        return 0
    if _step(order) is StepStatus.DEPOSIT and order.step_order_info is not None:
        return min(minor(order.step_order_info.paid, CURRENCY), payment)
    return 0 if state is ChannelState.UNPAID else payment


def _refund_in_progress(order: Order) -> bool:
    return order.refund_status in _REFUND_OPEN or order.after_sales_status in AFTER_SALE_OPEN


def _presale_until(order: Order, ship_by: datetime | None) -> datetime | None:
    if not order.is_pre_sale:
        return None
    until = read_promise(order.pre_sale_time)
    if until is None or ship_by is None:
        return until
    return min(until, ship_by - _PROMISE_KEPT_BY)


def _sold(item: Item) -> SoldItem:
    platform = item.sku_id if item.sku_id not in ("", "0") else item.goods_id
    title = f"{item.goods_name} {item.goods_spec}".strip()
    return SoldItem(
        platform,
        item.outer_id or item.outer_goods_id or platform,
        title,
        item.goods_count,
        item.goods_price or _ZERO,
        told_ids(goods_id=item.goods_id, sku_id=item.sku_id),
    )


def _receiver(order: Order) -> Receiver | None:
    """Ciphertext as long as the order is to be shipped and not under review; nobody else is told.

    A platform waybill is bought with the address' own id or with the ciphertext itself.
    """
    shown = (order.receiver_name, order.receiver_phone, order.receiver_address)
    return read_receiver(
        shown,
        Address("CN", order.province, order.city, order.town),
        key=order.open_address_id or "\n".join(shown).strip(),
        masks=(order.receiver_name_mask, order.receiver_phone_mask, order.receiver_address_mask),
    )
