"""Lists of orders that people come back to."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.sql import run
from domain.shared.errors import ActionNotAllowed, FilterNotFound

_MOST_OWN: Final = 50

_FILTERS: Final = """
SELECT id, owner, name, query, shared, at FROM saved_filter
WHERE owner = :actor OR shared ORDER BY (owner = :actor) DESC, name, id LIMIT 200
"""

_COUNT: Final = "SELECT count(*) AS n FROM saved_filter WHERE owner = :actor AND name <> :name"

_SAVE: Final = """
INSERT INTO saved_filter (id, owner, name, query, shared)
VALUES (:id, :actor, :name, :query, :shared)
ON CONFLICT (owner, name) DO UPDATE SET query = excluded.query, shared = excluded.shared
RETURNING id, owner, name, query, shared, at
"""

_FORGET: Final = "DELETE FROM saved_filter WHERE id = :id AND owner = :actor RETURNING id"


async def saved_filters(session: AsyncSession, actor: str) -> Sequence[Row[Any]]:
    """One's own first, then those that others share."""
    return await run(session, _FILTERS, actor=actor)


async def save_filter(
    session: AsyncSession, actor: str, name: str, query: str, *, shared: bool
) -> Row[Any]:
    """Keep it under this name; one's own of the same name is replaced. Raises ActionNotAllowed."""
    if (await run(session, _COUNT, actor=actor, name=name))[0].n >= _MOST_OWN:
        raise ActionNotAllowed(f"one has {_MOST_OWN} saved filters at most")
    [saved] = await run(
        session, _SAVE, id=new_id("flt"), actor=actor, name=name, query=query, shared=shared
    )
    return saved


async def forget_filter(session: AsyncSession, actor: str, filter_id: str) -> None:
    """Only one's own. Raises FilterNotFound."""
    if not await run(session, _FORGET, id=filter_id, actor=actor):
        raise FilterNotFound("there is no such filter of yours")
