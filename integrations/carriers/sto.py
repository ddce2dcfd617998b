"""STO 申通 on the Cainiao LINK gateway: signed forms both ways (wire-formats §2.4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx

from domain.logistics.tracking import TrackingFact
from domain.shared.errors import Rejected, Unavailable
from integrations.access import UNHURRIED, CarrierAccess, Pace
from integrations.carriers import sto_codes as codes
from integrations.carriers import sto_messages as messages
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable, only_plain
from integrations.carriers.port import (
    FORGED,
    PushAnswer,
    Waybill,
    WaybillRequest,
)
from integrations.carriers.reading import JSON_TYPE, read_pushed
from integrations.carriers.scans import scan_fact
from integrations.carriers.undocumented import OrderedByReference
from integrations.http import TIMEOUT_S
from integrations.settings import Schema, text
from integrations.signing import base64_md5, same

SECRETS: Final = (
    "app_key",
    "from_code",
    "secret_key",
    "site_code",
    "customer_name",
    "site_password",
)
OPTIONAL_SECRETS: Final = ("month_customer_code",)
SETTINGS: Final = Schema((text("bill_type"), text("order_type"), text("order_source")))
CREATE: Final = "OMS_EXPRESS_ORDER_CREATE"
CANCEL: Final = "EDI_MODIFY_ORDER_CANCEL"
TRACK: Final = "STO_TRACE_QUERY_COMMON"
PUSH: Final = "STO_TRACE_PLATFORM_PUSH"
PUSH_ACK: Final = b'{"success":"true","errorCode":"","errorMsg":""}'
# The service behind the gateway that each call goes to.
RECEIVERS: Final = {CREATE: "sto_oms", CANCEL: "edi_modify_order", TRACK: "sto_trace_query"}


@dataclass(frozen=True, slots=True)
class StoSettings:
    """`base_url` is the gateway, …/gateway/link.do. `order_source` is who orders, by STO's name."""

    base_url: str
    app_key: str
    from_code: str
    secret_key: str = field(repr=False)
    customer: dict[str, str] = field(repr=False)
    order_source: str = ""
    bill_type: str = "00"
    order_type: str = "01"
    errors: ErrorTable = codes.ERRORS
    timeout_s: float = TIMEOUT_S


def open_carrier(access: CarrierAccess) -> "StoCarrier":
    """Secrets `app_key`, `from_code`, `secret_key`, `site_code`, `customer_name`, `site_password`,
    and `month_customer_code` where there is one."""
    secrets, told = access.secrets, access.settings
    settings = StoSettings(
        access.base_url,
        secrets["app_key"],
        secrets["from_code"],
        secrets["secret_key"],
        {
            "siteCode": secrets["site_code"],
            "customerName": secrets["customer_name"],
            "sitePwd": secrets["site_password"],
            "monthCustomerCode": secrets.get("month_customer_code"),
        },
        str(told.get("order_source", "")),
        str(told.get("bill_type", "00")),
        str(told.get("order_type", "01")),
        codes.ERRORS.set_by(told),
        timeout_of(access),
    )
    return StoCarrier(settings, access.http, access.pace)


class StoCarrier(OrderedByReference):
    """STO as a carrier; the same number again is answered with the first waybill."""

    system = codes.SYSTEM

    def __init__(
        self, settings: StoSettings, client: httpx.AsyncClient, pace: Pace = UNHURRIED
    ) -> None:
        self._settings = settings
        self._line = Line(codes.SYSTEM, client, pace, settings.timeout_s)

    @property
    def signs_pushes(self) -> bool:
        return True

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; the same orderNo again is answered with the first one.

        Raises NotOffered for cash on delivery and insurance: no field is documented.
        """
        only_plain(codes.SYSTEM, request)
        settings = self._settings
        kinds = (settings.bill_type, settings.order_type)
        body = messages.order_body(request, settings.customer, self._source, kinds)
        answer = await self._call(CREATE, body, changes=True)
        order = self._line.read(messages.Created, answer, changes=True).data or messages.Order()
        if not order.waybillNo:
            text = "STO took the order and gave no waybill number yet"
            raise Unavailable(text, code="no waybillNo", system=codes.SYSTEM)
        return Waybill(
            codes.SYSTEM,
            order.waybillNo,
            request.order_ref,
            routing_code=order.bigWord,
            sorting_code=order.packagePlace,
        )

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void by number, or by our reference; what is void already needs no voiding."""
        message = {
            "billCode": waybill_no,
            "sourceOrderId": order_ref,
            "orderType": self._settings.order_type,
            "orderSource": self._source,
        }
        try:
            await self._call(CANCEL, message, changes=True)
        except Rejected as refusal:
            if not refusal.says(codes.NOTHING_TO_CANCEL):
                raise

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan STO knows, the latest first as it answers."""
        message = {"order": "desc", "waybillNoList": [waybill_no]}
        answer = await self._call(TRACK, message, changes=False)
        told = self._line.read(messages.Traces, answer, changes=False).data or {}
        return tuple(_fact(waybill_no, trace) for trace in told.get(waybill_no) or ())

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """A signed form with one scan."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        content = form.get("content", "")
        if not same(form.get("data_digest", ""), base64_md5(content + self._settings.secret_key)):
            raise Rejected("the signature is wrong", code=FORGED, system=codes.SYSTEM)
        pushed = read_pushed(messages.Pushed, content, system=codes.SYSTEM)
        return PushAnswer((_fact(pushed.waybillNo, pushed.trace),), 200, JSON_TYPE, PUSH_ACK)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        """The LINK envelope; anything but success is sent again."""
        forged = refusal.code == FORGED
        answer = {
            "success": "false",
            "errorCode": "S01" if forged else "S02",
            "errorMsg": str(refusal)[:200],
        }
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        return PushAnswer((), 401 if forged else 400, JSON_TYPE, body)

    @property
    def _source(self) -> str:
        return self._settings.order_source or self._settings.from_code

    async def _call(self, name: str, message: Mapping[str, Any], *, changes: bool) -> bytes:
        settings, content = self._settings, compact(message)
        form = {
            "content": content,
            "data_digest": base64_md5(content + settings.secret_key),
            "api_name": name,
            "from_appkey": settings.app_key,
            "from_code": settings.from_code,
            "to_appkey": RECEIVERS[name],
            "to_code": RECEIVERS[name],
        }
        request = self._line.form(settings.base_url, form)
        return await self._line.call(name, request, messages.Answer, self._check, changes=changes)

    def _check(self, answer: messages.Answer) -> None:
        if not answer.is_success:
            raise self._settings.errors.error(answer.errorCode, answer.errorMsg)


def _fact(waybill_no: str, trace: messages.Trace) -> TrackingFact:
    text = f"{trace.issueName} {trace.memo}".strip()
    status, incident = codes.meaning_of(trace.scanType, text)
    place = trace.opOrgCityName or trace.opOrgName
    return scan_fact(
        codes.SYSTEM, waybill_no, trace.opTime, trace.scanType, status, text, place,
        incident=incident,
    )  # fmt: skip
