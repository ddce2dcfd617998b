"""People set their own password with a code that is good once; nobody else ever knows it."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.api.orders.world import rows
from tests.companies import seed_company
from tests.web.world import Person, change, nobody, person

PASSWORD = "seven-blue-kettles-91"


@pytest.fixture
async def new(web_sessions: Sessions) -> str:
    await change(
        web_sessions,
        "INSERT INTO account (id, login, name, roles, language, active)"
        " VALUES ('acc_new', 'lina', 'Li Na', '[\"warehouse\"]', 'en', true)",
    )
    return "acc_new"


async def _code(admin: Person, account: str) -> dict[str, str]:
    headers = {"X-CSRF-Token": admin.csrf_token}
    answer = await admin.post(f"/api/v1/accounts/{account}/setup-code", headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def test_a_code_sets_the_password_once_and_then_one_logs_in(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, new: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin, nobody(app) as lina:
        first = await _code(admin, new)
        made = await _code(admin, new)
        told = {"login": "lina", "code": made["code"], "password": PASSWORD}
        link = urlsplit(made["link"])
        assert (link.path, parse_qs(link.fragment)["code"]) == ("/set-up", [made["code"]])

        assert (await lina.post("/login", data=told)).status_code == 401
        for bad in ({"code": first["code"]}, {"code": "x"}, {"login": "wang"}):
            assert (await lina.post("/set-up", data={**told, **bad})).status_code == 401
        weak = await lina.post("/set-up", data={**told, "password": "password"})
        assert weak.status_code == 422
        assert (await lina.post("/set-up", data=told)).headers["location"] == "/login"
        assert (await lina.post("/set-up", data=told)).status_code == 401
        assert (await lina.post("/login", data=told)).status_code == 303
    kept = str(await rows(sessions, "SELECT * FROM audit_log"))
    assert "password.set_up" in kept
    assert made["code"] not in kept


async def test_a_code_ends_after_seven_days_and_with_the_account(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, new: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin, nobody(app) as lina:
        told = {"login": "lina", "password": PASSWORD}
        for ending in (
            "UPDATE account_setup SET expires_at = now()", "UPDATE account SET active = false"
        ):  # fmt: skip
            told["code"] = (await _code(admin, new))["code"]
            await change(web_sessions, ending)
            assert (await lina.post("/set-up", data=told)).status_code == 401
    assert await rows(sessions, "SELECT password_hash FROM account WHERE id = 'acc_new'") == [("",)]


async def test_links_for_all_who_are_new_come_as_a_file(
    app: FastAPI, web_sessions: Sessions, new: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin, nobody(app) as lina:
        assert "Without a password yet: 1" in (await admin.get("/people")).text
        answer = await admin.send_form("/people/setup-codes")
        [row] = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
        assert (row["Log-in name"], row["Name"]) == ("lina", "Li Na")
        told = {"login": "lina", "code": row["Set-up code"], "password": PASSWORD}
        assert (await lina.post("/set-up", data=told)).status_code == 303
        assert "Without a password" not in (await admin.get("/people")).text
        shown = await admin.send_form(f"/people/accounts/{new}/setup")
        assert "shown this once" in shown.text


async def test_codes_are_for_people_one_manages(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, new: str
) -> None:
    await seed_company(sessions)
    limits = [Limit("D1")]
    async with await person(app, web_sessions, Role.ADMIN, limits=limits) as regional:
        headers = {"X-CSRF-Token": regional.csrf_token}
        one = await regional.post(f"/api/v1/accounts/{new}/setup-code", headers=headers)
        assert one.status_code == 404
        every = await regional.post("/api/v1/setup-codes", headers=headers)
        assert every.json() == {"items": []}
