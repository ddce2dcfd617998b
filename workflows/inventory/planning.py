"""The nightly planner: every location's policies anew, then what to order for it."""

from datetime import date
from typing import Final

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy

from activities.inventory.planning import PlanningActivities
from domain.inventory.planning.work import Night, NightToPlan, PlanNight, PlanPlace
from domain.shared.clock import COMPANY_ZONE
from domain.shared.ids import planning_workflow_id
from workflows.shared.options import SLICE

_BATCHES: Final = 40  # a run plans so many batches of SKUs, then goes on as a new one


@workflow.defn(name="PlanningNight")
class PlanningNightWorkflow:
    """Reads yesterday's demand and reckons every place's policies, as each keeps what it needs
    itself; then plans place after place, shops first: what they lack is asked of the warehouses
    above. What is done is in the tables: any run goes on there. Returns how much it suggested."""

    @workflow.init
    def __init__(self, wanted: PlanNight) -> None:
        self._suggested = 0

    @workflow.run
    async def run(self, wanted: PlanNight) -> int:
        night = wanted.night or workflow.now().astimezone(COMPANY_ZONE).date()
        while True:
            todo = await self._look(night)
            for day in todo.days:
                await workflow.execute_activity_method(
                    PlanningActivities.roll_up, Night(day), **SLICE
                )
            for location_id in todo.to_reckon:
                await self._reckon(location_id, night)
            for location_id in todo.to_suggest:
                await self._suggest(location_id, night)
            if not todo.days and not todo.to_suggest:
                return self._suggested
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(PlanNight(night))

    async def _look(self, night: date) -> NightToPlan:
        return await workflow.execute_activity_method(
            PlanningActivities.look, Night(night), **SLICE
        )

    async def _reckon(self, location_id: str, night: date) -> None:
        await workflow.execute_child_workflow(
            PlanningWorkflow.run,
            PlanPlace(location_id, night),
            id=planning_workflow_id(night.isoformat(), location_id),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"reckons when {location_id} orders what",
        )

    async def _suggest(self, location_id: str, night: date) -> None:
        planned = await workflow.execute_activity_method(
            PlanningActivities.suggest, PlanPlace(location_id, night), **SLICE
        )
        self._suggested += planned.suggestions


@workflow.defn(name="Planning")
class PlanningWorkflow:
    """The policies of one location, a batch of SKUs after the other; goes on as a new run where
    there are many."""

    @workflow.run
    async def run(self, place: PlanPlace) -> None:
        after = place.after
        if not place.begun:
            await workflow.execute_activity_method(PlanningActivities.begin, place, **SLICE)
        for _ in range(_BATCHES):
            reckoned = await workflow.execute_activity_method(
                PlanningActivities.reckon,
                PlanPlace(place.location_id, place.night, after, begun=True),
                **SLICE,
            )
            after = reckoned.after
            if not after:
                return
        workflow.continue_as_new(PlanPlace(place.location_id, place.night, after, begun=True))
