"""Logging in and out, the language, and where one is led afterwards."""

import re

import httpx
import pytest

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import Accounts
from db.platform.attempts import ATTEMPTS
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person
from web.home import own_path


@pytest.fixture
async def account(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        await Accounts(session).add("han", "Han Meimei", "right-password", [Role.WAREHOUSE], "en")


async def _log_in(client: httpx.AsyncClient, password: str, **more: str) -> httpx.Response:
    return await client.post("/login", data={"login": "han", "password": password, **more})


def _plain(answer: httpx.Response) -> str:
    """Without what differs with every answer."""
    return re.sub(r'nonce="[^"]*"', "", answer.text)


@pytest.mark.usefixtures("account")
async def test_the_right_password_opens_a_session_and_leads_to_ones_own_work(
    anonymous: httpx.AsyncClient,
) -> None:
    answer = await _log_in(anonymous, "right-password")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await anonymous.get("/")).headers["location"] == "/warehouse"
    assert "Han Meimei" in (await anonymous.get("/warehouse")).text


@pytest.mark.usefixtures("account")
async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    anonymous: httpx.AsyncClient,
) -> None:
    wrong = await _log_in(anonymous, "wrong-password")
    unknown = await anonymous.post("/login", data={"login": "nobody", "password": "wrong-password"})

    assert wrong.status_code == unknown.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    assert _plain(wrong) == _plain(unknown).replace('value="nobody"', 'value="han"')
    assert COOKIE not in anonymous.cookies


@pytest.mark.usefixtures("account")
async def test_after_ten_failures_even_the_right_password_has_to_wait(
    anonymous: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await rows(
        web_sessions,
        f"INSERT INTO login_attempt (subject, at) SELECT 'login:han', now()"
        f" FROM generate_series(1, {ATTEMPTS}) RETURNING 1",
    )

    answer = await _log_in(anonymous, "right-password")

    assert answer.status_code == 429
    assert COOKIE not in anonymous.cookies


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "over",
    [
        "seen_at = now() - interval '12 hours 1 minute'",
        "expires_at = now() - interval '1 minute'",
    ],
)
async def test_a_session_ends_by_idling_and_by_age(
    anonymous: httpx.AsyncClient, web_sessions: Sessions, over: str
) -> None:
    await _log_in(anonymous, "right-password")
    assert (await anonymous.get("/warehouse")).status_code == 200

    await rows(web_sessions, f"UPDATE login_session SET {over} RETURNING 1")

    assert (await anonymous.get("/warehouse")).headers["location"] == "/login?next=/warehouse"


@pytest.mark.usefixtures("account")
async def test_logging_in_never_takes_over_a_cookie_that_was_there_and_attempts_are_forgotten(
    anonymous: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await rows(
        web_sessions,
        "INSERT INTO login_attempt (subject, at)"
        " VALUES ('login:han', now() - interval '16 minutes') RETURNING 1",
    )
    anonymous.cookies.set(COOKIE, "planted-by-somebody-else")
    await _log_in(anonymous, "wrong-password")
    answer = await _log_in(anonymous, "right-password")

    assert "planted" not in answer.headers["set-cookie"]
    assert await rows(
        web_sessions, "SELECT count(*) FROM login_attempt WHERE subject = 'login:han'"
    ) == [(1,)]


@pytest.mark.usefixtures("account")
async def test_answers_are_not_kept_by_browsers_and_not_shown_in_frames(
    anonymous: httpx.AsyncClient,
) -> None:
    await _log_in(anonymous, "right-password")
    page = await anonymous.get("/warehouse")
    style = await anonymous.get("/static/app.css")

    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert style.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/orders/O-1?x=1", "/orders/O-1?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/orders\r\nSet-Cookie: a=b", "/"),
    ],
)
async def test_one_is_only_led_to_our_own_pages(
    anonymous: httpx.AsyncClient, asked: str, led_to: str
) -> None:
    answer = await _log_in(anonymous, "right-password", next=asked)

    assert answer.headers["location"] == led_to
    assert own_path(asked) == led_to


async def test_a_page_asked_for_without_a_session_comes_after_the_log_in(
    anonymous: httpx.AsyncClient,
) -> None:
    answer = await anonymous.get("/orders?q=SF1&sort=age")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/orders%3Fq%3DSF1%26sort%3Dage"
    form = await anonymous.get(answer.headers["location"])
    assert 'name="next" value="/orders?q=SF1&amp;sort=age"' in form.text


async def test_logging_out_ends_the_session_on_the_server(service: Person) -> None:
    cookie = service.cookies[COOKIE]

    assert (await service.send_form("/logout")).headers["location"] == "/login"

    service.cookies.set(COOKIE, cookie)
    assert (await service.get("/orders")).headers["location"].startswith("/login")


async def test_a_language_once_chosen_stays(service: Person) -> None:
    answer = await service.get("/language/zh?back=/orders?sort=age")

    assert answer.headers["location"] == "/orders?sort=age"
    page = (await service.get("/orders")).text
    assert '<html lang="zh-CN">' in page
    assert "待发货" in page


@pytest.mark.parametrize(("language", "status"), [("fr", 422), ("zh%00", 404)])
async def test_there_are_two_languages(
    anonymous: httpx.AsyncClient, language: str, status: int
) -> None:
    assert (await anonymous.get(f"/language/{language}")).status_code == status
