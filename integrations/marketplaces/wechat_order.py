"""An order of a WeChat shop in our words: states, money, lines, receiver (wire-formats §1.5)."""

from enum import IntEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine
from domain.shared.address import Address, Receiver
from domain.shared.errors import Rejected
from integrations.marketplaces.lines import paid_shares, told_ids
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    Code,
    Fen,
    Number,
    OptionalUnixTime,
    Quantity,
    Text,
    UnixTime,
    or_empty,
    or_none,
    read_body,
    version_of,
)
from integrations.marketplaces.receivers import read_receiver

CURRENCY: Final = "CNY"
_MOST_FEN: Final = 10**14
_PAY_LATER: Final = 2  # payment_method: the buyer pays when he has the goods


class OrderStatus(IntEnum):
    UNPAID = 10
    GIFT_WAITING = 12  # paid; the receiver has not taken the gift yet
    GIFT_JOINING = 13
    TO_SHIP = 20
    PART_SHIPPED = 21
    SHIPPED = 30
    DONE = 100
    REFUNDED = 200  # all goods went back
    CANCELLED = 250


STATES: Final = {
    OrderStatus.UNPAID: ChannelState.UNPAID,
    OrderStatus.GIFT_WAITING: ChannelState.FROZEN,
    OrderStatus.GIFT_JOINING: ChannelState.FROZEN,
    OrderStatus.TO_SHIP: ChannelState.PAID,
    OrderStatus.PART_SHIPPED: ChannelState.PART_SHIPPED,
    OrderStatus.SHIPPED: ChannelState.SHIPPED,
    OrderStatus.DONE: ChannelState.COMPLETED,
    OrderStatus.REFUNDED: ChannelState.CANCELLED,
    OrderStatus.CANCELLED: ChannelState.CANCELLED,
}
_GIFTS: Final = (OrderStatus.GIFT_WAITING, OrderStatus.GIFT_JOINING)


class ProductInfo(Body):
    product_id: Number
    sku_cnt: Quantity
    sku_id: Text = ""
    sku_code: Text = ""
    out_sku_id: Text = ""
    title: Text = ""
    sale_price: Fen = 0
    real_price: Fen = 0
    on_aftersale_sku_cnt: Code = 0
    finish_aftersale_sku_cnt: Code = 0

    @property
    def number(self) -> str:
        return line_number(self.product_id, self.sku_id)

    @property
    def sku(self) -> str:
        """The seller's own code where the listing has one, else the platform's."""
        return self.sku_code or self.out_sku_id or self.sku_id or self.product_id

    @property
    def listed(self) -> int:
        return self.sale_price * self.sku_cnt


class _PayInfo(Body):
    pay_time: OptionalUnixTime = None
    payment_method: Code = 1


class _PriceInfo(Body):
    order_price: Fen
    freight: Fen = 0


class AddressInfo(Body):
    user_name: Text = ""
    postal_code: Text = ""
    province_name: Text = ""
    city_name: Text = ""
    county_name: Text = ""
    detail_info: Text = ""
    tel_number: Text = ""
    hash_code: Text = ""


class _Told(Body):
    waybill_id: Text = ""


class _DeliveryInfo(Body):
    address_info: Annotated[AddressInfo, BeforeValidator(or_empty)] = AddressInfo()
    delivery_product_info: Annotated[tuple[_Told, ...], BeforeValidator(or_none)] = ()
    ewaybill_order_code: Text = ""
    predict_delivery_time: OptionalUnixTime = None


class _ExtInfo(Body):
    customer_notes: Text = ""
    merchant_notes: Text = ""


class _Detail(Body):
    product_infos: tuple[ProductInfo, ...] = Field(min_length=1)
    price_info: _PriceInfo
    pay_info: Annotated[_PayInfo, BeforeValidator(or_empty)] = _PayInfo()
    delivery_info: Annotated[_DeliveryInfo, BeforeValidator(or_empty)] = _DeliveryInfo()
    ext_info: Annotated[_ExtInfo, BeforeValidator(or_empty)] = _ExtInfo()


class Order(Body):
    order_id: Number
    status: OrderStatus
    create_time: UnixTime
    update_time: UnixTime
    order_detail: _Detail
    openid: Text = ""

    def is_told(self, waybill_no: str) -> bool:
        """Whether WeChat knows this parcel."""
        told = self.order_detail.delivery_info.delivery_product_info
        return any(one.waybill_id == waybill_no for one in told)


