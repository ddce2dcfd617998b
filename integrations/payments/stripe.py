"""Stripe: forms with an idempotency key, webhooks signed over time and raw body (§3.3)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import httpx
from pydantic import Field, ValidationError

from domain.orders.payment import RefundStatus
from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    NotEnoughBalance,
    RateLimited,
    Rejected,
)
from integrations.access import UNHURRIED, Pace, PaymentAccess
from integrations.http import Answer, exchange, retry_after_s
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
    Body,
    Minor,
    Number,
    Text,
    lost,
    read_answer,
    read_notice,
)
from integrations.payments.signing import stripe_signature
from integrations.settings import Schema
from integrations.signing import same

SECRETS: Final = ("secret_key", "webhook_secret")
OPTIONAL_SECRETS: Final = ("webhook_secret_old",)
SETTINGS: Final = Schema()
SYSTEM: Final = "stripe"
TOLERANCE_S: Final = 300
REFUND_NO: Final = "refund_no"
ORDER_NO: Final = "order_no"
_PATH: Final = "/v1/refunds"
_PAGE: Final = 100
_MOST_PAGES: Final = 20
_CREDENTIALS: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_STATUSES: Final = {
    "pending": RefundStatus.PROCESSING,
    "requires_action": RefundStatus.PROCESSING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.CLOSED,
    "canceled": RefundStatus.CLOSED,
}
_Metadata = Annotated[dict[str, Text], Field(default_factory=dict, max_length=100)]


class _Refund(Body):
    id: Number
    amount: Minor
    status: Text = ""
    metadata: _Metadata


class _Refunds(Body):
    data: tuple[_Refund, ...]
    has_more: bool = False


class _Told(Body):
    object: dict[str, Any]


class _Event(Body):
    id: Number
    type: Text
    created: Annotated[int, Field(ge=0, le=10**11)] = 0
    data: _Told


class _Intent(Body):
    id: Number
    amount_received: Minor
    currency: Annotated[str, Field(pattern="^[a-zA-Z]{3}$")]
    created: Annotated[int, Field(ge=0, le=10**11)] = 0
    metadata: _Metadata


class _Error(Body):
    type: Text = ""
    code: Text = ""
    message: Text = ""


class _Failure(Body):
    error: _Error = _Error()


@dataclass(frozen=True, slots=True)
class StripeSettings:
    base_url: str
    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


def open_provider(access: PaymentAccess) -> "Stripe":
    """Secrets `secret_key` and `webhook_secret` (while it is replaced, also with `_old`)."""
    secrets = access.secrets
    settings = StripeSettings(
        access.base_url, secrets["secret_key"], secrets.both("webhook_secret")
    )
    return Stripe(settings, access.http, access.pace)


class Stripe:
    """Refunds of payment intents or charges. Our number is the idempotency key, which Stripe
    forgets after a day, and metadata, which it keeps."""

    provider = SYSTEM

    def __init__(
        self,
        settings: StripeSettings,
        client: httpx.AsyncClient,
        pace: Pace = UNHURRIED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._client = client
        self._pace = pace
        self._now = now

    async def refund(self, request: RefundRequest) -> RefundState:
        """Ask for the refund; what was refunded already is looked up before it is refused."""
        form = {
            **_paid_with(request),
            "amount": str(request.amount_minor),
            f"metadata[{REFUND_NO}]": request.refund_no,
        }
        try:
            answer = await self._call(
                "POST", changes=True, data=form, headers={"idempotency-key": request.refund_no}
            )
        except Rejected as error:
            done = error.code == "charge_already_refunded"
            if done and (found := await self.query(request)) is not None:
                return found
            raise
        refund = read_answer(_Refund, answer.body, system=SYSTEM, changes=True)
        return _state(refund, request, changes=True)

    async def query(self, request: RefundRequest) -> RefundState | None:
        """Among the refunds of the payment, the one that carries our number."""
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            params = {**_paid_with(request), "limit": str(_PAGE), **after}
            answer = await self._call("GET", changes=False, params=params)
            page = read_answer(_Refunds, answer.body, system=SYSTEM, changes=False)
            for refund in page.data:
                if refund.metadata.get(REFUND_NO) == request.refund_no:
                    return _state(refund, request, changes=False)
            if not page.has_more or not page.data:
                return None
            after = {"starting_after": page.data[-1].id}
        raise lost("too many refunds of one payment", "pages", system=SYSTEM, changes=False)

    def read_notification(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> PaymentNotice:
        """Signed over its time and its raw bytes."""
        self._prove(headers.get("stripe-signature", ""), body)
        event = read_notice(_Event, body, system=SYSTEM)
        return PaymentNotice(event.id, event.type, _news(event))

    def acknowledge(self) -> NoticeAnswer:
        return NoticeAnswer(200, b'{"received":true}')

    def refuse(self, refusal: Rejected) -> NoticeAnswer:
        return NoticeAnswer(400, json.dumps({"error": refusal.code}).encode())

    def _prove(self, header: str, body: bytes) -> None:
        """Raises Rejected: `FORGED`, or `STALE` outside of the tolerance."""
        parts = [part.strip().partition("=") for part in header.split(",")[:50]]
        timestamp = next((value for name, _, value in parts if name == "t"), "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise Rejected("Stripe-Signature has no time", code=FORGED, system=SYSTEM)
        given = [value for name, _, value in parts if name == "v1"]
        right = [
            stripe_signature(secret, timestamp, body) for secret in self._settings.webhook_secrets
        ]
        if not any([same(one, other) for one in given for other in right]):
            raise Rejected("the signature is wrong or missing", code=FORGED, system=SYSTEM)
        if abs(self._now().timestamp() - int(timestamp)) > TOLERANCE_S:
            raise Rejected("more than five minutes from our clock", code=STALE, system=SYSTEM)

    async def _call(
        self,
        method: str,
        *,
        changes: bool,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        request = self._client.build_request(
            method,
            self._settings.base_url.rstrip("/") + _PATH,
            data=data,
            params=params,
            headers={"authorization": f"Bearer {self._settings.secret_key}", **(headers or {})},
        )
        async with self._pace.call(f"{method} {_PATH}"):
            answer = await exchange(
                self._client, request, system=SYSTEM, changes=changes, reads_errors=True
            )
            if answer.status >= httpx.codes.BAD_REQUEST:
                raise stripe_error(answer, changes=changes, now=self._now())
        return answer


def stripe_error(answer: Answer, *, changes: bool, now: datetime) -> IntegrationError:
    """What an error answer means (§3.3); `Stripe-Should-Retry` decides where it is sent."""
    try:
        error = _Failure.model_validate_json(answer.body).error
    except ValidationError:
        error = _Error()
    code = error.code or error.type or str(answer.status)
    text = error.message or f"answered HTTP {answer.status}"
    should_retry = answer.headers.get("stripe-should-retry", "")
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        wait_s = retry_after_s(answer.headers.get("retry-after", ""), now)
        return RateLimited(text, retry_after_s=wait_s, code=code, system=SYSTEM)
    if answer.status in _CREDENTIALS:
        return CredentialsRefused(text, code=code, system=SYSTEM)
    if error.code == "balance_insufficient":
        return NotEnoughBalance(text, code=code, system=SYSTEM)
    theirs = answer.status >= httpx.codes.INTERNAL_SERVER_ERROR
    if theirs or answer.status == httpx.codes.CONFLICT or should_retry == "true":
        if should_retry == "false" and not theirs:
            return Rejected(text, code=code, system=SYSTEM)
        return lost(text, code, system=SYSTEM, changes=changes)
    return Rejected(text, code=code, system=SYSTEM)


def _news(event: _Event) -> Captured | RefundTold | None:
    if event.type in ("refund.created", "refund.updated", "refund.failed"):
        told = read_notice(_Refund, event.data.object, system=SYSTEM)
        number = told.metadata.get(REFUND_NO, "")
        if not number:
            return None  # made in Stripe's own dashboard
        status = _STATUSES.get(told.status)
        return RefundTold(number, RefundState(status, told.id, told.status) if status else None)
    if event.type != "payment_intent.succeeded":
        return None
    paid = read_notice(_Intent, event.data.object, system=SYSTEM)
    return Captured(
        paid.id,
        paid.id,
        paid.metadata.get(ORDER_NO) or paid.id,
        paid.amount_received,
        paid.currency.upper(),
        datetime.fromtimestamp(event.created or paid.created, UTC),
    )


def _paid_with(request: RefundRequest) -> dict[str, str]:
    kind = "charge" if request.transaction_id.startswith(("ch_", "py_")) else "payment_intent"
    return {kind: request.transaction_id}


def _state(refund: _Refund, request: RefundRequest, *, changes: bool) -> RefundState:
    status = _STATUSES.get(refund.status)
    if status is None:
        text = f"status {refund.status[:40]!a}"
        raise lost(text, "unreadable", system=SYSTEM, changes=changes)
    if refund.amount != request.amount_minor:
        text = f"this number was used for a refund of {refund.amount}"
        raise Rejected(text, code="amount_differs", system=SYSTEM)
    return RefundState(status, refund.id, refund.status)
