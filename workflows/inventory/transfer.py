"""One transfer between two places of ours, from its approval until every unit is accounted for."""

from collections.abc import Awaitable, Callable
from typing import Final

from temporalio import workflow

from activities.inventory.transferring import TransferActivities
from domain.inventory.transfers import (
    TransferFacts,
    TransferMoved,
    TransferRef,
    TransferStep,
    TransferWork,
    next_step,
    waits_for,
)
from domain.shared.ids import OrderId
from workflows.shared.news import News
from workflows.shared.options import DATABASE
from workflows.shared.steps import (
    Attended,
    CompensationRequested,
    Interrupted,
    Step,
    StepConsole,
    never_failing,
)

RESERVE: Final = "transfer_reserve"
POST: Final = "transfer_post"


@workflow.defn(name="Transfer")
class TransferWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides. What people report is in the tables
    before it is heard here, so a new run goes on wherever an earlier one stopped."""

    @workflow.init
    def __init__(self, ref: TransferRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""))
        self._news = News()

    @workflow.run
    async def run(self, ref: TransferRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while True:
            workflow.set_current_details(waits_for(facts))
            if self._news.unread():
                facts = await self._look()
                continue
            step = next_step(facts, workflow.now())
            if step is TransferStep.END:
                break
            facts = await self._do(step, facts)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.state

    @workflow.signal
    def transfer_moved(self, fact: TransferMoved) -> None:
        self._news.tell()

    async def _do(self, step: TransferStep, facts: TransferFacts) -> TransferFacts:
        match step:
            case TransferStep.RESERVE:
                return await self._reserve(facts)
            case TransferStep.POST:
                return await self._post(facts)
            case TransferStep.REMIND:
                return await self._step(TransferActivities.remind)
            case TransferStep.CANCEL:
                return await self._step(TransferActivities.cancel)
            case TransferStep.CLOSE:
                return await self._step(TransferActivities.close)
            case _:
                return await self._wait_for_news(facts)

    async def _reserve(self, facts: TransferFacts) -> TransferFacts:
        """Promise the goods. Where they are not there, a person decides: again, what there is, or
        not at all; goods that come in meanwhile, or other lines, try it again by themselves."""

        async def promise(_: str) -> TransferFacts:
            return await self._step(TransferActivities.reserve)

        step = Step(
            RESERVE, f"stock/{facts.from_location}", promise, may_skip=True, may_compensate=True
        )
        try:
            done = await self._console.run(step, self._news.unread)
        except Interrupted:
            return await self._look()
        except CompensationRequested:
            return await self._step(TransferActivities.cancel)
        return done or await self._step(TransferActivities.reserve, partly=True)

    async def _post(self, facts: TransferFacts) -> TransferFacts:
        """Put a report into the books; one that they cannot take waits for a person."""

        async def post(_: str) -> TransferFacts:
            return await self._step(TransferActivities.post, report_id=facts.unposted)

        step = Step(POST, f"stock/{facts.from_location}", post, may_skip=True)
        done = await self._console.run(step)
        return done or await self._step(TransferActivities.drop, report_id=facts.unposted)

    async def _wait_for_news(self, facts: TransferFacts) -> TransferFacts:
        if not await self._news.wait(facts.due_at):
            return facts
        return await self._look()

    async def _look(self) -> TransferFacts:
        self._news.look()
        return await self._step(TransferActivities.look)

    async def _step(
        self,
        method: Callable[[TransferActivities, TransferWork], Awaitable[TransferFacts]],
        *,
        report_id: str = "",
        partly: bool = False,
    ) -> TransferFacts:
        work = TransferWork(
            self._ref.no, workflow.info().workflow_id, workflow.now(), report_id, partly,
            self._console.actor,
        )  # fmt: skip
        return await workflow.execute_local_activity_method(method, work, **DATABASE)
