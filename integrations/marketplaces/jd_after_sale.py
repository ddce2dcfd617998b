"""JD's after-sale service slips in our words.

The vendor's field list is known in part only (wire-formats §1.2: P), so the names of the window
and what each status means are settings of the shop.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.jd_order import CURRENCY, JdBody
from integrations.marketplaces.reading import (
    Body,
    Number,
    OptionalFee,
    Text,
    minor,
    read_china_time,
)

METHOD: Final = "jingdong.asc.query.list"
PAGE_SIZE: Final = 50
_STAGES: Final = {"10005": AfterSaleStage.ON_THE_WAY}  # "waits for the goods"
_KINDS: Final = {
    "10": AfterSaleKind.RETURN,
    "11": AfterSaleKind.REFUND,
    "20": AfterSaleKind.EXCHANGE,
    "30": AfterSaleKind.REPAIR,
    "70": AfterSaleKind.REPAIR,
}


@dataclass(frozen=True, slots=True)
class JdAfterSales:
    """How this shop asks for slips, and reads them."""

    begin: str = "updateTimeBegin"
    end: str = "updateTimeEnd"
    operator: str = "onhand"
    stages: Mapping[str, AfterSaleStage] = field(default_factory=lambda: _STAGES)


def after_sales_of(settings: Mapping[str, Any]) -> JdAfterSales:
    """Settings `after_sale_begin`, `after_sale_end`, `after_sale_operator` and
    `after_sale_stages` (serviceStatus → our stage; others are kept as unknown)."""
    plain = JdAfterSales()
    known = {str(stage): stage for stage in AfterSaleStage}
    own = settings.get("after_sale_stages", {})
    return JdAfterSales(
        settings.get("after_sale_begin", plain.begin),
        settings.get("after_sale_end", plain.end),
        settings.get("after_sale_operator", plain.operator),
        {**_STAGES, **{code: known[stage] for code, stage in own.items() if stage in known}},
    )


def _read_time(value: object) -> datetime | None:
    """Milliseconds or a text in Chinese time, whichever this method uses; None for anything else:
    one odd time of one slip must not hide the others."""
    text = str(value)
    with suppress(ValueError, OverflowError):
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:14]) / 1000, UTC)
        return read_china_time(text)
    return None


SlipTime = Annotated[datetime | None, BeforeValidator(_read_time)]


class Slip(JdBody):
    service_id: Number
    order_id: Number
    customer_expect: Text = ""
    service_status: Text = ""
    service_status_name: Text = ""
    sku_id: Text = ""
    actual_pay_price: OptionalFee = None
    express_code: Text = ""
    question_type_cid1_name: Text = Field(default="", alias="questionTypeCid1Name")
    apply_time: SlipTime = None
    approve_time: SlipTime = None
    process_time: SlipTime = None
    update_time: SlipTime = None
    update_date: SlipTime = None


class SlipPage(JdBody):
    success: bool = True
    code: Text = ""
    msg: Text = ""
    total_count: int = Field(default=0, ge=0)
    data: tuple[Slip, ...] = ()


class _Slips(JdBody):
    page_result: SlipPage


class SlipsAnswer(Body):
    jingdong_asc_query_list_responce: _Slips


def after_sale_of(slip: Slip, told: JdAfterSales, asked_until: datetime) -> AfterSale:
    """One slip; its latest time is its version, the end of the window where it tells none."""
    times = (
        slip.apply_time,
        slip.approve_time,
        slip.process_time,
        slip.update_time,
        slip.update_date,
    )
    known = [time for time in times if time is not None]
    status = " ".join(text for text in (slip.service_status, slip.service_status_name) if text)
    return AfterSale(
        external_no=slip.order_id,
        after_sale_no=slip.service_id,
        kind=_KINDS.get(slip.customer_expect, AfterSaleKind.OTHER),
        stage=told.stages.get(slip.service_status, AfterSaleStage.UNKNOWN),
        vendor_status=status,
        modified=max(known, default=asked_until),
        amount_minor=minor(slip.actual_pay_price or Decimal(0), CURRENCY),
        reason=slip.question_type_cid1_name,
        external_line_nos=(slip.sku_id,) if slip.sku_id else (),
        return_waybill_no=slip.express_code,
    )
