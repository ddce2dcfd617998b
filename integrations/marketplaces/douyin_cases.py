"""Answering Douyin's after-sales (`/afterSale/operate`).

Facts: the request and response classes of the vendor's own SDKs (Java, Go; `/afterSale/Detail`
too) and their remarks; the meaning of `type` as two independent public programs and a PHP library
list it (API 17/560).
"""

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
from integrations.marketplaces.douyin_after_sale import KINDS, STAGES
from integrations.marketplaces.port import CaseVerdict, Verdict
from integrations.marketplaces.reading import Body, BodyT, Code, Number, Text, or_none, read_answer
from integrations.settings import Schema, whole

SETTINGS: Final = ADDRESSES + Schema((whole("reject_reason_code", 1),))
DETAIL: Final = "/afterSale/Detail"
OPERATE: Final = "/afterSale/operate"
RETURN, REFUND, UNSENT, EXCHANGE = 0, 1, 2, 3  # after_sale_type
_GOODS_BACK: Final = (101, 301)  # agreeing to these wants an address
_SECOND: Final = 11  # after_sale_status: the goods are on their way, the second look
_OPERATIONS: Final = {
    (RETURN, Verdict.AGREE): 101,
    (RETURN, Verdict.REFUSE): 102,
    (RETURN, Verdict.RECEIVED): 111,
    (REFUND, Verdict.AGREE): 201,
    (REFUND, Verdict.REFUSE): 202,
    (EXCHANGE, Verdict.AGREE): 301,
    (EXCHANGE, Verdict.REFUSE): 302,
    (UNSENT, Verdict.AGREE): 401,
}
_SECOND_REFUSALS: Final = {102: 112, 302: 312}


class Calls(Protocol):
    async def __call__(
        self, path: str, parameters: Mapping[str, Any], *, changes: bool
    ) -> bytes: ...


class CaseInfo(Body):
    after_sale_id: Number
    after_sale_status: Code = 0
    after_sale_type: Code = -1
    update_time: Code = 0


class _Process(Body):
    after_sale_info: CaseInfo


class _Detail(Body):
    process_info: _Process


class _DetailAnswer(Body):
    data: _Detail


class _Operated(Body):
    status_code: Code = 0
    status_msg: Text = ""


class _AllOperated(Body):
    items: Annotated[tuple[_Operated, ...], BeforeValidator(or_none)] = ()


class _OperateAnswer(Body):
    data: _AllOperated


async def answer(verdict: CaseVerdict, call: Calls, settings: Mapping[str, Any]) -> None:
    """Agree, refuse, or say that the goods are here: then, and for money alone, Douyin pays."""

    async def read() -> Seen[CaseInfo]:
        raw = await call(DETAIL, {"after_sale_id": verdict.after_sale_no}, changes=False)
        info = _read(_DetailAnswer, raw).data.process_info.after_sale_info
        return Seen(
            STAGES.get(info.after_sale_status, AfterSaleStage.UNKNOWN),
            KINDS.get(info.after_sale_type, AfterSaleKind.OTHER),
            info,
        )

    async def say(case: Seen[CaseInfo]) -> None:
        parameters = operation(verdict, case.told, settings)
        raw = await call(OPERATE, parameters, changes=True)
        for one in _read(_OperateAnswer, raw, changes=True).data.items:
            if one.status_code:
                raise Rejected(one.status_msg, code=str(one.status_code), system="douyin")

    await answer_once(verdict, read, say, "douyin")


def operation(verdict: CaseVerdict, case: CaseInfo, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the case as it was read: Douyin refuses it where it changed since.

    Raises Rejected (`no_return_address_id`, `no_reject_reason_code`); NotOffered where Douyin has
    no such operation, or wants the parcel of an exchange.
    """
    kind = _OPERATIONS.get((case.after_sale_type, verdict.verdict))
    if kind is None:
        raise by_hand("Douyin wants this answer in its back office")
    item: dict[str, Any] = {"aftersale_id": case.after_sale_id}
    if case.update_time:
        item["update_time"] = case.update_time
    if verdict.verdict is Verdict.REFUSE:
        if case.after_sale_status == _SECOND:
            kind = _SECOND_REFUSALS.get(kind, kind)
        code = int(must_be_set(settings, "reject_reason_code"))
        said = verdict.reason or "不符合售后条件"
        item |= {"reason": said, "remark": said, "reject_reason_code": code}
    elif kind in _GOODS_BACK:
        address = must_be_set(settings, "return_address_id", return_address(verdict, settings))
        item["logistics"] = {"receiver_address_id": _number(address)}
    return {"type": kind, "items": [item]}


def _number(address: str) -> int:
    if not (address.isascii() and address.isdigit()):
        text = f"Douyin's numbers of addresses are digits, not {address[:50]!a}"
        raise Rejected(text, code="no_return_address_id", system="onhand")
    return int(address)


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="douyin", changes=changes)
