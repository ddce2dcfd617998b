"""An open order page hears what happens, and after a break also what it missed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.auth import COOKIE
from db.engine import Sessions
from tests.web.serving import listening
from tests.web.world import Person, change, seed_event

PATIENCE_S = 30.0


@contextlib.asynccontextmanager
async def stream(
    address: str, client: Person, **headers: str
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """The events of O-1 as a browser gets them, each as its fields."""
    cookies = {COOKIE: client.cookies[COOKIE]}
    async with (
        httpx.AsyncClient(base_url=address, cookies=cookies, timeout=PATIENCE_S) as browser,
        browser.stream("GET", "/orders/O-1/events", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = (fields[name] + "\n" if name in fields else "") + value.strip()
        elif "event" in fields:
            yield fields
            fields = {}
        else:
            fields = {}


async def _until(events: AsyncIterator[dict[str, str]], text: str) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE_S):
        async for event in events:
            if text in event["data"]:
                return event
    raise AssertionError(f"the stream ended without {text}")


@pytest.mark.usefixtures("order")
async def test_a_new_line_of_the_story_arrives_by_itself(
    database_url: str, service: Person, sessions: Sessions
) -> None:
    with listening(database_url) as address:
        async with stream(address, service) as events:
            await seed_event(sessions, 1, "held", {"hold": "risk"})
            event = await _until(events, "Held: Risk check")

    assert event["event"] == "change"
    assert 'id="event-order-1"' in event["data"]
    assert datetime.fromisoformat(event["id"]).tzinfo is not None


@pytest.mark.usefixtures("order")
async def test_a_page_that_comes_back_hears_what_it_missed(
    database_url: str, service: Person, sessions: Sessions
) -> None:
    with listening(database_url) as address:
        async with stream(address, service) as events:
            await seed_event(sessions, 1, "held", {"hold": "risk"})
            last = (await _until(events, "Held: Risk check"))["id"]
        await seed_event(sessions, 2, "hold_released", {"hold": "risk"})
        async with stream(address, service, **{"Last-Event-ID": last}) as events:
            event = await _until(events, "Hold released: Risk check")

    assert 'id="event-order-2"' in event["data"]


@pytest.mark.usefixtures("order")
async def test_old_lines_are_not_told_again_to_a_page_that_has_just_opened(
    database_url: str, service: Person, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await seed_event(sessions, 1, "held", {"hold": "risk"})
    await change(owner_sessions, "UPDATE order_event SET at = now() - interval '1 h'")
    with listening(database_url) as address:
        async with stream(address, service) as events:
            async with asyncio.timeout(PATIENCE_S):
                first = await anext(events)
            await seed_event(sessions, 2, "hold_released", {"hold": "risk"})
            event = await _until(events, "Hold released: Risk check")

    assert first["data"] == ""
    assert "Held: Risk check" not in event["data"]


@pytest.mark.usefixtures("order")
async def test_a_position_in_the_future_is_not_believed(
    database_url: str, service: Person, sessions: Sessions
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    with listening(database_url) as address:
        async with stream(address, service, **{"Last-Event-ID": ahead.isoformat()}) as events:
            await seed_event(sessions, 1, "held", {"hold": "risk"})
            assert await _until(events, "Held: Risk check")


@pytest.mark.usefixtures("order")
async def test_strange_positions_begin_now(service: Person, database_url: str) -> None:
    with listening(database_url) as address:
        for last in ("yesterday", "9" * 5000, "2026-01-01", "1' OR 1=1"):
            async with stream(address, service, **{"Last-Event-ID": last}) as events:
                async with asyncio.timeout(PATIENCE_S):
                    assert (await anext(events))["event"] == "change"


async def test_an_order_that_is_not_there_has_no_stream(service: Person) -> None:
    assert (await service.get("/orders/O-404/events")).status_code == 404
