"""Pinduoduo's electronic waybills in its sandbox: the ciphertext must be the order's own."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter

from integrations.marketplaces.pdd_waybill import WP_CODES
from integrations.sandbox.cloud_print import PARAMETER, Unusable, made_of, read_request
from integrations.sandbox.framework import Refusal, Sandbox
from integrations.sandbox.order_controls import ORDER
from integrations.sandbox.pdd_orders import TO_SHIP, shown
from integrations.sandbox.pdd_requests import BUSINESS, Form
from integrations.sandbox.platform_waybills import Collected, UsedUp, Way, WaybillCounter

_CARRIERS: Final = {WP_CODES[code]: code for code in ("sf", "zto", "yto", "sto", "yunda")}


class PddWaybillDesk:
    """`pdd.waybill.get` and `pdd.waybill.cancel`."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform
        self._counter = WaybillCounter(sandbox, platform)

    def add_controls(self, router: APIRouter) -> None:
        self._counter.add_controls(router)

    def get(self, form: Form) -> dict[str, Any]:
        """The same order, carrier and package id get the first waybill again."""
        try:
            wanted = read_request(form.get(PARAMETER, ""), _CARRIERS, "wp_code")
        except Unusable as why:
            raise Refusal(BUSINESS, str(why)) from None
        order = self._sandbox.store.get(self._platform, ORDER, wanted.order_no)
        if order is None:
            raise Refusal(BUSINESS, "订单不存在")
        if order["order_status"] != TO_SHIP or order["refund_status"] in (3, 4):
            raise Refusal(BUSINESS, "订单状态不允许取号")
        if _told(wanted.recipient) != _secret(shown(order)):
            raise Refusal(BUSINESS, "收件人密文与订单不匹配")
        way = Way(wanted.sender_city, order["city"], order["plain"]["receiver_phone"])
        try:
            waybill = self._counter.order(wanted.key, wanted.carrier, wanted.order_no, way)
        except UsedUp:
            raise Refusal(BUSINESS, "电子面单余额不足，请充值") from None
        return {"pdd_waybill_get_response": {"modules": [made_of(waybill, wanted.object_id)]}}

    def cancel(self, form: Form) -> dict[str, Any]:
        carrier = _CARRIERS.get(form.get("wp_code", ""), "")
        waybill = self._counter.find(carrier, form.get("waybill_code", ""))
        if waybill is None:
            raise Refusal(BUSINESS, "面单号不存在")
        if waybill["void"]:
            raise Refusal(BUSINESS, "面单已取消，无需重复操作")
        try:
            self._counter.void(waybill)
        except Collected:
            raise Refusal(BUSINESS, "面单已揽收，不允许取消") from None
        return {"pdd_waybill_cancel_response": {"cancel_result": True}}


def _told(recipient: Mapping[str, Any]) -> tuple[Any, ...]:
    address = recipient.get("address")
    detail = address.get("detail") if isinstance(address, dict) else None
    return recipient.get("name"), recipient.get("mobile"), detail


def _secret(order: Mapping[str, Any]) -> tuple[Any, ...]:
    return order["receiver_name"], order["receiver_phone"], order["receiver_address"]
