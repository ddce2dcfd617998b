"""ZTO as its clients see it: codes, idempotency and signed pushes of wire-formats §2.3."""

import json
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.reading import write_china_time
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox, Vendor
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import base64_md5, same

_ACTIONS: Final = {
    ParcelStatus.PICKED_UP: ("GOT", "收件"),
    ParcelStatus.IN_TRANSIT: ("DEPARTURE", "发件"),
    ParcelStatus.OUT_FOR_DELIVERY: ("DISPATCH", "派件"),
    ParcelStatus.DELIVERED: ("SIGNED", "签收"),
    ParcelStatus.EXCEPTION: ("PROBLEM", "问题件"),
    ParcelStatus.LOST: ("PROBLEM", "问题件"),
    ParcelStatus.RETURNING: ("RETURN_SCAN", "退件"),
    ParcelStatus.RETURNED: ("RETURN_SIGNED", "退件签收"),
}
_PLACED, _COLLECTED, _CANCELLED = 0, 99, -2

Message = Mapping[str, Any]


class ZtoSandbox(Vendor):
    name = "zto"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.zto
        self._operations: Mapping[str, Callable[[Message], object]] = {
            "zto.open.createOrder": self._create,
            "zto.open.getOrderInfo": self._orders,
            "zto.open.cancelPreOrder": self._cancel,
            "zto.merchant.waybill.track.query": self._track,
            "thirdcenter.createIntercept": self._intercept,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._operations)

    def app(self) -> FastAPI:
        app = FastAPI(title="ZTO sandbox", docs_url=None, redoc_url=None)

        @app.post("/{operation}")
        async def gateway(operation: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            headers = dict(request.headers)
            call = Call(self.name, operation, _ref(text), text)
            throttled = _failed("S206", "请求频率超限")
            return await self.sandbox.serve(
                call, lambda: self._serve(operation, headers, text), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        try:
            answer = json.loads(body)
        except ValueError:
            return False
        return status == 200 and isinstance(answer, dict) and answer.get("status") is True

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        trace = {
            "billCode": parcel.waybill_no,
            "action": _ACTIONS[scan.status][0],
            "actionTime": write_china_time(scan.at),
            "city": scan.place,
            "facilityName": f"{scan.place}网点",
            "desc": scan.text,
        }
        data = json.dumps(trace, ensure_ascii=False)
        form = {
            "data": data,
            "data_digest": base64_md5(data + self._account.app_secret),
            "company_id": self._account.app_key,
            "msg_type": "Traces",
            "token": "",
        }
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        body = urlencode(form).encode()
        return Outgoing(self._account.push_path, parcel.waybill_no, body, headers)

    def _serve(self, operation: str, headers: Mapping[str, str], text: str) -> Reply:
        if headers.get("x-appkey") != self._account.app_key:
            return _failed("S210", "无权限访问")
        digest = base64_md5(text + self._account.app_secret)
        if not same(headers.get("x-datadigest", ""), digest):
            return _failed("S211", "签名校验失败")
        perform = self._operations.get(operation)
        if perform is None:
            return _failed("S207", "接口不存在")
        try:
            result = perform(_message(text))
        except Refusal as no:
            return _failed(no.code, no.text)
        body = {"result": result, "message": "请求成功", "status": True, "statusCode": "SYS000"}
        return Reply(json.dumps(body, ensure_ascii=False).encode())

    def _create(self, message: Message) -> Message:
        ref = message.get("partnerOrderCode")
        if not isinstance(ref, str) or not ref:
            raise Refusal("S208", "partnerOrderCode不能为空")
        account = _part(message, "accountInfo")
        password = account.get("accountPassword")
        if (account.get("accountId"), password) != (
            self._account.account_id,
            self._account.account_password,
        ):
            raise Refusal("E404", "电子面单账号或密码错误")
        first = self.sandbox.store.get(self.name, "order", ref)
        if first is not None:
            return first
        order = self._ordered(ref, _part(message, "senderInfo"), _part(message, "receiveInfo"))
        self.sandbox.store.put(self.name, "order", ref, order)
        self.sandbox.store.put(self.name, "order_code", order["orderCode"], {"ref": ref})
        return order

    def _ordered(self, ref: str, sender: Message, receiver: Message) -> dict[str, Any]:
        for part, fields in ((sender, "sender"), (receiver, "receiver")):
            for field in ("Name", "Mobile", "Province", "City", "Address"):
                if not part.get(fields + field):
                    raise Refusal("S208", f"{fields}{field}不能为空")
        number = self.sandbox.store.next_number(self.name, "waybill")
        bill_code = f"731{number:011d}"
        city = str(receiver["receiverCity"])
        details = {
            "origin": str(sender["senderCity"]),
            "destination": city,
            "phones": [str(sender["senderMobile"]), str(receiver["receiverMobile"])],
            "order_code": f"{self.sandbox.now():%y%m%d}{number:012d}",
        }
        self.sandbox.parcels.add(self.name, bill_code, ref, details, self.sandbox.now())
        area = zlib.crc32(city.encode("utf-8", "replace")) % 900 + 100
        return {
            "billCode": bill_code,
            "orderCode": details["order_code"],
            "partnerOrderCode": ref,
            "siteCode": "02100",
            "siteName": "上海",
            "bigMarkInfo": {
                "mark": f"{area}-{number % 100:02d} {number % 1000:03d}",
                "bagAddr": city,
            },
            "verifyCode": f"{number % 10000:04d}",
        }

    def _orders(self, message: Message) -> list[Message]:
        order_code, bill_code = message.get("orderCode"), message.get("billCode")
        if not order_code and not bill_code:
            raise Refusal("S208", "orderCode和billCode不能同时为空")
        known = self.sandbox.store.get(self.name, "order_code", str(order_code)) or {}
        ref = str(known.get("ref") or order_code or "")
        return [
            {
                "billCode": parcel.waybill_no,
                "orderCode": parcel.details["order_code"],
                "orderStatus": self._status(parcel),
            }
            for parcel in self.sandbox.parcels.listed(self.name, ref, str(bill_code or ""))
        ]

    def _cancel(self, message: Message) -> None:
        parcel = self.sandbox.parcels.get(str(message.get("billCode") or "-"), self.name)
        if parcel is None:
            raise Refusal("", "查询不到该订单")
        if self._status(parcel) == _CANCELLED:
            raise Refusal("", "订单已取消，请勿重复操作")
        if self._status(parcel) == _COLLECTED:
            raise Refusal("", "订单已揽收，不能取消")
        self.sandbox.parcels.cancel(parcel)

    def _intercept(self, message: Message) -> None:
        """Back to the sender's address; the same request again changes nothing."""
        if not message.get("requestId"):
            raise Refusal("S208", "requestId不能为空")
        if message.get("destinationType") != 2:
            raise Refusal("S208", "destinationType不正确")
        parcel = self.sandbox.parcels.get(str(message.get("billCode") or "-"), self.name)
        if parcel is None:
            raise Refusal("E416", "运单号错误")
        if not self.sandbox.parcels.send_back(parcel, self.sandbox.now()):
            raise Refusal("", "运单已签收，不能拦截")

    def _track(self, message: Message) -> list[Message]:
        bill_code = str(message.get("billCode") or "-")
        parcel = self.sandbox.parcels.get(bill_code, self.name)
        if parcel is None:
            raise Refusal("E416", "运单号错误")
        last4 = str(message.get("mobilePhone") or "-")
        if not any(phone.endswith(last4) for phone in parcel.details["phones"]):
            raise Refusal("E413", "手机号后四位校验失败")
        return [
            {
                "billCode": bill_code,
                "scanType": _ACTIONS[scan.status][1],
                "scanDate": int(scan.at.astimezone(UTC).timestamp()) * 1000,
                "scanSite": {"name": f"{scan.place}网点", "city": scan.place},
                "desc": scan.text,
            }
            for scan in self.sandbox.parcels.scans(parcel)
        ]

    def _status(self, parcel: Parcel) -> int:
        if parcel.cancelled:
            return _CANCELLED
        return _COLLECTED if self.sandbox.parcels.scans(parcel) else _PLACED


def _failed(code: str, text: str) -> Reply:
    body = {"result": None, "message": text, "status": False, "statusCode": code}
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=False)


def _message(text: str) -> Message:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("S208", "请求体不是JSON") from None
    if not isinstance(message, dict):
        raise Refusal("S208", "请求体不是JSON")
    return message


def _part(message: Message, name: str) -> Message:
    part = message.get(name)
    if not isinstance(part, dict):
        raise Refusal("S208", f"{name}不能为空")
    return part


def _ref(text: str) -> str:
    """Our order number, or the waybill a question is about; for the call log only."""
    try:
        message = _message(text)
    except Refusal:
        return ""
    names = ("partnerOrderCode", "orderCode", "billCode")
    return next((str(message[name]) for name in names if message.get(name)), "")
