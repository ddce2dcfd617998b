"""The audit trail as people read it: the latest first, by who, what, subject and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_ROWS: Final = """
SELECT a.id, a.at, a.actor, coalesce(p.name, a.actor) AS name, a.action, a.subject, a.reason,
       a.before, a.after, a.request_id, c.seq, c.hash
FROM audit_log a
LEFT JOIN audit_chain c ON c.audit_id = a.id
LEFT JOIN account p ON p.id = a.actor
WHERE (CAST(:actor AS text) = '' OR a.actor = :actor OR p.login = :actor OR p.name = :actor)
  AND (CAST(:action AS text) = '' OR a.action = :action OR starts_with(a.action, :action || '.'))
  AND (CAST(:subject AS text) = '' OR a.subject = :subject OR a.subject IN (
      SELECT 'order/' || o.id FROM sales_order o WHERE o.no = upper(:subject)))
  AND (CAST(:since AS timestamptz) IS NULL OR a.at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR a.at < :until)
  AND (CAST(:before_id AS bigint) IS NULL OR a.id < :before_id)
  AND split_part(a.subject, '/', 1) <> ALL(CAST(:hidden AS text[]))
ORDER BY a.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which deeds; an empty field does not narrow. `action` may be the part before the dot, and
    `subject` an order's number. The period is [since, until)."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    hidden: tuple[str, ...] = ()  # the kinds of subjects that the reader may not see at all
    since: datetime | None = None
    until: datetime | None = None


async def trail(
    session: AsyncSession, wanted: TrailFilter, before_id: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Deeds with the `name` of who did them, and their link once there is one."""
    return await run(
        session, _ROWS, actor=wanted.actor.strip(), action=wanted.action.strip(),
        subject=wanted.subject.strip(), since=wanted.since, until=wanted.until,
        before_id=before_id, limit=limit, hidden=list(wanted.hidden),
    )  # fmt: skip
