"""A new shop: added by administrators alone, sealed at once, and open for orders from then on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from structlog.testing import capture_logs

from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from tests.api.served import browser, key_for, served
from tests.e2e import canaries
from tests.shops import OWN_SECRET, own_message, own_order, seed_shops

CANARY = "canary-71ac-secret"
SHOPS = "/api/v1/shops"
SECRETS = {"app_key": "1234", "app_secret": f"{CANARY}-app", "session": f"{CANARY}-session"}


def new(**changes: Any) -> dict[str, Any]:
    return {
        "id": "tmall-2", "channel": "top", "external_id": "second", "name": "天猫二店",
        "secrets": SECRETS, **changes,
    }  # fmt: skip


def own(**changes: Any) -> dict[str, Any]:
    told = {"id": "web", "channel": "own", "external_id": "web", "secrets": {"secret": OWN_SECRET}}
    return new(**told | changes)


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def client(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as caller:
        yield caller


async def test_a_shop_is_added_sealed_audited_and_its_workflows_asked_for(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions, database_url: str
) -> None:
    with capture_logs() as logs:
        answer = await client.post(
            SHOPS, json=new(settings={"interval_s": 30}, expires_at="2030-01-01T00:00:00Z")
        )

    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "id": "tmall-2", "base_url": "https://gw.api.taobao.com/router/rest", "pushes_to": "",
    }  # fmt: skip
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT * FROM shop")
        signals = await run(session, "SELECT target, name, payload FROM outbox ORDER BY id")
        audited = await run(session, "SELECT action, subject, after FROM audit_log ORDER BY id")
    assert (row.channel, row.external_id, row.active) == ("top", "second", True)
    assert (row.name, row.settings) == ("天猫二店", {"interval_s": 30})
    assert app.state.vault.open_secrets(row.secrets, "shop/tmall-2") == SECRETS
    assert [(one.target, one.name) for one in signals] == [
        ("gate/shop%2Ftmall-2", "gate_shut"),
        ("shop/tmall-2", "shop_added"),
    ]
    assert signals[1].payload == {"shop_id": "tmall-2", "channel": "top", "name": "天猫二店"}
    assert [(one.action, one.subject) for one in audited] == [
        ("shop.add", "shop/tmall-2"),
        ("credentials.change", "shop/tmall-2"),
    ]
    assert audited[0].after["settings"] == ["interval_s"]
    assert CANARY not in answer.text + str(logs)
    assert canaries.in_tables(database_url, [CANARY]) == []


async def test_an_own_shop_takes_signed_orders_at_once(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    added = await client.post(SHOPS, json=own())
    door = added.json()["pushes_to"]
    body = own_order("W-1")

    sent = await client.post(door, content=body, headers=own_message(body))
    forged = await client.post(door, content=body, headers=own_message(body, secret="c2VjcmV0"))

    assert door.endswith("/webhooks/own/web")
    assert (sent.status_code, forged.status_code) == (202, 401)
    async with sessions.begin() as session:
        orders = await run(session, "SELECT shop_id, channel, external_no FROM sales_order")
        kept = await run(session, "SELECT order_id FROM inbox WHERE parked_reason = ''")
    assert [tuple(order) for order in orders] == [("web", "own", "W-1")]
    assert len(kept) == 1


async def test_a_shopify_shop_is_called_at_its_own_domain_and_told_our_address(
    client: httpx.AsyncClient,
) -> None:
    shop = new(
        id="intl", channel="shopify", external_id="onhand.myshopify.com",
        secrets={"access_token": "t", "webhook_secret": "w"},
    )  # fmt: skip
    answer = (await client.post(SHOPS, json=shop)).json()

    assert answer["base_url"] == "https://onhand.myshopify.com"
    assert answer["pushes_to"].endswith("/webhooks/shopify/intl")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": "Tmall 2"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "new"}, "this name"),
        ({"id": "a" * 64}, "id"),
        ({"channel": "amazon"}, "amazon"),
        ({"channel": ""}, "channel"),
        ({"external_id": " "}, "external_id"),
        ({"external_id": "a\x00"}, "external_id"),
        ({"name": "a\nb"}, "name"),
        ({"secrets": {"app_key": CANARY}}, "app_secret, session"),
        ({"secrets": {}}, "secrets"),
        ({"secrets": {**SECRETS, CANARY: "x"}}, "no secret of that name"),
        ({"secrets": {**SECRETS, "session": "\x00"}}, "session"),
        ({"secrets": {**SECRETS, "session": 7}}, "session"),
        ({"settings": {"polling": 1}}, "polling"),
        ({"settings": {"interval_s": "often"}}, "interval_s"),
        ({"base_url": "http://elsewhere.example"}, "https"),
        ({"base_url": "http://169.254.169.254/latest"}, "https"),
        ({"base_url": "https://me:pass@vendor.example"}, "https"),
        ({"base_url": "https://vendor.example/?a=b"}, "https"),
        ({"base_url": "file:///etc/passwd"}, "https"),
        ({"base_url": "https://[::1"}, "https"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"active": False}, "active"),
    ],
)
async def test_what_cannot_be_a_shop_is_refused_by_name_and_leaves_nothing(
    client: httpx.AsyncClient, sessions: Sessions, changes: dict[str, Any], named: str
) -> None:
    answer = await client.post(SHOPS, json=new(**changes))

    assert answer.status_code == 422, answer.text
    assert named in answer.text
    assert CANARY not in answer.text
    async with sessions.begin() as session:
        for table in ("shop", "outbox", "audit_log", "credentials"):
            assert await run(session, f"SELECT 1 FROM {table}") == []


@pytest.mark.parametrize("secret", [CANARY, "whsec_", "whsec_!!", "密钥"])
async def test_a_secret_that_nobody_could_sign_with_is_refused_at_once(
    client: httpx.AsyncClient, secret: str
) -> None:
    for changes in ({}, {"channel": "pos"}):
        answer = await client.post(SHOPS, json=own(secrets={"secret": secret}, **changes))

        assert (answer.status_code, CANARY in answer.text) == (422, False)
        assert "secret must be base64 text" in answer.text
    await client.post(SHOPS, json=own())
    changed = await client.put(f"{SHOPS}/web/credentials", json={"secrets": {"secret": secret}})
    assert changed.status_code == 422


async def test_an_address_is_asked_for_where_there_is_none_and_refused_where_nobody_calls(
    client: httpx.AsyncClient,
) -> None:
    secrets = {"consumer_key": "k", "consumer_secret": "s", "webhook_secret": "w"}
    nowhere = new(channel="woocommerce", secrets=secrets)

    assert (await client.post(SHOPS, json=nowhere)).status_code == 422
    assert (await client.post(SHOPS, json=own(base_url="https://me.example"))).status_code == 422


async def test_a_name_and_a_shop_of_a_channel_are_taken_once(client: httpx.AsyncClient) -> None:
    await client.post(SHOPS, json=new())

    answers = [
        await client.post(SHOPS, json=new(external_id="third")),
        await client.post(SHOPS, json=new(id="tmall-3")),
        await client.post(SHOPS, json=new(id="tmall-3", external_id="third")),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 201]


@pytest.mark.parametrize("changes", [{"external_id": "third"}, {"id": "tmall-3"}])
async def test_of_two_who_add_it_at_once_one_is_told_that_it_is_there(
    client: httpx.AsyncClient, sessions: Sessions, changes: dict[str, Any]
) -> None:
    both = await asyncio.gather(
        client.post(SHOPS, json=new()), client.post(SHOPS, json=new(**changes))
    )

    assert sorted(answer.status_code for answer in both) == [201, 409]
    async with sessions.begin() as session:
        assert len(await run(session, "SELECT 1 FROM shop")) == 1
        assert len(await run(session, "SELECT 1 FROM audit_log WHERE action = 'shop.add'")) == 1


@pytest.mark.parametrize("role", [Role.CUSTOMER_SERVICE, Role.MANAGER, Role.WAREHOUSE, Role.BUYER])
async def test_nobody_but_an_administrator_adds_a_shop(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, role: Role
) -> None:
    await seed_shops(sessions)
    async with browser(app, **await key_for(web_sessions, role)) as other:
        answer = await other.post(SHOPS, json=new())

    assert answer.status_code == 403
    async with sessions.begin() as session:
        assert await run(session, "SELECT 1 FROM shop WHERE id = 'tmall-2'") == []
