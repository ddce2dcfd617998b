"""A Douyin order in our words: states, money, lines, receiver (wire-formats §1.4)."""

from enum import IntEnum
from typing import Annotated, Any, Final

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
_PART_PAID: Final = 103  # main_status
_REFUNDED_BEFORE_SHIPPING: Final = 21
_ON_DELIVERY: Final = 0  # pay_type
_GIFT: Final = "FREE"
# after_sale_status: asked for, goods to come back or on their way, an exchange under way.
AFTER_SALE_OPEN: Final = frozenset({3, 6, 7, 8, 11, 13})
_REFUND_OPEN: Final = (1, 2)  # refund_status: the money is to go back, is going back
_REFUNDED: Final = 3
_NOT_SENT: Final = 2  # after_sale_type: the money goes back before anything was sent


class OrderStatus(IntEnum):
    UNPAID = 1
    TO_SHIP = 2
    SHIPPED = 3
    CANCELLED = 4
    DONE = 5
    PART_SHIPPED = 101
    PAID = 105  # under the platform's review: not to be shipped


STATES: Final = {
    OrderStatus.UNPAID: ChannelState.UNPAID,
    OrderStatus.PAID: ChannelState.FROZEN,
    OrderStatus.TO_SHIP: ChannelState.PAID,
    OrderStatus.PART_SHIPPED: ChannelState.PART_SHIPPED,
    OrderStatus.SHIPPED: ChannelState.SHIPPED,
    OrderStatus.CANCELLED: ChannelState.CANCELLED,
    OrderStatus.DONE: ChannelState.COMPLETED,
}


