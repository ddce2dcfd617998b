"""Credentials go in and never come out: not in answers, refusals, logs, tables or the audit."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.platform import pausing
from db.sql import run
from db.vault import Vault
from domain.platform.permissions import Role
from domain.shared.errors import CredentialsRefused
from tests.api.served import browser, key_for, served
from tests.e2e import canaries
from tests.shops import seed_shops

CANARY = "canary-7f3a9b1c-secret"
SHOP = "/api/v1/shops/top-1/credentials"
SECRETS = {"app_key": f"{CANARY}-key", "session": f"{CANARY}-session"}


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


async def opened(app: FastAPI, sessions: Sessions, table: str, system: str) -> dict[str, str]:
    vault: Vault = app.state.vault
    async with sessions.begin() as session:
        key = "code" if table == "carrier_account" else "id"
        rows = await run(
            session,
            f"SELECT secrets FROM {table} WHERE {key} = :name",
            name=system.partition("/")[2],
        )
    return vault.open_secrets(rows[0].secrets, system)


async def test_secrets_can_be_written_and_only_their_names_are_seen(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    answer = await client.put(SHOP, json={"secrets": SECRETS, "expires_at": "2030-01-01T00:00:00Z"})
    seen = await client.get(SHOP)

    assert answer.status_code == 204
    assert await opened(app, sessions, "shop", "shop/top-1") == SECRETS
    view = seen.json()
    assert [(one["name"], one["is_set"]) for one in view["secrets"]] == [
        ("app_key", True),
        ("app_secret", False),
        ("session", True),
    ]
    assert view["expires_at"] == "2030-01-01T00:00:00Z"
    assert CANARY not in answer.text + seen.text


async def test_what_is_not_named_stays(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    path = "/api/v1/carriers/sf/credentials"
    await client.put(path, json={"secrets": {"partner_id": "p", "checkword": "old"}})
    await client.put(path, json={"secrets": {"checkword": "new"}})

    kept = await opened(app, sessions, "carrier_account", "carrier/sf")
    assert kept == {"partner_id": "p", "checkword": "new"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"secrets": {}}, 422),
        ({"secrets": {CANARY: "x"}}, 422),
        ({"secrets": {"session": f"{CANARY}\x00"}}, 422),
        ({"secrets": {"session": CANARY * 1000}}, 422),
        ({"secrets": {"session": [CANARY]}}, 422),
        ({"secrets": {"session": 5}, "more": CANARY}, 422),
        ({"secrets": {"session": CANARY}, "expires_at": CANARY}, 422),
        ({"secrets": CANARY}, 422),
    ],
)
async def test_a_refusal_says_nothing_of_what_was_given(
    client: httpx.AsyncClient, sessions: Sessions, body: object, status: int
) -> None:
    answer = await client.put(
        SHOP, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == status
    assert [f for f in answer.json().get("errors", []) if CANARY in f["problem"]] == []
    assert CANARY not in answer.json()["detail"]
    async with sessions.begin() as session:
        assert await run(session, "SELECT 1 FROM credentials") == []


async def test_a_secret_is_in_no_log_no_table_and_no_audit(
    client: httpx.AsyncClient,
    sessions: Sessions,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await client.put(SHOP, json={"secrets": SECRETS})
    await client.put(SHOP, json={"secrets": {CANARY: CANARY}})
    await client.put("/api/v1/shops/nowhere/credentials", json={"secrets": SECRETS})

    logged = "".join(capsys.readouterr())
    assert "credentials.changed" in logged
    assert CANARY not in logged
    assert canaries.in_tables(database_url, [CANARY]) == []
    async with sessions.begin() as session:
        (entry,) = await run(
            session, "SELECT action, subject, after FROM audit_log WHERE subject = 'shop/top-1'"
        )
    assert entry.action == "credentials.change"
    assert entry.after["names"] == ["app_key", "session"]


async def test_new_credentials_open_the_gate_of_a_shop_and_settle_the_question(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await pausing.credentials_refused(
            session, "shop/top-1", CredentialsRefused("session expired", code="27")
        )

    await client.put(SHOP, json={"secrets": SECRETS})

    async with sessions.begin() as session:
        assert not await pausing.stopped(session, "shop/top-1")
        open_items = await run(session, "SELECT 1 FROM attention WHERE resolved_at IS NULL")
    assert open_items == []
