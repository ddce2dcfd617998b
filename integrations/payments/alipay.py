"""Alipay 支付宝: signed forms to one gateway, answers signed over their raw text (§3.2)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote_plus

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import Field

from domain.orders.payment import RefundStatus
from domain.shared.errors import Rejected
from domain.shared.money import Money
from integrations.access import UNHURRIED, Pace, PaymentAccess
from integrations.http import exchange
from integrations.payments import signing
from integrations.payments.alipay_errors import OK, AlipayResult, alipay_error
from integrations.payments.port import (
    FORGED,
    Captured,
    NoticeAnswer,
    PaymentNotice,
    RefundRequest,
    RefundState,
    RefundTold,
)
from integrations.payments.reading import (
    UNREADABLE,
    Body,
    ChinaTime,
    Number,
    Text,
    lost,
    read_answer,
    read_notice,
    write_china_time,
)
from integrations.settings import Schema, text

SECRETS: Final = ("app_id", "private_key", "alipay_key")
OPTIONAL_SECRETS: Final = ("app_auth_token",)
SETTINGS: Final = Schema((text("notify_url"),))
SYSTEM: Final = "alipay"
REFUND: Final = "alipay.trade.refund"
QUERY: Final = "alipay.trade.fastpay.refund.query"
# Alipay wants this long between two refunds of one trade.
PAUSE_S: Final = 3.0
_CURRENCY: Final = "CNY"
_PAID: Final = ("TRADE_SUCCESS", "TRADE_FINISHED")
_STATUSES: Final = {
    "REFUND_SUCCESS": RefundStatus.SUCCEEDED,
    "REFUND_PROCESSING": RefundStatus.PROCESSING,
    "REFUND_FAIL": RefundStatus.CLOSED,
}
_Yuan = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 12)]


class _Notice(Body):
    notify_id: Number
    app_id: Text
    notify_type: Text = ""
    trade_no: Number
    out_trade_no: Number
    trade_status: Text = ""
    out_biz_no: Text = ""
    passback_params: Text = ""


class _Paid(Body):
    total_amount: _Yuan
    gmt_payment: ChinaTime


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    base_url: str
    app_id: str
    private_key: RSAPrivateKey
    alipay_key: RSAPublicKey
    app_auth_token: str = ""
    notify_url: str = ""


def open_provider(access: PaymentAccess) -> "Alipay":
    """Secrets `app_id`, `private_key` (ours) and `alipay_key` (theirs, public); `app_auth_token`
    where somebody else's app acts for us."""
    secrets, owner = access.secrets, access.account_id
    settings = AlipaySettings(
        access.base_url,
        secrets["app_id"],
        signing.private_key(secrets["private_key"], owner),
        signing.public_key(secrets["alipay_key"], owner),
        secrets.get("app_auth_token"),
        str(access.settings.get("notify_url", "")),
    )
    return Alipay(settings, access.http, access.pace)


