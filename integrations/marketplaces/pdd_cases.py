"""Answering Pinduoduo's after-sales.

Facts: the vendor's page of `pdd.refund.information.get` (of April 2026, answered without an
envelope); `pdd.refund.agree` and `pdd.refund.returngoods.agree` as its own SDKs (Java, PHP) and an
independent one (TypeScript) have them. Its list of after-sale calls has none that refuses.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Protocol

from pydantic import BeforeValidator

from domain.orders.after_sale import AfterSaleKind, AfterSaleStage
from domain.shared.errors import Rejected
from integrations.marketplaces.cases import (
    ADDRESSES,
    Seen,
    answer_once,
    by_hand,
    must_be_set,
    return_address,
)
from integrations.marketplaces.pdd_after_sale import RETURN_AGREED, STAGES
from integrations.marketplaces.port import CaseVerdict, Verdict
from integrations.marketplaces.reading import (
    Body,
    BodyT,
    Code,
    Number,
    Text,
    or_empty,
    read_answer,
)
from integrations.settings import Schema

SETTINGS: Final[Schema] = ADDRESSES
INFORMATION: Final = "pdd.refund.information.get"
AGREE: Final = "pdd.refund.returngoods.agree"
PAY: Final = "pdd.refund.agree"
_AGREED: Final = "同意退货"
_PAYING: Final = (4, 5)  # after_sales_status: it was agreed to pay, nothing more is awaited
# after_sales_type of one case; the list counts otherwise.
_KINDS: Final = {
    1: AfterSaleKind.REFUND,
    2: AfterSaleKind.RETURN,
    3: AfterSaleKind.EXCHANGE,
    4: AfterSaleKind.EXCHANGE,
    5: AfterSaleKind.REPAIR,
}


class Calls(Protocol):
    async def __call__(
        self, method: str, parameters: Mapping[str, str], *, changes: bool
    ) -> bytes: ...


class CaseInfo(Body):
    id: Number
    order_sn: Number
    after_sales_status: Code = 0
    after_sales_type: Code = 0
    express_no: Text = ""


class _Result(Body):
    """The one call says `succ`, the other `success`."""

    succ: bool | None = None
    success: bool | None = None
    message: Text = ""


class _Response(Body):
    success: bool | None = None
    error_code: Code = 0
    error_msg: Text = ""
    result: Annotated[_Result, BeforeValidator(or_empty)] = _Result()


class _Answered(Body):
    response: _Response


async def answer(verdict: CaseVerdict, call: Calls, settings: Mapping[str, Any]) -> None:
    """Agree that goods come back, or agree to pay: then Pinduoduo pays."""

    async def read() -> Seen[CaseInfo]:
        parameters = {"after_sales_id": verdict.after_sale_no, "order_sn": verdict.external_no}
        raw = await call(INFORMATION, parameters, changes=False)
        info = _read(CaseInfo, raw)
        stage = STAGES.get(info.after_sales_status, AfterSaleStage.UNKNOWN)
        if info.after_sales_status in RETURN_AGREED and info.express_no:
            stage = AfterSaleStage.ON_THE_WAY
        elif info.after_sales_status in _PAYING:
            stage = AfterSaleStage.DONE
        return Seen(stage, _KINDS.get(info.after_sales_type, AfterSaleKind.OTHER), info)

    async def say(case: Seen[CaseInfo]) -> None:
        method, request = request_of(verdict, case, settings)
        told = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
        raw = await call(method, {"request": told}, changes=True)
        _must_be_done(_read(_Answered, raw, changes=True).response)

    await answer_once(verdict, read, say, "pdd")


def request_of(
    verdict: CaseVerdict, case: Seen[CaseInfo], settings: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The call and what it says. Raises Rejected (`no_return_address_id`); NotOffered for refusals
    and for what is neither a return nor money alone."""
    if verdict.verdict is Verdict.REFUSE:
        raise by_hand("Pinduoduo documents no call that refuses")
    if case.kind not in (AfterSaleKind.REFUND, AfterSaleKind.RETURN):
        raise by_hand("Pinduoduo documents no call for this kind of case")
    request: dict[str, Any] = {"after_sales_id": int(case.told.id), "order_sn": case.told.order_sn}
    if verdict.verdict is Verdict.AGREE and verdict.returns_goods:
        address = return_address(verdict, settings) or str(settings.get("refund_address_id") or "")
        return AGREE, {
            **request,
            "operate_desc": verdict.reason or _AGREED,
            "return_address_id": must_be_set(settings, "return_address_id", address),
        }
    return PAY, request


def _must_be_done(response: _Response) -> None:
    """Of what the two calls say, nothing may say no, and the case's own result says yes."""
    result = response.result
    told = (response.success, result.succ, result.success)
    if False not in told and (result.succ or result.success):
        return
    code = str(response.error_code) if response.error_code else "success=false"
    text = result.message or response.error_msg or "the answer was not accepted"
    raise Rejected(text, code=code, system="pdd")


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="pdd", changes=changes)
