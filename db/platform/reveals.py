"""Looking at a whole receiver: written down with its reason, and told of when it is too often."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import open_attention
from db.platform.audit import audit
from db.sql import run

DISCLOSED: Final = "receiver.disclosed"
REVEALS: Final = "reveals"

_LAST_HOUR: Final = """
SELECT count(*) AS n FROM audit_log
WHERE at > clock_timestamp() - interval '1 hour' AND actor = :actor AND action = :action
"""


async def note_reveal(
    session: AsyncSession, actor: str, order_id: str, reason: str, request_id: str, *, most: int
) -> None:
    """Write down who looked and why; more than `most` within an hour become attention."""
    await audit(
        session, actor, DISCLOSED, f"order/{order_id}", reason=reason, request_id=request_id
    )
    [row] = await run(session, _LAST_HOUR, actor=actor, action=DISCLOSED)
    if row.n <= most:
        return
    await open_attention(
        session, workflow_id=f"{REVEALS}/{actor}", step_id=REVEALS, cause="TooManyReveals",
        error=f"{actor} looked at {row.n} whole receivers within an hour", attempts=row.n,
        actions=["done_by_hand"], fingerprint=f"{REVEALS}|{actor}",
    )  # fmt: skip
