"""Whose access token ends soon: each is renewed by one worker at a time."""

from collections.abc import Sequence
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

# A token is renewed a day before its end, or when a quarter of a shorter life is left
# needed; one whose end nobody knows at once, for the answer tells it.
_TAKE: Final = """
UPDATE credentials SET renewing_until = clock_timestamp() + make_interval(secs => :lease_s)
WHERE system = (
    SELECT c.system FROM credentials c JOIN shop s ON c.system = 'shop/' || s.id
    WHERE s.active AND c.renews AND s.channel = ANY(:channels)
      AND (c.expires_at IS NULL OR c.expires_at < clock_timestamp()
           + least(interval '1 day', (c.expires_at - c.changed_at) / 4))
      AND (c.renewing_until IS NULL OR c.renewing_until < clock_timestamp())
    ORDER BY c.expires_at NULLS LAST LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
RETURNING system
"""

_LATER: Final = """
UPDATE credentials SET renewing_until = clock_timestamp() + make_interval(secs => :wait_s)
WHERE system = :system
"""


async def take_due(session: AsyncSession, channels: Sequence[str], lease_s: float) -> str:
    """The system whose token ends first, ours for `lease_s`; empty when none ends soon."""
    rows = await run(session, _TAKE, channels=list(channels), lease_s=lease_s)
    return rows[0].system if rows else ""


async def try_later(session: AsyncSession, system: str, wait_s: float) -> None:
    """It was refused: nobody asks again before that."""
    await run(session, _LATER, system=system, wait_s=wait_s)
