"""STO as its clients see it, behind the LINK gateway: signed forms, `success` as a word (§2.4)."""

import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.reading import write_china_time
from integrations.carriers.sto import CANCEL, CREATE, PUSH, RECEIVERS, TRACK
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
from integrations.signing import base64_md5, same

_SCANS: Final = {
    ParcelStatus.PICKED_UP: "收件",
    ParcelStatus.IN_TRANSIT: "发件",
    ParcelStatus.OUT_FOR_DELIVERY: "派件",
    ParcelStatus.DELIVERED: "签收",
    ParcelStatus.EXCEPTION: "问题件",
    ParcelStatus.LOST: "问题件",
    ParcelStatus.RETURNING: "退回件",
    ParcelStatus.RETURNED: "签收",
}
_WANTED: Final = ("name", "mobile", "province", "city", "address")


class StoSandbox(CarrierVendor):
    name = "sto"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.sto
        self._apis: Mapping[str, Callable[[Message], object]] = {
            CREATE: self._create,
            CANCEL: self._cancel,
            TRACK: self._track,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._apis)

    def app(self) -> FastAPI:
        app = FastAPI(title="STO sandbox", docs_url=None, redoc_url=None)

        @app.post("/gateway/link.do")
        async def gateway(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = dict(parse_qsl(text, keep_blank_values=True))
            ref = first_of(form.get("content", ""), ("orderNo", "billCode", "sourceOrderId"))
            call = Call(self.name, form.get("api_name", ""), ref, text)
            throttled = _failed("S06", "请求过于频繁")
            return await self.sandbox.serve(call, lambda: self._serve(form), throttled=throttled)

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and says(body, "success", "true")

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        trace = {"outBizCode": f"{parcel.waybill_no}-{scan.id}", **_trace(parcel.waybill_no, scan)}
        content = json.dumps(
            {"waybillNo": parcel.waybill_no, "linkCode": "demo", "trace": trace},
            ensure_ascii=False,
        )
        form = {
            "content": content,
            "data_digest": base64_md5(content + self._account.secret_key),
            "api_name": PUSH,
        }
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        body = urlencode(form).encode()
        return Outgoing(self._account.push_path, parcel.waybill_no, body, headers)

    def _serve(self, form: Mapping[str, str]) -> Reply:
        name, content = form.get("api_name", ""), form.get("content", "")
        perform = self._apis.get(name)
        if perform is None or form.get("to_appkey") != RECEIVERS[name]:
            return _failed("S03", "没有该接口的调用权限")
        who = (form.get("from_appkey"), form.get("from_code"))
        if who != (self._account.app_key, self._account.from_code):
            return _failed("S04", "from_appkey不存在")
        digest = base64_md5(content + self._account.secret_key)
        if not same(form.get("data_digest", ""), digest):
            return _failed("S01", "签名校验失败")
        try:
            data = perform(read_object(content, "S08", "content不是JSON"))
        except Refusal as no:
            return _failed(no.code, no.text)
        answer = {"success": "true", "errorCode": "", "errorMsg": "", "data": data}
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def _create(self, message: Message) -> Message:
        needed(message, ("orderNo", "orderSource", "billType", "orderType"), "001")
        sender, receiver = (part(message, name, "001") for name in ("sender", "receiver"))
        for contact in (sender, receiver):
            needed(contact, _WANTED, "001")
        needed(part(message, "cargo", "001"), ("goodsName", "goodsCount", "battery"), "001")
        customer = part(message, "customer", "001")
        given = tuple(customer.get(name) for name in ("siteCode", "customerName", "sitePwd"))
        account = self._account
        if given != (account.site_code, account.customer_name, account.site_password):
            raise Refusal("S04", "网点编号、客户名称或密码错误")
        ref = str(message["orderNo"])
        if (first := self.first(ref)) is not None:
            return first
        phones = (sender["mobile"], receiver["mobile"])
        ordered = self.take_on(ref, "777{:012d}", (sender["city"], receiver["city"]), phones)
        answer = {
            "orderNo": ref,
            "waybillNo": ordered.waybill_no,
            "bigWord": ordered.routing_code,
            "packagePlace": f"{ordered.destination}集散中心",
        }
        return self.keep(ref, answer)

    def _cancel(self, message: Message) -> Message:
        parcel = self.parcel(message.get("billCode"), message.get("sourceOrderId"))
        if parcel is None:
            raise Refusal("002", "订单不存在")
        if parcel.cancelled:
            raise Refusal("003", "订单已取消")
        if self.is_collected(parcel):
            raise Refusal("004", "订单已揽收，无法取消")
        self.sandbox.parcels.cancel(parcel)
        return {"billCode": parcel.waybill_no}

    def _track(self, message: Message) -> Message:
        numbers = message.get("waybillNoList")
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
            raise Refusal("001", "waybillNoList不能为空")
        found = {str(number): self.parcel(number) for number in numbers}
        return {
            number: [_trace(number, scan) for scan in reversed(self.sandbox.parcels.scans(parcel))]
            for number, parcel in found.items()
            if parcel is not None
        }


def _failed(code: str, text: str) -> Reply:
    answer = {"success": "false", "errorCode": code, "errorMsg": text, "data": None}
    return Reply(json.dumps(answer, ensure_ascii=False).encode(), executed=False)


def _trace(waybill_no: str, scan: Scan) -> dict[str, str]:
    return {
        "waybillNo": waybill_no,
        "opOrgName": f"{scan.place}网点",
        "opOrgCityName": scan.place,
        "opOrgType": "1",
        "opTime": write_china_time(scan.at),
        "scanType": _SCANS[scan.status],
        "memo": scan.text,
    }
