"""One claim against a carrier, from the lost or damaged parcel to the money."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

from activities.logistics.claiming import ClaimActivities
from domain.logistics.claims import ClaimState, ClaimStep, next_step, waits_for
from domain.orders.messages import ClaimMoved, ClaimRef
from domain.orders.work import ClaimWork
from workflows.shared.news import News
from workflows.shared.options import DATABASE
from workflows.shared.steps import Attended, StepConsole, never_failing


@workflow.defn(name="Claim")
class ClaimWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides. Who is silent is reminded of: us of
    the carrier's time limit, and again and again of an answer or money that does not come."""

    @workflow.init
    def __init__(self, ref: ClaimRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id)
        self._news = News()

    @workflow.run
    async def run(self, ref: ClaimRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        state = await self._look()
        while True:
            step = next_step(state, workflow.now())
            workflow.set_current_details(waits_for(state))
            if self._news.unread():
                state = await self._look()
                continue
            if step is ClaimStep.END:
                break
            state = await self._do(step, state)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return state.outcome

    @workflow.signal
    def claim_moved(self, fact: ClaimMoved) -> None:
        self._news.tell()

    async def _do(self, step: ClaimStep, state: ClaimState) -> ClaimState:
        match step:
            case ClaimStep.MOVE_ON:
                return await self._step(ClaimActivities.move_on)
            case ClaimStep.REMIND:
                return await self._step(ClaimActivities.remind)
            case ClaimStep.CLOSE:
                return await self._step(ClaimActivities.close)
            case _:
                return await self._wait_for_news(state)

    async def _wait_for_news(self, state: ClaimState) -> ClaimState:
        if not await self._news.wait(state.due_at):
            return state
        return await self._look()

    async def _look(self) -> ClaimState:
        self._news.look()
        return await self._step(ClaimActivities.look)

    async def _step(
        self, method: Callable[[ClaimActivities, ClaimWork], Awaitable[ClaimState]]
    ) -> ClaimState:
        work = ClaimWork(self._ref.claim_no, workflow.now())
        return await workflow.execute_local_activity_method(method, work, **DATABASE)