def _number(value: Any) -> Any:
    """Statuses come as numbers and as their text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class _Place(Body):
    name: Text = ""


Place = Annotated[_Place, BeforeValidator(or_empty)]


class PostAddress(Body):
    """`town` is the district, `street` the township below it."""

    province: Place = _Place()
    city: Place = _Place()
    town: Place = _Place()
    street: Place = _Place()
    detail: Text = ""
    encrypt_detail: Text = ""


class _Masked(Body):
    detail: Text = ""


class AfterSaleInfo(Body):
    after_sale_status: Code = 0
    after_sale_type: Code = 0
    refund_status: Code = 0


class SkuOrder(Body):
    """One line; its `order_id` is what shipping and after-sales name it by."""

    order_id: Number
    item_num: Quantity
    order_status: Code = 0
    product_id: Text = ""
    sku_id: Text = ""
    code: Text = ""
    out_sku_id: Text = ""
    product_name: Text = ""
    pay_amount: Fen = 0
    post_amount: Fen = 0
    origin_amount: Fen = 0
    given_product_type: Text = ""
    after_sale_info: Annotated[AfterSaleInfo, BeforeValidator(or_empty)] = AfterSaleInfo()

    @property
    def sku(self) -> str:
        """The seller's own code where the listing has one, else the platform's."""
        ours = next((code for code in (self.code, self.out_sku_id) if code not in ("", "0")), "")
        return ours or self.sku_id or self.product_id

    @property
    def listed(self) -> int:
        return self.origin_amount * self.item_num

    @property
    def is_closed(self) -> bool:
        """It is not to be sent: cancelled, or paid back before it was sent."""
        info = self.after_sale_info
        back = info.refund_status == _REFUNDED and info.after_sale_type == _NOT_SENT
        return back or self.order_status == OrderStatus.CANCELLED

    @property
    def refund_in_progress(self) -> bool:
        info = self.after_sale_info
        return info.after_sale_status in AFTER_SALE_OPEN or info.refund_status in _REFUND_OPEN


class Logistics(Body):
    tracking_no: Text = ""
    company: Text = ""


class Order(Body):
    order_id: Number
    order_status: Annotated[OrderStatus, BeforeValidator(_number)]
    pay_amount: Fen
    create_time: UnixTime
    update_time: UnixTime
    sku_order_list: tuple[SkuOrder, ...] = Field(min_length=1)
    main_status: Code = 0
    pay_type: Code = 1
    post_amount: Fen = 0
    pay_time: OptionalUnixTime = None
    exp_ship_time: OptionalUnixTime = None
    appointment_ship_time: OptionalUnixTime = None
    buyer_words: Text = ""
    seller_words: Text = ""
    doudian_open_id: Text = ""
    open_address_id: Text = ""
    post_receiver: Text = ""
    post_tel: Text = ""
    encrypt_post_receiver: Text = ""
    encrypt_post_tel: Text = ""
    mask_post_receiver: Text = ""
    mask_post_tel: Text = ""
    mask_post_addr: Annotated[_Masked, BeforeValidator(or_empty)] = _Masked()
    post_addr: Annotated[PostAddress, BeforeValidator(or_empty)] = PostAddress()
    logistics_info: Annotated[tuple[Logistics, ...], BeforeValidator(or_none)] = ()

    def is_told(self, waybill_no: str) -> bool:
        """Whether Douyin knows this parcel."""
        return any(one.tracking_no == waybill_no for one in self.logistics_info)


class _Detail(Body):
    shop_order_detail: Order


class _DetailAnswer(Body):
    data: _Detail


def read_order(raw: bytes) -> Order:
    """The order in an answer of `/order/orderDetail`. Raises Rejected (code `unreadable`)."""
    return read_body(_DetailAnswer, raw, system="douyin").data.shop_order_detail


def snapshot_of(order: Order, shop: str) -> OrderSnapshot:
    """Σ line payable + postage = pay_amount, to the fen. Raises Rejected (code `unreadable`)."""
    freight = min(order.post_amount, order.pay_amount)
    state = state_of(order)
    lines = _lines(order, order.pay_amount - freight)
    return OrderSnapshot(
        channel="douyin",
        shop=shop,
        external_no=order.order_id,
        version=version_of(order.update_time),
        state=state,
        currency=CURRENCY,
        placed_at=order.create_time,
        lines=lines,
        receiver=_receiver(order),
        paid_at=order.pay_time,
        captured_minor=_captured(order, state, lines, freight),
        freight_minor=freight,
        ship_by=order.exp_ship_time,
        presale_until=order.appointment_ship_time,
        cash_on_delivery=order.pay_type == _ON_DELIVERY,
        buyer_remark=order.buyer_words,
        seller_remark=order.seller_words,
        buyer_ref=order.doudian_open_id,
    )


def state_of(order: Order) -> ChannelState:
    to_ship = order.order_status in (OrderStatus.TO_SHIP, OrderStatus.PAID)
    closed = to_ship and all(line.is_closed for line in order.sku_order_list)
    if closed or order.main_status == _REFUNDED_BEFORE_SHIPPING:
        return ChannelState.CANCELLED
    if order.main_status == _PART_PAID:
        return ChannelState.UNPAID
    return STATES[order.order_status]


def _lines(order: Order, goods: int) -> tuple[SnapshotLine, ...]:
    lines = order.sku_order_list
    if len({line.order_id for line in lines}) < len(lines):
        raise Rejected("two lines have one order_id", code=UNREADABLE, system="douyin")
    if any(line.listed > _MOST_FEN for line in lines):
        raise Rejected("a line is worth too much", code=UNREADABLE, system="douyin")
    listed = [line.listed for line in lines]
    # A line's payment is told with its share of the postage.
    with_post = [line.pay_amount - line.post_amount for line in lines]
    told = with_post if sum(with_post) == goods and min(with_post) >= 0 else None
    payables = paid_shares(goods, told or [line.pay_amount for line in lines], listed)
    return tuple(
        SnapshotLine(
            external_line_no=line.order_id,
            kind=LineKind.GOODS,
            external_sku=line.sku,
            title=line.product_name,
            quantity=line.item_num,
            payable_minor=payable,
            list_minor=line.listed,
            discount_minor=line.listed - payable,
            refund_in_progress=line.refund_in_progress,
            cancelled=line.is_closed,
            gift=line.given_product_type == _GIFT,
            listing_ids=told_ids(product_id=line.product_id, sku_id=line.sku_id),
        )
        for line, payable in zip(lines, payables, strict=True)
    )


def _captured(
    order: Order, state: ChannelState, lines: tuple[SnapshotLine, ...], freight: int
) -> int:
    collected = state is ChannelState.COMPLETED
    if state in (ChannelState.CANCELLED, ChannelState.UNPAID):
        return 0
    if order.pay_type == _ON_DELIVERY and not collected:
        return 0
    return freight + sum(line.payable_minor for line in lines if not line.cancelled)


def _receiver(order: Order) -> Receiver | None:
    """Ciphertext as a rule; a platform waybill is bought with the address' own id or with it."""
    place = order.post_addr
    shown = (
        order.encrypt_post_receiver or order.post_receiver,
        order.encrypt_post_tel or order.post_tel,
        place.encrypt_detail or place.detail,
    )
    return read_receiver(
        shown,
        Address("CN", place.province.name, place.city.name, place.town.name, place.street.name),
        key=order.open_address_id or "\n".join(shown).strip(),
        masks=(order.mask_post_receiver, order.mask_post_tel, order.mask_post_addr.detail),
    )
