"""The money of one order: every payment and refund, with its provider's number."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from db.orders.payment_tables import PaymentAccountRow
from db.orders.payments import NewPayment, record_payment
from domain.platform.permissions import Role
from tests.web.world import Person, person

CANARY = "canary-77aa-secret"


@pytest.mark.usefixtures("order")
async def test_a_payment_and_the_one_too_many_are_on_the_page_and_in_the_api(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        account = PaymentAccountRow(
            id="wx", provider="wechatpay", shop_id="mini", name="WX", base_url="http://wx"
        )
        session.add(account)
        await session.flush()
        for transaction in ("T-FIRST", "T-AGAIN"):
            payment = NewPayment(
                "wx", "wechatpay", "mini", transaction, "ref", "1",
                2550, "CNY", datetime(2026, 5, 1, tzinfo=UTC),
            )  # fmt: skip
            await record_payment(session, payment)

    page = (await service.get("/orders/O-1")).text
    answer = (await service.get("/api/v1/orders/O-1")).json()

    for words in ("WeChat Pay", "T-FIRST", "T-AGAIN", "paid once too often", "being asked for"):
        assert words in page
    assert "goes back by itself" in page
    assert [one["purpose"] for one in answer["payments"]] == ["order", "surplus"]
    (refund,) = answer["refunds"]
    assert refund["refund_no"] in page
    assert (refund["state"], refund["amount"]["amount"]) == ("intended", "25.50")


@pytest.mark.usefixtures("order", "engine")
async def test_an_administrator_adds_pauses_and_resumes_an_account_and_sees_its_health(
    app: FastAPI, service: Person, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN, name="Han Meimei") as admin:
        empty = (await admin.get("/payment-accounts")).text
        choose = (await admin.get("/payment-accounts/new")).text
        form = (await admin.get("/payment-accounts/new?provider=alipay")).text
        strange = await admin.get("/payment-accounts/new?provider=paypal")
        added = await admin.send_form(
            "/payment-accounts/new",
            **{
                "provider": "stripe", "account_id": "stripe-1", "name": "Stripe shop",
                "shop_id": "mini", "secret.secret_key": CANARY, "secret.webhook_secret": CANARY,
            },
        )  # fmt: skip
        page = (await admin.get("/payment-accounts")).text
        paused = await admin.send_form("/payment-accounts/stripe-1/pause", reason="bank holiday")
        quiet = (await admin.get("/payment-accounts")).text
        resumed = await admin.send_form("/payment-accounts/stripe-1/resume")
        nobody = await admin.get("/payment-accounts/nobody/pause")

    assert "No payment accounts yet" in empty
    assert "provider=wechatpay" in choose
    assert '<textarea class="form-control secret"' in form  # a key has several lines
    assert (strange.status_code, nobody.status_code) == (422, 404)
    assert (added.status_code, paused.status_code, resumed.status_code) == (303, 303, 303)
    for words in ("Stripe shop", "Open", "/webhooks/payments/stripe/stripe-1", "never"):
        assert words in page
    assert "bank holiday" in quiet
    assert "Han Meimei" in quiet
    assert CANARY not in page + quiet
    assert (await service.get("/payment-accounts")).status_code == 403
    assert "/payment-accounts" not in (await service.get("/shops")).text
