"""A trading day on the sandbox ends in plain words, also when somebody went away meanwhile."""

import asyncio
import base64
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import SecretStr
from rich.console import Console

from commands.traffic import Weather, _play
from commands.traffic_day import Day
from db.engine import Sessions
from db.sql import run
from runtime.settings import Settings, StartRefused
from tests.shops import seed_shops


async def nothing() -> None:
    """Nothing happens."""


class Market:
    """A sandbox with one counter; `sold` happens with a sale, `asked` with a look at parcels."""

    def __init__(self) -> None:
        self.sold: Callable[[], Awaitable[None]] = nothing
        self.asked: Callable[[], Awaitable[None]] = nothing
        self.app = FastAPI()
        self.app.get("/sandbox/operations")(self.operations)
        self.app.delete("/sandbox/faults")(nothing)
        self.app.post("/sandbox/mini/orders")(self.sell)
        self.app.get("/sandbox/parcels")(self.parcels)

    async def operations(self) -> dict[str, list[str]]:
        return {"mini": []}

    async def sell(self) -> list[dict[str, str]]:
        await self.sold()
        return [{"order_no": str(random.randrange(10**9))}]

    async def parcels(self) -> list[Any]:
        await self.asked()
        return []


@pytest_asyncio.fixture
async def market(sessions: Sessions) -> AsyncIterator[tuple[Market, int]]:
    await seed_shops(sessions)
    market = Market()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    serving = uvicorn.Server(uvicorn.Config(market.app, port=port, log_config=None))
    task = asyncio.create_task(serving.serve())
    while not serving.started:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    yield market, port
    serving.should_exit = True
    await task


async def play(database_url: str, port: int, folder: Path) -> Day:
    settings = Settings(
        sandbox_port=port,
        data_dir=folder,
        database_url=SecretStr(database_url),
        secret_key=SecretStr(base64.b64encode(bytes(32)).decode()),
    )
    console = Console(quiet=True)
    return await _play(settings, console, 1, 600, 0.002, Weather.CALM, 1, patience_s=0.1)


async def test_what_nobody_heard_of_is_lost(
    market: tuple[Market, int], database_url: str, tmp_path: Path
) -> None:
    day = await play(database_url, market[1], tmp_path)

    assert len(day.shops[0].lost) == 1
    assert not day.is_sound


async def test_a_database_that_is_gone_at_the_end_is_said_in_words(
    market: tuple[Market, int], owner_sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    async def gone() -> None:
        async with owner_sessions.begin() as session:
            await run(session, "ALTER TABLE inbox RENAME TO inbox_of_yesterday")

    market[0].sold = gone

    with pytest.raises(StartRefused, match="The database does not answer any more"):
        await play(database_url, market[1], tmp_path)


async def test_a_sandbox_that_is_gone_at_the_end_is_said_in_words(
    market: tuple[Market, int], database_url: str, tmp_path: Path
) -> None:
    async def gone() -> None:
        raise HTTPException(503)

    market[0].asked = gone

    with pytest.raises(StartRefused, match="The sandbox does not answer"):
        await play(database_url, market[1], tmp_path)
