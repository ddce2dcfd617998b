"""One parcel that is asked back on its way, until it is back or at the door."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from activities.logistics.intercepting import InterceptActivities
from domain.orders.messages import InterceptMoved, InterceptRef
from domain.orders.work import InterceptFacts, InterceptStep
from workflows.shared.news import News
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Interrupted, Step, StepConsole, never_failing

ASK = "intercept"
# Scans wake it; this is for the news that got lost.
LOOK_AGAIN = timedelta(hours=24)


@workflow.defn(name="Intercept")
class InterceptWorkflow(Attended):
    """Asks the carrier once; where it takes no such call, a person does. Then it waits."""

    @workflow.init
    def __init__(self, ref: InterceptRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id)
        self._news = News()

    @workflow.run
    async def run(self, ref: InterceptRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while not facts.is_over:
            try:
                if facts.state == "wanted":
                    facts = await self._ask(facts)
                else:
                    facts = await self._wait()
            except Interrupted:
                facts = await self._look()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.state

    @workflow.signal
    def intercept_moved(self, fact: InterceptMoved) -> None:
        self._news.tell()

    async def _ask(self, facts: InterceptFacts) -> InterceptFacts:
        async def ask(_: str) -> InterceptFacts:
            return await workflow.execute_activity_method(
                InterceptActivities.ask, self._step(), **OUTSIDE
            )

        async def by_hand(_: str) -> InterceptFacts:
            return await self._locally(InterceptActivities.by_hand)

        step = Step(ASK, f"carrier/{facts.carrier}", ask, by_hand=by_hand, may_skip=True)
        asked = await self._console.run(step, self._news.unread)
        return asked or await self._locally(InterceptActivities.give_up)

    async def _wait(self) -> InterceptFacts:
        await self._news.wait_for(LOOK_AGAIN)
        return await self._look()

    async def _look(self) -> InterceptFacts:
        self._news.look()
        return await self._locally(InterceptActivities.look)

    async def _locally(
        self, method: Callable[[InterceptActivities, InterceptStep], Awaitable[InterceptFacts]]
    ) -> InterceptFacts:
        return await workflow.execute_local_activity_method(method, self._step(), **DATABASE)

    def _step(self) -> InterceptStep:
        return InterceptStep(self._ref.parcel_id, workflow.info().workflow_id, ASK)
