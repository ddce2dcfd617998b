"""SF Express 丰桥: one signed form endpoint, JSON inside (wire-formats §2.1)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import uuid4

import httpx

from domain.logistics.tracking import TrackingFact, incident_of
from domain.shared.errors import Rejected, Unavailable
from domain.shared.money import Money
from integrations.access import UNHURRIED, CarrierAccess, Pace, utc_now
from integrations.carriers import sf_codes as codes
from integrations.carriers import sf_messages as messages
from integrations.carriers.calling import compact, timeout_of
from integrations.carriers.errors import ErrorTable, not_offered
from integrations.carriers.port import (
    InterceptRequest,
    PushAnswer,
    Rate,
    RateRequest,
    Waybill,
    WaybillRequest,
)
from integrations.carriers.reading import (
    JSON_TYPE,
    read_answer,
    read_china_time,
    read_pushed,
    write_china_time,
)
from integrations.carriers.scans import scan_fact
from integrations.http import TIMEOUT_S, exchange
from integrations.settings import Schema, choice, text
from integrations.signing import base64_md5, hex_sm3, java_url_encode

SECRETS: Final = ("partner_id", "checkword", "monthly_card")
PUSH_ACK: Final = '{"return_code":"0000","return_msg":"成功"}'.encode()

ResultT = TypeVar("ResultT", bound=messages.Result)


class SignMethod(StrEnum):
    STANDARD_MD5 = "standard_md5"
    SIMPLE_MD5 = "simple_md5"
    SM3 = "sm3"


SETTINGS: Final = Schema((choice("sign_method", SignMethod), text("intercept_pay_mode")))
_BACK: Final = "2"  # 退回
_SENDER: Final = "1"
MONTHLY: Final = "3"


@dataclass(frozen=True, slots=True)
class SfSettings:
    """`base_url` is the service address, e.g. https://sfapi-sbox.sf-express.com/std/service."""

    base_url: str
    partner_id: str
    checkword: str
    monthly_card: str
    sign_method: SignMethod = SignMethod.STANDARD_MD5
    timeout_s: float = TIMEOUT_S
    errors: ErrorTable = codes.ERRORS
    intercept_pay_mode: str = MONTHLY


def open_carrier(access: CarrierAccess) -> "SfCarrier":
    """Secrets `partner_id`, `checkword`, `monthly_card`; setting `sign_method`."""
    secrets = access.secrets
    settings = SfSettings(
        access.base_url,
        secrets["partner_id"],
        secrets["checkword"],
        secrets["monthly_card"],
        SignMethod(access.settings.get("sign_method", SignMethod.STANDARD_MD5)),
        timeout_of(access),
        codes.ERRORS.set_by(access.settings),
        str(access.settings.get("intercept_pay_mode", MONTHLY)),
    )
    return SfCarrier(settings, access.http, access.now, access.pace)


def sign(method: SignMethod, message: str, timestamp: str, checkword: str) -> str:
    """The msgDigest of a message."""
    signed = message + timestamp + checkword
    if method is SignMethod.SM3:
        return hex_sm3(signed)
    return base64_md5(java_url_encode(signed) if method is SignMethod.STANDARD_MD5 else signed)


