"""First answers to keyed requests, sealed, in the caller's transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import vault_in
from db.sql import run
from db.vault import answer_context

# After this time a request without an answer is taken to be lost with its process.
LOST_AFTER_S: Final = 60

_CLAIM: Final = """
INSERT INTO idempotency_key AS k (principal, key, request_sha256)
VALUES (:principal, :key, :sha256)
ON CONFLICT (principal, key) DO UPDATE SET at = clock_timestamp()
WHERE k.status IS NULL AND k.request_sha256 = excluded.request_sha256
  AND k.at < clock_timestamp() - make_interval(secs => :lost)
RETURNING key
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known under a key; `status` None = still being answered."""

    request_sha256: str
    status: int | None
    body: str


async def claim(
    session: AsyncSession, principal: str, key: str, request_sha256: str
) -> Known | None:
    """None = the caller is the first and has to answer; otherwise what the first one left."""
    claimed = await run(
        session, _CLAIM, principal=principal, key=key, sha256=request_sha256, lost=LOST_AFTER_S
    )
    if claimed:
        return None
    rows = await run(
        session,
        "SELECT request_sha256, status, sealed FROM idempotency_key"
        " WHERE principal = :principal AND key = :key",
        principal=principal,
        key=key,
    )
    sealed, body = bytes(rows[0].sealed), ""
    if sealed:
        body = vault_in(session).open(sealed, answer_context(principal, key)).decode()
    return Known(rows[0].request_sha256, rows[0].status, body)


async def keep(session: AsyncSession, principal: str, key: str, status: int, body: str) -> None:
    """Remember the first answer."""
    await run(
        session,
        "UPDATE idempotency_key SET status = :status, sealed = :sealed"
        " WHERE principal = :principal AND key = :key",
        principal=principal,
        key=key,
        status=status,
        sealed=vault_in(session).seal(body.encode(), answer_context(principal, key)),
    )


async def prune(session: AsyncSession, age: timedelta) -> int:
    """Forget answers older than `age`; returns how many."""
    return len(
        await run(
            session,
            "DELETE FROM idempotency_key WHERE at < clock_timestamp() - CAST(:age AS interval)"
            " RETURNING key",
            age=age,
        )
    )


async def forget(session: AsyncSession, principal: str, key: str) -> None:
    """Nothing came of the first request: the next one with this key starts afresh."""
    await run(
        session,
        "DELETE FROM idempotency_key WHERE principal = :principal AND key = :key"
        " AND status IS NULL",
        principal=principal,
        key=key,
    )
