"""The links of the audit trail: added behind what was committed, and proven from the tables.

A deed is written without waiting for any other; one follower at a time links what is committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.platform.audit_chain import BEGINNING, AuditedDeed, link

_ONE_AT_A_TIME: Final = 0x0_0E_4A_4E  # any fixed number: the key of the advisory lock
_BATCH: Final = 2000

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(:key) AS mine"
_HEAD: Final = "SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1"

# Numbers are drawn before they are committed: one may turn up behind others that were drawn later.
_UNLINKED: Final = """
SELECT a.* FROM audit_log a
WHERE a.id > (SELECT coalesce(max(audit_id), 0) - 10000 FROM audit_chain)
  AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)
ORDER BY a.id LIMIT :limit
"""
_ADD: Final = """
INSERT INTO audit_chain (seq, audit_id, hash)
SELECT * FROM unnest(CAST(:seqs AS bigint[]), CAST(:ids AS bigint[]), CAST(:hashes AS text[]))
"""
_LINKS: Final = """
SELECT c.seq, c.audit_id, c.hash, a.id, a.at, a.actor, a.action, a.subject, a.reason, a.before,
       a.after, a.request_id
FROM audit_chain c LEFT JOIN audit_log a ON a.id = c.audit_id
WHERE c.seq > :after ORDER BY c.seq LIMIT :limit
"""
_LEFT_OUT: Final = """
SELECT a.id, a.action, a.subject, a.at FROM audit_log a
WHERE a.at < clock_timestamp() - interval '1 minute'
  AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)
ORDER BY a.id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link."""

    seq: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found: `broken` is empty, or names the first thing wrong."""

    head: Head
    broken: str = ""


async def head_of(session: AsyncSession) -> Head:
    """The last link, or where the chain begins."""
    rows = await run(session, _HEAD)
    return Head(rows[0].seq, rows[0].hash) if rows else Head()


async def link_committed(session: AsyncSession, limit: int) -> int:
    """Link what is committed and not linked yet; returns how many. Nothing while another does."""
    [lock] = await run(session, _LOCK, key=_ONE_AT_A_TIME)
    if not lock.mine:
        return 0
    rows = await run(session, _UNLINKED, limit=limit)
    if not rows:
        return 0
    head, hashes = await head_of(session), list[str]()
    for seq, row in enumerate(rows, head.seq + 1):
        hashes.append(link(hashes[-1] if hashes else head.hash, seq, _deed(row)))
    seqs = list(range(head.seq + 1, head.seq + 1 + len(rows)))
    await run(session, _ADD, seqs=seqs, ids=[row.id for row in rows], hashes=hashes)
    return len(rows)


async def verify(session: AsyncSession, anchors: Mapping[int, str]) -> Verdict:
    """Walk along the chain from its beginning, past every anchor (`seq` → hash) that was kept."""
    head = Head()
    while rows := await run(session, _LINKS, after=head.seq, limit=_BATCH):
        for row in rows:
            if broken := _broken(head, row, anchors):
                return Verdict(head, broken)
            head = Head(row.seq, row.hash)
    if beyond := [seq for seq in anchors if seq > head.seq]:
        return Verdict(head, f"it ends at {head.seq}, but {max(beyond)} links were anchored")
    if left_out := await run(session, _LEFT_OUT):
        row = left_out[0]
        return Verdict(head, f"row {row.id} ({row.action} of {row.subject}) was never linked")
    return Verdict(head)


def _broken(head: Head, row: Any, anchors: Mapping[int, str]) -> str:
    if row.seq != head.seq + 1:
        return f"link {head.seq + 1} is missing"
    if row.id is None:
        return f"row {row.audit_id}, link {row.seq}, is missing"
    what = f"row {row.id} ({row.action} of {row.subject} by {row.actor}, {row.at:%Y-%m-%d %H:%M})"
    if link(head.hash, row.seq, _deed(row)) != row.hash:
        return f"{what}, link {row.seq}, is not what was linked"
    if anchors.get(row.seq, row.hash) != row.hash:
        return f"{what}, link {row.seq}, is not what was anchored"
    return ""


def _deed(row: Any) -> AuditedDeed:
    return AuditedDeed(
        row.id, row.at, row.actor, row.action, row.subject, row.reason, row.before, row.after,
        row.request_id,
    )  # fmt: skip
