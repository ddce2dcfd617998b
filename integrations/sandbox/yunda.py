"""Yunda as its clients see it: signed over the body, code 0000 is good (§2.6).

Its answers and pushes are not published: they have the names of public clients.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.reading import write_china_time
from integrations.carriers.yunda import CANCEL, CREATE, TRACK, sign
from integrations.sandbox.carrier import (
    CarrierVendor,
    Message,
    first_of,
    needed,
    part,
    read_object,
    says,
)
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_ACTIONS: Final = {
    ParcelStatus.PICKED_UP: "GOT",
    ParcelStatus.IN_TRANSIT: "DEPARTURE",
    ParcelStatus.OUT_FOR_DELIVERY: "SENT",
    ParcelStatus.DELIVERED: "SIGNED",
    ParcelStatus.EXCEPTION: "REJECTION",
    ParcelStatus.LOST: "ISSUE",
    ParcelStatus.RETURNING: "RETURN",
    ParcelStatus.RETURNED: "SIGNED",
}
_WANTED: Final = ("name", "mobile", "province", "city", "address")


class YundaSandbox(CarrierVendor):
    name = "yunda"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.yunda
        self._paths: Mapping[str, Callable[[Message], object]] = {
            CREATE: self._create,
            CANCEL: self._cancel,
            TRACK: self._track,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def app(self) -> FastAPI:
        app = FastAPI(title="Yunda sandbox", docs_url=None, redoc_url=None)

        @app.post("/{path:path}")
        async def gateway(path: str, request: Request) -> Response:
            text, headers = (await request.body()).decode("utf-8", "replace"), dict(request.headers)
            call = Call(self.name, f"/{path}", _ref(text), text)
            throttled = _failed("429", "请求过于频繁")
            return await self.sandbox.serve(
                call, lambda: self._serve(f"/{path}", headers, text), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and says(body, "code", "0000")

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        told = {"mailno": parcel.waybill_no, "steps": [_step(scan)]}
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {"content-type": "application/json;charset=UTF-8"}
        return Outgoing(self._account.push_path, parcel.waybill_no, body, headers)

    def _serve(self, path: str, headers: Mapping[str, str], text: str) -> Reply:
        if headers.get("app-key") != self._account.app_key:
            return _failed("1001", "app-key不存在")
        if not self.is_fresh(headers.get("req-time", "")):
            return _failed("1004", "req-time已过期")
        if not same(headers.get("sign", ""), sign(text, self._account.app_secret)):
            return _failed("1002", "签名错误")
        perform = self._paths.get(path)
        if perform is None:
            return _failed("1005", "接口不存在")
        try:
            data = perform(read_object(text, "2000", "请求体不是JSON"))
        except Refusal as no:
            return _failed(no.code, no.text)
        answer = {"result": True, "code": "0000", "message": "请求成功", "data": data}
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def _create(self, message: Message) -> list[Message]:
        order = self._order(message)
        sender, receiver = (part(order, name, "2001") for name in ("sender", "receiver"))
        for contact in (sender, receiver):
            needed(contact, _WANTED, "2001")
        ref = str(order["order_serial_no"])
        if (first := self.first(ref)) is not None:
            return [first]
        phones = (sender["mobile"], receiver["mobile"])
        ordered = self.take_on(ref, "43{:011d}", (sender["city"], receiver["city"]), phones)
        answer = {
            "order_serial_no": ref,
            "mail_no": ordered.waybill_no,
            "position": ordered.routing_code,
            "package_wdjc": f"{ordered.destination}分拨包",
            "status": "1",
        }
        return [self.keep(ref, answer)]

    def _cancel(self, message: Message) -> list[Message]:
        order = self._order(message)
        parcel = self.parcel(order.get("mailno"), order["order_serial_no"])
        if parcel is None:
            raise Refusal("2002", "订单不存在")
        if parcel.cancelled:
            raise Refusal("2003", "订单已取消")
        if self.is_collected(parcel):
            raise Refusal("2004", "订单已揽收，不能取消")
        self.sandbox.parcels.cancel(parcel)
        return [{"order_serial_no": parcel.ref, "status": "1"}]

    def _track(self, message: Message) -> Message:
        parcel = self.parcel(message.get("mailno"))
        if parcel is None:
            raise Refusal("2005", "运单不存在")
        scans = self.sandbox.parcels.scans(parcel)
        status = _ACTIONS[scans[-1].status] if scans else "ACCEPT"
        steps = [_step(scan) for scan in scans]
        return {"mailno": parcel.waybill_no, "status": status, "steps": steps}

    def _order(self, message: Message) -> Message:
        account = (message.get("partner_id"), message.get("secret"))
        if account != (self._account.partner_id, self._account.partner_secret):
            raise Refusal("1003", "partner_id或密码错误")
        orders = message.get("orders")
        if not isinstance(orders, list) or len(orders) != 1 or not isinstance(orders[0], dict):
            raise Refusal("2001", "orders不能为空")
        order: dict[str, Any] = orders[0]
        needed(order, ("order_serial_no",), "2001")
        return order


def _failed(code: str, text: str) -> Reply:
    answer = {"result": False, "code": code, "message": text, "data": None}
    return Reply(json.dumps(answer, ensure_ascii=False).encode(), executed=False)


def _ref(text: str) -> str:
    """Our order number, or the waybill a question is about; for the call log only."""
    try:
        orders = read_object(text, "", "").get("orders")
    except Refusal:
        return ""
    if isinstance(orders, list) and orders and isinstance(orders[0], dict):
        return str(orders[0].get("order_serial_no", ""))
    return first_of(text, ("mailno",))


def _step(scan: Scan) -> dict[str, str]:
    return {
        "time": write_china_time(scan.at),
        "action": _ACTIONS[scan.status],
        "description": scan.text,
        "city": scan.place,
    }
