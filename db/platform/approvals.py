"""What waits for a second person; ids and numbers only, never what tells of a buyer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.platform.approvals import ApprovalKind, ApprovalState
from domain.platform.permissions import Role

_ASK = """
INSERT INTO approval (id, kind, subject, payload, payload_sha256, amount_minor, currency, units,
    reason, asked_by_id, asked_by, asked_roles, asked_at, expires_at, state)
VALUES (:id, :kind, :subject, CAST(:payload AS jsonb), :sha256, :amount, :currency, :units,
    :reason, :asked_by_id, :asked_by, CAST(:roles AS jsonb), :now, :expires_at, 'open')
ON CONFLICT (payload_sha256) WHERE state = 'open' DO NOTHING
RETURNING id
"""
_SEEN = """
SELECT * FROM approval
WHERE (asked_by_id = :who
       OR kind = ANY(:kinds) AND (CAST(:whole AS boolean) OR onhand_sees_subject(subject)))
"""
_ONE = _SEEN + " AND id = :id"
_LIST = (
    _SEEN
    + """
ORDER BY (state = 'open' AND expires_at > :now) DESC, asked_at DESC, id LIMIT :limit
"""
)
_DECIDE = """
UPDATE approval SET state = :state, decided_by = :by, decided_by_id = :by_id, decided_at = :now,
    decision_reason = :reason
WHERE id = :id AND (state = 'open' AND expires_at > :now OR state = 'approved' AND :state = state)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to do, and who it is."""

    kind: ApprovalKind
    subject: str
    payload: Mapping[str, Any]
    reason: str
    by_id: str
    by: str
    roles: frozenset[Role]
    amount_minor: int = 0
    currency: str = ""
    units: int = 0


async def ask(session: AsyncSession, asked: Asked, now: datetime, expires_at: datetime) -> str:
    """Keep the wish; the same one that still waits is found again. Returns its id."""
    payload = json.dumps(dict(asked.payload), sort_keys=True, ensure_ascii=False)
    sha256 = hashlib.sha256(f"{asked.kind}\0{asked.by_id}\0{payload}".encode()).hexdigest()
    await run(
        session,
        "UPDATE approval SET state = 'withdrawn', decided_at = :now"
        " WHERE payload_sha256 = :sha256 AND state = 'open' AND expires_at <= :now",
        sha256=sha256, now=now,
    )  # fmt: skip
    rows = await run(
        session, _ASK, id=new_id("apr"), kind=asked.kind, subject=asked.subject, payload=payload,
        sha256=sha256, amount=asked.amount_minor, currency=asked.currency, units=asked.units,
        reason=asked.reason, asked_by_id=asked.by_id, asked_by=asked.by,
        roles=json.dumps(sorted(asked.roles)), now=now, expires_at=expires_at,
    )  # fmt: skip
    if not rows:
        rows = await run(
            session, "SELECT id FROM approval WHERE payload_sha256 = :sha256 AND state = 'open'",
            sha256=sha256,
        )  # fmt: skip
    return str(rows[0].id)


async def ask_audited(
    session: AsyncSession, asked: Asked, lasts: timedelta, request_id: str
) -> str:
    """The same, from now on and written down: who asked for what."""
    now = datetime.now(UTC)
    approval_id = await ask(session, asked, now, now + lasts)
    told = {"kind": asked.kind, "subject": asked.subject, "amount_minor": asked.amount_minor,
            "units": asked.units}  # fmt: skip
    await audit(
        session, asked.by, "approval.asked", f"approval/{approval_id}", reason=asked.reason,
        after=told, request_id=request_id,
    )  # fmt: skip
    return approval_id


async def approvals(
    session: AsyncSession, who: str, kinds: Sequence[str], now: datetime, limit: int = 100
) -> Sequence[Row[Any]]:
    """What this person asked for or may decide about, of what he sees; what waits comes first."""
    whole = scope_in(session).whole
    return await run(session, _LIST, who=who, kinds=list(kinds), now=now, limit=limit, whole=whole)


async def approval(
    session: AsyncSession, who: str, kinds: Sequence[str], approval_id: str
) -> Row[Any] | None:
    """One of them, whatever became of it."""
    whole = scope_in(session).whole
    rows = await run(session, _ONE, id=approval_id, who=who, kinds=list(kinds), whole=whole)
    return rows[0] if rows else None


async def decide(
    session: AsyncSession,
    approval_id: str,
    state: ApprovalState,
    by_id: str,
    by: str,
    reason: str,
    now: datetime,
) -> bool:
    """Say yes or no to what still waits; False when it waits no more."""
    rows = await run(
        session, _DECIDE, id=approval_id, state=state, by_id=by_id, by=by, reason=reason, now=now
    )
    return bool(rows)


async def settle(
    session: AsyncSession, approval_id: str, state: ApprovalState, result: str = ""
) -> None:
    """How it went."""
    await run(
        session,
        "UPDATE approval SET state = :state, result = :result"
        " WHERE id = :id AND state = 'approved'",
        id=approval_id, state=state, result=result,
    )  # fmt: skip
