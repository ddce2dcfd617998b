"""Refunds, returns and exchanges of Douyin in our words (wire-formats §1.4)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.reading import (
    Body,
    Code,
    Fen,
    Number,
    Text,
    or_empty,
    or_none,
    read_unix_time,
)

STAGES: Final = {
    3: AfterSaleStage.DONE,  # the exchange is sent, the buyer confirms
    6: AfterSaleStage.REQUESTED,
    7: AfterSaleStage.AGREED,
    8: AfterSaleStage.RECEIVED,  # we are to send the exchange
    11: AfterSaleStage.ON_THE_WAY,
    12: AfterSaleStage.DONE,
    13: AfterSaleStage.DONE,
    14: AfterSaleStage.DONE,
    27: AfterSaleStage.REFUSED,
    28: AfterSaleStage.CLOSED,
    29: AfterSaleStage.REFUSED,
    51: AfterSaleStage.CLOSED,
    53: AfterSaleStage.DONE,
}
KINDS: Final = {
    0: AfterSaleKind.RETURN,
    1: AfterSaleKind.REFUND,
    2: AfterSaleKind.REFUND,
    3: AfterSaleKind.EXCHANGE,
    4: AfterSaleKind.REFUND,
    5: AfterSaleKind.REFUND,
    8: AfterSaleKind.REPAIR,
}
_UNTOLD: Final = -1


def _read_time(value: Any) -> datetime | None:
    """Seconds or a time with its zone; None for anything else: one odd time of one case must not
    hide the others."""
    with suppress(ValueError, OverflowError):
        if str(value).isdigit():
            return read_unix_time(value) if str(value) != "0" else None
        read = datetime.fromisoformat(str(value))
        return read.astimezone(UTC) if read.tzinfo else None
    return None


CaseTime = Annotated[datetime | None, BeforeValidator(_read_time)]


class _Info(Body):
    aftersale_id: Number
    aftersale_status: Code = 0
    aftersale_type: Code = _UNTOLD
    related_id: Text = ""
    update_time: CaseTime = None
    apply_time: CaseTime = None
    refund_amount: Fen = 0
    return_logistics_code: Text = ""
    return_logistics_company_name: Text = ""


class _Related(Body):
    sku_order_id: Text = ""


class _OrderInfo(Body):
    shop_order_id: Number
    related_order_info: Annotated[tuple[_Related, ...], BeforeValidator(or_none)] = ()


class _Reason(Body):
    reason_text: Text = ""


class Case(Body):
    aftersale_info: _Info
    order_info: _OrderInfo
    text_part: Annotated[_Reason, BeforeValidator(or_empty)] = _Reason()


class _Cases(Body):
    total: int = Field(default=0, ge=0)
    items: Annotated[tuple[Case, ...], BeforeValidator(or_none)] = ()


class CasesAnswer(Body):
    data: _Cases


class ToldCase(Body):
    """What a push says; each of its topics names its time otherwise."""

    p_id: Number
    aftersale_id: Number
    aftersale_status: Code = 0
    aftersale_type: Code = _UNTOLD
    s_id: Text = ""
    refund_amount: Fen = 0
    logistics_code: Text = ""
    company_name: Text = ""
    update_time: CaseTime = None
    success_time: CaseTime = None
    agree_time: CaseTime = None
    refuse_time: CaseTime = None
    close_time: CaseTime = None
    return_time: CaseTime = None
    modify_time: CaseTime = None
    apply_time: CaseTime = None
    create_time: CaseTime = None

    @property
    def told_at(self) -> datetime | None:
        """The latest time it names."""
        times = (
            *(self.update_time, self.success_time, self.agree_time, self.refuse_time),
            *(self.close_time, self.return_time, self.modify_time),
            *(self.apply_time, self.create_time),
        )
        return max((time for time in times if time is not None), default=None)


def after_sale_of(case: Case, asked_until: datetime) -> AfterSale:
    """One case of the list; its version is the end of the window where it tells no time."""
    info = case.aftersale_info
    lines = tuple(one.sku_order_id for one in case.order_info.related_order_info)
    return AfterSale(
        external_no=case.order_info.shop_order_id,
        after_sale_no=info.aftersale_id,
        kind=KINDS.get(info.aftersale_type, AfterSaleKind.OTHER),
        stage=STAGES.get(info.aftersale_status, AfterSaleStage.UNKNOWN),
        vendor_status=str(info.aftersale_status),
        modified=info.update_time or info.apply_time or asked_until,
        amount_minor=info.refund_amount,
        reason=case.text_part.reason_text,
        external_line_nos=tuple(filter(None, lines)),
        return_carrier=info.return_logistics_company_name,
        return_waybill_no=info.return_logistics_code,
    )


def told_after_sale(told: ToldCase, now: Callable[[], datetime]) -> AfterSale:
    """One case as a push tells it; its version is now where it tells no time."""
    return AfterSale(
        external_no=told.p_id,
        after_sale_no=told.aftersale_id,
        kind=KINDS.get(told.aftersale_type, AfterSaleKind.OTHER),
        stage=STAGES.get(told.aftersale_status, AfterSaleStage.UNKNOWN),
        vendor_status=str(told.aftersale_status),
        modified=told.told_at or now(),
        amount_minor=told.refund_amount,
        external_line_nos=(told.s_id,) if told.s_id not in ("", "0") else (),
        return_carrier=told.company_name,
        return_waybill_no=told.logistics_code,
    )
