"""ZTO 中通: JSON posts signed over the exact bytes, pushes as signed forms (wire-formats §2.3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import httpx

from domain.logistics.tracking import TrackingFact
from domain.shared.errors import CredentialsRefused, Rejected, Unavailable
from integrations.access import UNHURRIED, CarrierAccess, Pace
from integrations.carriers import zto_codes as codes
from integrations.carriers import zto_messages as messages
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable, not_offered
from integrations.carriers.port import (
    FORGED,
    InterceptRequest,
    PushAnswer,
    Rate,
    RateRequest,
    Waybill,
    WaybillRequest,
)
from integrations.carriers.reading import JSON_TYPE, read_pushed
from integrations.carriers.scans import scan_fact
from integrations.http import TIMEOUT_S
from integrations.settings import Schema, text
from integrations.signing import base64_md5, same

SECRETS: Final = ("app_key", "app_secret", "account_id", "account_password")
OPTIONAL_SECRETS: Final = ("customer_id", "cod_account")
SETTINGS: Final = Schema((text("order_type"),))
PUSH_ACK: Final = b'{"message":"","result":"success","status":true,"statusCode":"0"}'
APPOINTMENT: Final = "2"  # a courier comes; the waybill number is given at once, cancelling works
_CANCELLED_BY_SENDER: Final = "2"
_BACK_TO_SENDER: Final = 2
_WRONG_SIGNATURE: Final = "S211"
_UNKNOWN_ORDER: Final = "查询不到该订单"

ResultT = TypeVar("ResultT", bound=messages.Result)


@dataclass(frozen=True, slots=True)
class ZtoSettings:
    """`base_url` is the gateway, e.g. https://japi-test.zto.com.

    Waybills of `order_type` 1 (全网件) cannot be voided; they expire unused.
    """

    base_url: str
    app_key: str
    app_secret: str
    account_id: str
    account_password: str
    customer_id: str = ""
    cod_account: str = ""
    order_type: str = APPOINTMENT
    timeout_s: float = TIMEOUT_S
    errors: ErrorTable = codes.ERRORS


def open_carrier(access: CarrierAccess) -> "ZtoCarrier":
    """Secrets `app_key`, `app_secret`, `account_id`, `account_password`; `customer_id` and
    `cod_account` where the contract has them."""
    secrets = access.secrets
    settings = ZtoSettings(
        access.base_url,
        secrets["app_key"],
        secrets["app_secret"],
        secrets["account_id"],
        secrets["account_password"],
        secrets.get("customer_id"),
        secrets.get("cod_account"),
        str(access.settings.get("order_type", APPOINTMENT)),
        timeout_of(access),
        codes.ERRORS.set_by(access.settings),
    )
    return ZtoCarrier(settings, access.http, access.pace)


class ZtoCarrier:
    """ZTO as a carrier. It documents no price query: rates come from our own tariffs."""

    def __init__(
        self, settings: ZtoSettings, client: httpx.AsyncClient, pace: Pace = UNHURRIED
    ) -> None:
        self._settings = settings
        self._line = Line(codes.SYSTEM, client, pace, settings.timeout_s)

    @property
    def code(self) -> str:
        return codes.SYSTEM

    @property
    def signs_pushes(self) -> bool:
        return True

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        return ()

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; ZTO answers the same partnerOrderCode with the first one."""
        settings = self._settings
        account = {
            "accountId": settings.account_id,
            "accountPassword": settings.account_password,
            "type": 1,
            "customerId": settings.customer_id,
        }
        body = messages.order_body(request, account, settings.order_type, settings.cod_account)
        name = "zto.open.createOrder"
        order = (await self._call(name, body, messages.OrderResult, changes=True)).result
        if order is None or not order.billCode:
            text = "ZTO took the order and gave no waybill number yet"
            raise Unavailable(text, code="no billCode", system=codes.SYSTEM)
        return _waybill(order, request.order_ref)

    async def find(self, order_ref: str) -> Waybill | None:
        """The waybill of our reference; a voided one counts as none.

        That the order query takes our number as well as ZTO's own is not confirmed by the vendor.
        Where it does not, creating again is safe: the same reference gets the first waybill.
        """
        for order in await self._orders(order_ref):
            if order.billCode and order.orderStatus != codes.CANCELLED_ORDER:
                return _waybill(order, order_ref)
        return None

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void the waybill; when ZTO refuses, it is no error if the order is void already."""
        body = {"cancelType": _CANCELLED_BY_SENDER, "billCode": waybill_no}
        try:
            await self._call("zto.open.cancelPreOrder", body, messages.Result, changes=True)
        except CredentialsRefused:
            raise
        except Rejected:
            orders = await self._orders(order_ref)
            if not orders or any(each.orderStatus != codes.CANCELLED_ORDER for each in orders):
                raise

    async def intercept(self, request: InterceptRequest) -> str:
        """Back to the sender's address; ZTO knows the request by our reference."""
        body = {
            "billCode": request.waybill_no,
            "requestId": request.ref,
            "destinationType": _BACK_TO_SENDER,
            "thirdBizNo": request.ref,
        }
        await self._call("thirdcenter.createIntercept", body, messages.Result, changes=True)
        return request.ref

    async def create_return(self, request: WaybillRequest) -> Waybill:
        """ZTO documents no returns."""
        raise not_offered(codes.SYSTEM, "returns")

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan ZTO knows, in ZTO's order."""
        body = {"billCode": waybill_no, "mobilePhone": phone_last4}
        name = "zto.merchant.waybill.track.query"
        scans = (await self._call(name, body, messages.ScansResult, changes=False)).result
        return tuple(_tracked(waybill_no, scan) for scan in scans or ())

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """A signed form."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        data = form.get("data", "")
        if not same(form.get("data_digest", ""), base64_md5(data + self._settings.app_secret)):
            raise Rejected("the signature is wrong", code=FORGED, system=codes.SYSTEM)
        facts: tuple[TrackingFact, ...] = ()
        if form.get("msg_type") == "Traces":
            facts = (_pushed(read_pushed(messages.Pushed, data, system=codes.SYSTEM)),)
        return PushAnswer(facts, 200, JSON_TYPE, PUSH_ACK)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        """A wrong signature has ZTO's own code; anything but success is sent again."""
        forged = refusal.code == FORGED
        answer = {
            "message": str(refusal)[:200],
            "result": "fail",
            "status": False,
            "statusCode": _WRONG_SIGNATURE if forged else refusal.code,
        }
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        return PushAnswer((), 401 if forged else 400, JSON_TYPE, body)

    async def _orders(self, order_ref: str) -> tuple[messages.Order, ...]:
        kind = 0 if self._settings.order_type == APPOINTMENT else 1
        body = {"type": kind, "orderCode": order_ref, "billCode": ""}
        name = "zto.open.getOrderInfo"
        try:
            result = await self._call(name, body, messages.OrdersResult, changes=False)
        except Rejected as error:
            if _UNKNOWN_ORDER in str(error):
                return ()
            raise
        return result.result or ()

    async def _call(
        self, name: str, message: Mapping[str, Any], model: type[ResultT], *, changes: bool
    ) -> ResultT:
        """One signed call that went well. Raises what its code means otherwise."""
        text = compact(message)
        headers = {
            "x-appKey": self._settings.app_key,
            "x-dataDigest": base64_md5(text + self._settings.app_secret),
        }
        url = f"{self._settings.base_url.rstrip('/')}/{name}"
        request = self._line.json(url, text, headers)
        body = await self._line.call(name, request, messages.Result, self._check, changes=changes)
        return self._line.read(model, body, changes=changes)

    def _check(self, result: messages.Result) -> None:
        if not result.status:
            raise self._settings.errors.error(result.statusCode, result.message)


def _waybill(order: messages.Order, order_ref: str) -> Waybill:
    mark = order.bigMarkInfo or messages.BigMark()
    return Waybill(
        codes.SYSTEM,
        order.billCode,
        order_ref,
        routing_code=mark.mark,
        sorting_code=mark.bagAddr,
    )


def _tracked(waybill_no: str, scan: messages.Scan) -> TrackingFact:
    action = codes.queried_action(scan.scanType)
    place = scan.scanSite or messages.Site()
    known = scan_fact(
        codes.SYSTEM, waybill_no, scan.scanDate, action, codes.status_of(action), scan.desc,
        place.city or place.name,
    )  # fmt: skip
    return replace(known, vendor_code=scan.scanType)


def _pushed(pushed: messages.Pushed) -> TrackingFact:
    return scan_fact(
        codes.SYSTEM, pushed.billCode, pushed.actionTime, pushed.action,
        codes.status_of(pushed.action), pushed.desc, pushed.city,
    )  # fmt: skip
