"""Yunda 韵达: JSON posts, signed over the exact bytes in a header (wire-formats §2.6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import httpx
from pydantic import AliasChoices, Field

from domain.logistics.tracking import TrackingFact
from domain.shared.address import Contact
from domain.shared.errors import Rejected, Unavailable
from integrations.access import UNHURRIED, CarrierAccess, Pace, utc_now
from integrations.carriers import yunda_codes as codes
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable, only_plain
from integrations.carriers.port import PushAnswer, Waybill, WaybillRequest
from integrations.carriers.reading import Message, Text
from integrations.carriers.scans import SCAN_SETTING, ScanForm
from integrations.carriers.undocumented import OrderedByReference
from integrations.http import TIMEOUT_S
from integrations.settings import Schema
from integrations.signing import hex_md5

SECRETS: Final = ("app_key", "app_secret", "partner_id", "partner_secret")
SETTINGS: Final = Schema((SCAN_SETTING,))
CREATE: Final = "/openapi-api/v1/accountOrder/createBmOrder"
CANCEL: Final = "/openapi-api/v1/accountOrder/cancelBmOrder"
TRACK: Final = "/openapi/outer/logictis/query"
# Neither answer nor push is published: the names are those of public clients.
SCANS: Final = ScanForm(
    "mailno", "time", "action", "description", "city", rows="steps",
    ack='{"result":true,"code":"0000","message":"success"}',
    refusal='{"result":false,"code":"9999","message":"not taken"}',
)  # fmt: skip


class Answer(Message):
    code: Text = ""
    message: Annotated[Text, Field(validation_alias=AliasChoices("message", "msg"))] = ""


class Order(Message):
    mail_no: Text = ""
    position: Text = ""
    package_wdjc: Text = ""


class Created(Answer):
    data: tuple[Order, ...] | None = None


class Traces(Answer):
    data: Any = None


@dataclass(frozen=True, slots=True)
class YundaSettings:
    """`partner_id` and `partner_secret` are the waybill account at the branch."""

    base_url: str
    app_key: str
    app_secret: str = field(repr=False)
    partner_id: str = ""
    partner_secret: str = field(default="", repr=False)
    errors: ErrorTable = codes.ERRORS
    scans: ScanForm = SCANS
    timeout_s: float = TIMEOUT_S


def open_carrier(access: CarrierAccess) -> "YundaCarrier":
    """Secrets `app_key`, `app_secret`, `partner_id`, `partner_secret`."""
    secrets, told = access.secrets, access.settings
    settings = YundaSettings(
        access.base_url,
        secrets["app_key"],
        secrets["app_secret"],
        secrets["partner_id"],
        secrets["partner_secret"],
        codes.ERRORS.set_by(told),
        SCANS.set_by(told),
        timeout_of(access),
    )
    return YundaCarrier(settings, access.http, access.now, access.pace)


def sign(body: str, secret: str) -> str:
    """The `sign` header of a body."""
    return hex_md5(f"{body}_{secret}")


class YundaCarrier(OrderedByReference):
    """Yunda as a carrier."""

    system = codes.SYSTEM

    def __init__(
        self,
        settings: YundaSettings,
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
        """Order a waybill; the same order_serial_no again is answered with the first one.

        Raises NotOffered for cash on delivery and insurance: no field is documented.
        """
        only_plain(codes.SYSTEM, request)
        body = await self._call(CREATE, self._orders(_order(request)), changes=True)
        orders = self._line.read(Created, body, changes=True).data or ()
        order = orders[0] if orders else Order()
        if not order.mail_no:
            text = "Yunda took the order and gave no waybill number yet"
            raise Unavailable(text, code="no mail_no", system=codes.SYSTEM)
        return Waybill(
            codes.SYSTEM,
            order.mail_no,
            request.order_ref,
            routing_code=order.position,
            sorting_code=order.package_wdjc,
        )

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void by our reference; what is void already needs no voiding."""
        order = {"order_serial_no": order_ref, "mailno": waybill_no}
        try:
            await self._call(CANCEL, self._orders(order), changes=True)
        except Rejected as refusal:
            if not refusal.says(codes.NOTHING_TO_CANCEL):
                raise

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan Yunda knows, in Yunda's order."""
        body = await self._call(TRACK, {"mailno": waybill_no}, changes=False)
        told = self._line.read(Traces, body, changes=False).data
        if not told:
            return ()
        return self._settings.scans.answered(told, codes.SYSTEM, codes.meaning_of, waybill_no)

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """Scans in the configured form; not signed: the address is the proof."""
        return self._settings.scans.read_push(body, codes.SYSTEM, codes.meaning_of)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        return self._settings.scans.refuse(refusal)

    def _orders(self, order: Mapping[str, Any]) -> dict[str, Any]:
        settings = self._settings
        return {
            "appid": settings.app_key,
            "partner_id": settings.partner_id,
            "secret": settings.partner_secret,
            "orders": [order],
        }

    async def _call(self, path: str, message: Mapping[str, Any], *, changes: bool) -> bytes:
        settings, text = self._settings, compact(message)
        headers = {
            "app-key": settings.app_key,
            "req-time": str(int(self._now().timestamp() * 1000)),
            "sign": sign(text, settings.app_secret),
        }
        request = self._line.json(f"{settings.base_url.rstrip('/')}{path}", text, headers)
        return await self._line.call(path, request, Answer, self._check, changes=changes)

    def _check(self, answer: Answer) -> None:
        if answer.code != codes.OK:
            raise self._settings.errors.error(answer.code, answer.message)


def _order(request: WaybillRequest) -> dict[str, Any]:
    return {
        "order_serial_no": request.order_ref,
        "khddh": request.order_ref,
        "sender": _party(request.sender),
        "receiver": _party(request.receiver),
        "items": [{"name": item.name, "number": item.quantity} for item in request.cargo],
        "weight": str(Decimal(request.parcel.weight_g) / 1000),
        "order_type": "common",
        "node_id": "350",
        "remark": request.remark,
    }


def _party(contact: Contact) -> dict[str, str]:
    address = contact.address
    return {
        "name": contact.name,
        "mobile": contact.phone,
        "province": address.province,
        "city": address.city,
        "county": address.district,
        "address": address.detail,
    }
