"""Answering WeChat's cases. Facts: the vendor's pages `api_acceptapply` and `api_rejectapply`."""

from collections.abc import Mapping
from typing import Any, Final

from domain.orders.after_sale import AfterSaleStage
from domain.shared.errors import Rejected
from integrations.marketplaces.port import CaseVerdict, Verdict

ACCEPT: Final = "/channels/ec/aftersale/acceptapply"
REJECT: Final = "/channels/ec/aftersale/rejectapply"
_GOODS_BACK, _PAY = 1, 2  # accept_type
# While a case is so far, the answer is awaited; later it was given.
_AWAITS: Final = {
    Verdict.AGREE: (AfterSaleStage.REQUESTED,),
    Verdict.REFUSE: (AfterSaleStage.REQUESTED, AfterSaleStage.ON_THE_WAY),
    Verdict.RECEIVED: (AfterSaleStage.AGREED, AfterSaleStage.ON_THE_WAY, AfterSaleStage.RECEIVED),
}


def is_awaited(verdict: CaseVerdict, stage: AfterSaleStage) -> bool:
    """Whether WeChat still waits for this answer."""
    return stage in _AWAITS[verdict.verdict]


def answer_to(verdict: CaseVerdict, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The call and what it says, with the shop's `return_address_id` and `reject_reason_type`.

    Raises Rejected (`no_reject_reason_type`).
    """
    number = {"after_sale_order_id": verdict.after_sale_no}
    if verdict.verdict is Verdict.REFUSE:
        kind = settings.get("reject_reason_type")
        if not kind:
            text = "the shop's setting reject_reason_type is missing"
            raise Rejected(text, code="no_reject_reason_type", system="onhand")
        return REJECT, {
            **number, "reject_reason": verdict.reason, "reject_reason_type": int(kind),
        }  # fmt: skip
    goods_first = verdict.returns_goods and verdict.verdict is Verdict.AGREE
    address = str(settings.get("return_address_id", "")) if goods_first else ""
    to = {"address_id": address} if address else {}
    return ACCEPT, {**number, **to, "accept_type": _GOODS_BACK if goods_first else _PAY}
