"""What is done at a time of day: brought in line by `onhand migrate`."""

from typing import Final

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.inventory.planning.work import PlanNight
from domain.platform.auditing import AuditNight
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

PLANNING: Final = "planning"
AUDIT: Final = "audit"
_PLANNED_AT: Final = "30 2 * * *"  # when the day is over and nobody works yet
_AUDITED_AT: Final = "30 3 * * *"  # when the planner is through


async def reconcile_schedules(client: Client) -> None:
    """The nightly planner, which a company that never planned begins at once, and the audit."""
    plans = ScheduleActionStartWorkflow(
        "PlanningNight", PlanNight(), id="planning-night", task_queue=TASK_QUEUE,
        static_summary="plans every location",
    )  # fmt: skip
    audits = ScheduleActionStartWorkflow(
        "AuditNight", AuditNight(), id="audit-night", task_queue=TASK_QUEUE,
        static_summary="checks every number",
    )  # fmt: skip
    await _reconcile(client, PLANNING, _nightly(_PLANNED_AT, plans), at_once=True)
    await _reconcile(client, AUDIT, _nightly(_AUDITED_AT, audits), at_once=False)
    log.info("schedules.reconciled", schedules=2)


def _nightly(at: str, action: ScheduleActionStartWorkflow) -> Schedule:
    return Schedule(
        action,
        spec=ScheduleSpec(cron_expressions=[at], time_zone_name="Asia/Shanghai"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )


async def _reconcile(client: Client, schedule_id: str, wanted: Schedule, *, at_once: bool) -> None:
    try:
        await client.create_schedule(schedule_id, wanted, trigger_immediately=at_once)
    except ScheduleAlreadyRunningError:

        def renewed(there: ScheduleUpdateInput) -> ScheduleUpdate:
            wanted.state = there.description.schedule.state  # paused stays paused
            return ScheduleUpdate(wanted)

        await client.get_schedule_handle(schedule_id).update(renewed)
