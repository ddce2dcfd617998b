"""JD Logistics as its clients see it: a JSON array, signed in the query (§2.5).

Its answers and pushes are not published: they have the names of the vendor's sample code.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.jdl import ALGORITHM, CANCEL, CREATE, TRACK, sign
from integrations.carriers.reading import read_china_time, write_china_time
from integrations.sandbox.carrier import WINDOW_S, CarrierVendor, Message, needed, part, says
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_STATES: Final = {
    ParcelStatus.PICKED_UP: "200001",
    ParcelStatus.IN_TRANSIT: "10054",
    ParcelStatus.OUT_FOR_DELIVERY: "11000",
    ParcelStatus.DELIVERED: "10034",
    ParcelStatus.EXCEPTION: "10035",
    ParcelStatus.LOST: "500",
    ParcelStatus.RETURNING: "10054",
    ParcelStatus.RETURNED: "10034",
}
_BUSINESS, _RETURN = 1, 2


class JdlSandbox(CarrierVendor):
    name = "jdl"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.jdl
        self._paths: Mapping[str, Callable[[Message], object]] = {
            CREATE: self._create,
            CANCEL: self._cancel,
            TRACK: self._track,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def app(self) -> FastAPI:
        app = FastAPI(title="JD Logistics sandbox", docs_url=None, redoc_url=None)

        @app.post("/ecap/v1/orders/{operation:path}")
        async def gateway(operation: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            path, query = f"/ecap/v1/orders/{operation}", dict(request.query_params)
            call = Call(self.name, path, _ref(text), text)
            throttled = _failed("429", "请求被限流")
            return await self.sandbox.serve(
                call, lambda: self._serve(path, query, text), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and says(body, "success", True)

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        body = json.dumps({"traceDetails": [_trace(parcel.waybill_no, scan)]}, ensure_ascii=False)
        headers = {"content-type": "application/json;charset=UTF-8"}
        return Outgoing(self._account.push_path, parcel.waybill_no, body.encode(), headers)

    def _serve(self, path: str, query: Mapping[str, str], text: str) -> Reply:
        names = ("app_key", "access_token", "timestamp", "v", "sign")
        if any(not query.get(name) for name in names) or query.get("LOP-DN") != "ECAP":
            return _refused("400", "缺少系统参数")
        if (query["app_key"], query["access_token"]) != (
            self._account.app_key,
            self._account.access_token,
        ):
            return _refused("401", "无效的access_token")
        if not self._is_now(query["timestamp"]):
            return _refused("400", "timestamp已过期")
        expected = sign(path, text, query, self._account.app_secret)
        if query.get("algorithm") != ALGORITHM or not same(query["sign"], expected):
            return _refused("403", "签名错误")
        try:
            perform = self._paths.get(path)
            if perform is None:
                raise Refusal("404", "接口不存在")
            data = perform(_message(text))
        except Refusal as no:
            return _failed(no.code, no.text)
        answer = {"success": True, "code": 0, "msg": "成功", "data": data}
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def _is_now(self, text: str) -> bool:
        try:
            at: datetime = read_china_time(text)
        except ValueError:
            return False
        return abs((self.sandbox.now() - at).total_seconds()) <= WINDOW_S

    def _create(self, message: Message) -> Message:
        needed(message, ("orderId", "customerCode", "cargoes", "orderOrigin"), "1001")
        if message["customerCode"] != self._account.customer_code:
            raise Refusal("1002", "商家编码不存在")
        needed(part(message, "productsReq", "1001"), ("productCode",), "1001")
        sender, receiver = (
            part(message, name, "1001") for name in ("senderContact", "receiverContact")
        )
        for contact in (sender, receiver):
            needed(contact, ("name", "fullAddress"), "1001")
            if not contact.get("mobile") and not contact.get("phone"):
                raise Refusal("1001", "mobile和phone不能同时为空")
        ref = str(message["orderId"])
        if (first := self.first(ref)) is not None:
            return first
        cities = (_city(sender["fullAddress"]), _city(receiver["fullAddress"]))
        phones = [each.get("mobile") or each.get("phone") for each in (sender, receiver)]
        pattern = "JDR{:012d}" if message["orderOrigin"] == _RETURN else "JDVB{:011d}"
        ordered = self.take_on(ref, pattern, cities, phones)
        answer = {
            "waybillCode": ordered.waybill_no,
            "orderCode": f"ESL{ordered.number:014d}",
            "presortResult": {
                "targetSortCenterName": f"{ordered.destination}分拣中心",
                "siteName": f"{ordered.destination}营业部",
                "road": f"{ordered.number % 100:03d}",
            },
        }
        return self.keep(ref, answer)

    def _cancel(self, message: Message) -> Message:
        needed(message, ("customerCode", "cancelReason", "cancelReasonCode"), "1001")
        parcel = self.parcel(message.get("waybillCode"), message.get("customerOrderId"))
        if parcel is None:
            raise Refusal("2001", "订单不存在")
        if parcel.cancelled:
            raise Refusal("2002", "订单已取消")
        if self.is_collected(parcel):
            raise Refusal("2003", "订单已揽收，不能取消")
        self.sandbox.parcels.cancel(parcel)
        return {"waybillCode": parcel.waybill_no, "resultType": 1}

    def _track(self, message: Message) -> Message:
        parcel = self.parcel(message.get("waybillCode"))
        if parcel is None:
            raise Refusal("2001", "运单不存在")
        scans = self.sandbox.parcels.scans(parcel)
        return {"traceDetails": [_trace(parcel.waybill_no, scan) for scan in scans]}


def _refused(code: str, text: str) -> Reply:
    """The gateway itself, before any service."""
    answer = {"error_response": {"code": code, "zh_desc": text}}
    return Reply(json.dumps(answer, ensure_ascii=False).encode(), executed=False)


def _failed(code: str, text: str) -> Reply:
    answer = {"success": False, "code": code, "msg": text, "data": None}
    return Reply(json.dumps(answer, ensure_ascii=False).encode(), executed=False)


def _message(text: str) -> Message:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("400", "请求体不是JSON数组") from None
    if not isinstance(told, list) or len(told) != 1 or not isinstance(told[0], dict):
        raise Refusal("400", "请求体不是JSON数组")
    message: dict[str, Any] = told[0]
    return message


def _ref(text: str) -> str:
    try:
        message = _message(text)
    except Refusal:
        return ""
    names = ("orderId", "customerOrderId", "waybillCode")
    return next((str(message[name]) for name in names if message.get(name)), "")


def _city(full_address: object) -> str:
    """The city of an address in one line, as far as it is written in it."""
    head, found, _ = str(full_address).partition("市")
    return head.rpartition("省")[2] + found if found else str(full_address)[:6]


def _trace(waybill_no: str, scan: Scan) -> dict[str, str]:
    return {
        "waybillCode": waybill_no,
        "operationTime": write_china_time(scan.at),
        "state": _STATES[scan.status],
        "operationTitle": scan.text,
        "operationRemark": scan.text,
        "operatorSite": scan.place,
    }
