"""Answering refunds of Taobao and Tmall.

Facts: the vendor's pages of `taobao.refund.get`, `taobao.rp.refunds.agree` and
`taobao.rp.returngoods.agree` (API 53, 22465, 22466); `taobao.rp.refund.review` and
`taobao.refund.refuse` as the request classes of the vendor's SDKs (Java, Python) and of an
independent one (Go) have them. Exchanges have calls of their own, which are not spoken here.
"""

from collections.abc import Mapping
from decimal import Decimal
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
from integrations.marketplaces.port import CaseVerdict, Verdict
from integrations.marketplaces.reading import (
    Body,
    BodyT,
    Number,
    OptionalFee,
    Text,
    minor,
    or_empty,
    read_answer,
)
from integrations.marketplaces.top_after_sale import STAGES, kind_of
from integrations.marketplaces.top_trade import CURRENCY, RefundStatus
from integrations.settings import Schema, text, yes_no

SETTINGS: Final = ADDRESSES + Schema(
    (yes_no("tmall"), text("refuse_reason_id"), yes_no("skip_refund_sms"))
)
GET: Final = "taobao.refund.get"
AGREE: Final = "taobao.rp.returngoods.agree"
REVIEW: Final = "taobao.rp.refund.review"
PAY: Final = "taobao.rp.refunds.agree"
REFUSE: Final = "taobao.refund.refuse"
FIELDS: Final = "refund_id,tid,oid,status,refund_fee,has_good_return,refund_phase,refund_version"
_OPERATOR: Final = "Onhand"
_AGREED: Final = "同意退货"
_REFUSED: Final = "不符合退货退款条件"
_SHORTEST, _LONGEST = 2, 200  # refuse_message


class Calls(Protocol):
    async def __call__(
        self, method: str, parameters: Mapping[str, str], *, changes: bool
    ) -> bytes: ...


class CaseRefund(Body):
    refund_id: Number
    status: Text = ""
    refund_fee: OptionalFee = None
    has_good_return: bool | None = None
    refund_phase: Text = ""
    refund_version: Text = ""


class _Got(Body):
    refund: CaseRefund


class _GetAnswer(Body):
    refund_get_response: _Got


class _Done(Body):
    is_success: bool = False


class _AgreeAnswer(Body):
    rp_returngoods_agree_response: _Done


class _ReviewAnswer(Body):
    rp_refund_review_response: _Done


class _OnePaid(Body):
    refund_id: Text = ""
    succ: bool = False
    message: Text = ""


class _EachPaid(Body):
    refund_mapping_result: tuple[_OnePaid, ...] = ()


class _Paid(Body):
    succ: bool = False
    msg_code: Text = ""
    message: Text = ""
    results: Annotated[_EachPaid, BeforeValidator(or_empty)] = _EachPaid()


class _PayAnswer(Body):
    rp_refunds_agree_response: _Paid


async def answer(verdict: CaseVerdict, call: Calls, settings: Mapping[str, Any]) -> None:
    """Agree that goods come back, refuse, or pay: the seller makes the refund, in full."""

    async def read() -> Seen[CaseRefund]:
        parameters = {"refund_id": verdict.after_sale_no, "fields": FIELDS}
        raw = await call(GET, parameters, changes=False)
        refund = _read(_GetAnswer, raw).refund_get_response.refund
        known = refund.status in frozenset(RefundStatus)
        status = RefundStatus(refund.status) if known else RefundStatus.NONE
        stage = STAGES.get(status, AfterSaleStage.UNKNOWN)
        return Seen(stage, kind_of(status, refund.has_good_return), refund)

    async def say(case: Seen[CaseRefund]) -> None:
        if case.kind is AfterSaleKind.EXCHANGE:
            raise by_hand("exchanges of Taobao and Tmall are answered in their back office")
        if verdict.verdict is Verdict.REFUSE:
            await _refuse(verdict, case.told, call, settings)
        elif verdict.verdict is Verdict.AGREE and verdict.returns_goods:
            await _agree(verdict, case.told, call, settings)
        else:
            await _pay(case.told, call, settings)

    await answer_once(verdict, read, say, "top")


async def _agree(
    verdict: CaseVerdict, refund: CaseRefund, call: Calls, settings: Mapping[str, Any]
) -> None:
    """The address is one of the shop's own book there; who gets the goods is told beside it."""
    address_id = must_be_set(settings, "return_address_id", return_address(verdict, settings))
    told = {"seller_address_id": address_id, "remark": verdict.reason[:_LONGEST] or _AGREED}
    if verdict.goods_to:
        contact, place = verdict.goods_to.contact, verdict.goods_to.contact.address
        told |= {
            "name": contact.name,
            "address": f"{place.province}{place.city}{place.district}{place.detail}",
            "post": place.postcode,
            "tel": contact.phone,
            "mobile": contact.phone,
        }
    shown = {name: value for name, value in {**_case(refund), **told}.items() if value}
    answer = _read(_AgreeAnswer, await call(AGREE, shown, changes=True), changes=True)
    _must_be_done(answer.rp_returngoods_agree_response, AGREE)


async def _refuse(
    verdict: CaseVerdict, refund: CaseRefund, call: Calls, settings: Mapping[str, Any]
) -> None:
    """Taobao alone: Tmall wants a picture as proof, which nobody here has."""
    if settings.get("tmall"):
        raise by_hand("Tmall wants a picture as proof of a refusal")
    reason = verdict.reason.strip()
    told = {"refuse_message": reason[:_LONGEST] if len(reason) >= _SHORTEST else _REFUSED}
    if reason_id := settings.get("refuse_reason_id"):
        told["refuse_reason_id"] = str(reason_id)
    await call(REFUSE, {**_case(refund), **told}, changes=True)


async def _pay(refund: CaseRefund, call: Calls, settings: Mapping[str, Any]) -> None:
    """Pay the whole case. Tmall wants it reviewed before; said again, the review stays as it is.
    Where the platform asks for a code that it sent to the seller's phone, a person pays it."""
    fee = minor(refund.refund_fee or Decimal(0), CURRENCY)
    infos = [refund.refund_id, str(fee), refund.refund_version]
    if settings.get("tmall"):
        review = {**_case(refund), "operator": _OPERATOR, "result": "true", "message": _OPERATOR}
        raw = await call(REVIEW, review, changes=True)
        _must_be_done(_read(_ReviewAnswer, raw, changes=True).rp_refund_review_response, REVIEW)
        infos.append(refund.refund_phase)
    told = {"refund_infos": "|".join(infos)}
    if settings.get("skip_refund_sms"):
        told["ignore_code"] = "true"
    paid = _read(_PayAnswer, await call(PAY, told, changes=True), changes=True)
    result = paid.rp_refunds_agree_response
    failed = [one for one in result.results.refund_mapping_result if not one.succ]
    if result.succ and not failed:
        return
    text = next((one.message for one in failed if one.message), result.message)
    code = "sms_code" if "验证" in text else result.msg_code or "succ=false"
    raise Rejected(text or "the refund was not accepted", code=code, system="top")


def _case(refund: CaseRefund) -> dict[str, str]:
    told = {
        "refund_id": refund.refund_id,
        "refund_phase": refund.refund_phase,
        "refund_version": refund.refund_version,
    }
    return {name: value for name, value in told.items() if value}


def _must_be_done(done: _Done, method: str) -> None:
    if not done.is_success:
        raise Rejected(f"{method} was not accepted", code="is_success=false", system="top")


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="top", changes=changes)
