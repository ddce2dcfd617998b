"""The nightly audit: every check, a second look at what was found, repairs where allowed."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

from activities.platform.auditing import AuditActivities
from domain.platform.auditing import AuditAsked, AuditNight, MadeCheck, RepairFinding
from workflows.shared.options import SLICE, WHOLE_TABLES

# What was only a movement in flight is over by then.
_SECOND_LOOK: Final = timedelta(minutes=2)


@workflow.defn(name="AuditNight")
class AuditNightWorkflow:
    """Makes one check after the other, looks a second time at what was found, and repairs what has
    one provable right answer where a setting allows it. Returns how many checks wait for a person.
    """

    @workflow.run
    async def run(self, wanted: AuditNight) -> int:
        night = AuditNight(wanted.run or workflow.info().workflow_id, wanted.by)
        plan = await workflow.execute_activity_method(AuditActivities.begin, night, **SLICE)
        if not plan.checks:
            return 0
        broken = [name for name in plan.checks if await self._look(name)]
        if broken:
            await workflow.sleep(_SECOND_LOOK)
            broken = [name for name in broken if await self._look(name)]
        if plan.repairs:
            for name in broken:
                await self._repair(name)
        left = await workflow.execute_activity_method(AuditActivities.conclude, night, **SLICE)
        return left.rows

    @workflow.signal
    def audit_asked(self, fact: AuditAsked) -> None:
        """What begins a run by day: there is nothing more to know."""

    async def _look(self, check: str) -> int:
        found = await workflow.execute_activity_method(
            AuditActivities.look, MadeCheck(check), **WHOLE_TABLES
        )
        return found.rows

    async def _repair(self, check: str) -> None:
        confirmed = await workflow.execute_activity_method(
            AuditActivities.confirmed, MadeCheck(check), **SLICE
        )
        for finding_id in confirmed.finding_ids:
            await workflow.execute_activity_method(
                AuditActivities.repair, RepairFinding(finding_id), **SLICE
            )