class Alipay:
    """A refund is done when the answer says that money moved; else one has to ask."""

    provider = SYSTEM

    def __init__(
        self,
        settings: AlipaySettings,
        client: httpx.AsyncClient,
        pace: Pace = UNHURRIED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._client = client
        self._pace = pace
        self._now = now

    async def refund(self, request: RefundRequest) -> RefundState:
        """Succeeded only with `fund_change=Y`; anything else is asked about later."""
        content = {
            "trade_no": request.transaction_id,
            "refund_amount": _yuan(request.amount_minor),
            "out_request_no": request.refund_no,
        }
        if request.reason:
            content["refund_reason"] = request.reason[:256]
        result = await self._call(REFUND, content, changes=True)
        moved = result.fund_change == "Y"
        status = RefundStatus.SUCCEEDED if moved else RefundStatus.PROCESSING
        return RefundState(status, result.trade_no, f"fund_change={result.fund_change or '?'}")

    async def query(self, request: RefundRequest) -> RefundState | None:
        """By our number; without a refund status Alipay does not know it, or it failed."""
        content = {"trade_no": request.transaction_id, "out_request_no": request.refund_no}
        result = await self._call(QUERY, content, changes=False)
        if not result.refund_status:
            return None
        if result.refund_amount and Decimal(result.refund_amount) != Decimal(
            _yuan(request.amount_minor)
        ):
            text = f"this number was used for a refund of {result.refund_amount}"
            raise Rejected(text, code="amount_differs", system=SYSTEM)
        status = _STATUSES.get(result.refund_status, RefundStatus.PROCESSING)
        return RefundState(status, result.trade_no, result.refund_status)

    def read_notification(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> PaymentNotice:
        """A signed form; Alipay documents no age after which it should not be believed."""
        form = _form(body)
        message = signing.alipay_string(form, ("sign", "sign_type")).encode("utf-8", "replace")
        if not signing.rsa_genuine(self._settings.alipay_key, form.get("sign", ""), message):
            raise Rejected("the signature is wrong or missing", code=FORGED, system=SYSTEM)
        told = read_notice(_Notice, dict(form), system=SYSTEM)
        if told.app_id != self._settings.app_id:
            raise Rejected("it is about another app", code=FORGED, system=SYSTEM)
        topic = f"{told.notify_type}:{told.trade_status}"
        return PaymentNotice(told.notify_id, topic, _news(told, form))

    def acknowledge(self) -> NoticeAnswer:
        return NoticeAnswer(200, b"success", "text/plain")

    def refuse(self, refusal: Rejected) -> NoticeAnswer:
        return NoticeAnswer(401 if refusal.code == FORGED else 400, b"fail", "text/plain")

    async def _call(
        self, method: str, content: Mapping[str, Any], *, changes: bool
    ) -> AlipayResult:
        form = {
            "app_id": self._settings.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": write_china_time(self._now()),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }
        if self._settings.app_auth_token:
            form["app_auth_token"] = self._settings.app_auth_token
        if self._settings.notify_url and method == REFUND:
            form["notify_url"] = self._settings.notify_url
        form["sign"] = signing.rsa_sign(self._settings.private_key, signing.alipay_string(form))
        request = self._client.build_request(
            "POST", self._settings.base_url, params={"charset": "utf-8"}, data=form
        )
        async with self._pace.call(method):
            answer = await exchange(self._client, request, system=SYSTEM, changes=changes)
            raw, signature = signed_part(method, answer.body)
            result = read_answer(AlipayResult, raw, system=SYSTEM, changes=changes)
            proven = signing.rsa_genuine(self._settings.alipay_key, signature, raw)
            if (signature or result.code == OK) and not proven:
                text = "the answer is not signed by Alipay"
                raise lost(text, "unproven_answer", system=SYSTEM, changes=changes)
            if result.code != OK:
                raise alipay_error(result, changes=changes)
        return result


def signed_part(method: str, body: bytes) -> tuple[bytes, str]:
    """The text of the answer exactly as Alipay signed it, and the signature; empty when the body
    has no answer in it."""
    text = body.decode("utf-8", "replace")
    for name in (f"{method.replace('.', '_')}_response", "error_response"):
        found = text.find(f'"{name}"')
        start = text.find("{", found + len(name)) if found >= 0 else -1
        if start < 0:
            continue
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)
            whole = json.loads(text)
        except (ValueError, RecursionError):
            return b"", ""
        signature = whole.get("sign") if isinstance(whole, dict) else None
        return text[start:end].encode(), signature if isinstance(signature, str) else ""
    return b"", ""


def _news(told: _Notice, form: Mapping[str, str]) -> Captured | RefundTold | None:
    if told.out_biz_no:  # a refund made a move; its own number is asked about
        return RefundTold(told.out_biz_no, None)
    if told.trade_status not in _PAID:
        return None
    paid = read_notice(_Paid, dict(form), system=SYSTEM)
    amount = Money.of(paid.total_amount, _CURRENCY)
    if amount.major != paid.total_amount:
        raise Rejected("the amount has a part of a fen", code=UNREADABLE, system=SYSTEM)
    order_no = unquote_plus(told.passback_params) or told.out_trade_no
    return Captured(
        told.trade_no, told.out_trade_no, order_no, amount.minor, _CURRENCY, paid.gmt_payment
    )


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=200))
    except ValueError:
        return {}


def _yuan(minor: int) -> str:
    return str(Money(minor, _CURRENCY).major)
