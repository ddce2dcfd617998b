"""Stripe as merchants see it: idempotency keys, signed events (§3.3, §7)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from starlette.responses import Response

from integrations.payments.signing import stripe_signature
from integrations.sandbox.framework import Call, Reply, Sandbox
from integrations.sandbox.payments import (
    PROCESSING,
    NotEnough,
    PaymentSandbox,
    Record,
    RefundFate,
    TooMuch,
)
from integrations.sandbox.pushes import Outgoing
from integrations.signing import same

_KEY_LIVES_S: Final = 86_400
_STATUSES: Final = {
    PROCESSING: "pending",
    RefundFate.SUCCEEDED: "succeeded",
    RefundFate.ABNORMAL: "failed",
    RefundFate.CLOSED: "canceled",
}
_EVENTS: Final = {
    RefundFate.SUCCEEDED: "refund.updated",
    RefundFate.ABNORMAL: "refund.failed",
    RefundFate.CLOSED: "refund.updated",
}


class StripeSandbox(PaymentSandbox):
    name = "stripe"
    instant = True
    given_up = (RefundFate.ABNORMAL, RefundFate.CLOSED)

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.stripe

    @property
    def operations(self) -> tuple[str, ...]:
        return ("refund", "refunds")

    def app(self) -> FastAPI:
        app = FastAPI(title="Stripe sandbox", docs_url=None, redoc_url=None)

        @app.post("/v1/refunds")
        async def refund(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = dict(parse_qsl(text, max_num_fields=1000))
            key = request.headers.get("idempotency-key", "")
            return await self._answer("refund", request, text, lambda: self._refund(form, key))

        @app.get("/v1/refunds")
        async def refunds(request: Request) -> Response:
            asked = dict(request.query_params)
            text = request.url.query
            return await self._answer("refunds", request, text, lambda: self._refunds(asked))

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def signed_push(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        timestamp = str(int(self.sandbox.now().timestamp()))
        signature = stripe_signature(self._account.webhook_secret, timestamp, body)
        return {**headers, "stripe-signature": f"t={timestamp},v1={signature}"}

    def transaction_id(self, number: int) -> str:
        return f"pi_sandbox{number:012d}"

    def payment_push(self, payment: Record) -> Outgoing:
        intent = {
            "id": payment["transaction_id"],
            "object": "payment_intent",
            "amount": payment["amount"],
            "amount_received": payment["amount"],
            "currency": payment["currency"].lower(),
            "created": _seconds(payment["paid_at"]),
            "metadata": {"order_no": payment["order_no"]},
            "status": "succeeded",
        }
        return self._push("payment_intent.succeeded", payment["order_no"], intent)

    def refund_push(self, refund: Record, payment: Record) -> Outgoing:
        event = _EVENTS[RefundFate(refund["status"])]
        return self._push(event, refund["refund_no"], _shown(refund, payment))

    def _push(self, event: str, ref: str, about: Record) -> Outgoing:
        number = self.sandbox.store.next_number(self.name, "event")
        body = {
            "id": f"evt_sandbox{number:012d}",
            "object": "event",
            "created": int(self.sandbox.now().timestamp()),
            "type": event,
            "data": {"object": about},
        }
        headers = {"content-type": "application/json; charset=utf-8"}
        return Outgoing(self._account.push_path, ref, json.dumps(body).encode(), headers)

    async def _answer(
        self, operation: str, request: Request, text: str, act: Callable[[], Reply]
    ) -> Response:
        given = request.headers.get("authorization", "")
        call = Call(self.name, operation, request.headers.get("idempotency-key", ""), text)

        def execute() -> Reply:
            if not same(given, f"Bearer {self._account.secret_key}"):
                return _failed(401, "invalid_request_error", "", "Invalid API Key provided")
            return act()

        throttled = _failed(429, "invalid_request_error", "rate_limit", "Too many requests")
        return await self.sandbox.serve(call, execute, throttled=throttled)

    def _refund(self, form: Mapping[str, str], key: str) -> Reply:
        """The first answer to a key is its answer for a day; other parameters are refused."""
        known = self.sandbox.store.get(self.name, "key", key) if key else None
        now = self.sandbox.now().timestamp()
        if known is not None and now - known["at"] < _KEY_LIVES_S:
            if known["form"] != form:
                text = "Keys for idempotent requests can only be used with the same parameters"
                return _failed(400, "idempotency_error", "", text)
            body = known["body"].encode()
            return Reply(body, known["status"], headers={"idempotent-replayed": "true"})
        reply = self._make(form)
        if key and reply.executed:
            kept = {
                "at": now,
                "form": dict(form),
                "body": reply.body.decode(),
                "status": reply.status,
            }
            self.sandbox.store.put(self.name, "key", key, kept)
        return reply

    def _make(self, form: Mapping[str, str]) -> Reply:
        payment = self._payment(form)
        if payment is None:
            return _failed(404, "invalid_request_error", "resource_missing", "No such payment")
        left = payment["amount"] - self.refunded(payment)
        asked = form.get("amount", str(left))
        if not (asked.isascii() and asked.isdigit() and 0 < len(asked) < 15):
            return _failed(400, "invalid_request_error", "parameter_invalid_integer", "amount")
        if left == 0:
            text = "Charge has already been refunded."
            return _failed(400, "invalid_request_error", "charge_already_refunded", text)
        number = self.sandbox.store.next_number(self.name, "refund_id")
        metadata = {
            name[len("metadata[") : -1]: value
            for name, value in form.items()
            if name.startswith("metadata[") and name.endswith("]")
        }
        try:
            refund = self.give_back(f"re_sandbox{number:012d}", payment, int(asked), metadata)
        except NotEnough:
            text = "Insufficient funds in your Stripe balance to refund this amount."
            return _failed(400, "invalid_request_error", "balance_insufficient", text)
        except TooMuch:
            text = "Refund amount is greater than unrefunded amount on charge"
            return _failed(400, "invalid_request_error", "charge_not_refundable", text)
        return Reply(json.dumps(_shown(refund, payment)).encode(), 200, "application/json")

    def _refunds(self, asked: Mapping[str, str]) -> Reply:
        payment = self._payment(asked)
        if payment is None:
            return _failed(404, "invalid_request_error", "resource_missing", "No such payment")
        limit = asked.get("limit", "10")
        most = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 4 else 10
        found = [
            refund
            for refund in reversed(self.sandbox.store.all(self.name, "refund"))
            if refund["transaction_id"] == payment["transaction_id"]
            and (not asked.get("starting_after") or refund["refund_no"] < asked["starting_after"])
        ]
        page = [_shown(refund, payment) for refund in found[: max(1, min(most, 100))]]
        body = {"object": "list", "data": page, "has_more": len(found) > len(page)}
        return Reply(json.dumps({**body, "url": "/v1/refunds"}).encode(), 200, "application/json")

    def _payment(self, asked: Mapping[str, str]) -> Record | None:
        number = asked.get("payment_intent") or asked.get("charge") or ""
        return self.sandbox.store.get(self.name, "payment", number)


def _shown(refund: Record, payment: Record) -> Record:
    return {
        "id": refund["refund_no"],
        "object": "refund",
        "amount": refund["amount"],
        "currency": payment["currency"].lower(),
        "created": _seconds(refund["created_at"]),
        "payment_intent": payment["transaction_id"],
        "charge": None,
        "metadata": refund["metadata"],
        "reason": None,
        "status": _STATUSES[refund["status"]],
    }


def _failed(status: int, kind: str, code: str, text: str) -> Reply:
    error: dict[str, Any] = {"type": kind, "message": text} | ({"code": code} if code else {})
    headers = {"request-id": "req_sandbox", "stripe-should-retry": "false"}
    if status == 429:
        headers["stripe-should-retry"] = "true"
    body = json.dumps({"error": error}).encode()
    return Reply(body, status, "application/json", headers, executed=False)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
