"""Refunds, returns and exchanges of WeChat shops in our words (wire-formats §1.5)."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.reading import (
    Body,
    Fen,
    Number,
    OptionalUnixTime,
    Text,
    or_empty,
    or_none,
)
from integrations.marketplaces.wechat_order import line_number

STAGES: Final = {
    "MERCHANT_PROCESSING": AfterSaleStage.REQUESTED,
    "USER_WAIT_CONFIRM": AfterSaleStage.REQUESTED,
    "USER_WAIT_CONFIRM_UPDATE": AfterSaleStage.REQUESTED,
    "USER_WAIT_HANDLE_MERCHANT_AFTER_SALE": AfterSaleStage.REQUESTED,
    "USER_WAIT_RETURN": AfterSaleStage.AGREED,
    "MERCHANT_OVERDUE_REFUND": AfterSaleStage.AGREED,
    "PLATFORM_REFUNDING": AfterSaleStage.AGREED,
    "PLATFORM_REFUND_FAIL": AfterSaleStage.AGREED,
    "MERCHANT_WAIT_RECEIPT": AfterSaleStage.ON_THE_WAY,
    "MERCHANT_REJECT_REFUND": AfterSaleStage.REFUSED,
    "MERCHANT_REJECT_RETURN": AfterSaleStage.REFUSED,
    "USER_CANCELD": AfterSaleStage.CLOSED,  # as WeChat spells it
    "RETURN_CLOSED": AfterSaleStage.CLOSED,
    "MERCHANT_FAIL": AfterSaleStage.CLOSED,
    "MERCHANT_REFUND_RETRY_FAIL": AfterSaleStage.CLOSED,
    "MERCHANT_REFUND_SUCCESS": AfterSaleStage.DONE,
    "MERCHANT_RETURN_SUCCESS": AfterSaleStage.DONE,
    "MERCHANT_EXCHANGE_SUCCESS": AfterSaleStage.DONE,
}
_KINDS: Final = {
    "REFUND": AfterSaleKind.REFUND,
    "RETURN": AfterSaleKind.RETURN,
    "EXCHANGE": AfterSaleKind.EXCHANGE,
}
# A push tells less than the case itself: what was asked for about the same change goes before it.
_TOLD_BEFORE: Final = timedelta(seconds=30)


class _Product(Body):
    product_id: Text = ""
    sku_id: Text = ""


class _Refund(Body):
    amount: Fen = 0
    refund_reason: Text = ""


class _Return(Body):
    waybill_id: Text = ""
    delivery_id: Text = ""


class Case(Body):
    after_sale_order_id: Number
    order_id: Number
    status: Text = ""
    type: Text = ""
    update_time: OptionalUnixTime = None
    product_info: Annotated[_Product, BeforeValidator(or_empty)] = _Product()
    refund_info: Annotated[_Refund, BeforeValidator(or_empty)] = _Refund()
    return_info: Annotated[_Return, BeforeValidator(or_empty)] = _Return()


class CaseAnswer(Body):
    after_sale_order: Case


class CasesAnswer(Body):
    after_sale_order_id_list: Annotated[tuple[Number, ...], BeforeValidator(or_none)] = ()
    has_more: bool = False
    next_key: Text = ""


class ToldCase(Body):
    after_sale_order_id: Number
    order_id: Number
    status: Text = ""


def after_sale_of(case: Case, asked_until: datetime) -> AfterSale:
    """One case as it is; its version is the end of the window where it tells no time."""
    product = case.product_info
    return AfterSale(
        external_no=case.order_id,
        after_sale_no=case.after_sale_order_id,
        kind=_KINDS.get(case.type, AfterSaleKind.OTHER),
        stage=STAGES.get(case.status, AfterSaleStage.UNKNOWN),
        vendor_status=case.status[:100],
        modified=case.update_time or asked_until,
        amount_minor=case.refund_info.amount,
        reason=case.refund_info.refund_reason,
        external_line_nos=(line_number(product.product_id, product.sku_id),)
        if product.product_id
        else (),
        return_carrier=case.return_info.delivery_id,
        return_waybill_no=case.return_info.waybill_id,
    )


def told_after_sale(told: ToldCase, at: datetime) -> AfterSale:
    """What a push says of a case: how far it is, neither its kind nor its amount."""
    return AfterSale(
        external_no=told.order_id,
        after_sale_no=told.after_sale_order_id,
        kind=AfterSaleKind.OTHER,
        stage=STAGES.get(told.status, AfterSaleStage.UNKNOWN),
        vendor_status=told.status[:100],
        modified=at - _TOLD_BEFORE,
    )
