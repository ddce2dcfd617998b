"""Logging in through the sandbox's identity provider, end to end, and what may not pass."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import Accounts
from domain.platform.permissions import Role
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.identity import CLIENT_SECRET
from integrations.sandbox.settings import SandboxSettings
from tests.api.orders.world import rows

IDP = "http://127.0.0.1:8010/idp"
_ROLES = (("service", Role.CUSTOMER_SERVICE), ("warehouse", Role.WAREHOUSE))


@pytest.fixture
async def idp(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_sandbox(SandboxSettings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010") as client:
        app.state.http = client
        _set(app)
        yield client


def _set(app: FastAPI, **more: Any) -> None:
    values = {
        "oidc_issuer": IDP, "oidc_client_secret": SecretStr(CLIENT_SECRET), "oidc_roles": _ROLES,
        **more,
    }  # fmt: skip
    app.state.settings = app.state.settings.model_copy(update=values)


async def _account(sessions: Sessions, login: str, *roles: Role) -> str:
    async with sessions.begin() as session:
        return await Accounts(session).add(login, login, "right-password", roles, "en")


async def _to_the_provider(client: httpx.AsyncClient, back: str = "/") -> str:
    return (await client.get("/login/oidc", params={"next": back})).headers["location"]


async def _from_the_provider(idp: httpx.AsyncClient, address: str, who: str) -> str:
    """Choose a person there; the path with which the browser comes back."""
    page = (await idp.get(address)).text
    assert f"({who})" in page
    answer = await idp.get(f"{address}&as={who}")
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"


async def _log_in(client: httpx.AsyncClient, idp: httpx.AsyncClient, who: str) -> httpx.Response:
    address = await _to_the_provider(client, "/orders")
    return await client.get(await _from_the_provider(idp, address, who))


async def test_somebody_with_an_account_comes_in_and_is_linked_for_ever(
    anonymous: httpx.AsyncClient, idp: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    account = await _account(web_sessions, "kefu", Role.CUSTOMER_SERVICE)
    assert 'href="/login/oidc' in (await anonymous.get("/login")).text

    answer = await _log_in(anonymous, idp, "kefu")

    assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
    assert (await anonymous.get("/orders")).status_code == 200
    linked = await rows(web_sessions, "SELECT issuer, subject, account_id FROM oidc_identity")
    assert linked == [(IDP, "id-kefu", account)]
    assert await rows(web_sessions, "SELECT how FROM login_session") == [("oidc",)]
    await rows(web_sessions, "UPDATE account SET login = 'renamed' RETURNING 1")
    anonymous.cookies.clear()
    assert (await _log_in(anonymous, idp, "kefu")).headers["location"] == "/orders"


async def test_what_goes_to_the_provider_is_new_each_time_and_proves_nothing_by_itself(
    anonymous: httpx.AsyncClient, idp: httpx.AsyncClient
) -> None:
    asked = [parse_qs(urlsplit(await _to_the_provider(anonymous)).query) for _ in range(2)]

    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == ["http://localhost:8000/login/oidc/callback"]
    kept = next(value for name, value in anonymous.cookies.items() if name == "onhand_oidc")
    assert asked[1]["state"][0] not in kept


async def test_a_code_of_another_browser_another_state_or_another_issuer_opens_nothing(
    app: FastAPI, anonymous: httpx.AsyncClient, idp: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await _account(web_sessions, "kefu", Role.CUSTOMER_SERVICE)
    path = await _from_the_provider(idp, await _to_the_provider(anonymous), "kefu")
    other = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    async with other:
        assert (await other.get(path)).status_code == 403  # no attempt of its own
        await _to_the_provider(other)
        assert (await other.get(path)).status_code == 403  # another attempt
    wrong = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", path)
    assert (await anonymous.get(wrong)).status_code == 403
    assert (await anonymous.get(re.sub(r"state=[^&]+", "state=x", path))).status_code == 403
    assert (await anonymous.get("/login/oidc/callback?error=access_denied")).status_code == 403

    assert COOKIE not in anonymous.cookies
    assert (await anonymous.get(path)).status_code == 303
    assert (await anonymous.get(path)).status_code == 403  # a code is good once
    assert await rows(web_sessions, "SELECT count(*) FROM login_session") == [(1,)]


@pytest.mark.parametrize(
    ("who", "first", "status", "logins"),
    [
        ("zhangwei", "known", 403, []),  # nobody knows him yet
        ("zhangwei", "create", 303, ["zhangwei"]),
        ("guest", "create", 403, []),  # no group gives a role
    ],
)
async def test_who_comes_for_the_first_time_needs_an_account_or_a_group(
    app: FastAPI,
    anonymous: httpx.AsyncClient,
    idp: httpx.AsyncClient,
    web_sessions: Sessions,
    who: str,
    first: str,
    status: int,
    logins: list[str],
) -> None:
    _set(app, oidc_first_login=first)

    assert (await _log_in(anonymous, idp, who)).status_code == status

    found = await rows(web_sessions, "SELECT login, roles FROM account")
    assert found == [(login, ["warehouse"]) for login in logins]


async def test_groups_say_the_roles_at_every_log_in_and_leaving_all_groups_shuts_one_out(
    app: FastAPI, anonymous: httpx.AsyncClient, idp: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await _account(web_sessions, "kefu", Role.ADMIN)
    await _log_in(anonymous, idp, "kefu")
    roles = "SELECT roles FROM account"
    assert await rows(web_sessions, roles) == [(["customer_service"],)]
    told = await rows(web_sessions, "SELECT actor, action FROM audit_log")
    assert told == [("oidc:kefu", "oidc.roles_changed")]

    _set(app, oidc_roles=(("others", Role.ADMIN),))
    assert (await _log_in(anonymous, idp, "kefu")).status_code == 403
    assert await rows(web_sessions, roles) == [(["customer_service"],)]


async def test_a_closed_account_stays_closed_and_one_account_is_one_person(
    anonymous: httpx.AsyncClient, idp: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    account = await _account(web_sessions, "kefu", Role.CUSTOMER_SERVICE)
    await rows(
        web_sessions,
        "INSERT INTO oidc_identity (issuer, subject, account_id)"
        f" VALUES ('{IDP}', 'somebody-else', '{account}') RETURNING 1",
    )
    assert (await _log_in(anonymous, idp, "kefu")).status_code == 403

    await rows(web_sessions, "UPDATE oidc_identity SET subject = 'id-kefu' RETURNING 1")
    await rows(web_sessions, "UPDATE account SET active = false RETURNING 1")
    assert (await _log_in(anonymous, idp, "kefu")).status_code == 403


async def test_without_a_provider_there_is_nothing_and_with_one_that_is_away_one_is_told(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.get("/login/oidc")).status_code == 404
    assert (await anonymous.get("/login/oidc/callback?code=x&state=y")).status_code == 404
    assert "/login/oidc" not in (await anonymous.get("/login")).text
    _set(app, oidc_issuer="http://127.0.0.1:1")
    assert (await anonymous.get("/login/oidc")).status_code == 503
