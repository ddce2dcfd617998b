"""One return, from the request to the money: it outlives its order, and goods may reopen it."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

from activities.orders.case_answers import CaseAnswerActivities
from activities.orders.returning import SalesReturnActivities
from domain.orders.messages import (
    SalesReturnMoved,
    SalesReturnRef,
)
from domain.orders.returns.lifecycle import ReturnStep, next_step, waits_for, wake_at
from domain.orders.returns.model import ReturnState
from domain.orders.work import ReturnWork
from workflows.shared.news import News
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Cause, Interrupted, Step, StepConsole, never_failing

REFUND_STEP, ANSWER_STEP = "return_refund", "case_answer"


@workflow.defn(name="Return")
class ReturnWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides. What people decide is in the tables
    before it is heard here, so a new run goes on wherever an earlier one stopped."""

    @workflow.init
    def __init__(self, ref: SalesReturnRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id)
        self._news = News()

    @workflow.run
    async def run(self, ref: SalesReturnRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        state = await self._look()
        while True:
            step = next_step(state, workflow.now())
            workflow.set_current_details(waits_for(state))
            if step is ReturnStep.END and not self._news.unread():
                break
            if self._news.unread():
                state = await self._look()
                continue
            state = await self._do(step, state)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return state.outcome

    @workflow.signal
    def sales_return_moved(self, fact: SalesReturnMoved) -> None:
        self._news.tell()

    async def _do(self, step: ReturnStep, state: ReturnState) -> ReturnState:
        match step:
            case ReturnStep.JUDGE:
                return await self._step(SalesReturnActivities.judge)
            case ReturnStep.MOVE_ON:
                return await self._step(SalesReturnActivities.move_on)
            case ReturnStep.WARN:
                return await self._step(SalesReturnActivities.warn)
            case ReturnStep.ESCALATE:
                return await self._step(SalesReturnActivities.escalate)
            case ReturnStep.EXPIRE:
                return await self._step(SalesReturnActivities.expire)
            case ReturnStep.SETTLE:
                return await self._step(SalesReturnActivities.settle)
            case ReturnStep.CLOSE:
                return await self._step(SalesReturnActivities.close)
            case ReturnStep.TELL_CHANNEL:
                return await self._tell_channel()
            case ReturnStep.PAY_BY_HAND:
                return await self._pay_by_hand(state)
            case _:
                return await self._wait_for_news(state)

    async def _tell_channel(self) -> ReturnState:
        """Agree, refuse or confirm receipt in the channel's own protocol, or a person does."""

        async def tell(_: str) -> ReturnState:
            return await workflow.execute_activity_method(
                CaseAnswerActivities.tell_channel, self._work(ANSWER_STEP), **OUTSIDE
            )

        async def by_hand(_: str) -> ReturnState:
            return await workflow.execute_local_activity_method(
                CaseAnswerActivities.told_by_hand,
                self._work(ANSWER_STEP, self._console.actor),
                **DATABASE,
            )

        step = Step(ANSWER_STEP, "shop", tell, by_hand=by_hand, may_skip=True)
        try:
            state = await self._console.run(step, self._news.unread)
        except Interrupted:
            return await self._look()
        return state if state is not None else await by_hand("")

    async def _pay_by_hand(self, state: ReturnState) -> ReturnState:
        """No payment is known that the money could go back through: a person pays it."""
        try:
            decision = await self._console.ask(
                REFUND_STEP,
                Cause("RefundDue", "", "money is due back to the buyer"),
                ("done_by_hand", "skip"),
                interrupted=self._news.unread,
            )
        except Interrupted:
            return await self._look()
        paid = decision.action == "done_by_hand"
        return await self._step(SalesReturnActivities.pay_rest, paid=paid, actor=decision.actor)

    async def _wait_for_news(self, state: ReturnState) -> ReturnState:
        if not await self._news.wait(wake_at(state)):
            return state
        return await self._look()

    async def _look(self) -> ReturnState:
        self._news.look()
        return await self._step(SalesReturnActivities.look)

    async def _step(
        self,
        method: Callable[[SalesReturnActivities, ReturnWork], Awaitable[ReturnState]],
        *,
        paid: bool = True,
        actor: str = "system",
    ) -> ReturnState:
        work = ReturnWork(self._ref.return_no, workflow.info().workflow_id, "", paid, actor)
        return await workflow.execute_local_activity_method(method, work, **DATABASE)

    def _work(self, step_id: str, actor: str = "system") -> ReturnWork:
        return ReturnWork(self._ref.return_no, workflow.info().workflow_id, step_id, actor=actor)
