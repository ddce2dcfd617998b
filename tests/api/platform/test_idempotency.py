"""A repeated request gets the first answer and does nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import text

from db.engine import Sessions
from db.platform import idempotency
from domain.platform.permissions import Role
from tests.api.orders.world import seed_order, seed_shop
from tests.api.served import browser, key_for

LI = {"login": "xiaoli", "name": "小李", "password": "long-enough", "roles": ["warehouse"]}
WANG = {**LI, "login": "xiaowang"}
KEY = {"Idempotency-Key": "first-try"}


@pytest_asyncio.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as client:
        yield client


async def test_the_same_request_gets_the_first_answer(admin: httpx.AsyncClient) -> None:
    first = await admin.post("/api/v1/accounts", json=LI, headers=KEY)
    again = await admin.post("/api/v1/accounts", json=LI, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_a_refusal_is_an_answer_too(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/accounts", json=LI)
    first = await admin.post("/api/v1/accounts", json=LI, headers=KEY)
    again = await admin.post("/api/v1/accounts", json=LI, headers=KEY)

    assert (first.status_code, again.status_code) == (422, 422)
    assert again.content == first.content


async def test_the_same_key_with_another_body_is_refused(
    admin: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await admin.post("/api/v1/accounts", json=LI, headers=KEY)
    other = await admin.post("/api/v1/accounts", json=WANG, headers=KEY)

    assert other.status_code == 422
    assert other.json()["code"] == "IdempotencyMismatch"
    async with web_sessions.begin() as session:
        logins = await (await session.connection()).execute(text("SELECT login FROM account"))
        assert logins.scalars().all() == ["xiaoli"]


async def test_keys_of_two_callers_do_not_meet(
    app: FastAPI, admin: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    await admin.post("/api/v1/accounts", json=LI, headers=KEY)
    async with browser(app, **await key_for(web_sessions, Role.ADMIN, name="other")) as other:
        answer = await other.post("/api/v1/accounts", json=WANG, headers=KEY)

    assert answer.status_code == 201


async def test_of_many_at_once_one_does_the_work(
    admin: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    answers = await asyncio.gather(
        *(admin.post("/api/v1/accounts", json=LI, headers=KEY) for _ in range(8))
    )

    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "RequestInProgress"


async def test_a_key_is_free_again_when_nothing_came_of_it(
    app: FastAPI, admin: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    failed = await admin.post("/api/v1/shops/top-flagship/pull", headers=KEY)
    assert failed.status_code == 503

    taken = await admin.post("/api/v1/accounts", json=LI, headers=KEY)

    assert taken.status_code == 201


async def test_a_request_lost_with_its_process_may_be_repeated(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        assert await idempotency.claim(session, "p", "k", "abc") is None
    async with web_sessions.begin() as session:
        assert await idempotency.claim(session, "p", "k", "abc") == idempotency.Known(
            "abc", None, ""
        )
        await (await session.connection()).execute(
            text("UPDATE idempotency_key SET at = at - interval '61 seconds'")
        )
    async with web_sessions.begin() as session:
        assert await idempotency.claim(session, "p", "k", "abc") is None


async def test_a_key_for_a_program_is_shown_once_and_not_kept(
    admin: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    body = {"name": "warehouse robot", "roles": ["warehouse"]}
    made = await admin.post("/api/v1/api-keys", json=body, headers=KEY)

    assert made.status_code == 201
    async with web_sessions.begin() as session:
        kept = await (await session.connection()).execute(
            text("SELECT count(*) FROM idempotency_key")
        )
        assert kept.scalar_one() == 0


async def test_what_is_disclosed_about_a_receiver_is_not_kept(
    admin: httpx.AsyncClient, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    shown = await admin.post(
        "/api/v1/orders/O-1/receiver-disclosures", json={"reason": "a call"}, headers=KEY
    )

    assert shown.json()["phone"] == "13800000001"
    async with web_sessions.begin() as session:
        kept = await (await session.connection()).execute(
            text("SELECT count(*) FROM idempotency_key")
        )
        assert kept.scalar_one() == 0


async def test_answers_are_forgotten_after_their_time(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        for key in ("old", "fresh"):
            await idempotency.claim(session, "p", key, "abc")
        await (await session.connection()).execute(
            text("UPDATE idempotency_key SET at = at - interval '8 days' WHERE key = 'old'")
        )
        assert await idempotency.prune(session, timedelta(days=7)) == 1
        assert await idempotency.claim(session, "p", "fresh", "abc") is not None
        assert await idempotency.claim(session, "p", "old", "abc") is None
