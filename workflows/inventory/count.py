"""One count, from the moment it is planned until its differences are in the books."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from temporalio import workflow

from activities.inventory.counting import CountActivities
from domain.inventory.count_life import (
    CountFacts,
    CountMoved,
    CountRef,
    CountStep,
    CountWork,
    next_step,
    waits_for,
)
from domain.orders.messages import ResolveStep, StepAction
from domain.shared.ids import OrderId
from workflows.shared.news import News
from workflows.shared.options import SLICE
from workflows.shared.steps import (
    Attended,
    Cause,
    Clocks,
    CompensationRequested,
    Interrupted,
    Step,
    StepConsole,
    never_failing,
)

LATE: Final = "count_late"
APPROVAL: Final = "count_approval"
POST: Final = "count_post"
_DAYS: Final = {"days": "number"}


@workflow.defn(name="Count")
class CountWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides. People count and approve in the
    tables before it is heard here, so a new run goes on wherever an earlier one stopped."""

    @workflow.init
    def __init__(self, ref: CountRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""), clocks=Clocks(self._due, self._remind))
        self._facts = CountFacts(ref.no)
        self._news = News()

    @workflow.run
    async def run(self, ref: CountRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        await self._look()
        while (step := next_step(self._facts, workflow.now())) is not CountStep.END:
            workflow.set_current_details(waits_for(self._facts))
            if self._news.unread():
                await self._look()
                continue
            match step:
                case CountStep.LATE:
                    await self._late()
                case CountStep.ASK:
                    await self._approval()
                case CountStep.POST:
                    await self._post()
                case _:
                    await self._wait()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._facts.state

    @workflow.signal
    def count_moved(self, fact: CountMoved) -> None:
        self._news.tell()

    async def _late(self) -> None:
        """Its day is over: it gets more days, goes on without the rest, or is dropped."""
        await self._do(CountActivities.remind)
        waits = waits_for(self._facts)
        text = f"count {self._ref.no} at {self._facts.location_id} was not counted in time"
        cause = Cause("CountLate", waits.replace(" ", "_"), text)
        decision = await self._ask(
            LATE, cause, ("retry", "retry_with", "skip", "compensate"), _DAYS
        )
        match decision.action if decision else "":
            case "":
                return
            case "skip":
                await self._do(CountActivities.leave_out)
            case "compensate":
                await self._do(CountActivities.cancel)
            case _:
                assert decision is not None
                await self._do(CountActivities.put_off, correction_id=decision.correction_id)

    async def _approval(self) -> None:
        """A second person says yes under Approvals; whoever decides here says something else."""
        await self._do(CountActivities.ask)
        text = f"count {self._ref.no} corrects {self._facts.units} units"
        cause = Cause("CountNeedsApproval", "", text)
        decision = await self._ask(APPROVAL, cause, ("retry", "skip", "compensate"), {})
        match decision.action if decision else "":
            case "skip":
                await self._do(CountActivities.cancel)
            case "compensate":
                await self._do(CountActivities.again)

    async def _post(self) -> None:
        """Into the books; what they cannot take waits for a person."""

        async def post(_: str) -> CountFacts:
            return await self._call(CountActivities.post)

        step = Step(
            POST, f"stock/{self._facts.location_id}", post, may_skip=True, may_compensate=True
        )
        try:
            done = await self._console.run(step, self._news.unread)
        except Interrupted:
            await self._look()
        except CompensationRequested:
            await self._do(CountActivities.again)
        else:
            self._facts = done or await self._call(CountActivities.cancel)

    async def _ask(
        self, step_id: str, cause: Cause, actions: tuple[StepAction, ...], fields: dict[str, str]
    ) -> ResolveStep | None:
        """What a person decides; None when the count went on meanwhile."""
        try:
            return await self._console.ask(
                step_id, cause, actions, system=f"stock/{self._facts.location_id}",
                attempts=max(self._facts.reminders, 1), input_fields=fields,
                interrupted=self._news.unread,
            )  # fmt: skip
        except Interrupted:
            return None

    async def _wait(self) -> None:
        await self._news.wait(self._facts.due_at)

    def _due(self) -> datetime | None:
        """When to say once more that it waits for a person."""
        return self._facts.due_at if self._console.parked else None

    async def _remind(self) -> None:
        await self._do(CountActivities.remind, step_id=self._console.parked[0])

    async def _look(self) -> None:
        self._news.look()
        await self._do(CountActivities.look)

    async def _do(
        self,
        method: Callable[[CountActivities, CountWork], Awaitable[CountFacts]],
        *,
        step_id: str = "",
        correction_id: str = "",
    ) -> None:
        self._facts = await self._call(method, step_id, correction_id)

    async def _call(
        self,
        method: Callable[[CountActivities, CountWork], Awaitable[CountFacts]],
        step_id: str = "",
        correction_id: str = "",
    ) -> CountFacts:
        work = CountWork(self._ref.no, workflow.now(), self._console.actor, step_id, correction_id)
        return await workflow.execute_activity_method(method, work, **SLICE)
