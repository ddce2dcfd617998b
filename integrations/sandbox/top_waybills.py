"""Cainiao's electronic waybills in the TOP sandbox: the oaid must be the trade's own."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter

from integrations.marketplaces.top_waybill import CP_CODES
from integrations.sandbox.cloud_print import PARAMETER, Unusable, made_of, read_request
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.platform_waybills import Collected, UsedUp, Way, WaybillCounter
from integrations.sandbox.top_requests import Form, Refusal

_CARRIERS: Final = {CP_CODES[code]: code for code in ("sf", "zto", "yto", "sto", "yunda")}
_OPEN: Final = ("WAIT_SELLER_SEND_GOODS", "SELLER_CONSIGNED_PART")


class TopWaybillDesk:
    """The three methods of `cainiao.waybill.ii`."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform
        self._counter = WaybillCounter(sandbox, platform)

    def add_controls(self, router: APIRouter) -> None:
        self._counter.add_controls(router)

    def get(self, form: Form) -> Mapping[str, Any]:
        """The same order, carrier and package id get the first waybill again."""
        try:
            wanted = read_request(form.get(PARAMETER, ""), _CARRIERS, "cp_code")
        except Unusable as why:
            raise _refusal(str(why), "PARAMETER") from None
        trade = self._sandbox.store.get(self._platform, "trade", wanted.order_no)
        if trade is None or str(wanted.recipient.get("tid")) != wanted.order_no:
            raise _refusal("交易不存在或tid不正确", "TRADE")
        if wanted.recipient.get("oaid") != trade["oaid"]:
            raise _refusal("oaid与交易不匹配，解密失败", "OAID")
        if trade["status"] not in _OPEN:
            raise _refusal("订单状态不允许取号", "STATUS")
        way = Way(wanted.sender_city, trade["receiver_city"], trade["receiver_mobile"])
        try:
            waybill = self._counter.order(wanted.key, wanted.carrier, wanted.order_no, way)
        except UsedUp:
            raise _refusal("电子面单余额不足，请充值", "BALANCE") from None
        made = made_of(waybill, wanted.object_id)
        return {"modules": {"waybill_cloud_print_response": [made]}}

    def cancel(self, form: Form) -> Mapping[str, Any]:
        carrier = _CARRIERS.get(form.get("cp_code", ""), "")
        waybill = self._counter.find(carrier, form.get("waybill_code", ""))
        if waybill is None:
            raise _refusal("面单号不存在", "WAYBILL")
        if waybill["void"]:
            raise _refusal("面单已取消，无需重复操作", "CANCELLED")
        try:
            self._counter.void(waybill)
        except Collected:
            raise _refusal("面单已揽收，不允许取消", "COLLECTED") from None
        return {"cancel_result": True}

    def by_order(self, form: Form) -> Mapping[str, Any]:
        try:
            asked = json.loads(form.get("param_list", ""))
            number, object_id = asked[0]["biz_sub_code"], asked[0]["object_id"]
        except (ValueError, RecursionError, LookupError, TypeError):
            raise _refusal("param_list不正确", "PARAMETER") from None
        found = [
            {
                "success": True,
                "object_id": object_id,
                "waybill_cloud_print_response": made_of(one, object_id),
            }
            for one in self._counter.of_order(str(number))
        ]
        none = {"success": False, "object_id": object_id, "error_code": "NOT_FOUND"}
        listed = found or [none]
        return {"modules": {"waybill_cloud_print_with_result_desc_response": listed}}


def _refusal(text: str, code: str) -> Refusal:
    """Cainiao's sub codes are not published; these are the sandbox's own."""
    return Refusal(15, "Remote service error", f"isv.waybill-error:{code}", text)
