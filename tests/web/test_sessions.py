"""Where people are logged in: seen, ended, and gone at once wherever somebody works."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

import web.orders
from db.engine import Sessions
from db.platform.accounts import Accounts
from db.platform.attempts import ATTEMPTS
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.api.served import browser, key_for
from tests.web.world import Person, person

_IPAD = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1 Version/17.0 Safari/604.1"
_EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537 Chrome/126.0 Safari/537 Edg/126.0"


@pytest.fixture
async def account(web_sessions: Sessions) -> str:
    async with web_sessions.begin() as session:
        return await Accounts(session).add("han", "Han", "right-password", [Role.ADMIN], "en")


@pytest.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN) as client:
        yield client


def _from(app: FastAPI, agent: str, address: str = "10.0.0.1") -> Person:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    headers = {"User-Agent": agent, "Accept-Language": "en"}
    return Person(transport=transport, base_url="http://localhost", headers=headers)


async def _log_in(
    client: Person, password: str = "right-password", login: str = "han"
) -> httpx.Response:
    answer = await client.post("/login", data={"login": login, "password": password})
    if answer.status_code == 303:
        page = (await client.get("/account")).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        client.csrf_token = found[1]
    return answer


@pytest.mark.usefixtures("account")
async def test_one_sees_where_one_is_logged_in_and_ends_one_or_all_others(app: FastAPI) -> None:
    async with (
        _from(app, _IPAD) as tablet,
        _from(app, _EDGE, "10.0.0.2") as desk,
        _from(app, "curl/8") as third,
    ):
        for client in (tablet, desk, third):
            await _log_in(client)
        page = (await desk.get("/account")).text
        assert "Safari · iPad" in page
        assert "Edge · Windows" in page
        assert "10.0.0.2" in page
        assert "Unknown device" in page
        listed = (await desk.get("/api/v1/me/sessions")).json()["items"]
        assert [one["this"] for one in listed].count(True) == 1
        ipad = next(one["no"] for one in listed if one["device"] == "Safari · iPad")

        assert (await desk.send_form(f"/account/sessions/{ipad}/end")).status_code == 303
        assert (await tablet.get("/account")).status_code == 303
        assert (await third.get("/account")).status_code == 200
        assert (await desk.send_form("/account/sessions/end-others")).status_code == 303
        assert (await third.get("/account")).status_code == 303
        assert (await desk.get("/account")).status_code == 200


async def test_nobody_ends_the_session_of_another_but_an_administrator(
    app: FastAPI, admin: Person, service: Person, web_sessions: Sessions, account: str
) -> None:
    async with _from(app, _EDGE) as desk:
        await _log_in(desk)
        (no,) = [
            one["no"]
            for one in (await admin.get(f"/api/v1/accounts/{account}/sessions")).json()["items"]
        ]
        headers = {"X-CSRF-Token": service.csrf_token}
        answer = await service.delete(f"/api/v1/me/sessions/{no}", headers=headers)
        assert answer.status_code == 404
        answer = await service.delete(f"/api/v1/accounts/{account}/sessions", headers=headers)
        assert answer.status_code == 403
        assert (await desk.get("/account")).status_code == 200

        assert "Edge · Windows" in (await admin.get(f"/people/{account}/sessions")).text
        await admin.send_form(f"/people/{account}/sessions/end", no=no)
        assert (await desk.get("/account")).status_code == 303
        await _log_in(desk)
        await admin.send_form(f"/people/{account}/sessions/end")
        assert (await desk.get("/account")).status_code == 303
    told = await rows(web_sessions, "SELECT action FROM audit_log ORDER BY id")
    assert told == [("session.ended",), ("sessions.ended",)]


@pytest.mark.usefixtures("account")
async def test_another_password_ends_all_other_sessions_and_keeps_this_browser_in(
    app: FastAPI,
) -> None:
    async with _from(app, _EDGE) as desk, _from(app, _IPAD) as tablet:
        await _log_in(desk)
        await _log_in(tablet)
        new = {"new_password": "green-ship-9-walks", "again": "green-ship-9-walks"}
        path = "/account/password"
        assert (await desk.send_form(path, password="wrong-one", **new)).status_code == 422
        assert (
            await desk.send_form(path, password="right-password", new_password="a", again="b")
        ).status_code == 422
        assert (await tablet.get("/account")).status_code == 200
        answer = await desk.send_form(path, password="right-password", **new)

        assert answer.status_code == 303
        assert (await desk.get("/account")).status_code == 200
        assert (await tablet.get("/account")).status_code == 303
        assert (await _log_in(tablet)).status_code == 401
        assert (await _log_in(tablet, "green-ship-9-walks")).status_code == 303


@pytest.mark.parametrize(
    "password", ["short", "12345678", "password1", "88888888", "han", "hanhan123", "qwertyuiop"]
)
@pytest.mark.usefixtures("account")
async def test_what_others_guess_first_is_no_password(app: FastAPI, password: str) -> None:
    async with _from(app, _EDGE) as desk:
        await _log_in(desk)
        answer = await desk.send_form(
            "/account/password", password="right-password", new_password=password, again=password
        )
        assert answer.status_code == 422
        assert (await desk.get("/account")).status_code == 200


@pytest.mark.usefixtures("account")
async def test_a_password_may_be_long_and_of_any_script(app: FastAPI) -> None:
    new = "落霞与孤鹜齐飞 秋水共长天一色 " * 6
    assert len(new) >= 64
    async with _from(app, _EDGE) as desk:
        await _log_in(desk)
        answer = await desk.send_form(
            "/account/password", password="right-password", new_password=new, again=new
        )
        assert answer.status_code == 303
    async with _from(app, _IPAD) as tablet:
        assert (await _log_in(tablet, new)).status_code == 303


@pytest.mark.usefixtures("account")
async def test_a_stranger_locks_out_strangers_and_not_the_browser_that_was_in_before(
    app: FastAPI,
) -> None:
    async with (
        _from(app, _EDGE) as desk,
        _from(app, "evil", "10.9.9.9") as stranger,
        _from(app, _IPAD, "10.0.0.3") as new,
    ):
        await _log_in(desk)
        for _ in range(ATTEMPTS):
            assert (await _log_in(stranger, "wrong-password")).status_code == 401
        assert (await _log_in(stranger)).status_code == 429
        assert (await _log_in(new)).status_code == 429  # another place that was never in
        assert (await desk.get("/account")).status_code == 200  # the session lives on

        await desk.send_form("/logout")
        assert (await _log_in(desk)).status_code == 303
        await desk.send_form("/logout")
        for _ in range(ATTEMPTS):
            assert (await _log_in(desk, "wrong-password")).status_code == 401
        assert (await _log_in(desk)).status_code == 429  # it has a count of its own


@pytest.mark.usefixtures("account")
async def test_a_device_cookie_that_was_made_up_or_is_anothers_counts_for_nothing(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with web_sessions.begin() as session:
        await Accounts(session).add("li", "Li", "right-password", [Role.BUYER], "en")
    async with _from(app, _EDGE) as desk, _from(app, "evil", "10.9.9.9") as stranger:
        await _log_in(desk, login="li")
        (known,) = [value for name, value in desk.cookies.items() if "device" in name]
        async with _from(app, _IPAD) as probe:
            await _log_in(probe)
            (name,) = [name for name in probe.cookies if "device" in name]
        for _ in range(ATTEMPTS):
            await _log_in(stranger, "wrong-password")
        for made_up in (known, known[:22] + "." + "0" * 64, "x", "a" * 3000):
            stranger.cookies.clear()
            stranger.cookies.set(name, made_up)
            assert (await _log_in(stranger)).status_code == 429


async def test_unknown_names_are_counted_as_known_ones_are(app: FastAPI) -> None:
    async with _from(app, _EDGE) as desk:
        for _ in range(ATTEMPTS):
            assert (await _log_in(desk, "x", "nobody")).status_code == 401
        assert (await _log_in(desk, "x", "nobody")).status_code == 429


@pytest.mark.usefixtures("account")
async def test_forty_attempts_at_once_are_judged_ten_times(app: FastAPI) -> None:
    async with _from(app, "evil") as stranger:
        answers = await asyncio.gather(
            *(
                stranger.post("/login", data={"login": "han", "password": f"guess-{n}"})
                for n in range(40)
            )
        )
    judged = [answer.status_code for answer in answers].count(401)
    assert judged == ATTEMPTS
    assert {answer.status_code for answer in answers} <= {401, 429}


@pytest.mark.usefixtures("order")
async def test_a_live_page_ends_with_its_session(
    app: FastAPI, service: Person, web_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.orders, "_PING_S", 0.2)
    ended = asyncio.Event()

    async def listen() -> None:
        await service.get("/orders/O-1/events", timeout=60)
        ended.set()

    listening = asyncio.create_task(listen())
    await asyncio.sleep(1)
    assert not ended.is_set()
    await rows(web_sessions, "DELETE FROM login_session RETURNING 1")
    await asyncio.wait_for(ended.wait(), 30)
    await listening


async def test_a_program_has_no_log_in_of_its_own(app: FastAPI, web_sessions: Sessions) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as program:
        assert (await program.get("/api/v1/me/sessions")).status_code == 403
        assert (await program.post("/api/v1/me/second-factor")).status_code == 403
        assert (await program.get("/api/v1/accounts/none/sessions")).status_code == 404
