"""SF Express as its clients see it: codes, idempotency and route push of wire-formats §2.1."""

import json
import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.reading import write_china_time
from integrations.carriers.sf import SignMethod, sign
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox, Vendor
from integrations.sandbox.parcels import Parcel, Scan
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_WINDOW_S: Final = 600
_OP_CODES: Final = {
    ParcelStatus.PICKED_UP: "50",
    ParcelStatus.IN_TRANSIT: "30",
    ParcelStatus.OUT_FOR_DELIVERY: "204",
    ParcelStatus.DELIVERED: "80",
    ParcelStatus.EXCEPTION: "33",
    ParcelStatus.LOST: "33",
    ParcelStatus.RETURNING: "648",
    ParcelStatus.RETURNED: "80",
}
_PRODUCTS: Final = (("1", "顺丰特快", Decimal(23), 1), ("2", "顺丰标快", Decimal(18), 2))

Message = Mapping[str, Any]


class SfSandbox(Vendor):
    name = "sf"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.sf
        self._services: Mapping[str, Callable[[Message], Message | None]] = {
            "EXP_RECE_CREATE_ORDER": self._create,
            "EXP_RECE_UPDATE_ORDER": self._update,
            "EXP_RECE_SEARCH_ORDER_RESP": self._search,
            "EXP_RECE_WANTED_INTERCEPT": self._intercept,
            "EXP_RECE_SEARCH_ROUTES": self._routes,
            "EXP_RECE_QUERY_DELIVERTM": self._prices,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._services)

    def app(self) -> FastAPI:
        app = FastAPI(title="SF sandbox", docs_url=None, redoc_url=None)

        @app.post("/std/service")
        async def service(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = dict(parse_qsl(text, keep_blank_values=True))
            call = Call(self.name, form.get("serviceCode", ""), _ref(form), text)
            throttled = _transport("A1005", "访问次数超限")
            return await self.sandbox.serve(call, lambda: self._serve(form), throttled=throttled)

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        try:
            answer = json.loads(body)
        except ValueError:
            return False
        return status == 200 and isinstance(answer, dict) and answer.get("return_code") == "0000"

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing:
        route = {
            "id": str(scan.id),
            "mailno": parcel.waybill_no,
            "orderid": parcel.ref,
            "reasonCode": "",
            "reasonName": "",
            **_route(scan),
        }
        body = json.dumps({"Body": {"WaybillRoute": [route]}}, ensure_ascii=False).encode()
        headers = {"content-type": "application/json;charset=UTF-8"}
        return Outgoing(self._account.push_path, parcel.waybill_no, body, headers)

    def _serve(self, form: Mapping[str, str]) -> Reply:
        """Transport checks in SF's order, then the business answer inside an A1000 envelope."""
        names = ("partnerID", "requestID", "serviceCode", "timestamp", "msgDigest", "msgData")
        if any(not form.get(name) for name in names):
            return _transport("A1001", "必传参数不可为空")
        if form["partnerID"] != self._account.partner_id:
            return _transport("A1004", "无对应服务权限")
        if not self._is_fresh(form["timestamp"]):
            return _transport("A1002", "请求时效已过期")
        digest = sign(
            SignMethod.STANDARD_MD5, form["msgData"], form["timestamp"], self._account.checkword
        )
        if not same(form["msgDigest"], digest):
            return _transport("A1006", "数字签名无效")
        service = self._services.get(form["serviceCode"])
        if service is None:
            return _transport("A1004", "无对应服务权限")
        try:
            result = {"success": True, "errorCode": "S0000", "errorMsg": None}
            return _business({**result, "msgData": service(_message(form["msgData"]))})
        except Refusal as no:
            result = {"success": False, "errorCode": no.code, "errorMsg": no.text}
            return _business({**result, "msgData": None}, executed=False)

    def _is_fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            return False
        return abs(self.sandbox.now().timestamp() - int(timestamp) / 1000) <= _WINDOW_S

    def _create(self, message: Message) -> Message:
        ref = _text(message, "orderId")
        if len(ref) > 64:
            raise Refusal("S0004", "参数orderId长度超过64")
        if str(message.get("expressTypeId")) not in {code for code, *_ in _PRODUCTS}:
            raise Refusal("8057", "快件产品类别不正确")
        if (
            message.get("payMethod") == 1
            and message.get("monthlyCard") != self._account.monthly_card
        ):
            raise Refusal("8119", "月结卡号不匹配")
        sender, receiver = _contact(message, 1), _contact(message, 2)
        if not message.get("cargoDetails"):
            raise Refusal("S0002", "必传参数cargoDetails为空")
        if self.sandbox.store.get(self.name, "order", ref) is not None:
            raise Refusal("8016", "重复下单")
        order = self._ordered(ref, sender, receiver)
        self.sandbox.store.put(self.name, "order", ref, order)
        return order

    def _ordered(self, ref: str, sender: Message, receiver: Message) -> dict[str, Any]:
        number = self.sandbox.store.next_number(self.name, "waybill")
        waybill_no = f"SF7{number:012d}"
        origin, destination = str(sender.get("city", "")), str(receiver.get("city", ""))
        details = {
            "origin": origin,
            "destination": destination,
            "phones": [_phone(sender), _phone(receiver)],
        }
        self.sandbox.parcels.add(self.name, waybill_no, ref, details, self.sandbox.now())
        area = _area_code(destination)
        label = {
            "waybillNo": waybill_no,
            "destRouteLabel": f"{area}A-{number % 1000:03d}",
            "codingMapping": f"S{number % 100:02d}",
        }
        return {
            "orderId": ref,
            "originCode": _area_code(origin),
            "destCode": area,
            "filterResult": 2,
            "waybillNoInfoList": [{"waybillType": 1, "waybillNo": waybill_no}],
            "routeLabelInfo": [{"code": "1000", "routeLabelData": label}],
        }

    def _update(self, message: Message) -> Message:
        parcel = self._parcel(_text(message, "orderId"))
        if message.get("dealType") != 2:
            return {"orderId": parcel.ref, "resStatus": 2}
        if parcel.cancelled:
            raise Refusal("8037", "订单已取消")
        if self.sandbox.parcels.scans(parcel):
            raise Refusal("8252", "订单已确认，不能取消")
        self.sandbox.parcels.cancel(parcel)
        return {"orderId": parcel.ref, "resStatus": 2}

    def _intercept(self, message: Message) -> None:
        """Back to the sender, as long as it is not at the door."""
        parcel = self.sandbox.parcels.get(_text(message, "waybillNo"), self.name)
        if parcel is None:
            raise Refusal("8024", "未查询到此运单")
        if message.get("serviceCode") != "2" or message.get("role") != "1":
            raise Refusal("S0003", "参数serviceCode或role不正确")
        if message.get("monthlyCardNo") != self._account.monthly_card:
            raise Refusal("8119", "月结卡号不匹配")
        place = message.get("newDestAddress")
        needed = ("province", "city", "county", "address")
        if not isinstance(place, dict) or not all(place.get(name) for name in needed):
            raise Refusal("S0002", "必传参数newDestAddress为空")
        if not self.sandbox.parcels.send_back(parcel, self.sandbox.now()):
            raise Refusal("8252", "运单已签收，不能拦截")

    def _search(self, message: Message) -> Message:
        parcel = self._parcel(_text(message, "orderId"))
        if parcel.cancelled:
            raise Refusal("8037", "订单已取消")
        return self.sandbox.store.get(self.name, "order", parcel.ref) or {}

    def _routes(self, message: Message) -> Message:
        numbers = message.get("trackingNumber")
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= 10:
            raise Refusal("S0002", "必传参数trackingNumber为空")
        answered = []
        for number in map(str, numbers):
            parcel = self.sandbox.parcels.get(number, self.name)
            known = parcel is not None and _phone_matches(parcel, message.get("checkPhoneNo"))
            scans = self.sandbox.parcels.scans(parcel) if parcel is not None and known else []
            answered.append({"mailNo": number, "routes": [_route(scan) for scan in scans]})
        return {"routeResps": answered}

    def _prices(self, message: Message) -> Message:
        source, target = message.get("srcAddress"), message.get("destAddress")
        if not isinstance(source, dict) or not isinstance(target, dict):
            raise Refusal("S0002", "必传参数destAddress为空")
        weight = message.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
            raise Refusal("S0007", "参数weight类型错误")
        weight_kg = max(Decimal(str(weight)), Decimal(1))
        same_province = source.get("province") == target.get("province")
        arrives = self.sandbox.now().replace(hour=10, minute=0, second=0, microsecond=0)
        offers = []
        for code, name, first_kg, days in _PRODUCTS:
            fee = first_kg - (6 if same_province else 0) + (weight_kg - 1) * 5
            promise = write_china_time(arrives + timedelta(days=days))
            offers.append(
                {
                    "businessType": code,
                    "businessTypeDesc": name,
                    "deliverTime": f"{promise},{promise}",
                    "fee": float(round(fee, 2)),
                    "searchPrice": "1",
                    "closeTime": None,
                }
            )
        return {"deliverTmDto": offers}

    def _parcel(self, ref: str) -> Parcel:
        found = self.sandbox.parcels.listed(vendor=self.name, ref=ref)
        if not found:
            raise Refusal("8018", "未获取到订单信息")
        return found[-1]


def _transport(code: str, text: str) -> Reply:
    return _envelope(code, text, "", executed=False)


def _business(result: Message, *, executed: bool = True) -> Reply:
    return _envelope("A1000", "", json.dumps(result, ensure_ascii=False), executed=executed)


def _envelope(code: str, text: str, data: str, *, executed: bool) -> Reply:
    body = {
        "apiErrorMsg": text,
        "apiResponseID": uuid4().hex,
        "apiResultCode": code,
        "apiResultData": data,
    }
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)


