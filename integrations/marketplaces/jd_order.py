"""A JD POP order in our words: states, money, receiver (wire-formats §1.2)."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.address import Address, Receiver
from domain.shared.errors import Rejected
from integrations.marketplaces.lines import SoldItem, sold_lines, told_ids
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    ChinaTime,
    Number,
    OptionalFee,
    Quantity,
    Text,
    minor,
    read_body,
    read_promise,
    version_of,
)
from integrations.marketplaces.receivers import read_receiver

CURRENCY: Final = "CNY"
CASH_ON_DELIVERY: Final = 1  # payType
_ZERO: Final = Decimal(0)
_NEVER: Final = "0001-01-01"  # how JD writes a time that has not come
_NUMBER: Final = re.compile(r"\d{1,3}")


class JdState(StrEnum):
    WAIT_SELLER_STOCK_OUT = "WAIT_SELLER_STOCK_OUT"
    WAIT_SELLER_DELIVERY = "WAIT_SELLER_DELIVERY"
    WAIT_GOODS_RECEIVE_CONFIRM = "WAIT_GOODS_RECEIVE_CONFIRM"
    FINISHED_L = "FINISHED_L"
    TRADE_CANCELED = "TRADE_CANCELED"
    LOCKED = "LOCKED"
    PAUSE = "PAUSE"


STATES: Final = {
    JdState.WAIT_SELLER_STOCK_OUT: ChannelState.PAID,
    JdState.WAIT_SELLER_DELIVERY: ChannelState.PAID,  # overseas shops: the way to the buyer is left
    JdState.WAIT_GOODS_RECEIVE_CONFIRM: ChannelState.SHIPPED,
    JdState.FINISHED_L: ChannelState.COMPLETED,
    JdState.TRADE_CANCELED: ChannelState.CANCELLED,
    JdState.LOCKED: ChannelState.FROZEN,
    JdState.PAUSE: ChannelState.FROZEN,
}
SENT: Final = (ChannelState.SHIPPED, ChannelState.COMPLETED)


class JdBody(Body):
    """JD writes its names in camel case, most of them."""

    model_config = ConfigDict(alias_generator=to_camel)


def _leading_number(value: object) -> object:
    """`4` or, in some answers, `4-在线支付`."""
    found = _NUMBER.match(str(value))
    return int(found[0]) if found else 0


PayType = Annotated[int, BeforeValidator(_leading_number)]


class Item(JdBody):
    sku_id: Number
    item_total: Quantity
    jd_price: OptionalFee = None
    sku_name: Text = ""
    outer_sku_id: Text = ""


class Consignee(JdBody):
    fullname: Text = ""
    mobile: Text = ""
    telephone: Text = ""
    full_address: Text = ""
    province: Text = ""
    city: Text = ""
    county: Text = ""
    town: Text = ""
    oaid: Text = ""


class Order(JdBody):
    order_id: Number
    order_state: JdState
    modified: ChinaTime
    order_start_time: ChinaTime
    item_info_list: tuple[Item, ...] = Field(min_length=1)
    pay_type: PayType = 0
    payment_confirm_time: Text = ""
    order_total_price: OptionalFee = None
    order_seller_price: OptionalFee = None
    actual_pay: OptionalFee = None
    order_payment: OptionalFee = None
    freight_price: OptionalFee = None
    order_remark: Text = ""
    vender_remark: Text = ""
    pin: Text = ""
    open_id_buyer: Text = Field(default="", alias="open_id_buyer")
    waybill: Text = ""
    consignee_info: Consignee | None = None

    @property
    def unpaid(self) -> bool:
        """JD has not seen the money; a time that is not told at all says nothing."""
        return self.payment_confirm_time.startswith(_NEVER)

    @property
    def payment(self) -> Decimal | None:
        """What the buyer pays, freight included, as far as the platform says it."""
        for paid in (self.actual_pay, self.order_payment):
            if paid is not None:
                return paid
        for goods in (self.order_seller_price, self.order_total_price):
            if goods is not None:
                return goods + (self.freight_price or _ZERO)
        return None


class ApiResult(JdBody):
    """Whether the business said yes: an answer may come well and still be a refusal."""

    success: bool = False
    number_code: Text = ""
    english_err_code: Text = ""
    chinese_err_code: Text = ""


class _Detail(JdBody):
    order_info: Order


class _Got(JdBody):
    order_detail_info: _Detail


class _OrderAnswer(Body):
    jingdong_pop_order_get_responce: _Got


def read_order(raw: bytes) -> Order:
    """Raises Rejected (code `unreadable`) saying where it is wrong."""
    answer = read_body(_OrderAnswer, raw, system="jd")
    return answer.jingdong_pop_order_get_responce.order_detail_info.order_info


def snapshot_of(order: Order, shop: str) -> OrderSnapshot:
    """Raises Rejected (code `unreadable`) for an order without a sum."""
    if order.payment is None:
        raise Rejected("the order has no sum", code=UNREADABLE, system="jd")
    payment = minor(order.payment, CURRENCY)
    freight = min(minor(order.freight_price or _ZERO, CURRENCY), payment)
    state = state_of(order)
    cash = order.pay_type == CASH_ON_DELIVERY
    return OrderSnapshot(
        channel="jd",
        shop=shop,
        external_no=order.order_id,
        version=version_of(order.modified),
        state=state,
        currency=CURRENCY,
        placed_at=order.order_start_time,
        lines=sold_lines(
            [_sold(item) for item in order.item_info_list], payment - freight, CURRENCY, system="jd"
        ),
        receiver=_receiver(order.consignee_info),
        paid_at=None if order.unpaid else read_promise(order.payment_confirm_time),
        captured_minor=payment if _is_captured(order, state) else 0,
        freight_minor=freight,
        cash_on_delivery=cash,
        buyer_remark=order.order_remark,
        seller_remark=order.vender_remark,
        buyer_ref=order.open_id_buyer or order.pin,
    )


def state_of(order: Order) -> ChannelState:
    """To be shipped only when paid for, or when the buyer pays at the door."""
    state = STATES[order.order_state]
    waits = state is ChannelState.PAID and order.unpaid
    return ChannelState.UNPAID if waits and order.pay_type != CASH_ON_DELIVERY else state


def _is_captured(order: Order, state: ChannelState) -> bool:
    if state in (ChannelState.CANCELLED, ChannelState.UNPAID):
        return False
    if order.pay_type == CASH_ON_DELIVERY:
        return state is ChannelState.COMPLETED
    return not order.unpaid


def _sold(item: Item) -> SoldItem:
    return SoldItem(
        item.sku_id,
        item.outer_sku_id or item.sku_id,
        item.sku_name,
        item.item_total,
        item.jd_price or _ZERO,
        told_ids(sku_id=item.sku_id),
    )


def _receiver(told: Consignee | None) -> Receiver | None:
    """Masked or encrypted ones are reached by their oaid, or by what JD shows in its place."""
    if told is None:
        return None
    address = Address("CN", told.province, told.city, told.county)
    street = told.full_address
    for part in (told.province, told.city, told.county):
        street = street.removeprefix(part)
    shown = (told.fullname, told.mobile or told.telephone, street)
    key = told.oaid or "\n".join(shown).strip()
    return read_receiver(shown, address, key=key, masks=("", "", ""))
