"""Runs of the audit: one at a time, the night's own and those somebody asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.sql import run as sql
from domain.platform.auditing import AuditAsked
from domain.shared.errors import AuditIsRunning
from domain.shared.ids import audit_workflow_id

# A run that made no check for so long was stopped by somebody; it keeps nobody else waiting.
QUIET: Final = timedelta(hours=1)

# One after the other: who asks and a night that begins do not give up each other's run.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('audit_run'))"
_GIVE_UP: Final = """
UPDATE audit_run SET ended_at = clock_timestamp(), ending = 'given_up'
WHERE ended_at IS NULL AND id <> :id
  AND greatest(asked_at, began_at, (SELECT max(made_at) FROM audit_check))
      < clock_timestamp() - CAST(:quiet AS interval)
"""
_ASK: Final = """
INSERT INTO audit_run (id, wanted_by, checks, ending, differing) VALUES (:id, :by, 0, '', 0)
ON CONFLICT DO NOTHING RETURNING id
"""
_BEGIN: Final = """
UPDATE audit_run SET began_at = coalesce(began_at, clock_timestamp()), checks = :checks
WHERE id = :id AND ended_at IS NULL RETURNING id
"""
_END: Final = """
UPDATE audit_run SET ended_at = clock_timestamp(), ending = 'done', differing = (
    SELECT count(DISTINCT check_name) FROM audit_finding WHERE gone_at IS NULL)
WHERE id = :id AND ended_at IS NULL
"""
_LATEST: Final = """
SELECT r.*, CASE WHEN r.ended_at IS NOT NULL THEN r.checks ELSE (
           SELECT count(*) FROM audit_check c WHERE c.made_at >= r.began_at) END AS made
FROM audit_run r
WHERE CAST(:at AS timestamptz) IS NULL OR (r.asked_at, r.id) < (CAST(:at AS timestamptz), :id)
ORDER BY r.asked_at DESC, r.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class AuditRuns:
    """`actor` is who asks; `request_id` names the request in the audit trail."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def ask(self) -> str:
        """Every check is made now, as it is at night. Raises AuditIsRunning."""
        run_id = new_id("aud")
        if not await self._open(run_id):
            raise AuditIsRunning("all numbers are being checked just now")
        await queue_signal(
            self.session, audit_workflow_id(run_id), "audit_asked", AuditAsked(run_id, self.actor)
        )
        await audit(
            self.session, self.actor, "audit.asked", f"audit/{run_id}", request_id=self.request_id
        )
        return run_id

    async def begin(self, run_id: str, checks: int) -> bool:
        """Whether this run is the one that checks now; said again it still is."""
        await self._open(run_id)
        return bool(await sql(self.session, _BEGIN, id=run_id, checks=checks))

    async def end(self, run_id: str) -> None:
        """It is through."""
        await sql(self.session, _END, id=run_id)

    async def latest(
        self, limit: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[Row[Any]]:
        """Runs, the latest first; `made` of a running one is how many checks are behind it."""
        at, last = after or (None, "")
        return await sql(self.session, _LATEST, limit=limit, at=at, id=last)

    async def _open(self, run_id: str) -> bool:
        await sql(self.session, _LOCK)
        await sql(self.session, _GIVE_UP, id=run_id, quiet=QUIET)
        return bool(await sql(self.session, _ASK, id=run_id, by=self.actor))