class _OrderAnswer(Body):
    order: Order


def line_number(product_id: str, sku_id: str) -> str:
    """Lines have no number of their own: what was sold names them."""
    return f"{product_id}:{sku_id}"


def product_of(line_no: str) -> tuple[str, str]:
    """The product and SKU a line number was made of."""
    product_id, _, sku_id = line_no.partition("#")[0].partition(":")
    return product_id, sku_id


def read_order(raw: bytes) -> Order:
    """The order in an answer of `order/get`. Raises Rejected (code `unreadable`)."""
    return read_body(_OrderAnswer, raw, system="wechat").order


def snapshot_of(order: Order, shop: str) -> OrderSnapshot:
    """Σ line payable + postage = order_price, to the fen. Raises Rejected (code `unreadable`)."""
    detail = order.order_detail
    payment = detail.price_info.order_price
    freight = min(detail.price_info.freight, payment)
    state = STATES[order.status]
    lines = _lines(order, payment - freight)
    return OrderSnapshot(
        channel="wechat",
        shop=shop,
        external_no=order.order_id,
        version=version_of(order.update_time),
        state=state,
        currency=CURRENCY,
        placed_at=order.create_time,
        lines=lines,
        receiver=_receiver(order),
        paid_at=detail.pay_info.pay_time,
        captured_minor=_captured(order, state, lines, freight),
        freight_minor=freight,
        ship_by=detail.delivery_info.predict_delivery_time,
        gift=order.status in _GIFTS,
        buyer_remark=detail.ext_info.customer_notes,
        seller_remark=detail.ext_info.merchant_notes,
        buyer_ref=order.openid,
    )


def _lines(order: Order, goods: int) -> tuple[SnapshotLine, ...]:
    infos = order.order_detail.product_infos
    if any(info.listed > _MOST_FEN for info in infos):
        raise Rejected("a line is worth too much", code=UNREADABLE, system="wechat")
    listed = [info.listed for info in infos]
    payables = paid_shares(goods, [info.real_price for info in infos], listed)
    seen: dict[str, int] = {}
    lines: list[SnapshotLine] = []
    for info, payable in zip(infos, payables, strict=True):
        count = seen[info.number] = seen.get(info.number, 0) + 1
        left = _left(order, info)
        lines.append(
            SnapshotLine(
                external_line_no=info.number if count == 1 else f"{info.number}#{count}",
                kind=LineKind.GOODS,
                external_sku=info.sku,
                title=info.title,
                quantity=left or info.sku_cnt,
                payable_minor=payable,
                list_minor=info.listed,
                discount_minor=info.listed - payable,
                refund_in_progress=info.on_aftersale_sku_cnt > 0,
                cancelled=left == 0,
                listing_ids=told_ids(product_id=info.product_id, sku_id=info.sku_id),
            )
        )
    return tuple(lines)


def _left(order: Order, info: ProductInfo) -> int:
    """Units still to be sent or sent: what was paid back before anything left is not."""
    if order.status is not OrderStatus.TO_SHIP:
        return info.sku_cnt
    return max(info.sku_cnt - max(info.finish_aftersale_sku_cnt, 0), 0)


def _captured(
    order: Order, state: ChannelState, lines: tuple[SnapshotLine, ...], freight: int
) -> int:
    if state in (ChannelState.CANCELLED, ChannelState.UNPAID):
        return 0
    later = order.order_detail.pay_info.payment_method == _PAY_LATER
    if later and state is not ChannelState.COMPLETED:
        return 0
    return freight + sum(line.payable_minor for line in lines if not line.cancelled)


def _receiver(order: Order) -> Receiver | None:
    """Masked ones are known by the code that buys a platform waybill, else by the order."""
    delivery = order.order_detail.delivery_info
    told = delivery.address_info
    shown = (told.user_name, told.tel_number, told.detail_info)
    if not any(shown):
        return None
    return read_receiver(
        shown,
        Address(
            country="CN",
            province=told.province_name,
            city=told.city_name,
            district=told.county_name,
            postcode=told.postal_code,
        ),
        key=delivery.ewaybill_order_code or told.hash_code or order.order_id,
        masks=("", "", ""),
    )
