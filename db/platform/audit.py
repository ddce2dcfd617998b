"""The audit trail: who did what to what, and why; it only grows."""

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run


async def audit(
    session: AsyncSession,
    actor: str,
    action: str,
    subject: str,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_id: str,
) -> None:
    """Write it down in the transaction of the deed; the same request is written once."""
    await run(
        session,
        "INSERT INTO audit_log (actor, action, subject, reason, before, after, request_id)"
        " VALUES (:actor, :action, :subject, :reason, CAST(:before AS jsonb),"
        " CAST(:after AS jsonb), :request_id) ON CONFLICT DO NOTHING",
        actor=actor,
        action=action,
        subject=subject,
        reason=reason,
        before=json.dumps(dict(before or {}), ensure_ascii=False),
        after=json.dumps(dict(after or {}), ensure_ascii=False),
        request_id=request_id,
    )
