"""The nightly audit's steps: what breaks a check is kept, and repaired where that is allowed."""

import time
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from temporalio import activity

from db.audit import CHECKS, found_by
from db.engine import Sessions
from db.platform import findings
from db.platform.audit_runs import AuditRuns
from db.repairs import repair
from domain.platform.auditing import (
    REPAIRABLE,
    AuditNight,
    AuditPlan,
    Confirmed,
    Found,
    MadeCheck,
    Mended,
    RepairFinding,
)
from domain.shared.errors import CannotBeRepaired, FindingNotFound

log = structlog.get_logger()
_WHO = "system"


@dataclass(frozen=True, slots=True)
class AuditActivities:
    """All tables, as the auditor sees them. `repairs`: the night may put right what is proven."""

    sessions: Sessions
    repairs: bool = False

    @activity.defn(name="audit.begin")
    async def begin(self, night: AuditNight) -> AuditPlan:
        """What is checked in this run; nothing while another one is at it."""
        async with self.sessions.begin() as session:
            ours = await AuditRuns(session, night.by).begin(night.run, len(CHECKS))
        if not ours:
            log.info("audit.left_out", run=night.run)
            return AuditPlan((), repairs=False)
        return AuditPlan(tuple(check.name for check in CHECKS), self.repairs)

    @activity.defn(name="audit.look")
    async def look(self, made: MadeCheck) -> Found:
        """Make one check and keep what it finds; what it does not find any more is gone."""
        check = next((one for one in CHECKS if one.name == made.name), None)
        if check is None:  # a newer version has no such check any more
            return Found(0)
        async with self.sessions.begin() as session:
            connection = await session.connection()
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SET LOCAL enable_seqscan = on"))
            began = time.monotonic()
            rows = [finding.row for finding in await found_by(session, check)]
            took_ms = int((time.monotonic() - began) * 1000)
            await findings.keep(session, check.name, rows, took_ms)
        if rows:
            log.warning("audit.found", check=check.name, rows=len(rows))
        return Found(len(rows))

    @activity.defn(name="audit.confirmed")
    async def confirmed(self, made: MadeCheck) -> Confirmed:
        """Which findings are no movement in flight, of a check whose rows can be repaired."""
        if made.name not in REPAIRABLE:
            return Confirmed(())
        async with self.sessions.begin() as session:
            return Confirmed(tuple(await findings.confirmed(session, made.name)))

    @activity.defn(name="audit.repair")
    async def repair(self, wanted: RepairFinding) -> bool:
        """Put one right; False when the tables do not prove what is right."""
        mended: Mended | None = None
        why = ""
        async with self.sessions.begin() as session:
            try:
                mended = await repair(
                    session, wanted.finding_id, _WHO, f"audit/{wanted.finding_id}"
                )
            except CannotBeRepaired as error:
                why = str(error)
            except FindingNotFound:
                return False
        if mended is None:
            async with self.sessions.begin() as session:
                await findings.refused(session, wanted.finding_id, why)
            return False
        log.info("audit.repaired", finding=wanted.finding_id, changed=mended.changed)
        return True

    @activity.defn(name="audit.conclude")
    async def conclude(self, night: AuditNight) -> Found:
        """What is left waits for a person: one attention item a check. The run is over."""
        async with self.sessions.begin() as session:
            waiting = await findings.conclude(session)
            await AuditRuns(session).end(night.run)
            return Found(waiting)
