"""Whatever a payment provider sends, we answer with news or an IntegrationError, never a crash."""

import asyncio
import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.errors import IntegrationError, Rejected
from integrations.payments.port import Captured, PaymentProvider, RefundRequest
from integrations.payments.signing import (
    alipay_string,
    rsa_sign,
    seal_resource,
    stripe_signature,
    wechatpay_message,
)
from integrations.sandbox.demo_keys import demo_key
from integrations.sandbox.settings import SandboxSettings
from tests.integrations.payments.world import PROVIDERS, open_payments

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ACCOUNTS = SandboxSettings()
MANY = settings(max_examples=60, deadline=None)
REQUEST = RefundRequest("RF1", "T1", "A-1", 500, 2000, "CNY")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["SUCCESS", "CLOSED", "succeeded", "10000", "TRADE_SUCCESS", "Y", "cny"]),
    st.sampled_from([10**30, -1, 10**400, 1e308, "\x00", "1e999999", "NaN", "9" * 5000]),
    st.sampled_from(["2026-05-01T12:00:00+08:00", "0001-01-01T00:00:00+23:00",
                     "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-05-01T00:00:00"]),
)  # fmt: skip


def some(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """The right field names with anything in them."""
    amounts = st.fixed_dictionaries({}, optional={"total": SCALARS, "refund": SCALARS})
    return st.fixed_dictionaries({}, optional={name: SCALARS | amounts for name in names})


WECHAT = some("mchid", "out_trade_no", "transaction_id", "trade_state", "attach", "success_time",
              "amount", "out_refund_no", "refund_id", "refund_status", "status")  # fmt: skip
STRIPE = some("id", "amount", "amount_received", "currency", "created", "metadata", "status")
ALIPAY = some("notify_id", "app_id", "trade_no", "out_trade_no", "trade_status", "total_amount",
              "gmt_payment", "out_biz_no", "passback_params", "notify_type")  # fmt: skip
ANSWERS = st.one_of(
    SCALARS,
    WECHAT,
    STRIPE,
    some("code", "msg", "sub_code", "fund_change", "refund_status", "refund_amount"),
    st.fixed_dictionaries({"data": st.lists(STRIPE, max_size=2), "has_more": SCALARS}),
    st.fixed_dictionaries({"error": some("type", "code", "message") | SCALARS}),
)
EVENTS = ("REFUND.SUCCESS", "TRANSACTION.SUCCESS", "refund.updated", "payment_intent.succeeded")


def client(provider: str, answer: bytes = b"", status: int = 200) -> PaymentProvider:
    """A client whose provider answers this, signed if it signs answers."""
    headers = wechat_headers(answer) if provider == "wechatpay" else {}
    transport = httpx.MockTransport(
        lambda _: httpx.Response(status, content=answer, headers=headers)
    )
    return open_payments(provider, httpx.AsyncClient(transport=transport), lambda: NOW)


def wechat_headers(body: bytes) -> dict[str, str]:
    timestamp = str(int(NOW.timestamp()))
    message = wechatpay_message(timestamp, "n", body.decode("utf-8", "replace"))
    return {
        "wechatpay-timestamp": timestamp,
        "wechatpay-nonce": "n",
        "wechatpay-serial": ACCOUNTS.wechatpay.platform_serial,
        "wechatpay-signature": rsa_sign(demo_key("wechatpay"), message),
    }


def stripe_headers(body: bytes) -> dict[str, str]:
    timestamp = str(int(NOW.timestamp()))
    signature = stripe_signature(ACCOUNTS.stripe.webhook_secret, timestamp, body)
    return {"stripe-signature": f"t={timestamp},v1={signature}"}


def read(provider: str, headers: dict[str, str], body: bytes) -> None:
    """What comes out can be kept by a database."""
    with suppress(Rejected):
        news = client(provider).read_notification(headers, {}, body).news
        if isinstance(news, Captured):
            assert 0 < news.amount_minor < 2**63
            assert news.captured_at.tzinfo is not None
            assert "\x00" not in news.transaction_id + news.order_no + news.merchant_ref


def ask(provider: str, answer: bytes, status: int = 200) -> None:
    async def both() -> None:
        for question in ("refund", "query"):
            with suppress(IntegrationError):
                await getattr(client(provider, answer, status), question)(REQUEST)

    asyncio.run(both())


@MANY
@given(st.binary(max_size=300), st.dictionaries(
    st.sampled_from(["wechatpay-timestamp", "wechatpay-serial", "wechatpay-signature",
                     "stripe-signature"]), st.text(max_size=80)))  # fmt: skip
def test_noise_in_a_notification_is_rejected(body: bytes, headers: dict[str, str]) -> None:
    for provider in PROVIDERS:
        with pytest.raises(Rejected):
            client(provider).read_notification(headers, {}, body)


@MANY
@given(WECHAT | SCALARS, st.sampled_from(EVENTS))
def test_any_genuine_wechat_pay_notice_is_read_or_rejected(told: Any, event: str) -> None:
    if isinstance(told, dict):
        told = {"mchid": ACCOUNTS.wechatpay.mch_id, **told}
    plain = json.dumps(told).encode()
    sealed = seal_resource(ACCOUNTS.wechatpay.api_v3_key, "0123456789ab", "refund", plain)
    resource = {"ciphertext": sealed, "nonce": "0123456789ab", "associated_data": "refund"}
    body = json.dumps({"id": "EV-1", "event_type": event, "resource": resource}).encode()

    read("wechatpay", wechat_headers(body), body)


@MANY
@given(ANSWERS)
def test_any_signed_wechat_pay_body_is_read_or_rejected(message: Any) -> None:
    body = json.dumps(message).encode()

    read("wechatpay", wechat_headers(body), body)


@MANY
@given(ALIPAY)
def test_any_genuine_alipay_notice_is_read_or_rejected(told: dict[str, Any]) -> None:
    form = {name: str(value).encode("utf-8", "replace").decode() for name, value in told.items()}
    form["app_id"] = ACCOUNTS.alipay.app_id
    form["sign"] = rsa_sign(demo_key("alipay"), alipay_string(form, ("sign", "sign_type")))

    read("alipay", {}, urlencode(form).encode())


@MANY
@given(STRIPE | SCALARS, st.sampled_from(EVENTS))
def test_any_genuine_stripe_event_is_read_or_rejected(told: Any, event: str) -> None:
    body = json.dumps({"id": "evt_1", "type": event, "created": 1, "data": {"object": told}})

    read("stripe", stripe_headers(body.encode()), body.encode())


@MANY
@given(ANSWERS, st.sampled_from([200, 204, 302, 400, 404, 409, 429, 500, 503]))
def test_any_answer_is_read_or_refused(message: Any, status: int) -> None:
    text = json.dumps(message)
    ask("wechatpay", text.encode(), status)
    ask("stripe", text.encode(), status)
    for method in ("alipay_trade_refund", "alipay_trade_fastpay_refund_query"):
        signature = rsa_sign(demo_key("alipay"), text)
        whole = f'{{"{method}_response":{text},"sign":"{signature}"}}'
        ask("alipay", whole.encode("utf-8", "replace"), status)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000, b"\xff" * 99])
def test_deep_and_endless_bodies_are_only_unreadable(body: bytes) -> None:
    for provider in PROVIDERS:
        for status in (200, 500):
            ask(provider, body, status)
    read("wechatpay", wechat_headers(body), body)
    read("stripe", stripe_headers(body), body)
    read("alipay", {}, body)
    ask("alipay", b'{"alipay_trade_refund_response":' + body)


def test_a_resource_that_is_no_ciphertext_is_forged() -> None:
    for text in ("", "!", base64.b64encode(b"short").decode()):
        resource = {"ciphertext": text, "nonce": "", "associated_data": "refund"}
        body = json.dumps({"id": "1", "event_type": "REFUND.SUCCESS", "resource": resource})
        with pytest.raises(Rejected):
            client("wechatpay").read_notification(wechat_headers(body.encode()), {}, body.encode())
