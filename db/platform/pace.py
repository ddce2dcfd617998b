"""Buckets of calls that may still be made; time is the database's."""

from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

# Another process took what came back meanwhile.
_OVERTAKEN_S: Final = 0.001

_TAKE: Final = """
INSERT INTO rate_bucket AS b (key, tokens, refilled_at)
VALUES (:key, CAST(:calls AS float8) - 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    tokens = least(:calls, b.tokens + :rate * extract(epoch FROM clock_timestamp() - b.refilled_at))
             - 1,
    refilled_at = clock_timestamp()
WHERE least(:calls, b.tokens + :rate * extract(epoch FROM clock_timestamp() - b.refilled_at)) >= 1
  AND b.held_until <= clock_timestamp()
RETURNING 1
"""

_WAIT: Final = """
SELECT greatest(
    extract(epoch FROM held_until - clock_timestamp()),
    CASE WHEN :rate > 0
         THEN (1 - tokens) / :rate - extract(epoch FROM clock_timestamp() - refilled_at)
         ELSE 0 END) AS wait_s
FROM rate_bucket WHERE key = :key
"""

_HOLD: Final = """
INSERT INTO rate_bucket AS b (key, tokens, refilled_at, held_until)
VALUES (:key, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => :wait_s))
ON CONFLICT (key) DO UPDATE SET
    held_until = greatest(b.held_until, clock_timestamp() + make_interval(secs => :wait_s))
"""


# A bucket that was left alone so long is full again: without it the next call finds the same.
_PRUNE: Final = """
DELETE FROM rate_bucket WHERE key IN (
    SELECT key FROM rate_bucket
    WHERE refilled_at < clock_timestamp() - CAST(:age AS interval)
      AND held_until < clock_timestamp() LIMIT 1000)
RETURNING key
"""


async def prune_buckets(session: AsyncSession, age: timedelta) -> int:
    """Forget buckets nobody took from for so long."""
    return len(await run(session, _PRUNE, age=age))


async def take_call(session: AsyncSession, key: str, calls: int, seconds: float) -> float:
    """Zero when one of the `calls` in `seconds` was taken, else the seconds to wait.

    Without a limit (`calls` 0) one only waits while the bucket is held.
    """
    rate = calls / seconds if calls else 0.0
    if calls and await run(session, _TAKE, key=key, calls=calls, rate=rate):
        return 0.0
    rows = await run(session, _WAIT, key=key, rate=rate)
    wait_s = float(rows[0].wait_s) if rows else 0.0
    return max(wait_s, _OVERTAKEN_S) if calls else max(wait_s, 0.0)


async def hold_calls(session: AsyncSession, key: str, wait_s: float) -> None:
    """Nobody calls for so long; a longer hold stays."""
    await run(session, _HOLD, key=key, wait_s=wait_s)
