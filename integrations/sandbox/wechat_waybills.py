"""The electronic waybills of WeChat shops in the sandbox: first a number of theirs, then under it
the waybill. Codes of these refusals are not published: WeChat's general ones stand for them."""

import re
from typing import Any, Final

from fastapi import APIRouter

from integrations.marketplaces.wechat_waybill import DELIVERY_IDS
from integrations.sandbox.framework import Refusal, Sandbox
from integrations.sandbox.order_controls import ORDER, Order
from integrations.sandbox.platform_waybills import Collected, UsedUp, Way, WaybillCounter
from integrations.sandbox.wechat_door import BUSINESS, PARAMETER, Asked
from integrations.sandbox.wechat_orders import PART_SHIPPED, TO_SHIP, shown

_CARRIERS: Final = {DELIVERY_IDS[code]: code for code in ("sf", "zto", "yto", "sto", "yunda")}
_RESERVED: Final = "ewaybill_order"
_NUMBER: Final = re.compile(r"[0-9]{1,20}")


class WechatWaybillDesk:
    """`precreate`, `create`, `get` and `cancel`."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform
        self._counter = WaybillCounter(sandbox, platform)

    def add_controls(self, router: APIRouter) -> None:
        self._counter.add_controls(router)

    def precreate(self, asked: Asked) -> dict[str, Any]:
        """Every call gives another number."""
        _, order = self._wanted(asked)
        number = str(9_000_000_000 + self._sandbox.store.next_number(self._platform, _RESERVED))
        kept = {"order_no": order["order_id"], "number": number}
        self._sandbox.store.put(self._platform, _RESERVED, number, kept)
        return {"ewaybill_order_id": number}

    def create(self, asked: Asked) -> dict[str, Any]:
        """The same number gets the first waybill again."""
        carrier, order = self._wanted(asked)
        number = self._reserved(asked)
        if order["status"] not in (TO_SHIP, PART_SHIPPED):
            raise Refusal(BUSINESS, "订单状态不允许取号")
        plain, place = order["plain"], order["order_detail"]["delivery_info"]["address_info"]
        way = Way(str(asked["sender"].get("city")), place["city_name"], plain["tel_number"])
        try:
            made = self._counter.order(number, carrier, order["order_id"], way)
        except UsedUp:
            raise Refusal(BUSINESS, "电子面单余额不足") from None
        told = {"ewaybill_order_id": number, "waybill_id": made["waybill_no"]}
        return {**told, "print_info": made["print_data"], "delivery_error_msg": ""}

    def find(self, asked: Asked) -> dict[str, Any]:
        number = self._reserved(asked)
        made = self._counter.by_key(number)
        told = made["waybill_no"] if made is not None and not made["void"] else ""
        return {"order_info": {"ewaybill_order_id": number, "waybill_id": told}}

    def cancel(self, asked: Asked) -> dict[str, Any]:
        made = self._counter.by_key(self._reserved(asked))
        if made is None or made["waybill_no"] != asked.get("waybill_id"):
            raise Refusal(PARAMETER, "waybill_id不正确")
        if made["void"]:
            raise Refusal(BUSINESS, "电子面单已取消，请勿重复操作")
        try:
            self._counter.void(made)
        except Collected:
            raise Refusal(BUSINESS, "快递员已揽收，不能取消") from None
        return {"delivery_error_msg": ""}

    def _reserved(self, asked: Asked) -> str:
        number = str(asked.get("ewaybill_order_id", ""))
        known = _NUMBER.fullmatch(number) and self._sandbox.store.get(
            self._platform, _RESERVED, number
        )
        if not known:
            raise Refusal(PARAMETER, "ewaybill_order_id不存在")
        return number

    def _wanted(self, asked: Asked) -> tuple[str, Order]:
        """The carrier and the order. Raises Refusal."""
        carrier = _CARRIERS.get(str(asked.get("delivery_id")))
        if carrier is None or not asked.get("ewaybill_acct_id") or not asked.get("shop_id"):
            raise Refusal(PARAMETER, "delivery_id、ewaybill_acct_id或shop_id不正确")
        sender, receiver, orders = (asked.get(n) for n in ("sender", "receiver", "ec_order_list"))
        if not isinstance(sender, dict) or not isinstance(receiver, dict):
            raise Refusal(PARAMETER, "sender或receiver不能为空")
        if not isinstance(orders, list) or len(orders) != 1 or not isinstance(orders[0], dict):
            raise Refusal(PARAMETER, "ec_order_list不正确")
        order: Order | None = self._sandbox.store.get(
            self._platform, ORDER, str(orders[0].get("ec_order_id", ""))
        )
        if order is None or not orders[0].get("goods_list"):
            raise Refusal(BUSINESS, "订单不存在或goods_list为空")
        told = shown(order)["order_detail"]["delivery_info"]["address_info"]
        if (receiver.get("name"), receiver.get("mobile"), receiver.get("address")) != (
            told.get("user_name"), told.get("tel_number"), told.get("detail_info"),
        ):  # fmt: skip
            raise Refusal(BUSINESS, "收件人与订单不一致")
        return carrier, order