class SfCarrier:
    """SF as a carrier. Products are SF's expressTypeId: 1 特快, 2 标快."""

    def __init__(
        self,
        settings: SfSettings,
        client: httpx.AsyncClient,
        now: Callable[[], datetime] = utc_now,
        pace: Pace = UNHURRIED,
    ) -> None:
        self._settings = settings
        self._client = client
        self._now = now
        self._pace = pace

    @property
    def code(self) -> str:
        return codes.SYSTEM

    @property
    def signs_pushes(self) -> bool:
        return False

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        """SF's price and time for each product it offers; products without a price are left out."""
        message = {
            "weight": messages.kilograms(request.parcel.weight_g),
            "consignedTime": write_china_time(request.send_at),
            "searchPrice": "1",
            "srcAddress": messages.rated_address(request.origin),
            "destAddress": messages.rated_address(request.destination),
            "monthlyCard": self._settings.monthly_card,
        }
        result = await self._ask("EXP_RECE_QUERY_DELIVERTM", message, messages.ProductsResult)
        offered = result.msgData.deliverTmDto if result.msgData else None
        return tuple(
            Rate(
                codes.SYSTEM,
                each.businessType,
                Money.of(each.fee, messages.CURRENCY).minor,
                messages.CURRENCY,
                _last_time(each.deliverTime),
            )
            for each in offered or ()
            if each.fee is not None
        )

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; the same `order_ref` again (8016) is answered with the first one.

        A reference whose waybill was voided is used up: Rejected with code 8016.
        """
        message = messages.order_body(request, self._settings.monthly_card)
        name = "EXP_RECE_CREATE_ORDER"
        result = await self._call(name, message, messages.OrderResult, changes=True)
        if result.errorCode == codes.DUPLICATE_ORDER:
            return await self._first_waybill(request.order_ref, result.errorMsg)
        order = self._accepted(result).msgData or messages.Order()
        if order.filterResult == 3:
            raise self._rejected("SF does not deliver to this address", "filterResult=3")
        if not order.waybill_no:
            raise self._not_yet()
        return _waybill(order, request.order_ref)

    async def find(self, order_ref: str) -> Waybill | None:
        """The waybill of our reference; a voided one counts as none."""
        message = {"orderId": order_ref, "searchType": "1", "language": "zh-CN"}
        name = "EXP_RECE_SEARCH_ORDER_RESP"
        result = await self._call(name, message, messages.OrderResult, changes=False)
        if result.errorCode in codes.NO_SUCH_ORDER or result.errorCode == codes.ALREADY_CANCELLED:
            return None
        order = self._accepted(result).msgData or messages.Order()
        if not order.waybill_no:
            raise self._not_yet()
        return _waybill(order, order_ref)

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void the waybill; Rejected when SF has the parcel already."""
        message = {"orderId": order_ref, "dealType": 2, "language": "zh-CN"}
        name = "EXP_RECE_UPDATE_ORDER"
        result = await self._call(name, message, messages.UpdateResult, changes=True)
        if result.errorCode == codes.ALREADY_CANCELLED:
            return
        update = self._accepted(result).msgData
        if update is None or update.resStatus != 2:
            raise self._rejected("SF did not match the order", "resStatus=1")

    async def intercept(self, request: InterceptRequest) -> str:
        """Back to the sender, on our monthly account; SF answers nothing but that it will."""
        place = request.sender.address
        message = {
            "waybillNo": request.waybill_no,
            "serviceCode": _BACK,
            "role": _SENDER,
            "payMode": self._settings.intercept_pay_mode,
            "monthlyCardNo": self._settings.monthly_card,
            "newDestAddress": {
                "province": place.province,
                "city": place.city,
                "county": place.district,
                "address": place.detail,
                "contact": request.sender.name,
                "phone": request.sender.phone,
            },
        }
        name = "EXP_RECE_WANTED_INTERCEPT"
        self._accepted(await self._call(name, message, messages.InterceptResult, changes=True))
        return ""

    async def create_return(self, request: WaybillRequest) -> Waybill:
        """SF documents no order type for returns."""
        raise not_offered(codes.SYSTEM, "returns")

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan SF knows, in SF's order."""
        message = {
            "trackingType": "1",
            "trackingNumber": [waybill_no],
            "checkPhoneNo": phone_last4,
            "methodType": "1",
            "language": "zh-CN",
        }
        result = await self._ask("EXP_RECE_SEARCH_ROUTES", message, messages.RoutesResult)
        answered = result.msgData.routeResps if result.msgData else None
        return tuple(
            _fact(waybill_no, route)
            for each in answered or ()
            if each.mailNo in ("", waybill_no)
            for route in each.routes or ()
        )

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """A route push; SF does not sign it: the secret path and address list protect it."""
        pushed = read_pushed(messages.Pushed, body, system=codes.SYSTEM)
        facts = tuple(_fact(route.mailno, route) for route in pushed.Body.WaybillRoute)
        return PushAnswer(facts, 200, JSON_TYPE, PUSH_ACK)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        """Any code but 0000 makes SF send it again."""
        answer = {"return_code": "1000", "return_msg": str(refusal)[:200]}
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        return PushAnswer((), 400, JSON_TYPE, body)

    async def _first_waybill(self, order_ref: str, why: str) -> Waybill:
        first = await self.find(order_ref)
        if first is None:
            raise self._rejected(why or "the order number is used up", codes.DUPLICATE_ORDER)
        return first

    async def _ask(self, service: str, message: object, model: type[ResultT]) -> ResultT:
        return self._accepted(await self._call(service, message, model, changes=False))

    async def _call(
        self, service: str, message: object, model: type[ResultT], *, changes: bool
    ) -> ResultT:
        """One signed call; business refusals come back in the result, transport ones are raised."""
        request = self._request(service, message)
        timeout_s = self._settings.timeout_s
        async with self._pace.call(service):
            answer = await exchange(
                self._client, request, system=codes.SYSTEM, changes=changes, timeout_s=timeout_s
            )
            if answer.status != 200:
                raise self._rejected(f"answered HTTP {answer.status}", str(answer.status))
            raw = answer.body
            envelope = read_answer(messages.Envelope, raw, system=codes.SYSTEM, changes=changes)
            if envelope.apiResultCode != codes.TRANSPORT_OK:
                raise self._settings.errors.error(envelope.apiResultCode, envelope.apiErrorMsg)
        return read_answer(
            model, envelope.apiResultData or "", system=codes.SYSTEM, changes=changes
        )

    def _request(self, service: str, message: object) -> httpx.Request:
        data = compact(message)
        timestamp = str(int(self._now().timestamp() * 1000))
        settings = self._settings
        form = {
            "partnerID": settings.partner_id,
            "requestID": str(uuid4()),
            "serviceCode": service,
            "timestamp": timestamp,
            "msgDigest": sign(settings.sign_method, data, timestamp, settings.checkword),
            "msgData": data,
        }
        return self._client.build_request("POST", settings.base_url, data=form)

    def _accepted(self, result: ResultT) -> ResultT:
        """The result, when business went well too. Raises what its code means otherwise."""
        if result.errorCode != codes.OK:
            raise self._settings.errors.error(result.errorCode, result.errorMsg)
        return result

    def _rejected(self, why: str, code: str) -> Rejected:
        return Rejected(why, code=code, system=codes.SYSTEM)

    def _not_yet(self) -> Unavailable:
        why = "SF has the order and checks it by hand; there is no waybill number yet"
        return Unavailable(why, code="filterResult=1", system=codes.SYSTEM)


def _waybill(order: messages.Order, order_ref: str) -> Waybill:
    label = order.label
    return Waybill(
        codes.SYSTEM,
        order.waybill_no,
        order_ref,
        routing_code=label.destRouteLabel or order.destCode,
        sorting_code=label.codingMapping,
    )


def _fact(waybill_no: str, route: messages.Route) -> TrackingFact:
    """Pushes have an id, queries have none: the same scan must get the same event id from both."""
    status = codes.status_of(route.opCode, route.remark)
    fact = scan_fact(
        codes.SYSTEM, waybill_no, route.acceptTime, route.opCode, status, route.remark,
        route.acceptAddress,
    )  # fmt: skip
    return replace(fact, incident=incident_of(status, f"{route.reasonName} {route.remark}"))


def _last_time(span: str) -> datetime | None:
    """SF writes a span `from,to`; the promise is its end. None when it cannot be read."""
    try:
        return read_china_time(span.rpartition(",")[2].strip())
    except ValueError:
        return None
