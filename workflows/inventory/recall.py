"""One recall, from the moment its lots are frozen until every unit is accounted for."""

from collections.abc import Awaitable, Callable
from typing import Final

from temporalio import workflow

from activities.inventory.recalling import RecallActivities
from domain.inventory.recall import RecallFacts, RecallStep, next_step
from domain.inventory.recalling import RecallMoved, RecallRef, RecallWork
from domain.shared.ids import OrderId
from workflows.shared.news import News
from workflows.shared.options import SLICE
from workflows.shared.steps import Attended, Step, StepConsole, never_failing

_DOES: Final[dict[RecallStep, Callable[[RecallActivities, RecallWork], Awaitable[RecallFacts]]]] = {
    RecallStep.FREEZE: RecallActivities.freeze,
    RecallStep.STOP_PICKS: RecallActivities.stop_picks,
    RecallStep.INTERCEPT: RecallActivities.intercept,
    RecallStep.TELL: RecallActivities.tell,
    RecallStep.REMIND: RecallActivities.remind,
}


@workflow.defn(name="Recall")
class RecallWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides what is next; who is silent is
    reminded, for weeks. It ends when a person closes it."""

    @workflow.init
    def __init__(self, ref: RecallRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""))
        self._news = News()

    @workflow.run
    async def run(self, ref: RecallRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while (step := next_step(facts, workflow.now())) is not RecallStep.END:
            workflow.set_current_details(f"{step}: {facts.open_units} units are open")
            if self._news.unread():
                facts = await self._look()
            elif step is RecallStep.WAIT:
                facts = await self._wait(facts)
            else:
                facts = await self._do(step)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "closed"

    @workflow.signal
    def recall_moved(self, fact: RecallMoved) -> None:
        self._news.tell()

    async def _do(self, step: RecallStep) -> RecallFacts:
        done = await self._console.run(Step(f"recall.{step}", "", lambda _: self._act(step)))
        assert done is not None, "it cannot be skipped"
        return done

    async def _act(self, step: RecallStep) -> RecallFacts:
        return await self._call(_DOES[step])

    async def _wait(self, facts: RecallFacts) -> RecallFacts:
        if not await self._news.wait(facts.remind_at):
            return await self._act(RecallStep.REMIND)
        return await self._look()

    async def _look(self) -> RecallFacts:
        self._news.look()
        return await self._call(RecallActivities.look)

    async def _call(
        self, method: Callable[[RecallActivities, RecallWork], Awaitable[RecallFacts]]
    ) -> RecallFacts:
        return await workflow.execute_activity_method(
            method, RecallWork(self._ref.recall_no, workflow.now()), **SLICE
        )
