"""Plain SQL in the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, text
from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession


async def run(session: AsyncSession, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
    """The rows a statement returns; none when it returns no rows."""
    connection = await session.connection()
    done = await connection.execute(text(statement), parameters)
    return done.all() if done.returns_rows else []


async def execute(session: AsyncSession, statement: Executable) -> Sequence[Row[Any]]:
    """The same for a statement built from tables."""
    connection = await session.connection()
    done = await connection.execute(statement)
    return done.all() if done.returns_rows else []
