"""The planner's night from the first day's demand to the last suggestion, and through a kill."""

from dataclasses import dataclass, field
from datetime import date

import pytest_asyncio
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.inventory.planning import PlanningActivities
from db.engine import Sessions
from db.sql import run
from domain.inventory.planning.work import (
    Night,
    NightToPlan,
    PlanNight,
    PlanPlace,
    Reckoned,
)
from domain.shared.clock import COMPANY_ZONE
from runtime.temporal import plugin
from tests.planning import NIGHT, seed_company
from tests.workflows.test_worker_dies import Death
from workflows.inventory.planning import PlanningNightWorkflow, PlanningWorkflow

WORKFLOWS = [PlanningNightWorkflow, PlanningWorkflow]


@pytest_asyncio.fixture
async def company(sessions: Sessions, owner_sessions: Sessions) -> Sessions:
    await seed_company(owner_sessions, sessions)
    return sessions


def _worker(env: WorkflowEnvironment, does: PlanningActivities, *death: Death) -> Worker:
    return Worker(
        env.client, task_queue="t", workflows=WORKFLOWS,
        activities=[does.look, does.roll_up, does.begin, does.reckon, does.suggest],
        interceptors=death,
    )  # fmt: skip


async def _begin(env: WorkflowEnvironment) -> WorkflowHandle[PlanningNightWorkflow, int]:
    return await env.client.start_workflow(
        PlanningNightWorkflow.run, PlanNight(NIGHT), id=f"night-{NIGHT}", task_queue="t"
    )


async def _suggested(sessions: Sessions) -> list[tuple[str, str, int]]:
    async with sessions.begin() as session:
        rows = await run(
            session, "SELECT location_id, kind, quantity FROM suggestion ORDER BY location_id"
        )
    return [tuple(row) for row in rows]


async def test_a_night_plans_every_place_once_and_a_second_run_finds_nothing_to_do(
    temporal_env: WorkflowEnvironment, company: Sessions
) -> None:
    async with _worker(temporal_env, PlanningActivities(company)):
        night = await _begin(temporal_env)
        assert await night.result() == 2
        first = await _suggested(company)
        again = await temporal_env.client.start_workflow(
            PlanningNightWorkflow.run, PlanNight(NIGHT), id="again", task_queue="t"
        )
        assert await again.result() == 0

    assert [one[:2] for one in first] == [("HQ", "purchase"), ("S-1", "transfer")]
    assert await _suggested(company) == first
    async with company.begin() as session:
        nights = await run(session, "SELECT * FROM planning_night WHERE finished_at IS NOT NULL")
    assert sum(row.policies for row in nights) == 3
    await Replayer(workflows=WORKFLOWS, plugins=[plugin()]).replay_workflow(
        await night.fetch_history()
    )


async def test_a_worker_that_dies_after_every_step_plans_the_same_night(
    temporal_env: WorkflowEnvironment, company: Sessions
) -> None:
    death = Death()
    async with _worker(temporal_env, PlanningActivities(company), death):
        assert await (await _begin(temporal_env)).result() == 2

    assert [one[:2] for one in await _suggested(company)] == [
        ("HQ", "purchase"),
        ("S-1", "transfer"),
    ]
    assert {"planning.begin", "planning.reckon", "planning.suggest"} < set(death.after)


@dataclass
class ManyBatches:
    """A place whose SKUs are so many batches."""

    batches: int
    reckoned: list[str] = field(default_factory=list)

    @activity.defn(name="planning.begin")
    async def begin(self, place: PlanPlace) -> None:
        assert not self.reckoned, "a new run goes on where the last one ended"

    @activity.defn(name="planning.reckon")
    async def reckon(self, place: PlanPlace) -> Reckoned:
        self.reckoned.append(place.after)
        number = int(place.after or 0) + 1
        return Reckoned(str(number) if number < self.batches else "")


async def test_a_place_with_many_skus_goes_on_as_a_new_run(
    temporal_env: WorkflowEnvironment,
) -> None:
    does = ManyBatches(45)
    async with Worker(
        temporal_env.client, task_queue="t", workflows=WORKFLOWS,
        activities=[does.begin, does.reckon],
    ):  # fmt: skip
        place = await temporal_env.client.start_workflow(
            PlanningWorkflow.run, PlanPlace("S-1", NIGHT), id="place", task_queue="t"
        )
        await place.result()

    assert does.reckoned == ["", *(str(number) for number in range(1, 45))]
    assert (await place.describe()).run_id != place.first_execution_run_id


@dataclass
class NothingToDo:
    """A company that is planned already."""

    nights: list[date] = field(default_factory=list)

    @activity.defn(name="planning.look")
    async def look(self, wanted: Night) -> NightToPlan:
        self.nights.append(wanted.night)
        return NightToPlan((), (), ())


async def test_the_night_is_the_companys_day(temporal_env: WorkflowEnvironment) -> None:
    does = NothingToDo()
    began = await temporal_env.get_current_time()
    async with Worker(
        temporal_env.client, task_queue="t", workflows=WORKFLOWS, activities=[does.look]
    ):
        await temporal_env.client.execute_workflow(
            PlanningNightWorkflow.run, PlanNight(), id="night", task_queue="t"
        )
    ended = await temporal_env.get_current_time()

    assert does.nights[0] in {at.astimezone(COMPANY_ZONE).date() for at in (began, ended)}
