"""What browsers are told and believed: headers of every route, cookies, origins, plain http."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import Accounts
from domain.platform.permissions import Role
from domain.platform.routes import ROUTES
from tests.web.world import Person, person

_TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
_ENDLESS = "GET /orders/{no}/events"


@pytest.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN) as client:
        yield client


def _behind_tls(app: FastAPI) -> httpx.AsyncClient:
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"public_url": "https://shop.example"})
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://shop.example")


def _addresses() -> list[tuple[str, str]]:
    routes = (route.split(" ") for route in ROUTES if route != _ENDLESS)
    return [(method, re.sub(r"\{[^}]*\}", "x", path)) for method, path in routes]


def _assert_careful(answer: httpx.Response, path: str) -> None:
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([A-Za-z0-9_-]{20,})';", policy)
    assert nonce, path
    assert "unsafe" not in policy, path
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'",
                 "form-action 'self'", "object-src 'none'"):  # fmt: skip
        assert part in policy, path
    assert answer.headers["x-content-type-options"] == "nosniff", path
    assert answer.headers["x-frame-options"] == "DENY", path
    assert answer.headers["referrer-policy"] == "same-origin", path
    assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
    assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
    assert "geolocation=()" in answer.headers["permissions-policy"], path
    assert "no-store" in answer.headers["cache-control"], path
    assert "access-control-allow-origin" not in answer.headers, path
    assert "server" not in answer.headers, path


async def test_every_route_of_the_table_answers_strangers_with_all_headers(
    anonymous: httpx.AsyncClient,
) -> None:
    for method, path in _addresses():
        answer = await anonymous.request(method, path, headers={"Origin": "https://evil.example"})
        _assert_careful(answer, f"{method} {path}")


async def test_every_route_answers_an_administrator_with_all_headers(admin: Person) -> None:
    for method, path in _addresses():
        if method == "GET" or path.startswith("/api/"):
            _assert_careful(await admin.request(method, path), f"{method} {path}")


async def test_a_nonce_serves_one_answer_and_stands_on_the_scripts_of_its_page(
    anonymous: httpx.AsyncClient,
) -> None:
    answers = [await anonymous.get("/login") for _ in range(2)]
    nonces = []
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        nonces += re.findall(r"script-src 'self' 'nonce-([^']+)'", policy)
        assert f'<script nonce="{nonces[-1]}"' in answer.text

    assert len(set(nonces)) == 2


def test_no_template_has_a_script_without_a_nonce_or_an_attribute_that_runs() -> None:
    for path in _TEMPLATES.rglob("*.html"):
        text = path.read_text("utf-8")
        for tag in re.findall(r"<(?:script|style)\b[^>]*>", text):
            assert 'nonce="{{ nonce }}"' in tag, (path.name, tag)
        assert not re.search(r"<[^>]*\s(?:on[a-z]+|style)=", text), path.name
        assert "javascript:" not in text, path.name


async def test_over_tls_a_browser_never_comes_back_without_it_and_cookies_are_this_hosts_alone(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with web_sessions.begin() as session:
        await Accounts(session).add("han", "Han Meimei", "right-password", [Role.WAREHOUSE], "en")
    async with _behind_tls(app) as client:
        answer = await client.post("/login", data={"login": "han", "password": "right-password"})
        home = await client.get("/warehouse?location=x")
        language = await client.get("/language/zh")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    given = [*answer.headers.get_list("set-cookie"), *home.headers.get_list("set-cookie"),
             *language.headers.get_list("set-cookie")]  # fmt: skip
    assert len(given) >= 3
    for cookie in given:
        assert cookie.startswith("__Host-onhand_"), cookie
        for attribute in ("; HttpOnly", "; Secure", "; Path=/", "; SameSite=lax"):
            assert attribute in cookie, cookie
        assert "Domain" not in cookie
    assert home.status_code == 200


async def test_over_tls_a_cookie_that_another_host_could_have_planted_is_nobodys(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as known:
        secret = known.cookies[COOKIE]
    async with _behind_tls(app) as client:
        client.cookies.set(COOKIE, secret, domain="shop.example")
        assert (await client.get("/orders")).status_code == 303
        client.cookies.set(f"__Host-{COOKIE}", secret, domain="shop.example")
        assert (await client.get("/orders")).status_code == 200


async def test_without_tls_hsts_is_not_said(anonymous: httpx.AsyncClient) -> None:
    assert "strict-transport-security" not in (await anonymous.get("/login")).headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 401),
        ("127.0.0.1:8000", 401),
        ("[::1]:8000", 401),
        ("192.168.1.7:8000", 403),
        ("shop.lan", 403),
        ("localhost.evil.example", 403),
    ],
)
async def test_a_password_is_only_taken_over_tls_or_on_this_machine(
    anonymous: httpx.AsyncClient, host: str, status: int
) -> None:
    form = await anonymous.get("/login", headers={"Host": host})
    answer = await anonymous.post(
        "/login", data={"login": "a", "password": "b"}, headers={"Host": host}
    )

    assert answer.status_code == status
    assert ("not encrypted" in form.text) is (status == 403)
    assert ('name="password"' in form.text) is (status == 401)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 303),
        ("http://localhost:8000", 303),  # the public address
        ("https://localhost", 403),
        ("http://localhost:9999", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_form_counts_only_from_our_own_origin(
    admin: Person, origin: str, status: int
) -> None:
    answer = await admin.post(
        "/logout", data={"csrf_token": admin.csrf_token}, headers={"Origin": origin}
    )

    assert answer.status_code == status


async def test_no_other_origin_is_let_in_by_a_preflight(admin: Person) -> None:
    answer = await admin.options(
        "/api/v1/orders",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
    )

    assert answer.status_code in (403, 405)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
