"""Failed log-ins, counted where they come from: an attempt is noted before it is judged."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from db.engine import Sessions
from db.sql import run

ATTEMPTS: Final = 10
WINDOW: Final = timedelta(minutes=15)
_TRIES: Final = 40
_BETWEEN_S: Final = 0.05
_ONE_BY_ONE: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(:subject, 0)) AS mine"


async def attempt(sessions: Sessions, subjects: Sequence[str], now: datetime) -> list[int] | None:
    """Note an attempt of each subject; None when one of them failed too often lately.

    It is noted before it is judged, one after the other, so that a hundred at once are ten. Whoever
    finds another at it comes again: waiting must not hold a connection that others need.
    """
    for _ in range(_TRIES):
        noted = await _noted(sessions, subjects, now)
        if noted is not None:
            return noted or None
        await asyncio.sleep(_BETWEEN_S)
    return None


async def _noted(sessions: Sessions, subjects: Sequence[str], now: datetime) -> list[int] | None:
    """The attempts by number; empty = too many, None = another one is just being noted."""
    async with sessions.begin() as session:
        for subject in sorted(subjects):
            if not (await run(session, _ONE_BY_ONE, subject=subject))[0].mine:
                return None
        await run(session, "DELETE FROM login_attempt WHERE at < :since", since=now - WINDOW)
        counts = await run(
            session,
            "SELECT count(*) AS n FROM login_attempt WHERE subject = ANY(:subjects)"
            " AND at > :since GROUP BY subject ORDER BY n DESC LIMIT 1",
            subjects=list(subjects),
            since=now - WINDOW,
        )
        if counts and counts[0].n >= ATTEMPTS:
            return []
        rows = await run(
            session,
            "INSERT INTO login_attempt (subject, at)"
            " SELECT unnest(CAST(:subjects AS text[])), :at RETURNING id",
            subjects=list(subjects),
            at=now,
        )
    return [int(row.id) for row in rows]


async def forget(sessions: Sessions, noted: Sequence[int]) -> None:
    """It was no failure, or not even tried."""
    async with sessions.begin() as session:
        await run(session, "DELETE FROM login_attempt WHERE id = ANY(:ids)", ids=list(noted))
