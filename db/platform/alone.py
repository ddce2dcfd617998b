"""What people did alone, added up: a limit that asks for two is not passed in small steps."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('alone/' || :what, 0))"
_MOST: Final = """
WITH wanted AS (
    SELECT * FROM unnest(CAST(:whats AS text[]), CAST(:much AS bigint[])) AS t(what, much))
SELECT coalesce(max(w.much + coalesce((
    SELECT sum(d.much) FROM done_alone d WHERE d.what = w.what AND d.act <> :act
      AND (CAST(:within AS interval) IS NULL OR d.at > clock_timestamp() - :within)), 0)), 0
    )::bigint AS most
FROM wanted w
"""
_KEEP: Final = """
INSERT INTO done_alone (act, what, much, at)
SELECT :act, what, much, clock_timestamp()
FROM unnest(CAST(:whats AS text[]), CAST(:much AS bigint[])) AS t(what, much)
ON CONFLICT (act, what) DO UPDATE SET much = greatest(done_alone.much, excluded.much)
"""


class TooMuchAlone(Exception):
    """With what was done before, this needs a second person; nothing was done."""


async def add_alone(
    session: AsyncSession,
    of: str,
    act: str,
    done: Mapping[str, int],
    limit: int,
    within: timedelta | None = None,
) -> None:
    """Count what this act does of each thing, with what was done of it before (`within` the last
    hours, or ever). Whoever counts for the same `of` waits; the same act counts once.

    Raises TooMuchAlone when one of the sums is above the limit.
    """
    await run(session, _LOCK, what=of)
    told = {"act": act, "whats": list(done), "much": list(done.values())}
    [row] = await run(session, _MOST, **told, within=within)
    if row.most > limit:
        raise TooMuchAlone
    await run(session, _KEEP, **told)


async def use_up(session: AsyncSession, act: str, much: int) -> None:
    """So much of what this act was counted for is now done by another act, which counts it."""
    await run(
        session, "UPDATE done_alone SET much = greatest(much - :much, 0) WHERE act = :act",
        act=act, much=much,
    )  # fmt: skip


async def was_added(session: AsyncSession, act: str) -> bool:
    """Whether this act was counted before and is tried again."""
    return bool(await run(session, "SELECT 1 FROM done_alone WHERE act = :act LIMIT 1", act=act))


async def take_off(session: AsyncSession, act: str) -> None:
    """The act was refused: nothing was done."""
    await run(session, "DELETE FROM done_alone WHERE act = :act", act=act)
