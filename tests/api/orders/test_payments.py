"""Notices of the three providers come in at their doors, whatever is wrong with them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from structlog.testing import capture_logs

from db.audit import audit
from db.engine import Sessions
from db.orders.payment_tables import PaymentAccountRow
from db.vault import payment_context
from tests.api.channels.app import client_of
from tests.integrations.payments.world import (
    PATHS,
    PROVIDERS,
    Payments,
    payments_world,
    request_for,
    secrets_of,
)
from tests.shops import VAULT, seed_shops


async def seed(owner: Sessions, sessions: Sessions) -> None:
    await seed_shops(sessions)
    async with owner.begin() as session:
        for provider in PROVIDERS:
            account_id = f"{provider}-mini"
            sealed = VAULT.seal_secrets(secrets_of(provider), payment_context(account_id))
            session.add(
                PaymentAccountRow(
                    id=account_id, provider=provider, shop_id="own-1", name=provider,
                    base_url=f"http://sandbox/{provider}{PATHS[provider]}", secrets=sealed,
                )
            )  # fmt: skip


async def rows(sessions: Sessions, statement: str) -> Sequence[Any]:
    async with sessions.begin() as session:
        found = await (await session.connection()).execute(text(statement))
        return [tuple(row) for row in found.all()]


def sandbox(provider: str) -> Payments:
    """Its clock is ours: the doors look at theirs."""
    payments = payments_world(provider)
    payments.world.clock = datetime.now(UTC)
    return payments


async def pass_on(client: httpx.AsyncClient, payments: Payments, times: int = 1) -> list[Any]:
    """What the provider told comes to our door; what it hears."""
    answers = []
    for request in payments.world.received:
        for _ in range(times):
            answer = await client.post(
                f"/webhooks/payments/{payments.name}/{payments.name}-mini",
                content=request.content,
                headers=request.headers,
            )
            answers.append(answer)
    payments.world.received.clear()
    return answers


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_payment_is_kept_once_and_the_provider_hears_what_it_wants(
    owner_sessions: Sessions, web_sessions: Sessions, provider: str
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox(provider)
    async with client_of(web_sessions) as client:
        await payments.pay("MP-1", "20.00")
        answers = await pass_on(client, payments, times=2)

    vendor = payments.world.sandbox.vendors[provider]
    assert all(vendor.acknowledged(one.status_code, one.content) for one in answers)
    assert await rows(web_sessions, "SELECT external_no, amount_minor, purpose FROM payment") == [
        ("MP-1", 2000, "order")
    ]
    kept = "SELECT outcome, applied_at IS NOT NULL, order_id FROM inbox"
    assert await rows(web_sessions, kept) == [("payment:order", True, None)]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_second_payment_is_written_down_to_go_back(
    owner_sessions: Sessions, web_sessions: Sessions, provider: str
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox(provider)
    async with client_of(web_sessions) as client:
        for _ in range(2):
            await payments.pay("MP-1", "20.00")
        await pass_on(client, payments, times=2)

    assert await rows(web_sessions, "SELECT kind, amount_minor, state FROM refund") == [
        ("surplus", 2000, "intended")
    ]
    (target,) = await rows(web_sessions, "SELECT target, name FROM outbox WHERE kind = 'signal'")
    assert target[0].startswith("refund/RF")
    assert target[1] == "refund_moved"
    async with web_sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.parametrize("provider", ["wechatpay", "stripe"])
async def test_news_of_a_refund_moves_it(
    owner_sessions: Sessions, web_sessions: Sessions, provider: str
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox(provider)
    async with client_of(web_sessions) as client:
        await payments.pay("MP-1", "20.00")
        second = await payments.pay("MP-1", "20.00")
        await pass_on(client, payments)
        ((number,),) = await rows(web_sessions, "SELECT refund_no FROM refund")
        await payments.client.refund(request_for(second, number, 2000))
        await payments.world.pass_time(60)
        await payments.world.pass_time(1)
        await pass_on(client, payments, times=3)

    found = "SELECT state, settled_at IS NOT NULL FROM refund"
    assert await rows(web_sessions, found) == [("succeeded", True)]
    moved = "SELECT refunded_minor, refunding_minor FROM payment ORDER BY captured_at, id"
    assert await rows(web_sessions, moved) == [(0, 0), (2000, 0)]
    async with web_sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_news_of_a_refund_we_did_not_make_is_kept_and_changes_nothing(
    owner_sessions: Sessions, web_sessions: Sessions, provider: str
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox(provider)
    async with client_of(web_sessions) as client:
        payment = await payments.pay("MP-1", "20.00")
        await payments.client.refund(request_for(payment, "made-at-the-desk"))
        await payments.world.pass_time(60)
        await payments.world.pass_time(1)
        answers = await pass_on(client, payments)

    assert all(one.status_code < 300 for one in answers)
    assert await rows(web_sessions, "SELECT refunded_minor FROM payment") == [(0,)]
    told = await rows(web_sessions, "SELECT outcome FROM inbox ORDER BY received_at")
    assert told[-1] == ("unknown_refund",)


async def test_the_second_of_two_simultaneous_payments_is_the_one_too_many(
    owner_sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox("wechatpay")
    for _ in range(4):
        await payments.pay("MP-1", "20.00")
    async with client_of(web_sessions) as client:
        await asyncio.gather(
            *(
                client.post(
                    "/webhooks/payments/wechatpay/wechatpay-mini",
                    content=request.content,
                    headers=request.headers,
                )
                for request in payments.world.received
            )
        )

    purposes = await rows(web_sessions, "SELECT purpose FROM payment ORDER BY purpose")
    assert purposes == [("order",), ("surplus",), ("surplus",), ("surplus",)]


async def test_a_wrong_door_and_a_wrong_signature_are_refused_and_keep_nothing(
    owner_sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed(owner_sessions, web_sessions)
    payments = sandbox("wechatpay")
    await payments.pay()
    (request,) = payments.world.received
    sent: Any = {"content": request.content, "headers": request.headers}
    async with client_of(web_sessions) as client:
        with capture_logs() as logs:
            answers = [
                await client.post(f"/webhooks/payments/{door}", **sent)
                for door in ("wechatpay/nobody", "stripe/wechatpay-mini", "nobody/wechatpay-mini",
                             "wechatpay/%00", "stripe/stripe-mini", "alipay/alipay-mini")
            ]  # fmt: skip
            answers.append(
                await client.post(
                    "/webhooks/payments/wechatpay/wechatpay-mini",
                    content=request.content + b" ",
                    headers=request.headers,
                )
            )

    assert [one.status_code for one in answers] == [404, 404, 404, 404, 400, 401, 401]
    assert answers[-1].json()["code"] == "FAIL"
    assert [one["event"] for one in logs] == ["security.webhook_refused"] * 7
    assert await rows(web_sessions, "SELECT count(*) FROM inbox") == [(0,)]
    assert await rows(web_sessions, "SELECT count(*) FROM payment") == [(0,)]
    every_secret = [one for name in PROVIDERS for one in secrets_of(name).values() if len(one) > 20]
    assert not [one for one in every_secret if one in str(logs)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=500), header=st.text(max_size=60))
async def test_no_notice_makes_a_door_fail(
    owner_sessions: Sessions, web_sessions: Sessions, body: bytes, header: str
) -> None:
    if not await rows(web_sessions, "SELECT 1 FROM shop LIMIT 1"):
        await seed(owner_sessions, web_sessions)
    noise = header.encode("utf-8", "replace")
    headers = {b"wechatpay-signature": noise, b"stripe-signature": b"t=1,v1=" + noise}
    async with client_of(web_sessions) as client:
        for provider in PROVIDERS:
            answer = await client.post(
                f"/webhooks/payments/{provider}/{provider}-mini", content=body, headers=headers
            )
            assert 400 <= answer.status_code < 500
