"""Kuaidi100 快递100: follows everybody's parcels, prints labels as a fallback (§2.7)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx

from domain.logistics.tracking import TrackingFact
from domain.shared.errors import CredentialsRefused, Rejected, Unavailable
from domain.shared.money import Money
from integrations.access import UNHURRIED, CarrierAccess, Limit, Pace, utc_now
from integrations.carriers import kuaidi100_codes as codes
from integrations.carriers import kuaidi100_messages as messages
from integrations.carriers.calling import Line, compact, timeout_of
from integrations.carriers.errors import ErrorTable, not_offered
from integrations.carriers.port import (
    FORGED,
    PushAnswer,
    Rate,
    RateRequest,
    Waybill,
    WaybillRequest,
)
from integrations.carriers.reading import JSON_TYPE, read_pushed
from integrations.carriers.scans import scan_fact
from integrations.carriers.undocumented import OrderedByReference
from integrations.http import TIMEOUT_S
from integrations.settings import Schema, objects, text
from integrations.signing import hex_md5, same

SECRETS: Final = ("customer", "key", "secret", "salt")
OPTIONAL_SECRETS: Final = ("partner_keys",)
_PARTNERS_SECRETS: Final = ("partnerKey", "partnerSecret")
SETTINGS: Final = Schema(
    (
        text("callback_url"),
        text("label_url"),
        objects(
            "partners",
            {"yuantong": {"partnerId": "…"}},
            sealed=dict.fromkeys(_PARTNERS_SECRETS, "partner_keys"),
        ),
    )
)
QUERY: Final = "poll/query.do"
SUBSCRIBE: Final = "poll"
LABEL: Final = "label/order"
# Asked about one waybill more than 48 times in 24 hours Kuaidi100 tells nothing new of it for a
# day. Half of that at once and the other half over the day never come to more.
ONE_WAYBILL: Final = "waybill"
LIMITS: Final = {ONE_WAYBILL: Limit(24, 86_400)}
PUSH_ACK: Final = '{"result":true,"returnCode":"200","message":"成功"}'.encode()
_FINEST: Final = "4"  # resultv2: every scan with its state and area
_CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True)
class Kuaidi100Settings:
    """`partners`: the waybill accounts by Kuaidi100's name of the carrier, each with partnerId and
    what else that carrier wants; labels can be ordered of these carriers."""

    poll_url: str
    label_url: str
    customer: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    salt: str = field(repr=False)
    callback_url: str = ""
    partners: Mapping[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    errors: ErrorTable = codes.ERRORS
    timeout_s: float = TIMEOUT_S


def open_carrier(access: CarrierAccess) -> "Kuaidi100Carrier":
    """Secrets `customer`, `key`, `secret`, `salt`; settings `callback_url`, `partners`.

    The secret `partner_keys` adds to each of the partners what nobody may read, in JSON:
    `{"yuantong": {"partnerKey": "…"}}`.
    """
    secrets, told = access.secrets, access.settings
    base_url = access.base_url.rstrip("/")
    settings = Kuaidi100Settings(
        base_url,
        str(told.get("label_url") or base_url.replace("//poll.", "//api.")),
        secrets["customer"],
        secrets["key"],
        secrets["secret"],
        secrets["salt"],
        str(told.get("callback_url", "")),
        _partners(told.get("partners"), secrets.get("partner_keys")),
        codes.ERRORS.set_by(told),
        timeout_of(access),
    )
    return Kuaidi100Carrier(settings, access.http, access.now, access.pace)


def _partners(accounts: Any, keys: str) -> dict[str, dict[str, Any]]:
    try:
        sealed = json.loads(keys or "{}")
    except ValueError:
        sealed = None
    if not isinstance(sealed, dict) or not all(isinstance(one, dict) for one in sealed.values()):
        text = 'partner_keys must be JSON such as {"yuantong": {"partnerKey": "…"}}'
        raise CredentialsRefused(text, code="partner_keys", system=codes.SYSTEM)
    return {
        company: {**account, **sealed.get(company, {})}
        for company, account in (accounts if isinstance(accounts, dict) else {}).items()
    }


def sign(*parts: str) -> str:
    """The signature of the pieces in the order of the service that is called."""
    return hex_md5("".join(parts)).upper()


class Kuaidi100Carrier(OrderedByReference):
    """Kuaidi100 as a carrier of carriers. A product is its name of a carrier, and the kind of
    service where it is not the usual: `yuantong`, `shunfeng/顺丰特快`."""

    system = codes.SYSTEM

    def __init__(
        self,
        settings: Kuaidi100Settings,
        client: httpx.AsyncClient,
        now: Callable[[], datetime] = utc_now,
        pace: Pace = UNHURRIED,
    ) -> None:
        self._settings = settings
        self._now = now
        self._pace = pace
        self._line = Line(codes.SYSTEM, client, pace, settings.timeout_s)

    @property
    def signs_pushes(self) -> bool:
        return True

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        """The price of every kind of service of each carrier we have an account with."""
        rates: list[Rate] = []
        for company in self._settings.partners:
            param = {
                "kuaidicom": company,
                "sendAddr": messages.written(request.origin),
                "recAddr": messages.written(request.destination),
                "weight": messages.kilograms(request.parcel.weight_g),
            }
            body = await self._label("price", param, changes=False)
            priced = self._line.read(messages.Priced, body, changes=False)
            rates += (
                Rate(
                    codes.SYSTEM,
                    f"{company}/{offer.expType}" if offer.expType else company,
                    Money.of(offer.price, _CURRENCY).minor,
                    _CURRENCY,
                )
                for offer in priced.offers
            )
        return tuple(rates)

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a label; within 48 hours the same orderId is answered with the first one."""
        company, _, kind = request.product.partition("/")
        partner = self._settings.partners.get(company)
        if partner is None:
            raise not_offered(codes.SYSTEM, f"labels of {company[:50]} without an account there")
        param = messages.label_body(request, company, kind, partner)
        body = await self._label("order", param, changes=True)
        label = self._line.read(messages.Labelled, body, changes=True).data or messages.Label()
        if not label.kuaidinum:
            text = "Kuaidi100 took the order and gave no waybill number yet"
            raise Unavailable(text, code="no kuaidinum", system=codes.SYSTEM)
        return Waybill(
            codes.OURS.get(company, company),
            label.kuaidinum,
            request.order_ref,
            routing_code=label.bulkpen,
        )

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void by our reference at whichever carrier made it."""
        for company, partner in self._settings.partners.items():
            param = {
                "kuaidicom": company,
                "kuaidinum": waybill_no,
                "orderId": order_ref,
                "reason": "取消发货",
                **partner,
            }
            try:
                await self._label("cancel", param, changes=True)
            except Rejected as refusal:
                if not refusal.says(codes.NOTHING_TO_CANCEL):
                    raise

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        """Only `track_of` asks for what a carrier has."""
        raise not_offered(codes.SYSTEM, "tracking without the carrier's name")

    async def track_of(
        self, carrier: str, waybill_no: str, phone_last4: str
    ) -> tuple[TrackingFact, ...]:
        """Every scan Kuaidi100 knows, the latest first as it answers."""
        param = compact(
            {
                "com": codes.CARRIERS.get(carrier, carrier),
                "num": waybill_no,
                "phone": phone_last4,
                "resultv2": _FINEST,
                "order": "desc",
            }
        )
        settings = self._settings
        signature = sign(param, settings.key, settings.customer)
        form = {"customer": settings.customer, "sign": signature, "param": param}
        request = self._line.form(f"{settings.poll_url}/{QUERY}", form)
        check = self._check_query
        async with self._pace.call(f"{ONE_WAYBILL}:{waybill_no}"):
            body = await self._line.call(QUERY, request, messages.Answer, check, changes=False)
        tracked = self._line.read(messages.Tracked, body, changes=False)
        return _facts(tracked, carrier, waybill_no)

    async def follow(self, carrier: str, waybill_no: str, phone: str) -> None:
        """Be told of every scan; being told already is no error."""
        settings = self._settings
        param = {
            "company": codes.CARRIERS.get(carrier, carrier),
            "number": waybill_no,
            "key": settings.key,
            "parameters": {
                "callbackurl": settings.callback_url,
                "salt": settings.salt,
                "resultv2": _FINEST,
                "phone": phone,
            },
        }
        form = {"schema": "json", "param": compact(param)}
        request = self._line.form(f"{settings.poll_url}/{SUBSCRIBE}", form)
        check = self._check_subscription
        await self._line.call(SUBSCRIBE, request, messages.Answer, check, changes=True)

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """A form signed with our salt; it tells all scans of a waybill again each time."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        param = form.get("param", "")
        if not same(form.get("sign", ""), sign(param, self._settings.salt)):
            raise Rejected("the signature is wrong", code=FORGED, system=codes.SYSTEM)
        pushed = read_pushed(messages.Pushed, param, system=codes.SYSTEM)
        tracked = pushed.lastResult
        company = pushed.comNew or tracked.com
        carrier = codes.OURS.get(company, company)
        if not tracked.nu:
            raise Rejected("no waybill number", code="unreadable", system=codes.SYSTEM)
        given_up = ((carrier, tracked.nu),) if pushed.status == "abort" else ()
        facts = _facts(tracked, carrier, tracked.nu)
        return PushAnswer(facts, 200, JSON_TYPE, PUSH_ACK, given_up)

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        """Anything but success is sent again."""
        answer = {"result": False, "returnCode": "500", "message": str(refusal)[:200]}
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        return PushAnswer((), 401 if refusal.code == FORGED else 400, JSON_TYPE, body)

    async def _label(self, method: str, param: Mapping[str, Any], *, changes: bool) -> bytes:
        settings, text = self._settings, compact(param)
        at = str(int(self._now().timestamp() * 1000))
        form = {
            "method": method,
            "key": settings.key,
            "t": at,
            "sign": sign(text, at, settings.key, settings.secret),
            "param": text,
        }
        request = self._line.form(f"{settings.label_url.rstrip('/')}/{LABEL}", form)
        name = f"{LABEL}/{method}"
        return await self._line.call(name, request, messages.Answer, self._check, changes=changes)

    def _check(self, answer: messages.Answer) -> None:
        if answer.is_refusal:
            raise self._settings.errors.error(answer.code, answer.message)

    def _check_query(self, answer: messages.Answer) -> None:
        if answer.code != codes.NOTHING_YET:
            self._check(answer)

    def _check_subscription(self, answer: messages.Answer) -> None:
        if answer.code != codes.SUBSCRIBED_ALREADY:
            self._check(answer)


def _facts(tracked: messages.Tracked, carrier: str, waybill_no: str) -> tuple[TrackingFact, ...]:
    """Scans without a state of their own are on the way; the latest is where the parcel is."""
    facts = []
    for index, scan in enumerate(tracked.data or ()):
        code = scan.status or (tracked.state if index == 0 else "0")
        status, incident = codes.meaning_of(code)
        facts.append(
            scan_fact(
                codes.SYSTEM, waybill_no, scan.at, code, status, scan.context, scan.place,
                incident=incident, carrier=carrier,
            )
        )  # fmt: skip
    return tuple(facts)
