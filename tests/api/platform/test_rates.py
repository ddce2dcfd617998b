"""How often a caller may ask, and what those hear who ask more often."""

import httpx
import pytest
from fastapi import FastAPI

from api.rates import Rates
from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.served import browser, key_for


def _limit(app: FastAPI, requests: int) -> None:
    app.state.settings = app.state.settings.model_copy(update={"requests_per_minute": requests})


async def test_whoever_asks_too_often_is_told_when_to_come_again_and_others_are_not(
    app: FastAPI, web_sessions: Sessions
) -> None:
    _limit(app, 3)
    async with (
        browser(app, **await key_for(web_sessions, Role.ADMIN, name="a")) as hasty,
        browser(app, **await key_for(web_sessions, Role.ADMIN, name="b")) as other,
    ):
        answers = [await hasty.get("/api/v1/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit"] for answer in answers[:3]] == [
            '"default";r=2;t=0', '"default";r=1;t=0', '"default";r=0;t=0',
        ]  # fmt: skip
        assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
        last = answers[-1]
        assert last.json()["code"] == "TooManyRequests"
        assert 1 <= int(last.headers["retry-after"]) <= 20
        assert (await other.get("/api/v1/me")).status_code == 200


async def test_strangers_are_counted_by_their_address(app: FastAPI) -> None:
    _limit(app, 2)
    headers = {"Authorization": "Bearer ohk_guess"}

    async def ask(address: str) -> int:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get("/api/v1/me", headers=headers)).status_code

    assert [await ask("10.0.0.1") for _ in range(3)] == [401, 401, 429]
    assert await ask("10.0.0.2") == 401


async def test_people_hear_it_in_words(app: FastAPI) -> None:
    _limit(app, 1)
    async with browser(app, **{"Accept-Language": "en"}) as somebody:
        await somebody.get("/track")
        answer = await somebody.get("/track")

    assert answer.status_code == 429
    assert "<h1" in answer.text


async def test_what_is_worth_taking_in_bulk_has_a_tighter_limit_of_its_own(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as program:
        path = "/api/v1/orders/none/receiver-disclosures"
        # More than a slow machine answers within the time in which one more is allowed.
        answers = [await program.post(path, json={"reason": "x"}) for _ in range(200)]
        codes = [answer.status_code for answer in answers]
        assert set(codes[:60]) == {404}
        assert 429 in codes
        assert (await program.get("/api/v1/me")).status_code == 200
        csv = await program.get("/orders.csv")
        assert csv.headers["ratelimit-policy"] == '"export";q=60;w=60'


async def test_vendors_and_probes_are_not_counted_and_zero_counts_nobody(app: FastAPI) -> None:
    _limit(app, 1)
    async with browser(app) as stranger:
        for _ in range(3):
            assert (await stranger.get("/healthz")).status_code == 200
            assert (await stranger.post("/webhooks/own/none", json={})).status_code != 429
        _limit(app, 0)
        for _ in range(3):
            answer = await stranger.get("/track")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


async def test_the_description_tells_of_it(app: FastAPI, web_sessions: Sessions) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as program:
        paths = (await program.get("/api/v1/openapi.json")).json()["paths"]

    for path, operations in paths.items():
        if path.startswith("/api/"):
            for method, operation in operations.items():
                told = operation["responses"]["429"]["headers"]
                assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(told), (path, method)


def test_a_bucket_fills_evenly_and_never_above_a_minutes_worth() -> None:
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    assert [rates.take("k", "a", 60) for _ in range(3)] == [59, 58, 57]
    for _ in range(57):
        rates.take("k", "a", 60)
    assert rates.take("k", "a", 60) == pytest.approx(-1)
    now[0] = 1.0
    assert rates.take("k", "a", 60) == pytest.approx(0)
    assert rates.take("k", "a", 60) < 0
    now[0] = 10_000.0
    assert rates.take("k", "a", 60) == 59


def test_many_callers_are_forgotten_when_they_are_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.rates._MOST_CALLERS", 10)
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    for caller in range(10):
        rates.take("k", str(caller), 60)
    rates.take("k", "loud", 2)
    assert len(rates._buckets) <= 10
    now[0] = 61.0
    for caller in range(20, 40):
        rates.take("k", str(caller), 60)
    assert len(rates._buckets) <= 11
