"""Connections that died while nobody used them."""

import asyncio

import psycopg
from sqlalchemy import text

from db.engine import create_engine, sessions


async def test_a_connection_that_died_at_rest_is_replaced_unnoticed(database_url: str) -> None:
    engine = create_engine(database_url, "onhand_web", pool_size=1, max_overflow=0)
    made = sessions(engine)
    pids = []
    for _ in range(2):
        async with made.begin() as session:
            connection = await session.connection()
            pids.append((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(%s)", [pids[-1]])
        await asyncio.sleep(1.2)  # longer than a connection is trusted without being asked

    assert pids[0] != pids[1]
    await engine.dispose()
