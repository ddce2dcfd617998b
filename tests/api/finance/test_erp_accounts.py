"""Account books at ERPs over the API: who may do what, and what becomes of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from domain.shared.errors import CredentialsRefused
from integrations.erp.port import Erp
from runtime.posting import Posting
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served
from tests.e2e import canaries
from tests.fakes.outside import FakeErp

CANARY = "canary-77ab-secret"
ACCOUNTS = "/api/v1/erp-accounts"
ONE = f"{ACCOUNTS}/k1"
SECRETS = {
    "app_id": "id_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "app_secret": CANARY, "account_set": "set",
    "user_name": "onhand",
}  # fmt: skip


def new(**changes: Any) -> dict[str, Any]:
    return {
        "id": "k1", "vendor": "kingdee", "name": "金蝶", "secrets": SECRETS,
        "base_url": "https://erp.example.cn/k3cloud", "settings": {"account_book": "001"},
        **changes,
    }  # fmt: skip


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def admin(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await Posting(sessions).all()
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as caller:
        yield caller


@pytest_asyncio.fixture
async def finance(
    app: FastAPI, admin: httpx.AsyncClient, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of finance; the account book is there."""
    assert (await admin.post(ACCOUNTS, json=new())).status_code == 201
    async with browser(app, **await key_for(web_sessions, Role.FINANCE, name="caiwu")) as caller:
        yield caller


async def test_an_account_is_added_sealed_and_seen_without_its_secrets(
    app: FastAPI, admin: httpx.AsyncClient, sessions: Sessions, database_url: str
) -> None:
    answer = await admin.post(ACCOUNTS, json=new())
    seen = await admin.get(ACCOUNTS)

    assert answer.status_code == 201, answer.text
    (account,) = seen.json()["items"]
    assert (account["gate"], account["exports_from"], account["wanted"]) == ("flowing", None, 0)
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT secrets FROM erp_account")
    assert app.state.vault.open_secrets(row.secrets, "erp/k1") == SECRETS
    assert CANARY not in answer.text + seen.text
    assert canaries.in_tables(database_url, [CANARY]) == []
    assert (await admin.post(ACCOUNTS, json=new(name="again"))).status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "K 1"}, {"id": "new"}, {"vendor": "sap"}, {"secrets": {"app_id": CANARY}},
        {"secrets": {**SECRETS, CANARY: "x"}}, {"settings": {"no_such": 1}},
        {"settings": {"audit": "perhaps"}}, {"base_url": "http://erp.example.cn"},
        {"base_url": ""}, {"name": "a\x00b"}, {"extra": 1},
    ],
)  # fmt: skip
async def test_what_cannot_be_an_account_is_refused_without_a_word_of_its_secrets(
    admin: httpx.AsyncClient, sessions: Sessions, changes: dict[str, Any]
) -> None:
    answer = await admin.post(ACCOUNTS, json=new(**changes))

    assert answer.status_code == 422, answer.text
    assert CANARY not in answer.text
    async with sessions.begin() as session:
        assert await run(session, "SELECT 1 FROM erp_account") == []


async def test_finance_says_what_goes_there_and_sees_it(finance: httpx.AsyncClient) -> None:
    days = {"first_day": "2000-01-01", "last_day": "2999-12-31"}
    asked = await finance.post(f"{ONE}/exports", json=days)

    assert (asked.status_code, asked.json()) == (202, {"vouchers": 1})
    assert (await finance.post(f"{ONE}/exports", json=days)).json() == {"vouchers": 0}
    (one,) = (await finance.get(f"{ONE}/exports", params={"state": "wanted"})).json()["items"]
    assert one["sum"] == {"amount": "25.50", "currency": "CNY"}
    assert one["wanted_by"].startswith("key:") or one["wanted_by"]
    assert (await finance.get(f"{ONE}/exports", params={"state": "confirmed"})).json() == {
        "items": [],
        "next_cursor": "",
    }
    begun = await finance.put(f"{ONE}/beginning", json={"exports_from": "2026-01-01"})
    assert begun.status_code == 200
    (account,) = (await finance.get(ACCOUNTS)).json()["items"]
    assert (account["exports_from"], account["wanted"]) == ("2026-01-01", 1)