def _ref(form: Mapping[str, str]) -> str:
    """Our order number, or the waybill a question is about; for the call log only."""
    try:
        message = _message(form.get("msgData", ""))
    except Refusal:
        return ""
    numbers = message.get("trackingNumber")
    first = numbers[0] if isinstance(numbers, list) and numbers else ""
    return str(message.get("orderId") or first)


def _message(text: str) -> Message:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("S0001", "非法的JSON格式") from None
    if not isinstance(message, dict):
        raise Refusal("S0001", "非法的JSON格式")
    return message


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal("S0002", f"必传参数{name}为空")
    return value


def _contact(message: Message, kind: int) -> Message:
    contacts = message.get("contactInfoList")
    for contact in contacts if isinstance(contacts, list) else []:
        if isinstance(contact, dict) and contact.get("contactType") == kind:
            if not contact.get("address") or not _phone(contact):
                break
            return contact
    raise Refusal("S0002", "必传参数contactInfoList为空")


def _phone(contact: Message) -> str:
    return str(contact.get("mobile") or contact.get("tel") or "")


def _phone_matches(parcel: Parcel, last4: object) -> bool:
    return any(phone.endswith(str(last4)) for phone in parcel.details["phones"] if last4)


def _area_code(city: str) -> str:
    return f"{zlib.crc32(city.encode('utf-8', 'replace')) % 900 + 100}"


def _route(scan: Scan) -> dict[str, str]:
    return {
        "acceptTime": write_china_time(scan.at),
        "acceptAddress": scan.place,
        "remark": scan.text,
        "opCode": _OP_CODES[scan.status],
    }
