"""Logging in and out, the language, and where one is led afterwards."""

import httpx
import pytest

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import ATTEMPTS, Accounts
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
    assert wrong.text == unknown.text.replace('value="nobody"', 'value="han"')
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


@pytest.mark.parametrize("language", ["fr", "zh%00"])
async def test_there_are_two_languages(anonymous: httpx.AsyncClient, language: str) -> None:
    assert (await anonymous.get(f"/language/{language}")).status_code == 422


async def test_a_page_may_not_be_framed_and_loads_nothing_from_elsewhere(
    anonymous: httpx.AsyncClient,
) -> None:
    policy = (await anonymous.get("/login")).headers["content-security-policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
