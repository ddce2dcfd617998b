"""WeChat Pay v3 微信支付: signed JSON, encrypted notifications (wire-formats §3.1)."""

import json
import secrets as random_source
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from domain.orders.payment import RefundStatus
from domain.shared.errors import Rejected
from integrations.access import UNHURRIED, Pace, PaymentAccess
from integrations.http import Answer, exchange
from integrations.payments import signing
from integrations.payments.port import (
    FORGED,
    STALE,
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
    Minor,
    Number,
    Text,
    ZonedTime,
    lost,
    read_answer,
    read_notice,
)
from integrations.payments.wechatpay_errors import NO_SUCH_REFUND, wechatpay_error
from integrations.settings import Schema, text

SECRETS: Final = (
    "mch_id",
    "serial_no",
    "private_key",
    "api_v3_key",
    "platform_serial",
    "platform_key",
)
OPTIONAL_SECRETS: Final = ("platform_serial_old", "platform_key_old")
SETTINGS: Final = Schema((text("notify_url"),))
SYSTEM: Final = "wechatpay"
WINDOW_S: Final = 300
_REFUNDS: Final = "/v3/refund/domestic/refunds"
_SCHEMA: Final = "WECHATPAY2-SHA256-RSA2048"
_LONGEST_REASON: Final = 80
_STATUSES: Final = {
    "SUCCESS": RefundStatus.SUCCEEDED,
    "PROCESSING": RefundStatus.PROCESSING,
    "ABNORMAL": RefundStatus.ABNORMAL,
    "CLOSED": RefundStatus.CLOSED,
}


class _Amount(Body):
    refund: Minor


class _Refund(Body):
    refund_id: Text = ""
    out_refund_no: Number
    status: Text
    amount: _Amount


class _Resource(Body):
    ciphertext: str
    nonce: str
    associated_data: Text = ""


class _Notice(Body):
    id: Number
    event_type: Text
    resource: _Resource


class _ToldRefund(Body):
    mchid: Text
    out_refund_no: Number
    refund_id: Text = ""
    refund_status: Text


class _PaidAmount(Body):
    total: Minor
    currency: Text = "CNY"


class _Transaction(Body):
    mchid: Text
    out_trade_no: Number
    transaction_id: Number
    trade_state: Text
    attach: Text = ""
    success_time: ZonedTime
    amount: _PaidAmount


@dataclass(frozen=True, slots=True)
class WechatPaySettings:
    """`platform_keys` are the keys WeChat Pay signs with, by serial number or public key id."""

    base_url: str
    mch_id: str
    serial_no: str
    private_key: RSAPrivateKey
    api_v3_key: str
    platform_keys: Mapping[str, RSAPublicKey]
    platform_serial: str
    notify_url: str = ""


def open_provider(access: PaymentAccess) -> "WechatPay":
    """Secrets `mch_id`, `serial_no` and `private_key` of the merchant's certificate, `api_v3_key`,
    `platform_serial` and `platform_key` (while they are replaced, the same with `_old`)."""
    secrets, owner = access.secrets, access.account_id
    keys = {secrets["platform_serial"]: signing.public_key(secrets["platform_key"], owner)}
    if old := secrets.get("platform_serial_old"):
        keys[old] = signing.public_key(secrets["platform_key_old"], owner)
    settings = WechatPaySettings(
        access.base_url,
        secrets["mch_id"],
        secrets["serial_no"],
        signing.private_key(secrets["private_key"], owner),
        secrets["api_v3_key"],
        keys,
        secrets["platform_serial"],
        str(access.settings.get("notify_url", "")),
    )
    return WechatPay(settings, access.http, access.pace)


