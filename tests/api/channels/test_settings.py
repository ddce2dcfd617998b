"""What is set of a shop, carrier or account: refused by name in the caller's language, or kept."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from activities.shared.adapters import Adapters
from api.channels.settings import SENTENCES
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.platform import pausing
from db.sql import run
from domain.platform.permissions import Role
from domain.shared.errors import SettingsRefused
from integrations.settings import Rule
from tests.api.served import browser, key_for, served
from tests.shops import VAULT, seed_shops, shopify_message

SHOP = "/api/v1/shops/top-1/settings"


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def client(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shops(sessions)
    async with sessions.begin() as session:
        session.add(CarrierAccountRow(code="sf", name="SF", base_url="https://sf.example"))
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as caller:
        yield caller


def test_every_rule_has_a_sentence() -> None:
    assert {rule: rule.value for rule in Rule} == SENTENCES


async def test_what_fits_is_kept_and_seen(client: httpx.AsyncClient) -> None:
    settings = {"sign_method": "hmac-sha256", "interval_s": 30, "sell": {"buffer": 2}}

    answer = await client.put(SHOP, json={"settings": settings})
    seen = (await client.get(SHOP)).json()

    assert answer.status_code == 204
    assert seen["settings"] == settings
    assert seen["problems"] == {}
    known = {one["key"]: one for one in seen["known"]}
    assert known["sign_method"]["choices"] == ["md5", "hmac", "hmac-sha256"]
    assert known["interval_s"]["input"] == "number"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "setting sign_method is not one we know"), ("zh", "设置项 sign_method 的值不认识")],
)
async def test_what_does_not_fit_is_refused_by_name_with_what_is_allowed(
    client: httpx.AsyncClient, sessions: Sessions, language: str, words: str
) -> None:
    body = {"settings": {"sign_method": "sha1", "intervall_s": 3}}

    answer = await client.put(SHOP, json=body, headers={"Accept-Language": language})

    assert answer.status_code == 422
    told = answer.json()
    assert [one["field"] for one in told["errors"]] == [
        "settings.sign_method",
        "settings.intervall_s",
    ]
    assert words in told["detail"]
    assert "md5, hmac, hmac-sha256" in told["detail"]
    assert "interval_s" in told["errors"][1]["problem"]
    async with sessions.begin() as session:
        assert (await run(session, "SELECT settings FROM shop WHERE id = 'top-1'"))[0][0] == {}
        assert await run(session, "SELECT 1 FROM audit_log WHERE action = 'settings.change'") == []


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("/api/v1/shops/own-1/settings", {"sign_method": "md5"}),
        ("/api/v1/carriers/sf/settings", {"sign_method": "md5"}),
        ("/api/v1/carriers/sf/settings", {"timeout_s": 10**30}),
        ("/api/v1/carriers/sf/settings", {"retry_codes": ["\ud800"]}),
        ("/api/v1/carriers/sf/settings", {"a\x00b": 1}),
        ("/api/v1/carriers/sf/settings", {"x" * 101: 1}),
        ("/api/v1/carriers/sf/settings", []),
    ],
)
async def test_bad_input_is_refused_and_never_a_failure(
    client: httpx.AsyncClient, path: str, settings: Any
) -> None:
    body = json.dumps({"settings": settings})

    answer = await client.put(path, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422, answer.text


async def test_nobody_is_told_of_a_shop_that_is_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/shops/nobody/settings")).status_code == 404
    answer = await client.put("/api/v1/payment-accounts/x/settings", json={"settings": {}})
    assert answer.status_code == 404


async def test_a_mended_setting_opens_the_gate_and_settles_the_question(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await pausing.credentials_refused(
            session, "shop/top-1", SettingsRefused("sign_method", code="setting:sign_method")
        )
        assert await pausing.stopped(session, "shop/top-1")

    await client.put(SHOP, json={"settings": {"sign_method": "md5"}})

    async with sessions.begin() as session:
        assert not await pausing.stopped(session, "shop/top-1")
        assert await run(session, "SELECT 1 FROM attention WHERE resolved_at IS NULL") == []
        (entry,) = await run(
            session, "SELECT after FROM audit_log WHERE action = 'settings.change'"
        )
    assert entry.after == {"keys": ["sign_method"]}


async def test_a_push_to_a_shop_with_a_bad_setting_is_sent_again_later_and_one_person_asked(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with httpx.AsyncClient() as http:
        app.state.adapters = Adapters(sessions, VAULT, http)
        async with sessions.begin() as session:
            await run(
                session,
                """UPDATE shop SET settings = '{"api_version": 5.5}' WHERE id = 'shopify-1'""",
            )

        answers = [
            await client.post(
                "/webhooks/shopify/shopify-1", content=b"{}", headers=shopify_message(b"{}")
            )
            for _ in range(3)
        ]

    assert {answer.status_code for answer in answers} == {503}
    assert "api_version" in answers[0].text
    async with sessions.begin() as session:
        items = await run(session, "SELECT cause FROM attention")
    assert [one.cause for one in items] == ["SettingsRefused"]
