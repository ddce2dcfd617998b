"""The second proof of a log-in: codes used once, recovery codes, roles that need one."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import Accounts
from db.platform.factors import Factors, code_of
from db.vault import Vault
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person, person

_PASSWORD = "right-password"
_VAULT = Vault(bytes(32))


@pytest.fixture
async def account(web_sessions: Sessions) -> str:
    async with web_sessions.begin() as session:
        return await Accounts(session).add("han", "Han Meimei", _PASSWORD, [Role.FINANCE], "en")


@pytest.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN) as client:
        yield client


async def _set_up(sessions: Sessions, account: str) -> tuple[str, list[str]]:
    """A confirmed factor, whose first code was used a minute ago: its secret and recovery codes."""
    async with sessions.begin() as session:
        factors = Factors(session, _VAULT)
        enrolment = await factors.start(account, "han")
        assert enrolment is not None
        then = datetime.now(UTC) - timedelta(minutes=1)
        codes = await factors.confirm(account, code_of(enrolment.secret, then), then)
    assert codes is not None
    return enrolment.secret, codes


def _now(secret: str) -> str:
    return code_of(secret, datetime.now(UTC))


async def _password(client: httpx.AsyncClient, back: str = "/finance") -> httpx.Response:
    return await client.post("/login", data={"login": "han", "password": _PASSWORD, "next": back})


async def _code(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/login/code", data={"code": code})


async def test_the_password_alone_opens_nothing_and_the_code_opens_the_page_that_was_wanted(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)

    assert (await _password(anonymous)).headers["location"] == "/login/code"
    assert COOKIE not in anonymous.cookies
    assert (await anonymous.get("/finance")).headers["location"].startswith("/login")
    assert 'name="code"' in (await anonymous.get("/login/code")).text
    answer = await _code(anonymous, _now(secret))

    assert (answer.status_code, answer.headers["location"]) == (303, "/finance")
    assert (await anonymous.get("/finance")).status_code == 200


async def test_a_code_is_good_once(
    app: FastAPI, anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)
    code = _now(secret)
    await _password(anonymous)
    assert (await _code(anonymous, code)).status_code == 303

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost"
    ) as thief:
        await _password(thief)
        answer = await _code(thief, code)

    assert answer.status_code == 401
    assert COOKIE not in thief.cookies


async def test_a_code_of_long_ago_or_of_somebody_else_is_wrong(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)
    await _password(anonymous)
    old = code_of(secret, datetime.now(UTC) - timedelta(minutes=3))

    for code in (old, "000000" if _now(secret) != "000000" else "000001", "", "abc", "9" * 64):
        assert (await _code(anonymous, code)).status_code == 401
    assert COOKIE not in anonymous.cookies


async def test_a_recovery_code_is_good_once_and_typed_in_any_way(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    _, codes = await _set_up(web_sessions, account)
    assert len(set(codes)) == 10

    await _password(anonymous)
    assert (await _code(anonymous, codes[3].lower().replace("-", " "))).status_code == 303
    anonymous.cookies.delete(COOKIE)
    await _password(anonymous)
    assert (await _code(anonymous, codes[3])).status_code == 401
    assert (await _code(anonymous, codes[4])).status_code == 303


async def test_secrets_and_recovery_codes_are_not_readable_in_the_database(
    web_sessions: Sessions, account: str
) -> None:
    secret, codes = await _set_up(web_sessions, account)

    kept = str(await rows(web_sessions, "SELECT sealed FROM second_factor"))
    kept += str(await rows(web_sessions, "SELECT sha256 FROM recovery_code"))
    assert secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_ten_wrong_codes_and_one_has_to_wait(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)
    await _password(anonymous)
    for _ in range(10):
        assert (await _code(anonymous, "12345")).status_code == 401

    assert (await _code(anonymous, _now(secret))).status_code == 429
    assert COOKIE not in anonymous.cookies


async def test_a_log_in_that_waits_for_its_code_ends_after_ten_minutes_and_with_the_password(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)
    await _password(anonymous)
    await rows(
        web_sessions, "UPDATE pending_login SET expires_at = now() - interval '1s' RETURNING 1"
    )
    assert (await _code(anonymous, _now(secret))).headers["location"] == "/login"

    await _password(anonymous)
    async with web_sessions.begin() as session:
        await Accounts(session).change(account, password="another-good-one")
    assert (await _code(anonymous, _now(secret))).headers["location"] == "/login"


async def test_a_role_that_needs_a_second_factor_sets_it_up_at_log_in(
    app: FastAPI, anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"second_factor_roles": (Role.FINANCE,)})

    assert (await _password(anonymous)).headers["location"] == "/login/code"
    page = (await anonymous.get("/login/code")).text
    assert 'src="data:image/svg+xml' in page
    found = re.search(r'<code class="key">([A-Z2-7]+)</code>', page)
    assert found
    assert (await _code(anonymous, "000000")).status_code == 401
    answer = await _code(anonymous, _now(found[1]))

    assert answer.status_code == 200
    assert len(re.findall(r"<li><code>[A-Z2-7-]{19}</code>", answer.text)) == 10
    assert (await anonymous.get("/finance")).status_code == 200
    told = await rows(web_sessions, "SELECT actor, action, subject FROM audit_log")
    assert told == [("han", "second_factor.set_up", f"account/{account}")]


async def test_one_sets_it_up_and_removes_it_oneself_but_not_where_the_role_needs_it(
    app: FastAPI, anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    await _password(anonymous)
    token = await _token(anonymous)
    form = (await anonymous.get("/account/second-factor")).text
    found = re.search(r'<code class="key">([A-Z2-7]+)</code>', form)
    assert found
    answer = await anonymous.post(
        "/account/second-factor", data={"csrf_token": token, "code": _now(found[1])}
    )
    assert answer.text.count("<li><code>") == 10
    assert (await anonymous.get("/account/second-factor")).status_code == 409

    wrong = {"csrf_token": token, "password": "wrong-password"}
    right = {"csrf_token": token, "password": _PASSWORD}
    path = "/account/remove-second-factor"
    assert (await anonymous.post(path, data=wrong)).status_code == 422
    kept = app.state.settings
    app.state.settings = kept.model_copy(update={"second_factor_roles": (Role.FINANCE,)})
    assert (await anonymous.post(path, data=right)).status_code == 409
    app.state.settings = kept
    assert (await anonymous.post(path, data=right)).status_code == 303
    assert await rows(web_sessions, "SELECT 1 FROM second_factor") == []
    told = await rows(web_sessions, "SELECT action FROM audit_log ORDER BY id")
    assert told == [("second_factor.set_up",), ("second_factor.removed",)]


async def test_an_administrator_resets_a_lost_one_and_the_sessions_end(
    admin: Person, anonymous: httpx.AsyncClient, web_sessions: Sessions, account: str
) -> None:
    secret, _ = await _set_up(web_sessions, account)
    await _password(anonymous)
    await _code(anonymous, _now(secret))

    path = f"/people/{account}/second-factor/reset"
    assert (await admin.send_form(path)).status_code == 303
    assert (await admin.send_form(path)).status_code == 404

    assert (await anonymous.get("/finance")).headers["location"].startswith("/login")
    assert (await _password(anonymous)).headers["location"] == "/finance"
    told = await rows(web_sessions, "SELECT action, subject FROM audit_log ORDER BY id")
    assert told == [("second_factor.reset", f"account/{account}")]


async def _token(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', (await client.get("/account")).text)
    assert found
    return unescape(found[1])
