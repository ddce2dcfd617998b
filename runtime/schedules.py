"""What is done at a time of day: brought in line by `onhand migrate`, begun at once the first
time."""

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
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

PLANNING: Final = "planning"
_NIGHTLY: Final = "30 2 * * *"  # when the day is over and nobody works yet


async def reconcile_schedules(client: Client) -> None:
    """The nightly planner; a company that never planned begins at once."""
    wanted = Schedule(
        ScheduleActionStartWorkflow(
            "PlanningNight", PlanNight(), id="planning-night", task_queue=TASK_QUEUE,
            static_summary="plans every location",
        ),
        spec=ScheduleSpec(cron_expressions=[_NIGHTLY], time_zone_name="Asia/Shanghai"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )  # fmt: skip
    try:
        await client.create_schedule(PLANNING, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:

        def renewed(there: ScheduleUpdateInput) -> ScheduleUpdate:
            wanted.state = there.description.schedule.state  # paused stays paused
            return ScheduleUpdate(wanted)

        await client.get_schedule_handle(PLANNING).update(renewed)
    log.info("schedules.reconciled", schedules=1)
