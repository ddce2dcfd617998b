"""Merchant accounts: only administrators add and renew them, and nobody reads their secrets."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from structlog.testing import capture_logs

from db.engine import Sessions
from db.platform import pausing
from db.sql import run
from domain.platform.permissions import Role
from tests.api.served import browser, key_for, served
from tests.e2e import canaries
from tests.shops import seed_shops

CANARY = "canary-9d31-secret"
ACCOUNTS = "/api/v1/payment-accounts"
SECRETS = {"secret_key": f"{CANARY}-key", "webhook_secret": f"{CANARY}-hook"}


def new(**changes: Any) -> dict[str, Any]:
    return {
        "id": "stripe-1", "provider": "stripe", "shop_id": "own-1", "name": "Stripe",
        "secrets": SECRETS, **changes,
    }  # fmt: skip


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def client(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shops(sessions)
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as caller:
        yield caller


async def test_an_account_is_added_sealed_with_its_gate_and_its_health(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions, database_url: str
) -> None:
    with capture_logs() as logs:
        answer = await client.post(ACCOUNTS, json=new(expires_at="2030-01-01T00:00:00Z"))
    seen = await client.get(ACCOUNTS)

    assert answer.status_code == 201, answer.text
    (account,) = seen.json()["items"]
    assert account["base_url"] == "https://api.stripe.com"
    assert account["gate"] == "flowing"
    assert (account["last_push_at"], account["last_call_at"]) == (None, None)
    assert account["notices_to"].endswith("/webhooks/payments/stripe/stripe-1")
    assert account["expires_at"] == "2030-01-01T00:00:00Z"
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT secrets FROM payment_account")
        signals = await run(session, "SELECT target, name FROM outbox")
        deeds = await run(session, "SELECT action, subject, after FROM audit_log ORDER BY id")
    assert app.state.vault.open_secrets(row.secrets, "payment/stripe-1") == SECRETS
    assert [(one.target, one.name) for one in signals] == [("gate/payment%2Fstripe-1", "gate_shut")]
    assert [(one.action, one.subject) for one in deeds] == [
        ("payment.add", "payment/stripe-1"), ("credentials.change", "payment/stripe-1"),
    ]  # fmt: skip
    assert (deeds[0].after["provider"], deeds[0].after["shop_id"]) == ("stripe", "own-1")
    assert CANARY not in answer.text + seen.text + str(logs)
    assert canaries.in_tables(database_url, [CANARY]) == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"id": "Stripe 1"}, 422),
        ({"id": ""}, 422),
        ({"provider": "paypal"}, 422),
        ({"shop_id": "nobody"}, 422),
        ({"secrets": {"secret_key": CANARY}}, 422),
        ({"secrets": {}}, 422),
        ({"secrets": {**SECRETS, CANARY: "x"}}, 422),
        ({"secrets": {**SECRETS, "secret_key": "\x00"}}, 422),
        ({"settings": {"notify_url": "https://x"}}, 422),
        ({"base_url": "http://elsewhere.example"}, 422),
        ({"base_url": "https://"}, 422),
        ({"base_url": "https://[::1"}, 422),
        ({"base_url": "javascript:alert(1)"}, 422),
        ({"name": "a\x00b"}, 422),
        ({"expires_at": "soon"}, 422),
        ({"extra": 1}, 422),
    ],
)
async def test_what_cannot_be_an_account_is_refused_without_a_word_of_its_secrets(
    client: httpx.AsyncClient, sessions: Sessions, changes: dict[str, Any], status: int
) -> None:
    answer = await client.post(ACCOUNTS, json=new(**changes))

    assert answer.status_code == status, answer.text
    assert CANARY not in answer.text
    async with sessions.begin() as session:
        assert await run(session, "SELECT 1 FROM payment_account") == []


async def test_a_name_is_given_once(client: httpx.AsyncClient) -> None:
    await client.post(ACCOUNTS, json=new())

    assert (await client.post(ACCOUNTS, json=new(name="Another"))).status_code == 409


@pytest.mark.parametrize("role", [Role.CUSTOMER_SERVICE, Role.MANAGER, Role.WAREHOUSE])
async def test_nobody_but_an_administrator_gets_near_an_account(
    app: FastAPI, client: httpx.AsyncClient, web_sessions: Sessions, role: Role
) -> None:
    await client.post(ACCOUNTS, json=new())
    one = f"{ACCOUNTS}/stripe-1"
    async with browser(app, **await key_for(web_sessions, role, name="other")) as other:
        answers = [
            await other.get(ACCOUNTS),
            await other.post(ACCOUNTS, json=new(id="two")),
            await other.post(f"{one}/pause", json={"reason": "x"}),
            await other.post(f"{one}/resume", json={}),
            await other.get(f"{one}/credentials"),
            await other.put(f"{one}/credentials", json={"secrets": SECRETS}),
            await other.get(f"{one}/settings"),
            await other.put(f"{one}/settings", json={"settings": {}}),
        ]

    assert {answer.status_code for answer in answers} == {403}


async def test_an_account_is_paused_with_a_reason_and_resumed(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.post(ACCOUNTS, json=new())
    one = f"{ACCOUNTS}/stripe-1"

    assert (await client.post(f"{one}/resume")).status_code == 409
    assert (await client.post(f"{one}/pause", json={"reason": "audit"})).status_code == 204
    assert (await client.post(f"{one}/pause", json={"reason": "audit"})).status_code == 409
    (seen,) = (await client.get(ACCOUNTS)).json()["items"]
    assert (seen["gate"], seen["gate_reason"]) == ("holding", "audit")
    assert (await client.post(f"{one}/resume")).status_code == 204
    async with sessions.begin() as session:
        assert not await pausing.stopped(session, "payment/stripe-1")
    assert (await client.post(f"{ACCOUNTS}/nobody/pause", json={"reason": "x"})).status_code == 404
