"""YTO as its clients see it: a secret for each interface, errors as `success: false` (§2.2).

Its push is not published: scans come as its track query answers them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.reading import write_china_time
from integrations.carriers.yto import CANCEL, CREATE, TRACK, VERSION, sign
from integrations.sandbox.carrier import (
    CarrierVendor,
    Message,
    first_of,
    needed,
    read_object,
    says,
)
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_CODES: Final = {
    ParcelStatus.PICKED_UP: "GOT",
    ParcelStatus.IN_TRANSIT: "DEPARTURE",
    ParcelStatus.OUT_FOR_DELIVERY: "SENT_SCAN",
    ParcelStatus.DELIVERED: "SIGNED",
    ParcelStatus.EXCEPTION: "FAILED",
    ParcelStatus.LOST: "FAILED",
    ParcelStatus.RETURNING: "TMS_RETURN",
    ParcelStatus.RETURNED: "SIGNED",
}
_PARTS: Final = ("Name", "ProvinceName", "CityName", "Address", "Mobile")


class YtoSandbox(CarrierVendor):
    name = "yto"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.yto
        self._interfaces: Mapping[str, Callable[[Message], object]] = {
            CREATE: self._create,
            CANCEL: self._cancel,
            TRACK: self._track,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._interfaces)

    def app(self) -> FastAPI:
        app = FastAPI(title="YTO sandbox", docs_url=None, redoc_url=None)

        @app.post("/open/{interface}/{version}/{token}/{customer}")
        async def gateway(
            interface: str, version: str, token: str, customer: str, request: Request
        ) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            known = (version, token, customer) == (
                VERSION,
                self._account.url_token,
                self._account.customer_code,
            )
            param = first_of(text, ("param",))
            call = Call(self.name, interface, first_of(param, ("logisticsNo", "NUMBER")), text)
            throttled = Reply(b"", 429, executed=False)
            return await self.sandbox.serve(
                call, lambda: self._serve(interface, text, known=known), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and says(body, "success", True)

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        body = json.dumps(_row(parcel.waybill_no, scan), ensure_ascii=False).encode()
        headers = {"content-type": "application/json;charset=UTF-8"}
        return Outgoing(self._account.push_path, parcel.waybill_no, body, headers)

    def _serve(self, interface: str, text: str, *, known: bool) -> Reply:
        try:
            perform = self._interfaces.get(interface)
            if not known or perform is None:
                raise Refusal("401", "无接口访问权限")
            body = read_object(text, "400", "报文格式错误")
            param = body.get("param")
            if not isinstance(param, str) or body.get("format") != "JSON":
                raise Refusal("400", "param不能为空")
            if not self.is_fresh(body.get("timestamp")):
                raise Refusal("402", "timestamp已过期")
            if not same(str(body.get("sign")), sign(param, interface, self._account.secret)):
                raise Refusal("403", "签名验证失败")
            answer = perform(read_object(param, "400", "param不是JSON"))
        except Refusal as no:
            refused = {"success": False, "code": no.code, "reason": no.text}
            return Reply(json.dumps(refused, ensure_ascii=False).encode(), executed=False)
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def _create(self, message: Message) -> Message:
        needed(message, ("logisticsNo",), "400")
        ref = str(message["logisticsNo"])
        if len(ref) < 7:
            raise Refusal("400", "logisticsNo长度不能小于7")
        for kind in ("sender", "recipient"):
            needed(message, (kind + name for name in _PARTS), "400")
        goods = message.get("goods")
        if not isinstance(goods, list) or not 1 <= len(goods) <= 20:
            raise Refusal("400", "goods数量须在1到20之间")
        if (first := self.first(ref)) is not None:
            return first
        cities = (message["senderCityName"], message["recipientCityName"])
        phones = (message["senderMobile"], message["recipientMobile"])
        ordered = self.take_on(ref, "YT{:013d}", cities, phones)
        answer = {
            "success": True,
            "logisticsNo": ref,
            "mailNo": ordered.waybill_no,
            "shortAddress": ordered.routing_code,
            "packageCenterName": f"{ordered.destination}转运中心",
        }
        return self.keep(ref, answer)

    def _cancel(self, message: Message) -> Message:
        needed(message, ("logisticsNo",), "400")
        parcel = self.parcel("", message["logisticsNo"])
        if parcel is None:
            raise Refusal("500", "订单不存在")
        if parcel.cancelled:
            raise Refusal("500", "订单已取消")
        if self.is_collected(parcel):
            raise Refusal("500", "订单已揽收，不可取消")
        self.sandbox.parcels.cancel(parcel)
        return {"success": True, "logisticsNo": parcel.ref}

    def _track(self, message: Message) -> object:
        parcel = self.parcel(message.get("NUMBER"))
        if parcel is None:
            raise Refusal("1001", "查询结果为空")
        return [_row(parcel.waybill_no, scan) for scan in self.sandbox.parcels.scans(parcel)]


def _row(waybill_no: str, scan: Scan) -> dict[str, str]:
    return {
        "waybill_No": waybill_no,
        "upload_Time": write_china_time(scan.at),
        "infoContent": _CODES[scan.status],
        "processInfo": scan.text,
        "city": scan.place,
        "district": "",
        "weight": "",
    }
