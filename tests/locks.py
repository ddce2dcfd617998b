"""Two transactions at once: one goes on only when the other one waits for it."""

import asyncio

from db.engine import Sessions
from db.sql import run


async def somebody_waits(sessions: Sessions) -> None:
    """Until a transaction waits for another one's lock."""
    async with sessions.begin() as session:
        while not await run(session, "SELECT FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 (Postgres tells nobody)
            await asyncio.sleep(0.02)
