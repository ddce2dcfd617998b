"""Refunds, returns and exchanges of TOP in our words, asked for and told (wire-formats §1.1)."""

from decimal import Decimal
from typing import Final

from pydantic import Field

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.reading import (
    Body,
    ChinaTime,
    Number,
    OptionalFee,
    Text,
    minor,
)
from integrations.marketplaces.top_trade import CURRENCY, RefundStatus

METHOD: Final = "taobao.refunds.receive.get"
PAGE_SIZE: Final = 50
FIELDS: Final = (
    "refund_id,tid,oid,status,refund_fee,reason,has_good_return,good_status,company_name,sid,"
    "created,modified"
)
STAGES: Final = {
    RefundStatus.WAIT_SELLER_AGREE: AfterSaleStage.REQUESTED,
    RefundStatus.WAIT_BUYER_RETURN_GOODS: AfterSaleStage.AGREED,
    RefundStatus.WAIT_SELLER_CONFIRM_GOODS: AfterSaleStage.ON_THE_WAY,
    RefundStatus.SELLER_REFUSE_BUYER: AfterSaleStage.REFUSED,
    RefundStatus.WAIT_SELLER_CONSIGN_GOODS: AfterSaleStage.RECEIVED,
    # The exchange is sent, the buyer confirms.
    RefundStatus.WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS: AfterSaleStage.DONE,
    RefundStatus.EXCHANGE_TRANSFORM_TO_REFUND: AfterSaleStage.REQUESTED,
    RefundStatus.CLOSED: AfterSaleStage.CLOSED,
    RefundStatus.SUCCESS: AfterSaleStage.DONE,
}
# What a pushed topic says of a case, and with it of its kind.
TOPICS: Final = {
    "taobao_refund_RefundCreated": AfterSaleStage.REQUESTED,
    "taobao_refund_RefundSellerAgreeAgreement": AfterSaleStage.AGREED,
    "taobao_refund_RefundBuyerReturnGoods": AfterSaleStage.ON_THE_WAY,
    "taobao_refund_RefundClosed": AfterSaleStage.CLOSED,
    "taobao_refund_RefundSuccess": AfterSaleStage.DONE,
}
_EXCHANGES: Final = (
    RefundStatus.WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS,
    RefundStatus.WAIT_SELLER_CONSIGN_GOODS,
)
_OF_RETURNS: Final = (AfterSaleStage.AGREED, AfterSaleStage.ON_THE_WAY)


class Refund(Body):
    refund_id: Number
    tid: Number
    modified: ChinaTime
    oid: Text = ""
    status: Text = ""
    refund_fee: OptionalFee = None
    reason: Text = ""
    has_good_return: bool | None = None
    good_status: Text = ""
    company_name: Text = ""
    sid: Text = ""


class _Refunds(Body):
    refund: tuple[Refund, ...] = ()


class RefundPage(Body):
    total_results: int = Field(default=0, ge=0)
    refunds: _Refunds = _Refunds()


class RefundsAnswer(Body):
    refunds_receive_get_response: RefundPage


class ToldRefund(Body):
    """The content of a refund message."""

    tid: Number
    refund_id: Number
    modified: ChinaTime
    oid: Text = ""
    refund_fee: OptionalFee = None


def after_sale_of(refund: Refund) -> AfterSale:
    """One case as it is; a status we do not know decides nothing."""
    known = refund.status in frozenset(RefundStatus)
    status = RefundStatus(refund.status) if known else RefundStatus.NONE
    return AfterSale(
        external_no=refund.tid,
        after_sale_no=refund.refund_id,
        kind=kind_of(status, refund.has_good_return),
        stage=STAGES.get(status, AfterSaleStage.UNKNOWN),
        vendor_status=refund.status,
        modified=refund.modified,
        amount_minor=minor(refund.refund_fee or Decimal(0), CURRENCY),
        reason=refund.reason,
        external_line_nos=(refund.oid,) if refund.oid else (),
        return_carrier=refund.company_name,
        return_waybill_no=refund.sid,
    )


def kind_of(status: RefundStatus, has_good_return: bool | None) -> AfterSaleKind:
    """What the buyer asks for."""
    if status in _EXCHANGES:
        return AfterSaleKind.EXCHANGE
    goods = has_good_return or status is RefundStatus.WAIT_BUYER_RETURN_GOODS
    return AfterSaleKind.RETURN if goods else AfterSaleKind.REFUND


def told_after_sale(topic: str, told: ToldRefund) -> AfterSale:
    """What a message says; the pull adds what it leaves out, the kind of a new case among it."""
    stage = TOPICS[topic]
    return AfterSale(
        external_no=told.tid,
        after_sale_no=told.refund_id,
        kind=AfterSaleKind.RETURN if stage in _OF_RETURNS else AfterSaleKind.OTHER,
        stage=stage,
        vendor_status=topic.removeprefix("taobao_refund_"),
        modified=told.modified,
        amount_minor=minor(told.refund_fee or Decimal(0), CURRENCY),
        external_line_nos=(told.oid,) if told.oid else (),
    )
