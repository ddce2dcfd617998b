"""YTO 圆通: JSON posts, each interface signed with its own secret (wire-formats §2.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from domain.logistics.tracking import TrackingFact
from domain.shared.errors import Rejected, Unavailable
from integrations.access import UNHURRIED, CarrierAccess, Pace, Secrets, utc_now
from integrations.carriers import yto_codes as codes
from integrations.carriers import yto_messages as messages
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable
from integrations.carriers.port import PushAnswer, Waybill, WaybillRequest
from integrations.carriers.scans import SCAN_SETTING, ScanForm, scan_fact
from integrations.carriers.undocumented import OrderedByReference
from integrations.http import TIMEOUT_S
from integrations.settings import Schema
from integrations.signing import base64_md5

SECRETS: Final = ("customer_code", "url_token", "secret")
SETTINGS: Final = Schema((SCAN_SETTING,))
CREATE: Final = "privacy_create_adapter"
CANCEL: Final = "korder_cancel_adapter"
TRACK: Final = "track_query_adapter"
VERSION: Final = "v1"
# As an answer of the track query has them: nothing else is known of the push.
SCANS: Final = ScanForm("waybill_No", "upload_Time", "infoContent", "processInfo", "city")


@dataclass(frozen=True, slots=True)
class YtoSettings:
    """`base_url` ends in /open. Secrets and tokens may differ for each interface: a secret named
    `secret.korder_cancel_adapter` goes before `secret`."""

    base_url: str
    secrets: Secrets
    errors: ErrorTable = codes.ERRORS
    scans: ScanForm = SCANS
    timeout_s: float = TIMEOUT_S

    def of(self, name: str, interface: str) -> str:
        """The secret of an interface, else the one of all of them."""
        return self.secrets.get(f"{name}.{interface}") or self.secrets[name]


def open_carrier(access: CarrierAccess) -> "YtoCarrier":
    """Secrets `customer_code`, `url_token`, `secret`; settings `scans`, `retry_codes` and so on."""
    settings = YtoSettings(
        access.base_url,
        access.secrets,
        codes.ERRORS.set_by(access.settings),
        SCANS.set_by(access.settings),
        timeout_of(access),
    )
    return YtoCarrier(settings, access.http, access.now, access.pace)


def sign(param: str, interface: str, secret: str) -> str:
    """The `sign` of a call."""
    return base64_md5(param + interface + VERSION + secret)


class YtoCarrier(OrderedByReference):
    """YTO as a carrier; the same number again is answered with the first waybill."""

    system = codes.SYSTEM

    def __init__(
        self,
        settings: YtoSettings,
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
        """Order a waybill; the same logisticsNo again is answered with the first one."""
        body = await self._call(CREATE, messages.order_body(request), changes=True)
        created = self._line.read(messages.Created, body, changes=True)
        if not created.mailNo:
            text = "YTO took the order and gave no waybill number yet"
            raise Unavailable(text, code="no mailNo", system=codes.SYSTEM)
        return Waybill(
            codes.SYSTEM,
            created.mailNo,
            request.order_ref,
            routing_code=created.shortAddress,
            sorting_code=created.packageCenterName,
        )

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void by our reference; what does not exist or is void already needs no voiding."""
        message = {"logisticsNo": messages.reference(order_ref), "cancelDesc": "取消发货"}
        try:
            await self._call(CANCEL, message, changes=True)
        except Rejected as refusal:
            if not refusal.says(codes.NOTHING_TO_CANCEL):
                raise

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Every scan YTO knows, in YTO's order."""
        body = await self._call(TRACK, {"NUMBER": waybill_no}, changes=False)
        scans = self._line.read(messages.Scans, body, changes=False).rows
        return tuple(
            scan_fact(
                codes.SYSTEM, waybill_no, scan.upload_Time, scan.infoContent,
                codes.meaning_of(scan.infoContent, scan.processInfo)[0], scan.processInfo,
                scan.city,
            )
            for scan in scans
        )  # fmt: skip

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """Scans in the configured form; not signed: the address is the proof."""
        return self._settings.scans.read_push(body, codes.SYSTEM, codes.meaning_of)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        return self._settings.scans.refuse(refusal)

    async def _call(self, interface: str, message: Mapping[str, Any], *, changes: bool) -> bytes:
        settings = self._settings
        param = compact(message)
        body = {
            "timestamp": str(int(self._now().timestamp() * 1000)),
            "param": param,
            "sign": sign(param, interface, settings.of("secret", interface)),
            "format": "JSON",
        }
        token, customer = settings.of("url_token", interface), settings.secrets["customer_code"]
        url = f"{settings.base_url.rstrip('/')}/{interface}/{VERSION}/{token}/{customer}"
        request = self._line.json(url, compact(body))
        check = self._check
        return await self._line.call(interface, request, messages.Answer, check, changes=changes)

    def _check(self, answer: messages.Answer) -> None:
        if answer.success is False:
            raise self._settings.errors.error(answer.code, answer.reason)
