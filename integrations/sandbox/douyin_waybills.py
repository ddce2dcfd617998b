"""Douyin's electronic waybills in its sandbox: the ciphertext must be the order's own."""

import json
import re
from typing import Any, Final

from fastapi import APIRouter

from integrations.marketplaces.douyin_waybill import LOGISTICS_CODES
from integrations.sandbox.douyin_orders import PART_SHIPPED, TO_SHIP, shown
from integrations.sandbox.douyin_requests import BUSINESS, PARAMETER, Asked, No, invalid
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.order_controls import ORDER
from integrations.sandbox.platform_waybills import Collected, UsedUp, Way, WaybillCounter

_CARRIERS: Final = {LOGISTICS_CODES[code]: code for code in ("sf", "zto", "yto", "sto", "yunda")}
_PACK: Final = re.compile(r"[A-Za-z0-9_]{1,15}")


class DouyinWaybillDesk:
    """`logistics.newCreateOrder`, `.waybillApply`, `.cancelOrder`."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform
        self._counter = WaybillCounter(sandbox, platform)

    def add_controls(self, router: APIRouter) -> None:
        self._counter.add_controls(router)

    def get(self, asked: Asked) -> dict[str, Any]:
        """The same order and package id get the first waybill again."""
        carrier = _CARRIERS.get(str(asked.get("logistics_code")))
        sender, wanted = asked.get("sender_info"), asked.get("order_infos")
        if carrier is None or not isinstance(sender, dict) or not isinstance(wanted, list):
            raise invalid("logistics_code、sender_info或order_infos不正确")
        if len(wanted) != 1 or not isinstance(wanted[0], dict):
            raise invalid("order_infos不正确，此沙箱一次一单")
        city, name = _text(sender, "address", "city_name"), _text(sender, "contact", "name")
        if not city or not name:
            raise No(PARAMETER, "isv.parameter-invalid:4006", "寄件人姓名不能为空")
        one = wanted[0]
        number, pack = str(one.get("order_id", "")), str(one.get("pack_id") or "0")
        if not _PACK.fullmatch(pack) or not one.get("items"):
            raise invalid("pack_id只能为15位以内的数字、字母和下划线，items不能为空")
        order = self._sandbox.store.get(self._platform, ORDER, number)
        if order is None:
            raise No(BUSINESS, "isv.business-failed:15002", "订单信息不存在")
        if order["order_status"] not in (TO_SHIP, PART_SHIPPED):
            raise No(BUSINESS, "isv.business-failed:4007", "订单状态不允许取号")
        told = _receiver(shown(order))
        receiver = one.get("receiver_info")
        given = (
            _text(receiver, "contact", "name"),
            _text(receiver, "contact", "mobile"),
            _text(receiver, "address", "detail_address"),
        )
        if given != told:
            raise No(BUSINESS, "isv.business-failed:15003", "收件人密文与订单不匹配")
        way = Way(city, order["post_addr"]["city"]["name"], order["plain"]["tel"])
        try:
            made = self._counter.order(f"{carrier}/{number}/{pack}", carrier, number, way)
        except UsedUp:
            refusal = {"order_id": number, "pack_id": pack, "err_code": "10710"}
            return {"ebill_infos": [], "err_infos": [{**refusal, "err_msg": "电子面单余额不足"}]}
        bill = {"order_id": number, "pack_id": pack, "track_no": made["waybill_no"]}
        return {"ebill_infos": [bill], "err_infos": []}

    def apply(self, asked: Asked) -> dict[str, Any]:
        """What is printed: encrypted."""
        applies = asked.get("waybill_applies")
        if not isinstance(applies, list) or len(applies) != 1 or not isinstance(applies[0], dict):
            raise invalid("waybill_applies不正确")
        waybill = self._known(applies[0])
        printed = json.loads(waybill["print_data"])
        told = {
            "order_id": waybill["order_no"],
            "track_no": waybill["waybill_no"],
            "print_data": printed["encryptedData"],
            "sign": printed["signature"],
        }
        return {"waybill_infos": [told], "err_infos": []}

    def cancel(self, asked: Asked) -> dict[str, Any]:
        waybill = self._known(asked)
        if waybill["void"]:
            raise No(BUSINESS, "isv.business-failed:10901", "已经取消过了，无需再次取消")
        try:
            self._counter.void(waybill)
        except Collected:
            raise No(BUSINESS, "isv.business-failed:1105", "已揽收，无法取消") from None
        return {"cancel_result": {"success": True}}

    def _known(self, asked: Asked) -> Any:
        carrier = _CARRIERS.get(str(asked.get("logistics_code")), "")
        waybill = self._counter.find(carrier, str(asked.get("track_no", "")))
        if waybill is None:
            raise No(PARAMETER, "isv.parameter-invalid:10014", "电子面单号不存在")
        return waybill


def _receiver(order: Asked) -> tuple[str, str, str]:
    place = order["post_addr"]
    return (
        str(order.get("encrypt_post_receiver") or order.get("post_receiver")),
        str(order.get("encrypt_post_tel") or order.get("post_tel")),
        str(place.get("encrypt_detail") or place.get("detail")),
    )


def _text(part: Any, *names: str) -> str:
    """A text inside objects; empty where it is not."""
    for name in names:
        part = part.get(name) if isinstance(part, dict) else None
    return part if isinstance(part, str) else ""
