"""Which part of the company people and keys are limited to."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.platform.permissions import Role
from domain.platform.scopes import NOTHING, WHOLE, Limit, Reach, Scope
from domain.shared.errors import InvalidInput

Holder = Literal["account", "key"]
_TABLES: Final[Mapping[Holder, tuple[str, str]]] = {
    "account": ("account_scope", "account_id"),
    "key": ("api_key_scope", "key_id"),
}
_REACH: Final = """
WITH RECURSIVE reach AS (
    SELECT location_id AS id, with_below FROM {table} WHERE {column} = :id
    UNION SELECT l.id, true FROM reach r JOIN location l ON l.parent_id = r.id WHERE r.with_below),
    places AS (SELECT DISTINCT id FROM reach)
SELECT (SELECT array_agg(id ORDER BY id) FROM places) AS locations,
       (SELECT array_agg(s.id ORDER BY s.id) FROM shop s JOIN places p ON p.id = s.belongs_to)
           AS shops
"""
_WITH_BELOW: Final = """
WITH RECURSIVE reach AS (
    SELECT location_id AS id FROM {table} WHERE {column} = :id AND with_below
    UNION SELECT l.id FROM reach r JOIN location l ON l.parent_id = r.id)
SELECT id FROM reach
"""
_LIMITS: Final = "SELECT {column} AS holder, location_id, with_below FROM {table} ORDER BY 1, 2"
_FORGET: Final = "DELETE FROM {table} WHERE {column} = :id"
_KEEP: Final = """
INSERT INTO {table} ({column}, location_id, with_below)
SELECT :id, t.location_id, bool_or(t.with_below)
FROM unnest(CAST(:locations AS text[]), CAST(:below AS boolean[])) AS t(location_id, with_below)
JOIN location l ON l.id = t.location_id AND l.kind <> 'transit' GROUP BY t.location_id
RETURNING location_id
"""


async def scope_of(session: AsyncSession, holder: Holder, id: str, roles: frozenset[Role]) -> Scope:
    """What this person or key sees: everybody without limits the whole company, dealers nothing."""
    [row] = await run(session, _of(holder, _REACH), id=id)
    if row.locations is None:
        return NOTHING if Role.DEALER in roles else WHOLE
    return Scope(locations=tuple(row.locations), shops=tuple(row.shops or ()))


async def reach_of(session: AsyncSession, holder: Holder, id: str, scope: Scope) -> Reach:
    """What this person or key, who sees this, may limit others to."""
    if scope.whole:
        return Reach(scope)
    rows = await run(session, _of(holder, _WITH_BELOW), id=id)
    return Reach(scope, frozenset(row.id for row in rows))


async def limits_of(session: AsyncSession, holder: Holder) -> dict[str, list[Limit]]:
    """The limits of everybody who has any, by the id of the account or key."""
    found: dict[str, list[Limit]] = {}
    for row in await run(session, _of(holder, _LIMITS)):
        found.setdefault(row.holder, []).append(Limit(row.location_id, row.with_below))
    return found


async def limit(session: AsyncSession, holder: Holder, id: str, limits: Sequence[Limit]) -> None:
    """Limit them to these locations, or lift every limit. Raises InvalidInput for unknown ones."""
    await run(session, _of(holder, _FORGET), id=id)
    kept = await run(
        session,
        _of(holder, _KEEP),
        id=id,
        locations=[one.location_id for one in limits],
        below=[one.with_below for one in limits],
    )
    if len(kept) < len({one.location_id for one in limits}):
        raise InvalidInput("there is no such location")


def _of(holder: Holder, statement: str) -> str:
    table, column = _TABLES[holder]
    return statement.format(table=table, column=column)
