"""Kuaidi100 as its clients see it: tells of every sandbox carrier's parcels (§2.7).

A number that no sandbox carrier knows becomes a parcel of the named one when it is subscribed.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.kuaidi100 import LABEL, QUERY, SUBSCRIBE, sign
from integrations.carriers.kuaidi100_codes import OURS
from integrations.carriers.reading import write_china_time
from integrations.sandbox.carrier import (
    CarrierVendor,
    Message,
    first_of,
    needed,
    part,
    phone_matches,
    read_object,
    says,
)
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_STATES: Final = {
    ParcelStatus.PICKED_UP: ("1", "揽收"),
    ParcelStatus.IN_TRANSIT: ("0", "在途"),
    ParcelStatus.OUT_FOR_DELIVERY: ("5", "派件"),
    ParcelStatus.DELIVERED: ("3", "签收"),
    ParcelStatus.EXCEPTION: ("14", "拒签"),
    ParcelStatus.LOST: ("2", "疑难"),
    ParcelStatus.RETURNING: ("6", "退回"),
    ParcelStatus.RETURNED: ("4", "退签"),
}
_ORDER, _CANCEL, _PRICE = f"{LABEL}/order", f"{LABEL}/cancel", f"{LABEL}/price"


class Kuaidi100Sandbox(CarrierVendor):
    name = "kuaidi100"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.kuaidi100
        self._labels: Mapping[str, Callable[[Message], object]] = {
            "order": self._order,
            "cancel": self._cancel,
            "price": self._price,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return (QUERY, SUBSCRIBE, _ORDER, _CANCEL, _PRICE)

    def app(self) -> FastAPI:
        app = FastAPI(title="Kuaidi100 sandbox", docs_url=None, redoc_url=None)

        @app.post(f"/{QUERY}")
        async def query(request: Request) -> Response:
            return await self._answer(QUERY, await _form(request), self._query)

        @app.post(f"/{SUBSCRIBE}")
        async def subscribe(request: Request) -> Response:
            return await self._answer(SUBSCRIBE, await _form(request), self._subscribe)

        @app.post(f"/{LABEL}")
        async def label(request: Request) -> Response:
            form = await _form(request)
            return await self._answer(f"{LABEL}/{form.get('method', '')}", form, self._label)

        return app

    def controls(self) -> APIRouter:
        """Giving up on a waybill, as Kuaidi100 does after days without a scan."""
        router = APIRouter()

        @router.post("/{waybill_no}/abort", status_code=204)
        async def abort(waybill_no: str) -> None:
            """It is followed no longer; we are told so."""
            watch = self.sandbox.store.get(self.name, "watch", waybill_no)
            if watch is None or not watch["active"]:
                raise HTTPException(404, "nobody follows this waybill")
            stopped = {**watch, "active": False}
            self.sandbox.store.put(self.name, "watch", waybill_no, stopped)
            result = {"state": "", "com": watch["com"], "nu": waybill_no, "data": []}
            self.sandbox.pushes.send(self.name, self._push("abort", result))

        return router

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and says(body, "returnCode", "200")

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing | None:
        return self.heard_of(parcel, scan)

    def heard_of(self, parcel: Parcel, scan: Scan) -> Outgoing | None:
        """Every scan is told with all before it, to whoever subscribed."""
        watch = self.sandbox.store.get(self.name, "watch", parcel.waybill_no)
        if watch is None or not watch["active"]:
            return None
        status = "shutdown" if scan.status.is_final else "polling"
        return self._push(status, self._result(parcel, str(watch["com"])))

    async def _answer(
        self, operation: str, form: dict[str, str], perform: Callable[[Mapping[str, str]], object]
    ) -> Response:
        ref = first_of(form.get("param", ""), ("orderId", "num", "number", "kuaidinum"))
        call = Call(self.name, operation, ref, urlencode(form))
        throttled = _failed("429", "请求过于频繁")
        return await self.sandbox.serve(
            call, lambda: self._serve(form, perform), throttled=throttled
        )

    def _serve(self, form: Mapping[str, str], perform: Callable[..., object]) -> Reply:
        try:
            answer = perform(form)
        except Refusal as no:
            return _failed(no.code, no.text)
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def _query(self, form: Mapping[str, str]) -> object:
        param = form.get("param", "")
        if form.get("customer") != self._account.customer:
            raise Refusal("503", "验证签名失败")
        if not same(form.get("sign", ""), sign(param, self._account.key, self._account.customer)):
            raise Refusal("503", "验证签名失败")
        message = read_object(param, "400", "参数错误")
        needed(message, ("com", "num"), "400")
        parcel = self._of(str(message["com"]), str(message["num"]))
        if parcel is None or not self.sandbox.parcels.scans(parcel):
            raise Refusal("500", "查询无结果，请隔段时间再查")
        if message["com"] == "shunfeng" and not phone_matches(parcel, message.get("phone")):
            raise Refusal("408", "验证码错误，请输入收寄人手机号后四位")
        return {"message": "ok", "status": "200", **self._result(parcel, str(message["com"]))}

    def _subscribe(self, form: Mapping[str, str]) -> object:
        message = read_object(form.get("param", ""), "700", "订阅方的订阅数据存在错误")
        needed(message, ("company", "number"), "700")
        if form.get("schema") != "json" or message.get("key") != self._account.key:
            raise Refusal("600", "您不是合法的订阅者")
        if message["company"] not in OURS:
            raise Refusal("701", "拒绝订阅的快递公司")
        parameters = part(message, "parameters", "700")
        needed(parameters, ("callbackurl", "salt"), "700")
        number, company = str(message["number"]), str(message["company"])
        watch = self.sandbox.store.get(self.name, "watch", number)
        if watch is not None and watch["active"]:
            raise Refusal("501", "重复订阅")
        if self._of(company, number) is None:
            details = {"origin": "", "destination": "", "phones": [], "com": company}
            self.sandbox.parcels.add(self.name, number, number, details, self.sandbox.now())
        kept = {"com": company, "salt": str(parameters["salt"]), "active": True}
        self.sandbox.store.put(self.name, "watch", number, kept)
        return {"result": True, "returnCode": "200", "message": "提交成功"}

    def _label(self, form: Mapping[str, str]) -> object:
        param, at = form.get("param", ""), form.get("t", "")
        account = self._account
        expected = sign(param, at, account.key, account.secret)
        if form.get("key") != account.key or not same(form.get("sign", ""), expected):
            raise Refusal("503", "验证签名失败")
        if not self.is_fresh(at):
            raise Refusal("400", "时间戳已过期")
        perform = self._labels.get(form.get("method", ""))
        if perform is None:
            raise Refusal("400", "method错误")
        data = perform(read_object(param, "400", "param不是JSON"))
        return {"success": True, "code": 200, "message": "成功", "data": data}

    def _order(self, message: Message) -> Message:
        needed(message, ("kuaidicom", "orderId", "partnerId", "cargo"), "400")
        sender, receiver = (part(message, name, "400") for name in ("sendMan", "recMan"))
        for contact in (sender, receiver):
            needed(contact, ("name", "printAddr"), "400")
        ref, company = str(message["orderId"]), str(message["kuaidicom"])
        if company not in OURS:
            raise Refusal("400", "不支持的快递公司")
        if (first := self.first(ref)) is not None:
            return first
        cities = (sender["printAddr"], receiver["printAddr"])
        phones = [each.get("mobile") or each.get("tel") for each in (sender, receiver)]
        pattern = f"KD{company[:2].upper()}{{:011d}}"
        ordered = self.take_on(ref, pattern, cities, phones, com=company)
        answer = {
            "taskId": f"T{ordered.number}",
            "kuaidinum": ordered.waybill_no,
            "childNum": "",
            "bulkpen": ordered.routing_code,
            "label": "",
        }
        return self.keep(ref, answer)

    def _cancel(self, message: Message) -> Message:
        needed(message, ("kuaidicom", "orderId"), "400")
        parcel = self.parcel(message.get("kuaidinum"), message["orderId"])
        if parcel is None or parcel.details.get("com") != message["kuaidicom"]:
            raise Refusal("400", "订单不存在")
        if parcel.cancelled:
            raise Refusal("400", "订单已取消")
        if self.is_collected(parcel):
            raise Refusal("400", "订单已揽收，不能取消")
        self.sandbox.parcels.cancel(parcel)
        return {}

    def _price(self, message: Message) -> Message:
        needed(message, ("kuaidicom", "sendAddr", "recAddr", "weight"), "400")
        try:
            weight_kg = max(Decimal(str(message["weight"])), Decimal(1))
        except ArithmeticError:
            raise Refusal("400", "weight错误") from None
        price = Decimal(12) + (weight_kg - 1) * 4
        return {"combos": [{"price": str(round(price, 2)), "expType": "标准快递"}]}

    def _of(self, company: str, number: str) -> Parcel | None:
        ours = self.sandbox.parcels.get(number, self.name)
        return ours or self.sandbox.parcels.get(number, OURS.get(company, "-"))

    def _result(self, parcel: Parcel, company: str) -> dict[str, Any]:
        scans = list(reversed(self.sandbox.parcels.scans(parcel)))
        state = _STATES[scans[0].status][0] if scans else ""
        return {
            "state": state,
            "com": company,
            "nu": parcel.waybill_no,
            "ischeck": "1" if state == "3" else "0",
            "data": [_row(scan) for scan in scans],
        }

    def _push(self, status: str, result: Mapping[str, Any]) -> Outgoing:
        number = str(result["nu"])
        watch = self.sandbox.store.get(self.name, "watch", number) or {}
        told = {"status": status, "message": "", "autoCheck": "0", "comOld": "", "comNew": ""}
        param = json.dumps({**told, "lastResult": result}, ensure_ascii=False)
        form = {"param": param, "sign": sign(param, str(watch.get("salt", "")))}
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return Outgoing(self._account.push_path, number, urlencode(form).encode(), headers)


async def _form(request: Request) -> dict[str, str]:
    text = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


def _failed(code: str, text: str) -> Reply:
    answer = {"result": False, "returnCode": code, "message": text}
    return Reply(json.dumps(answer, ensure_ascii=False).encode(), executed=False)


def _row(scan: Scan) -> dict[str, str]:
    at, (number, name) = write_china_time(scan.at), _STATES[scan.status]
    return {
        "context": scan.text,
        "time": at,
        "ftime": at,
        "status": name,
        "statusCode": number,
        "areaName": scan.place,
    }
