"""Plain SQL in the caller's transaction."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, TextClause, text
from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession


@lru_cache(maxsize=1000)
def parsed(statement: str) -> TextClause:
    """The statement with its parameters found, once per process: they are all constants."""
    return text(statement)


async def run(session: AsyncSession, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
    """The rows a statement returns; none when it returns no rows."""
    connection = await session.connection()
    done = await connection.execute(parsed(statement), parameters)
    return done.all() if done.returns_rows else []


async def execute(session: AsyncSession, statement: Executable) -> Sequence[Row[Any]]:
    """The same for a statement built from tables."""
    connection = await session.connection()
    done = await connection.execute(statement)
    return done.all() if done.returns_rows else []
