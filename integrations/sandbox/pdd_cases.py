"""How Pinduoduo takes a seller's answers to after-sales; there is no call that refuses."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from integrations.sandbox.framework import Refusal
from integrations.sandbox.pdd_requests import BUSINESS, Form

_ASKED_MONEY, _ASKED_RETURN, _TO_COME, _PAID = 2, 3, 7, 10  # after_sales_status
_KINDS: Final = {2: 1, 3: 2, 4: 3}  # the list counts otherwise than a case itself
Case = dict[str, Any]


class PddCaseDesk:
    """`find` is a case by its number, `move` puts it into another status."""

    def __init__(
        self, find: Callable[[str], Case | None], move: Callable[[Case, int], None]
    ) -> None:
        self._find = find
        self._move = move

    def information(self, form: Form) -> dict[str, Any]:
        """Answered without an envelope, as the vendor's page shows it."""
        case = self._known(form.get("after_sales_id", ""), form.get("order_sn", ""))
        return {
            "id": case["id"],
            "order_sn": case["order_sn"],
            "after_sales_status": case["after_sales_status"],
            "after_sales_type": _KINDS.get(case["after_sales_type"], 5),
            "refund_amount": int(Decimal(str(case["refund_amount"])) * 100),
            "express_no": case["tracking_number"],
            "updated_time": case["updated_time"],
        }

    def agree_return(self, form: Form) -> dict[str, Any]:
        request = _request_of(form)
        case = self._known(request.get("after_sales_id"), request.get("order_sn"))
        if not request.get("return_address_id") or not request.get("operate_desc"):
            raise Refusal(BUSINESS, "return_address_id或operate_desc不能为空")
        if case["after_sales_status"] != _ASKED_RETURN:
            return _answered(case, "success", "售后状态不正确")
        self._move(case, _TO_COME)
        return _answered(case, "success")

    def agree_refund(self, form: Form) -> dict[str, Any]:
        request = _request_of(form)
        case = self._known(request.get("after_sales_id"), request.get("order_sn"))
        awaited = _TO_COME if case["after_sales_type"] == _ASKED_RETURN else _ASKED_MONEY
        if case["after_sales_status"] != awaited:
            return _answered(case, "succ", "售后状态不正确")
        self._move(case, _PAID)
        return _answered(case, "succ")

    def _known(self, number: Any, order_sn: Any) -> Case:
        case = self._find(str(order_sn or ""))
        if case is None or str(case["id"]) != str(number):
            raise Refusal(BUSINESS, "售后单不存在")
        return case


def _request_of(form: Form) -> dict[str, Any]:
    try:
        request = json.loads(form.get("request", ""))
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise Refusal(BUSINESS, "request不能为空")
    return request


def _answered(case: Case, yes: str, why: str = "") -> dict[str, Any]:
    result = {"after_sales_id": case["id"], "order_sn": case["order_sn"], yes: not why}
    told = {"result": {**result, "message": why or "操作成功"}}
    return {"response": {**told, "success": True} if yes == "success" else told}
