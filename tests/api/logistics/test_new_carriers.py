"""A new contract with a carrier: its secrets sealed at once, its scans heard from then on."""

import asyncio
import json
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

CANARY = "canary-3e90-secret"
CARRIERS = "/api/v1/carriers"
SECRETS = {"partner_id": "P", "checkword": f"{CANARY}-word", "monthly_card": "M"}
KUAIDI100 = {"customer": "C", "key": "k", "secret": "s", "salt": "t"}


def new(**changes: Any) -> dict[str, Any]:
    return {"code": "sf", "name": "顺丰速运", "secrets": SECRETS, **changes}


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def client(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as caller:
        yield caller


async def test_an_account_is_added_sealed_and_audited_with_its_gate(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions, database_url: str
) -> None:
    with capture_logs() as logs:
        answer = await client.post(CARRIERS, json=new(priority=3, settings={"timeout_s": 20}))

    assert answer.status_code == 201, answer.text
    assert answer.json()["base_url"] == "https://bspgw.sf-express.com/std/service"
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT * FROM carrier_account")
        signals = await run(session, "SELECT target, name FROM outbox")
        audited = await run(session, "SELECT action, subject, after FROM audit_log ORDER BY id")
    assert (row.code, row.priority, row.settings) == ("sf", 3, {"timeout_s": 20})
    assert app.state.vault.open_secrets(row.secrets, "carrier/sf") == SECRETS
    assert [tuple(one) for one in signals] == [("gate/carrier%2Fsf", "gate_shut")]
    assert [(one.action, one.subject) for one in audited] == [
        ("carrier.add", "carrier/sf"),
        ("credentials.change", "carrier/sf"),
    ]
    assert row.push_secret not in str(audited) + str(logs)
    assert CANARY not in answer.text + str(logs)
    assert canaries.in_tables(database_url, [CANARY]) == []


async def test_the_address_told_to_a_carrier_that_does_not_sign_is_the_only_one_it_is_heard_at(
    client: httpx.AsyncClient,
) -> None:
    told = (await client.post(CARRIERS, json=new())).json()["pushes_to"]
    door, _, secret = told.rpartition("/")
    scans = json.dumps({"Body": {"WaybillRoute": []}}).encode()

    assert len(secret) >= 32
    assert (await client.post(told, content=scans)).status_code == 200
    assert (await client.post(f"{door}/{secret[:-1]}x", content=scans)).status_code == 404
    assert (await client.post(door, content=scans)).status_code == 404


async def test_a_carrier_that_signs_gets_an_address_without_a_secret(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    answer = await client.post(CARRIERS, json=new(code="kuaidi100", secrets=KUAIDI100))

    told = answer.json()["pushes_to"]
    assert told.endswith("/webhooks/carriers/kuaidi100")
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT push_secret, settings FROM carrier_account")
    assert row.push_secret == ""
    assert row.settings == {"callback_url": told}  # Kuaidi100 hears it with every parcel


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"code": "ups"}, "ups"),
        ({"code": ""}, "code"),
        ({"name": ""}, "name"),
        ({"secrets": {"partner_id": CANARY}}, "checkword, monthly_card"),
        ({"secrets": {}}, "secrets"),
        ({"secrets": {**SECRETS, CANARY: "x"}}, "no secret of that name"),
        ({"settings": {"speed": 1}}, "speed"),
        ({"settings": {"timeout_s": 0}}, "timeout_s"),
        ({"base_url": "http://10.0.0.1"}, "https"),
        ({"base_url": "gopher://vendor.example"}, "https"),
        ({"priority": -1}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"priority": 2**31}, "priority"),
        ({"push_secret": "guess"}, "push_secret"),
    ],
)
async def test_what_cannot_be_an_account_is_refused_by_name_and_leaves_nothing(
    client: httpx.AsyncClient, sessions: Sessions, changes: dict[str, Any], named: str
) -> None:
    answer = await client.post(CARRIERS, json=new(**changes))

    assert answer.status_code == 422, answer.text
    assert named in answer.text
    assert CANARY not in answer.text
    async with sessions.begin() as session:
        for table in ("carrier_account", "outbox", "audit_log", "credentials"):
            assert await run(session, f"SELECT 1 FROM {table}") == []


async def test_a_carrier_has_one_account_also_when_two_add_it_at_once(
    client: httpx.AsyncClient,
) -> None:
    both = await asyncio.gather(*(client.post(CARRIERS, json=new()) for _ in range(2)))

    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert (await client.post(CARRIERS, json=new())).status_code == 409


@pytest.mark.parametrize("role", [Role.CUSTOMER_SERVICE, Role.MANAGER, Role.WAREHOUSE, Role.BUYER])
async def test_nobody_but_an_administrator_adds_a_carrier(
    app: FastAPI, web_sessions: Sessions, role: Role
) -> None:
    async with browser(app, **await key_for(web_sessions, role)) as other:
        assert (await other.post(CARRIERS, json=new())).status_code == 403
