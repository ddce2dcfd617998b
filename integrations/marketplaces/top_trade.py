"""A TOP trade in our words: statuses, money, receiver (wire-formats §1.1)."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine
from domain.shared.address import Address, Receiver
from domain.shared.errors import Rejected
from domain.shared.money import split
from integrations.marketplaces.lines import told_ids
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    ChinaTime,
    Fee,
    Number,
    OptionalChinaTime,
    OptionalFee,
    Quantity,
    Text,
    blank,
    minor,
    read_body,
    read_promise,
    version_of,
)
from integrations.marketplaces.receivers import read_receiver

CURRENCY: Final = "CNY"
_ZERO: Final = Decimal(0)


class TradeStatus(StrEnum):
    TRADE_NO_CREATE_PAY = "TRADE_NO_CREATE_PAY"
    WAIT_BUYER_PAY = "WAIT_BUYER_PAY"
    PAY_PENDING = "PAY_PENDING"
    WAIT_PRE_AUTH_CONFIRM = "WAIT_PRE_AUTH_CONFIRM"
    PAID_FORBID_CONSIGN = "PAID_FORBID_CONSIGN"
    WAIT_SELLER_SEND_GOODS = "WAIT_SELLER_SEND_GOODS"
    SELLER_CONSIGNED_PART = "SELLER_CONSIGNED_PART"
    WAIT_BUYER_CONFIRM_GOODS = "WAIT_BUYER_CONFIRM_GOODS"
    TRADE_BUYER_SIGNED = "TRADE_BUYER_SIGNED"
    TRADE_FINISHED = "TRADE_FINISHED"
    TRADE_CLOSED = "TRADE_CLOSED"
    TRADE_CLOSED_BY_TAOBAO = "TRADE_CLOSED_BY_TAOBAO"


class RefundStatus(StrEnum):
    NONE = ""
    NO_REFUND = "NO_REFUND"
    WAIT_SELLER_AGREE = "WAIT_SELLER_AGREE"
    WAIT_BUYER_RETURN_GOODS = "WAIT_BUYER_RETURN_GOODS"
    WAIT_SELLER_CONFIRM_GOODS = "WAIT_SELLER_CONFIRM_GOODS"
    SELLER_REFUSE_BUYER = "SELLER_REFUSE_BUYER"
    WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS = "WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS"
    EXCHANGE_TRANSFORM_TO_REFUND = "EXCHANGE_TRANSFORM_TO_REFUND"
    WAIT_SELLER_CONSIGN_GOODS = "WAIT_SELLER_CONSIGN_GOODS"
    CLOSED = "CLOSED"
    SUCCESS = "SUCCESS"


class StepStatus(StrEnum):
    """How much of a pre-sale is paid: the deposit (front) and the rest (final)."""

    NONE = ""
    FRONT_NOPAID_FINAL_NOPAID = "FRONT_NOPAID_FINAL_NOPAID"
    FRONT_PAID_FINAL_NOPAID = "FRONT_PAID_FINAL_NOPAID"
    FRONT_PAID_FINAL_PAID = "FRONT_PAID_FINAL_PAID"


STATES: Final = {
    TradeStatus.TRADE_NO_CREATE_PAY: ChannelState.UNPAID,
    TradeStatus.WAIT_BUYER_PAY: ChannelState.UNPAID,
    TradeStatus.PAY_PENDING: ChannelState.UNPAID,
    TradeStatus.WAIT_PRE_AUTH_CONFIRM: ChannelState.FROZEN,
    TradeStatus.PAID_FORBID_CONSIGN: ChannelState.FROZEN,
    TradeStatus.WAIT_SELLER_SEND_GOODS: ChannelState.PAID,
    TradeStatus.SELLER_CONSIGNED_PART: ChannelState.PART_SHIPPED,
    TradeStatus.WAIT_BUYER_CONFIRM_GOODS: ChannelState.SHIPPED,
    TradeStatus.TRADE_BUYER_SIGNED: ChannelState.SHIPPED,
    TradeStatus.TRADE_FINISHED: ChannelState.COMPLETED,
    TradeStatus.TRADE_CLOSED: ChannelState.CANCELLED,
    TradeStatus.TRADE_CLOSED_BY_TAOBAO: ChannelState.CANCELLED,
}
REFUND_OPEN: Final = frozenset(RefundStatus) - {
    RefundStatus.NONE,
    RefundStatus.NO_REFUND,
    RefundStatus.CLOSED,
    RefundStatus.SUCCESS,
}
LINE_SENT: Final = frozenset(
    {
        TradeStatus.WAIT_BUYER_CONFIRM_GOODS,
        TradeStatus.TRADE_BUYER_SIGNED,
        TradeStatus.TRADE_FINISHED,
    }
)
_CLOSED: Final = frozenset({TradeStatus.TRADE_CLOSED, TradeStatus.TRADE_CLOSED_BY_TAOBAO})
_COLLECTED: Final = frozenset({TradeStatus.TRADE_BUYER_SIGNED, TradeStatus.TRADE_FINISHED})


class TradeLine(Body):
    oid: Number
    status: TradeStatus
    num: Quantity
    price: OptionalFee = None
    total_fee: OptionalFee = None
    payment: OptionalFee = None
    divide_order_fee: OptionalFee = None
    title: Text = ""
    num_iid: Text = ""
    sku_id: Text = ""
    outer_iid: Text = ""
    outer_sku_id: Text = ""
    refund_status: Annotated[RefundStatus, BeforeValidator(blank)] = RefundStatus.NONE
    invoice_no: Text = ""

    @property
    def sku(self) -> str:
        """The seller's own code where the listing has one, else the platform's."""
        return self.outer_sku_id or self.outer_iid or self.sku_id or self.num_iid

    @property
    def closed(self) -> bool:
        return self.status in _CLOSED

    @property
    def paid_share(self) -> int:
        """What the buyer pays for the line after all discounts, as far as the platform says it."""
        fees = (self.divide_order_fee, self.payment, self.total_fee)
        return minor(next((fee for fee in fees if fee is not None), _ZERO), CURRENCY)


class TradeLines(Body):
    order: tuple[TradeLine, ...] = Field(min_length=1)


class Trade(Body):
    tid: Number
    status: TradeStatus
    payment: Fee
    created: ChinaTime
    modified: ChinaTime
    orders: TradeLines
    post_fee: OptionalFee = None
    step_paid_fee: OptionalFee = None
    step_trade_status: Annotated[StepStatus, BeforeValidator(blank)] = StepStatus.NONE
    type: Text = ""
    pay_time: OptionalChinaTime = None
    est_con_time: Text = ""
    buyer_nick: Text = ""
    buyer_open_uid: Text = ""
    buyer_message: Text = ""
    seller_memo: Text = ""
    invoice_name: Text = ""
    oaid: Text = ""
    receiver_name: Text = ""
    receiver_mobile: Text = ""
    receiver_phone: Text = ""
    receiver_country: Text = ""
    receiver_state: Text = ""
    receiver_city: Text = ""
    receiver_district: Text = ""
    receiver_town: Text = ""
    receiver_address: Text = ""
    receiver_zip: Text = ""


class _Found(Body):
    trade: Trade


class _Answer(Body):
    trade_fullinfo_get_response: _Found


def read_trade(raw: bytes) -> Trade:
    """The trade in an answer of `trade.fullinfo.get`. Raises Rejected (code `unreadable`)."""
    return read_body(_Answer, raw, system="top").trade_fullinfo_get_response.trade


def snapshot_of(trade: Trade, shop: str) -> OrderSnapshot:
    """Raises Rejected (code `unreadable`) when the sums or lines contradict themselves.

    Σ line payable + freight = payment, to the fen. Captured is what is paid and was not given
    back by the platform.
    """
    state = STATES[trade.status]
    freight = min(minor(trade.post_fee or _ZERO, CURRENCY), minor(trade.payment, CURRENCY))
    lines = _lines(trade, minor(trade.payment, CURRENCY) - freight)
    return OrderSnapshot(
        channel="top",
        shop=shop,
        external_no=trade.tid,
        version=version_of(trade.modified),
        state=state,
        currency=CURRENCY,
        placed_at=trade.created,
        lines=lines,
        receiver=_receiver(trade),
        paid_at=trade.pay_time,
        captured_minor=_captured(trade, state, lines, freight),
        freight_minor=freight,
        ship_by=read_promise(trade.est_con_time),
        cash_on_delivery=trade.type == "cod",
        invoice_request=trade.invoice_name,
        buyer_remark=trade.buyer_message,
        seller_remark=trade.seller_memo,
        buyer_ref=trade.buyer_open_uid or trade.buyer_nick,
    )


def _lines(trade: Trade, goods: int) -> tuple[SnapshotLine, ...]:
    """`goods` fen shared out: as the platform did, or, where its shares do not add up, by them."""
    lines = trade.orders.order
    if len({line.oid for line in lines}) < len(lines):
        raise Rejected("two lines have one oid", code=UNREADABLE, system="top")
    payables = _payables(lines, goods)
    return tuple(_line(line, payable) for line, payable in zip(lines, payables, strict=True))


def _payables(lines: tuple[TradeLine, ...], goods: int) -> tuple[int, ...]:
    shares = tuple(line.paid_share for line in lines)
    if sum(shares) == goods:
        return shares
    still_open = tuple(
        0 if line.closed else share for line, share in zip(lines, shares, strict=True)
    )
    if sum(still_open) == goods:
        return still_open
    return split(goods, still_open if any(still_open) else shares)


def _line(line: TradeLine, payable: int) -> SnapshotLine:
    listed = line.total_fee if line.price is None else line.price * line.num
    list_minor = payable if listed is None else minor(listed, CURRENCY)
    return SnapshotLine(
        external_line_no=line.oid,
        kind=LineKind.GOODS,
        external_sku=line.sku,
        title=line.title,
        quantity=line.num,
        payable_minor=payable,
        list_minor=list_minor,
        discount_minor=list_minor - payable,
        refund_in_progress=line.refund_status in REFUND_OPEN,
        cancelled=line.closed,
        listing_ids=told_ids(num_iid=line.num_iid, sku_id=line.sku_id),
    )


def _captured(
    trade: Trade, state: ChannelState, lines: tuple[SnapshotLine, ...], freight: int
) -> int:
    if state is ChannelState.CANCELLED:
        return 0
    if trade.step_trade_status is StepStatus.FRONT_PAID_FINAL_NOPAID:
        return minor(trade.step_paid_fee or _ZERO, CURRENCY)
    if trade.type == "cod" and trade.status not in _COLLECTED:
        return 0
    if state is ChannelState.UNPAID or trade.status is TradeStatus.WAIT_PRE_AUTH_CONFIRM:
        return 0
    return freight + sum(line.payable_minor for line in lines if not line.cancelled)


def _receiver(trade: Trade) -> Receiver | None:
    """Plain where the platform shows it; masked ones can only be reached through their oaid."""
    address = Address(
        country="CN",
        province=trade.receiver_state,
        city=trade.receiver_city,
        district=trade.receiver_district,
        detail=trade.receiver_town,
        postcode=trade.receiver_zip,
    )
    phone = trade.receiver_mobile or trade.receiver_phone
    shown = (trade.receiver_name, phone, trade.receiver_address)
    return read_receiver(shown, address, key=trade.oaid, masks=("", "", ""))
