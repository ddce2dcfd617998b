"""Refunds, returns and exchanges of Pinduoduo in our words (wire-formats §1.3)."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.pdd_order import CURRENCY
from integrations.marketplaces.reading import (
    Body,
    Code,
    Number,
    OptionalFee,
    Text,
    minor,
    read_china_time,
)

STAGES: Final = {
    2: AfterSaleStage.REQUESTED,
    3: AfterSaleStage.REQUESTED,
    4: AfterSaleStage.AGREED,
    5: AfterSaleStage.AGREED,
    6: AfterSaleStage.REFUSED,
    7: AfterSaleStage.AGREED,
    8: AfterSaleStage.REQUESTED,
    9: AfterSaleStage.CLOSED,
    10: AfterSaleStage.DONE,
    11: AfterSaleStage.CLOSED,
    12: AfterSaleStage.CLOSED,
    13: AfterSaleStage.CLOSED,
    14: AfterSaleStage.REQUESTED,
    15: AfterSaleStage.AGREED,
    16: AfterSaleStage.DONE,
    17: AfterSaleStage.CLOSED,
    18: AfterSaleStage.DONE,  # the exchange is sent, the buyer confirms
    21: AfterSaleStage.REQUESTED,
    22: AfterSaleStage.AGREED,
    24: AfterSaleStage.CLOSED,
    25: AfterSaleStage.DONE,
    27: AfterSaleStage.RECEIVED,
    31: AfterSaleStage.AGREED,
    32: AfterSaleStage.AGREED,
}
RETURN_AGREED: Final = (7, 31)
_REPAIRS: Final = range(21, 28)
_KINDS: Final = {
    2: AfterSaleKind.REFUND,
    3: AfterSaleKind.RETURN,
    4: AfterSaleKind.EXCHANGE,
    9: AfterSaleKind.RETURN,  # the parcel is called back on its way
}


def _read_time(value: object) -> datetime | None:
    """Seconds or a text in Chinese time; None for anything else: one odd time of one case must not
    hide the others."""
    text = str(value)
    with suppress(ValueError, OverflowError):
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:11]), UTC)
        return read_china_time(text)
    return None


CaseTime = Annotated[datetime | None, BeforeValidator(_read_time)]


class Case(Body):
    id: Number
    order_sn: Number
    after_sales_status: Code = 0
    after_sales_type: Code = 0
    refund_amount: OptionalFee = None
    after_sale_reason: Text = ""
    goods_id: Text = ""
    sku_id: Text = ""
    shipping_name: Text = ""
    tracking_number: Text = ""
    updated_time: CaseTime = None


class _Cases(Body):
    total_count: int = Field(default=0, ge=0)
    refund_list: tuple[Case, ...] = ()


class CasesAnswer(Body):
    refund_increment_get_response: _Cases


def after_sale_of(case: Case, asked_until: datetime) -> AfterSale:
    """One case as it is; its version is the end of the window where it tells no time."""
    stage = STAGES.get(case.after_sales_status, AfterSaleStage.UNKNOWN)
    if case.after_sales_status in RETURN_AGREED and case.tracking_number:
        stage = AfterSaleStage.ON_THE_WAY
    kind = _KINDS.get(case.after_sales_type, AfterSaleKind.OTHER)
    if case.after_sales_status in _REPAIRS:
        kind = AfterSaleKind.REPAIR
    line_no = case.sku_id if case.sku_id not in ("", "0") else case.goods_id
    return AfterSale(
        external_no=case.order_sn,
        after_sale_no=case.id,
        kind=kind,
        stage=stage,
        vendor_status=str(case.after_sales_status),
        modified=case.updated_time or asked_until,
        amount_minor=minor(case.refund_amount or Decimal(0), CURRENCY),
        reason=case.after_sale_reason,
        external_line_nos=(line_no,) if line_no else (),
        return_carrier=case.shipping_name,
        return_waybill_no=case.tracking_number,
    )
