"""Answering WeChat's cases. Facts: the vendor's pages `api_acceptapply` and `api_rejectapply`."""

from collections.abc import Mapping
from typing import Any, Final

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from integrations.marketplaces.cases import by_hand, must_be_set, return_address
from integrations.marketplaces.port import CaseVerdict, Verdict

ACCEPT: Final = "/channels/ec/aftersale/acceptapply"
REJECT: Final = "/channels/ec/aftersale/rejectapply"
_GOODS_BACK, _PAY = 1, 2  # accept_type
_PAYING: Final = "PLATFORM_REFUNDING"


def awaits(case: AfterSale) -> AfterSaleStage:
    """How far the case is for who answers it: while WeChat pays, nothing more is awaited."""
    return AfterSaleStage.DONE if case.vendor_status == _PAYING else case.stage


def answer_to(
    verdict: CaseVerdict, kind: AfterSaleKind, settings: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The call and what it says, with the shop's address and `reject_reason_type`.

    Raises Rejected (`no_reject_reason_type`); NotOffered for what follows an agreed exchange.
    """
    number = {"after_sale_order_id": verdict.after_sale_no}
    if verdict.verdict is Verdict.REFUSE:
        reason = int(must_be_set(settings, "reject_reason_type"))
        return REJECT, {
            **number, "reject_reason": verdict.reason, "reject_reason_type": reason,
        }  # fmt: skip
    if verdict.verdict is Verdict.RECEIVED and kind is AfterSaleKind.EXCHANGE:
        raise by_hand("WeChat wants the parcel of an exchange, in its back office")
    goods_first = verdict.returns_goods and verdict.verdict is Verdict.AGREE
    address = return_address(verdict, settings) if goods_first else ""
    to = {"address_id": address} if address else {}
    return ACCEPT, {**number, **to, "accept_type": _GOODS_BACK if goods_first else _PAY}
