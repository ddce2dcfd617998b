"""One return label, from the wish for it until the goods are back or it is void."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.logistics.return_labels import ReturnLabelActivities
from domain.orders.messages import ReturnLabelMoved, ReturnLabelRef
from domain.orders.work import ReturnLabelFacts, ReturnLabelStep
from workflows.shared.news import News
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Interrupted, Step, StepConsole, never_failing

ORDER, VOID, ASK = "return_label", "void_return", "ask_return"
ASK_AFTER = timedelta(hours=24)


@workflow.defn(name="ReturnLabel")
class ReturnLabelWorkflow(Attended):
    """Orders it once, follows the parcel, voids it when the consumer keeps the goods."""

    @workflow.init
    def __init__(self, ref: ReturnLabelRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id)
        self._news = News()

    @workflow.run
    async def run(self, ref: ReturnLabelRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while not facts.is_over:
            try:
                facts = await self._go_on(facts)
            except Interrupted:
                facts = await self._look()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.state

    @workflow.signal
    def return_moved(self, fact: ReturnLabelMoved) -> None:
        self._news.tell()

    async def _go_on(self, facts: ReturnLabelFacts) -> ReturnLabelFacts:
        match facts.state:
            case "wanted":
                return await self._order(facts)
            case "cancelling":
                return await self._void(facts)
            case _:
                return await self._follow(facts)

    async def _order(self, facts: ReturnLabelFacts) -> ReturnLabelFacts:
        """A person who skips it has the goods sent back in another way."""

        async def order(_: str) -> ReturnLabelFacts:
            return await workflow.execute_activity_method(
                ReturnLabelActivities.order, self._step(ORDER), **OUTSIDE
            )

        step = Step(ORDER, f"carrier/{facts.carrier}", order, may_skip=True)
        return await self._console.run(step, self._news.unread) or await self._settle("cancelled")

    async def _void(self, facts: ReturnLabelFacts) -> ReturnLabelFacts:
        async def void(_: str) -> ReturnLabelFacts:
            return await workflow.execute_activity_method(
                ReturnLabelActivities.void, self._step(VOID), **OUTSIDE
            )

        async def by_hand(_: str) -> ReturnLabelFacts:
            return await self._settle("cancelled")

        step = Step(VOID, f"carrier/{facts.carrier}", void, by_hand=by_hand, may_skip=True)
        return await self._console.run(step) or await self._settle("cancelled")

    async def _follow(self, facts: ReturnLabelFacts) -> ReturnLabelFacts:
        """Wait for scans; where none comes for a day, ask."""
        if await self._news.wait_for(ASK_AFTER):
            return await self._look()
        try:
            return await workflow.execute_activity_method(
                ReturnLabelActivities.ask, self._step(ASK), **OUTSIDE
            )
        except ActivityError:
            return facts  # asked again tomorrow

    async def _settle(self, state: str) -> ReturnLabelFacts:
        return await workflow.execute_local_activity_method(
            ReturnLabelActivities.settle,
            ReturnLabelStep(self._ref.label_no, state=state),
            **DATABASE,
        )

    async def _look(self) -> ReturnLabelFacts:
        self._news.look()
        return await workflow.execute_local_activity_method(
            ReturnLabelActivities.look, self._step(""), **DATABASE
        )

    def _step(self, step_id: str) -> ReturnLabelStep:
        return ReturnLabelStep(self._ref.label_no, workflow.info().workflow_id, step_id)