async def test_codes_are_told_and_what_has_none_is_named(finance: httpx.AsyncClient) -> None:
    code = {"account": "bank", "party": "", "code": "1002"}
    assert (await finance.put(f"{ONE}/codes", json=code)).status_code == 204

    told = (await finance.get(f"{ONE}/codes")).json()

    assert told["items"] == [{"account": "bank", "number": "1002", "party": "", "code": "1002"}]
    assert "bank" not in told["missing"]
    assert "sales" in told["missing"]


async def test_a_code_lets_vouchers_go_on_that_waited_for_it(
    finance: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO gate (system, state, reason, calls, failures, changed_by)"
            " VALUES ('erp/k1', 'holding', 'no account code for: bank', 0, 0, 'settings')",
        )
    await finance.put(f"{ONE}/codes", json={"account": "bank", "party": "", "code": "1002"})

    (account,) = (await finance.get(ACCOUNTS)).json()["items"]
    assert account["gate"] == "draining"


async def test_the_connection_is_tried_and_its_answer_kept(
    app: FastAPI, finance: httpx.AsyncClient
) -> None:
    ledger = FakeErp(failures=[CredentialsRefused("签名", code="response_error")])

    class Clients:
        async def erp(self, account_id: str) -> Erp:
            return ledger

    app.state.adapters = Clients()
    assert (await finance.post(f"{ONE}/trial")).json() == {
        "works": False, "code": "response_error", "refusal": "签名",
    }  # fmt: skip
    (account,) = (await finance.get(ACCOUNTS)).json()["items"]
    assert account["tried_error"] == "签名"
    assert (await finance.post(f"{ONE}/trial")).json()["works"]
    (account,) = (await finance.get(ACCOUNTS)).json()["items"]
    assert (account["tried_error"], account["tried_at"] is None) == ("", False)


async def test_finance_pauses_with_a_reason_and_resumes(finance: httpx.AsyncClient) -> None:
    assert (await finance.post(f"{ONE}/resume")).status_code == 409
    assert (await finance.post(f"{ONE}/pause", json={"reason": "audit"})).status_code == 204
    assert (await finance.post(f"{ONE}/pause", json={"reason": "audit"})).status_code == 409
    assert (await finance.post(f"{ONE}/resume")).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "beginning", {"exports_from": "2026-02-30"}),
        ("PUT", "beginning", {}),
        ("PUT", "codes", {"account": "no_such", "code": "1"}),
        ("PUT", "codes", {"account": "bank", "code": "1\x00"}),
        ("POST", "exports", {"first_day": "2026-02-01", "last_day": "2026-01-01"}),
        ("POST", "exports", {"first_day": "x", "last_day": "2026-01-01"}),
        ("GET", "exports?state=gone", None),
        ("GET", "exports?cursor=%00", None),
        ("GET", "exports?limit=0", None),
    ],
)
async def test_strange_questions_are_refused(
    finance: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    answer = await finance.request(method, f"{ONE}/{path}", json=body)
    assert answer.status_code == 422, answer.text


async def test_an_account_that_is_not_there_is_not_found(finance: httpx.AsyncClient) -> None:
    none = f"{ACCOUNTS}/none"
    answers = [
        await finance.post(f"{none}/pause", json={"reason": "x"}),
        await finance.post(f"{none}/resume"),
        await finance.post(f"{none}/trial"),
        await finance.put(f"{none}/beginning", json={"exports_from": None}),
        await finance.get(f"{none}/codes"),
        await finance.put(f"{none}/codes", json={"account": "bank", "code": "1"}),
        await finance.get(f"{none}/exports"),
    ]

    assert {answer.status_code for answer in answers} == {404}


async def test_secrets_and_settings_are_the_administrator_s(
    admin: httpx.AsyncClient, finance: httpx.AsyncClient
) -> None:
    for path in ("credentials", "settings"):
        assert (await finance.get(f"{ONE}/{path}")).status_code == 403
        assert (await admin.get(f"{ONE}/{path}")).status_code == 200
    assert (await finance.post(ACCOUNTS, json=new(id="k2"))).status_code == 403
    changed = {"settings": {"account_book": "002", "audit": True}}
    assert (await admin.put(f"{ONE}/settings", json=changed)).status_code == 204
    secret = {"secrets": {"app_secret": "another"}}
    assert (await admin.put(f"{ONE}/credentials", json=secret)).status_code == 204
