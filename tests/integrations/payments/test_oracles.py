"""The vendors' own libraries against our sandbox, and their signatures against our clients."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
import uvicorn
from alipay import AliPay
from stripe import IdempotencyError, StripeClient, Webhook, WebhookSignature
from wechatpayv3 import WeChatPay, WeChatPayType

from domain.orders.payment import RefundStatus
from domain.shared.errors import Rejected
from integrations.payments.port import Captured, PaymentProvider
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.demo_keys import private_pem, public_pem
from integrations.sandbox.settings import SandboxSettings
from runtime.embedded import free_port
from tests.integrations.payments.world import open_payments, request_for

ACCOUNTS = SandboxSettings()


@pytest.fixture(autouse=True)
def in_china(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The Alipay library writes the local time, and Alipay expects China's."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def received() -> list[httpx.Request]:
    """What the sandbox told us."""
    return []


@pytest.fixture(scope="module")
def sandbox(received: list[httpx.Request]) -> Iterator[str]:
    """The address of a sandbox that really listens: the libraries bring their own HTTP."""

    def hear(request: httpx.Request) -> httpx.Response:
        received.append(request)
        provider = request.url.path.split("/")[-2]
        return httpx.Response(200, content=b"success" if provider == "alipay" else b"")

    app = create_sandbox(
        SandboxSettings(seconds_per_hop=0.1),
        httpx.AsyncClient(transport=httpx.MockTransport(hear)),
    )
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


def until(condition: Any) -> None:
    """Wait for it; fails after half a minute."""
    last = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.05)


def paid(sandbox: str, provider: str, currency: str = "CNY") -> Any:
    body = {"order_no": "MP-1", "amount": "20.00", "currency": currency}
    answer = httpx.post(f"{sandbox}/sandbox/{provider}/payments", json=body, timeout=30)
    return answer.raise_for_status().json()


def told(received: list[httpx.Request], provider: str, about: str, since: int) -> httpx.Request:
    """The next push of this provider that has this in it."""
    found: list[httpx.Request] = []

    def look() -> bool:
        found[:] = [
            one
            for one in received[since:]
            if f"/{provider}/" in one.url.path and about.encode() in one.content
        ]
        return bool(found)

    until(look)
    return found[0]


def ours(provider: str, base_url: str = "http://unused") -> PaymentProvider:
    client = httpx.AsyncClient(trust_env=False, timeout=30)
    return open_payments(provider, client, lambda: datetime.now(UTC), base_url)


def wechatpay(sandbox: str) -> Any:
    account = ACCOUNTS.wechatpay
    library = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=account.mch_id,
        private_key=private_pem(account.merchant),
        cert_serial_no=account.serial_no,
        appid="wx0000000000000001",
        apiv3_key=account.api_v3_key,
        public_key=public_pem(account.platform),
        public_key_id=account.platform_serial,
    )
    library._core._gate_way = f"{sandbox}/wechatpay"
    return library


def alipay(sandbox: str, private_key: str = "merchant", theirs: str = "alipay") -> Any:
    library = AliPay(
        appid=ACCOUNTS.alipay.app_id,
        app_private_key_string=private_pem(private_key),
        alipay_public_key_string=public_pem(theirs),
    )
    library._gateway = f"{sandbox}/alipay/gateway.do"
    return library


def stripe(sandbox: str) -> StripeClient:
    addresses: Any = {"api": f"{sandbox}/stripe"}
    return StripeClient(ACCOUNTS.stripe.secret_key, base_addresses=addresses)


def test_the_wechat_pay_library_refunds_at_our_sandbox(sandbox: str) -> None:
    library, payment = wechatpay(sandbox), paid(sandbox, "wechatpay")
    amount = {"refund": 500, "total": 2000, "currency": "CNY"}
    asked: Any = {"transaction_id": payment["transaction_id"], "amount": amount}

    code, text = library.refund(out_refund_no="RF-lib-1", **asked)
    again, _ = library.refund(out_refund_no="RF-lib-1", **asked)
    found, answer = library.query_refund("RF-lib-1")
    nothing, missing = library.query_refund("RF-lib-none")

    assert (code, again, found, nothing) == (200, 200, 200, 404)
    assert json.loads(text)["out_refund_no"] == "RF-lib-1"
    assert json.loads(answer)["amount"]["refund"] == 500
    assert json.loads(missing)["code"] == "RESOURCE_NOT_EXISTS"
    state = asyncio.run(ours("wechatpay", sandbox).query(request_for(payment, "RF-lib-1")))
    assert state is not None


def test_the_wechat_pay_library_opens_what_our_sandbox_tells(
    sandbox: str, received: list[httpx.Request]
) -> None:
    since = len(received)
    payment = paid(sandbox, "wechatpay")
    library = wechatpay(sandbox)

    def opened() -> list[Any]:
        told(received, "wechatpay", "TRANSACTION.SUCCESS", since)
        return [
            library.callback(dict(one.headers), one.content)["resource"]["transaction_id"]
            for one in received[since:]
            if b"TRANSACTION.SUCCESS" in one.content
        ]

    until(lambda: payment["transaction_id"] in opened())


def test_the_alipay_library_refunds_at_our_sandbox(sandbox: str) -> None:
    library, payment = alipay(sandbox), paid(sandbox, "alipay")
    trade: Any = {"trade_no": payment["transaction_id"], "out_request_no": "RF-lib-1"}

    first = library.api_alipay_trade_refund("5.00", **trade)
    again = library.api_alipay_trade_refund("5.00", **trade)
    found = library.api_alipay_trade_fastpay_refund_query(
        "RF-lib-1", trade_no=payment["transaction_id"]
    )

    assert (first["code"], first["fund_change"], first["refund_fee"]) == ("10000", "Y", "5.00")
    assert again["fund_change"] == "N"
    assert found["refund_status"] == "REFUND_SUCCESS"
    state = asyncio.run(ours("alipay", sandbox).query(request_for(payment, "RF-lib-1")))
    assert state is not None
    assert state.status is RefundStatus.SUCCEEDED


def test_a_key_of_somebody_else_is_no_use_to_the_alipay_library(sandbox: str) -> None:
    payment = paid(sandbox, "alipay")

    refused = alipay(sandbox, "somebody else").api_alipay_trade_refund(
        "5.00", trade_no=payment["transaction_id"], out_request_no="RF-lib-2"
    )

    assert refused["sub_code"] == "isv.invalid-signature"


def test_the_alipay_library_proves_what_our_sandbox_tells(
    sandbox: str, received: list[httpx.Request]
) -> None:
    since = len(received)
    paid(sandbox, "alipay")
    form = dict(parse_qsl(told(received, "alipay", "TRADE_SUCCESS", since).content.decode()))

    signature = form.pop("sign")

    assert alipay(sandbox).verify(form, signature)


def test_we_believe_what_the_alipay_library_signs() -> None:
    theirs = alipay("http://unused", private_key="alipay")  # Alipay itself
    form = {
        "notify_id": "n1", "app_id": ACCOUNTS.alipay.app_id, "trade_no": "T1",
        "out_trade_no": "A-1", "trade_status": "TRADE_SUCCESS", "total_amount": "20.00",
        "gmt_payment": "2026-05-01 12:00:00", "passback_params": "MP-1",
    }  # fmt: skip
    signed = theirs.sign_data(form) + "&sign_type=RSA2"
    body = urlencode(parse_qsl(signed)).encode()

    news = ours("alipay").read_notification({}, {}, body).news

    assert isinstance(news, Captured)
    assert (news.order_no, news.amount_minor) == ("MP-1", 2000)


def test_the_stripe_library_refunds_at_our_sandbox(sandbox: str) -> None:
    library, payment = stripe(sandbox), paid(sandbox, "stripe", "USD")
    asked: Any = {
        "payment_intent": payment["transaction_id"],
        "amount": 500,
        "metadata": {"refund_no": "RF-lib-1"},
    }

    first = library.v1.refunds.create(asked, {"idempotency_key": "RF-lib-1"})
    again = library.v1.refunds.create(asked, {"idempotency_key": "RF-lib-1"})
    more: Any = {**asked, "amount": 501}
    with pytest.raises(IdempotencyError) as other:
        library.v1.refunds.create(more, {"idempotency_key": "RF-lib-1"})
    listed = library.v1.refunds.list({"payment_intent": payment["transaction_id"]})

    assert first.id == again.id
    assert first.status == "succeeded"
    assert other.value.http_status == 400
    assert [one.id for one in listed.data] == [first.id]
    state = asyncio.run(ours("stripe", sandbox).query(request_for(payment, "RF-lib-1")))
    assert state is not None
    assert state.vendor_refund_id == first.id


def test_the_stripe_library_proves_what_our_sandbox_tells(
    sandbox: str, received: list[httpx.Request]
) -> None:
    since = len(received)
    payment = paid(sandbox, "stripe", "USD")
    # Pushes about payments of earlier tests may still be on their way: this one names its own.
    request = told(received, "stripe", payment["transaction_id"], since)

    construct: Any = Webhook.construct_event
    event = construct(
        request.content, request.headers["stripe-signature"], ACCOUNTS.stripe.webhook_secret
    )

    assert event.data.object["id"] == payment["transaction_id"]


def test_we_believe_what_the_stripe_library_signs() -> None:
    now = int(time.time())
    body = json.dumps(
        {"id": "evt_1", "type": "payment_intent.succeeded", "created": now, "data": {"object": {
            "id": "pi_1", "amount_received": 2000, "currency": "usd",
            "metadata": {"order_no": "MP-1"}}}}
    )  # fmt: skip
    compute: Any = WebhookSignature._compute_signature
    signature = compute(f"{now}.{body}", ACCOUNTS.stripe.webhook_secret)
    client = ours("stripe")

    headers = {"stripe-signature": f"t={now},v1={signature}"}
    news = client.read_notification(headers, {}, body.encode()).news

    assert isinstance(news, Captured)
    assert (news.order_no, news.amount_minor, news.currency) == ("MP-1", 2000, "USD")
    with pytest.raises(Rejected):
        client.read_notification(headers, {}, body.replace("2000", "9000").encode())
