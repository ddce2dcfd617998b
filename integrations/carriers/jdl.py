"""JD Logistics 京东物流: JSON arrays, the query signed with salt (wire-formats §2.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import httpx

from domain.logistics.tracking import TrackingFact
from domain.shared.errors import Rejected, Unavailable
from integrations.access import UNHURRIED, CarrierAccess, Pace, utc_now
from integrations.carriers import jdl_codes as codes
from integrations.carriers import jdl_messages as messages
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable, not_offered
from integrations.carriers.port import PushAnswer, Waybill, WaybillRequest
from integrations.carriers.reading import write_china_time
from integrations.carriers.scans import SCAN_SETTING, ScanForm
from integrations.carriers.undocumented import OrderedByReference
from integrations.http import TIMEOUT_S
from integrations.settings import Schema, objects, text
from integrations.signing import hex_md5

SECRETS: Final = ("app_key", "app_secret", "access_token", "customer_code")
SETTINGS: Final = Schema(
    (
        SCAN_SETTING,
        text("domain"),
        text("return_product"),
        objects("added_products", {"cash": {"productCode": "…"}}),
    )
)
CREATE: Final = "/ecap/v1/orders/create"
CANCEL: Final = "/ecap/v1/orders/cancel"
TRACK: Final = "/ecap/v1/orders/trace/query"
RETURN_PRODUCT: Final = "ed-m-0001"
ALGORITHM: Final = "md5-salt"
# Neither answer nor push is published: the names are those of the vendor's sample code.
SCANS: Final = ScanForm(
    "waybillCode", "operationTime", "state", "operationRemark", "operatorSite", rows="traceDetails",
    ack='{"success":true,"code":0,"msg":"success"}',
    refusal='{"success":false,"code":500,"msg":"not taken"}',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JdlSettings:
    """`added_products`: how cash on delivery (`cash`) and insurance (`insured`) are ordered, by
    the contract, e.g. `{"cash": {"productCode": "…", "amount": "{amount}"}}`."""

    base_url: str
    app_key: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    customer_code: str = ""
    domain: str = "ECAP"
    added_products: Mapping[str, Any] = field(default_factory=dict)
    errors: ErrorTable = codes.ERRORS
    scans: ScanForm = SCANS
    timeout_s: float = TIMEOUT_S
    return_product: str = RETURN_PRODUCT


def open_carrier(access: CarrierAccess) -> "JdlCarrier":
    """Secrets `app_key`, `app_secret`, `access_token`, `customer_code`."""
    secrets, told = access.secrets, access.settings
    added = told.get("added_products")
    settings = JdlSettings(
        access.base_url,
        secrets["app_key"],
        secrets["app_secret"],
        secrets["access_token"],
        secrets["customer_code"],
        str(told.get("domain", "ECAP")),
        added if isinstance(added, dict) else {},
        codes.ERRORS.set_by(told),
        SCANS.set_by(told),
        timeout_of(access),
        str(told.get("return_product", RETURN_PRODUCT)),
    )
    return JdlCarrier(settings, access.http, access.now, access.pace)


def sign(path: str, body: str, parameters: Mapping[str, str], secret: str) -> str:
    """The md5-salt signature of a call; `parameters`: access_token, app_key, timestamp, v."""
    text = (
        f"{secret}access_token{parameters['access_token']}app_key{parameters['app_key']}"
        f"method{path}param_json{body}timestamp{parameters['timestamp']}v{parameters['v']}{secret}"
    )
    return hex_md5(text)


class JdlCarrier(OrderedByReference):
    """JD Logistics as a carrier; products are its codes, such as ed-m-0001."""

    system = codes.SYSTEM

    def __init__(
        self,
        settings: JdlSettings,
        client: httpx.AsyncClient,
        now: Callable[[], datetime] = utc_now,
        pace: Pace = UNHURRIED,
    ) -> None:
        self._settings = settings
        self._now = now
        self._line = Line(codes.SYSTEM, client, pace, settings.timeout_s)

    @property
    def signs_pushes(self) -> bool:
        return False

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; the same orderId again is answered with the first one.

        Raises NotOffered for a service whose product code is not in `added_products`.
        """
        return await self._order(request, messages.B2C)

    async def create_return(self, request: WaybillRequest) -> Waybill:
        """A waybill with which a consumer sends goods back to a business (C2B)."""
        back = replace(request, product=self._settings.return_product)
        return await self._order(back, messages.C2B)

    async def cancel_return(self, order_ref: str, waybill_no: str) -> None:
        """Void by our reference, as one of a consumer."""
        await self._void(order_ref, waybill_no, messages.C2B)

    async def track_return(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan of a parcel on its way back."""
        return await self._scans(waybill_no, messages.C2B)

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void by our reference; what is void already needs no voiding."""
        await self._void(order_ref, waybill_no, messages.B2C)

    async def _void(self, order_ref: str, waybill_no: str, origin: str) -> None:
        message = {
            "customerOrderId": order_ref,
            "orderOrigin": int(origin),
            "customerCode": self._settings.customer_code,
            "cancelReason": "取消发货",
            "cancelReasonCode": "1",
        }
        if waybill_no:
            message["waybillCode"] = waybill_no
        try:
            await self._call(CANCEL, message, changes=True)
        except Rejected as refusal:
            if not refusal.says(codes.NOTHING_TO_CANCEL):
                raise

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan JD Logistics knows, in its order."""
        return await self._scans(waybill_no, messages.B2C)

    async def _scans(self, waybill_no: str, origin: str) -> tuple[TrackingFact, ...]:
        message = {
            "waybillCode": waybill_no,
            "orderOrigin": int(origin),
            "customerCode": self._settings.customer_code,
        }
        body = await self._call(TRACK, message, changes=False)
        told = self._line.read(messages.Traces, body, changes=False).data
        if not told:
            return ()
        return self._settings.scans.answered(told, codes.SYSTEM, codes.meaning_of, waybill_no)

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """Scans in the configured form; not signed: the address is the proof."""
        return self._settings.scans.read_push(body, codes.SYSTEM, codes.meaning_of)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        return self._settings.scans.refuse(refusal)

    async def _order(self, request: WaybillRequest, origin: str) -> Waybill:
        added = self._settings.added_products
        if request.cash_on_delivery_minor and "cash" not in added:
            raise not_offered(codes.SYSTEM, "cash on delivery before its product code is set")
        if request.insured_minor and "insured" not in added:
            raise not_offered(codes.SYSTEM, "insurance before its product code is set")
        message = messages.order_body(request, self._settings.customer_code, origin, added)
        body = await self._call(CREATE, message, changes=True)
        order = self._line.read(messages.Created, body, changes=True).data or messages.Order()
        if not order.waybillCode:
            text = "JD Logistics took the order and gave no waybill number yet"
            raise Unavailable(text, code="no waybillCode", system=codes.SYSTEM)
        presort = order.presortResult or messages.Presort()
        return Waybill(
            codes.SYSTEM,
            order.waybillCode,
            request.order_ref,
            routing_code=presort.targetSortCenterName,
            sorting_code=f"{presort.siteName} {presort.road}".strip(),
        )

    async def _call(self, path: str, message: Mapping[str, Any], *, changes: bool) -> bytes:
        settings, body = self._settings, compact([message])
        signed = {
            "app_key": settings.app_key,
            "access_token": settings.access_token,
            "timestamp": write_china_time(self._now()),
            "v": "2.0",
        }
        query = {
            "LOP-DN": settings.domain,
            **signed,
            "sign": sign(path, body, signed, settings.app_secret),
            "algorithm": ALGORITHM,
        }
        request = self._line.json(f"{settings.base_url.rstrip('/')}{path}", body, query=query)
        return await self._line.call(path, request, messages.Answer, self._check, changes=changes)

    def _check(self, answer: messages.Answer) -> None:
        if (refusal := answer.refusal) is not None:
            raise self._settings.errors.error(*refusal)