class WechatPay:
    """Refunds go back the way the money came; WeChat Pay tells by a notice when it arrived."""

    provider = SYSTEM

    def __init__(
        self,
        settings: WechatPaySettings,
        client: httpx.AsyncClient,
        pace: Pace = UNHURRIED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._client = client
        self._pace = pace
        self._now = now

    async def refund(self, request: RefundRequest) -> RefundState:
        """Ask for the refund; mostly still being processed when the answer comes."""
        body: dict[str, Any] = {
            "transaction_id": request.transaction_id,
            "out_refund_no": request.refund_no,
            "amount": {
                "refund": request.amount_minor,
                "total": request.total_minor,
                "currency": request.currency,
            },
        }
        if request.reason:
            body["reason"] = request.reason[:_LONGEST_REASON]
        if self._settings.notify_url:
            body["notify_url"] = self._settings.notify_url
        answer = await self._call("POST", _REFUNDS, json.dumps(body, ensure_ascii=False), True)
        return self._state(answer, request, changes=True)

    async def query(self, request: RefundRequest) -> RefundState | None:
        """By our number; None when WeChat Pay has no such refund."""
        path = f"{_REFUNDS}/{quote(request.refund_no, safe='')}"
        try:
            answer = await self._call("GET", path, "", False)
        except Rejected as error:
            if error.code == NO_SUCH_REFUND:
                return None
            raise
        return self._state(answer, request, changes=False)

    def read_notification(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> PaymentNotice:
        """Signature and age first, then the encrypted part."""
        self._prove(headers, body)
        notice = read_notice(_Notice, body, system=SYSTEM)
        try:
            plain = signing.open_resource(
                self._settings.api_v3_key,
                notice.resource.nonce,
                notice.resource.associated_data,
                notice.resource.ciphertext,
            )
        except ValueError as error:
            raise Rejected(str(error), code=FORGED, system=SYSTEM) from None
        return PaymentNotice(notice.id, notice.event_type, self._news(notice.event_type, plain))

    def acknowledge(self) -> NoticeAnswer:
        return NoticeAnswer(204)

    def refuse(self, refusal: Rejected) -> NoticeAnswer:
        status = 401 if refusal.code in (FORGED, STALE) else 400
        body = {"code": "FAIL", "message": refusal.code}
        return NoticeAnswer(status, json.dumps(body, ensure_ascii=False).encode())

    def _news(self, event_type: str, plain: bytes) -> Captured | RefundTold | None:
        if event_type.startswith("REFUND."):
            told = read_notice(_ToldRefund, plain, system=SYSTEM)
            self._is_ours(told.mchid)
            status = _STATUSES.get(told.refund_status)
            state = RefundState(status, told.refund_id, told.refund_status) if status else None
            return RefundTold(told.out_refund_no, state)
        if event_type != "TRANSACTION.SUCCESS":
            return None
        paid = read_notice(_Transaction, plain, system=SYSTEM)
        self._is_ours(paid.mchid)
        if paid.trade_state != "SUCCESS":
            return None
        return Captured(
            paid.transaction_id,
            paid.out_trade_no,
            paid.attach or paid.out_trade_no,
            paid.amount.total,
            paid.amount.currency,
            paid.success_time,
        )

    def _is_ours(self, mch_id: str) -> None:
        if mch_id != self._settings.mch_id:
            raise Rejected("it is about another merchant", code=FORGED, system=SYSTEM)

    def _state(self, answer: Answer, request: RefundRequest, *, changes: bool) -> RefundState:
        refund = read_answer(_Refund, answer.body, system=SYSTEM, changes=changes)
        status = _STATUSES.get(refund.status)
        if refund.out_refund_no != request.refund_no or status is None:
            text = f"status {refund.status[:40]!a} of refund {refund.out_refund_no[:64]}"
            raise lost(text, UNREADABLE, system=SYSTEM, changes=changes)
        if refund.amount.refund != request.amount_minor:
            text = f"this number was used for a refund of {refund.amount.refund}"
            raise Rejected(text, code="amount_differs", system=SYSTEM)
        return RefundState(status, refund.refund_id, refund.status)

    async def _call(self, method: str, path: str, body: str, changes: bool) -> Answer:
        request = self._client.build_request(
            method,
            self._settings.base_url.rstrip("/") + path,
            content=body.encode() or None,
            headers={
                "accept": "application/json",
                "content-type": "application/json",
                "authorization": self._authorization(method, path, body),
                "wechatpay-serial": self._settings.platform_serial,
            },
        )
        async with self._pace.call(f"{method} {_REFUNDS}"):
            answer = await exchange(
                self._client, request, system=SYSTEM, changes=changes, reads_errors=True
            )
            if answer.status >= httpx.codes.BAD_REQUEST:
                raise wechatpay_error(answer, changes=changes, now=self._now())
        try:
            self._prove(answer.headers, answer.body)
        except Rejected as error:
            text = f"the answer is not signed by WeChat Pay: {error}"
            raise lost(text, "unproven_answer", system=SYSTEM, changes=changes) from None
        return answer

    def _authorization(self, method: str, path: str, body: str) -> str:
        settings = self._settings
        timestamp = str(int(self._now().timestamp()))
        nonce = random_source.token_hex(16).upper()
        message = signing.wechatpay_message(method, path, timestamp, nonce, body)
        parts = {
            "mchid": settings.mch_id,
            "nonce_str": nonce,
            "timestamp": timestamp,
            "serial_no": settings.serial_no,
            "signature": signing.rsa_sign(settings.private_key, message),
        }
        return f"{_SCHEMA} " + ",".join(f'{name}="{value}"' for name, value in parts.items())

    def _prove(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises Rejected: `FORGED`, or `STALE` outside of five minutes."""
        serial = headers.get("wechatpay-serial", "")
        timestamp = headers.get("wechatpay-timestamp", "")
        nonce = headers.get("wechatpay-nonce", "")
        key = self._settings.platform_keys.get(serial)
        if key is None:
            text = f"signed with a key we do not have: {serial[:60]!a}"
            raise Rejected(text, code=FORGED, system=SYSTEM)
        message = f"{timestamp}\n{nonce}\n".encode("utf-8", "replace") + body + b"\n"
        if not signing.rsa_genuine(key, headers.get("wechatpay-signature", ""), message):
            raise Rejected("the signature is wrong or missing", code=FORGED, system=SYSTEM)
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise Rejected("the timestamp is not Unix seconds", code=STALE, system=SYSTEM)
        if abs(self._now().timestamp() - int(timestamp)) > WINDOW_S:
            raise Rejected("more than five minutes from our clock", code=STALE, system=SYSTEM)
