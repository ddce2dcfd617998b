"""One refund, from the note that money is due to the provider's word that it arrived."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.orders.refunding import RefundActivities
from domain.orders.messages import RefundMoved, RefundRef
from domain.orders.payment import RefundStatus, look_after
from domain.orders.work import RefundFacts, RefundStep
from workflows.shared.news import News
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Cause, Interrupted, Step, StepConsole, never_failing

STEP = "refund"
_SAYS = {
    RefundStatus.ABNORMAL: Cause(
        "RefundAbnormal", "", "the provider could not pay it out; see to it at the provider"
    ),
    RefundStatus.CLOSED: Cause("RefundClosed", "", "the provider gave the refund up"),
}


@workflow.defn(name="Refund")
class RefundWorkflow(Attended):
    """Sends it once, follows it to the end, and asks a person where it cannot go on."""

    @workflow.init
    def __init__(self, ref: RefundRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id)
        self._news = News()
        self._looks = 0

    @workflow.run
    async def run(self, ref: RefundRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while not facts.settled:
            try:
                facts = await self._go_on(RefundStatus(facts.status))
            except Interrupted:
                facts = await self._look()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.status

    @workflow.signal
    def refund_moved(self, fact: RefundMoved) -> None:
        self._news.tell()

    async def _go_on(self, status: RefundStatus) -> RefundFacts:
        match status:
            case RefundStatus.INTENDED:
                return await self._send()
            case RefundStatus.PROCESSING:
                return await self._follow()
            case _:
                return await self._ask_somebody(status)

    async def _send(self) -> RefundFacts:
        async def send(_: str) -> RefundFacts:
            return await workflow.execute_activity_method(
                RefundActivities.send, self._step(), **OUTSIDE
            )

        async def by_hand(_: str) -> RefundFacts:
            return await self._settle(RefundStatus.BY_HAND)

        facts = await self._console.run(
            Step(STEP, "payment", send, by_hand=by_hand, may_skip=True), self._news.unread
        )
        return facts if facts is not None else await self._settle(RefundStatus.SKIPPED)

    async def _follow(self) -> RefundFacts:
        """Wait for the provider's news; where none comes, ask, less often each time."""
        if not await self._news.wait_for(look_after(self._looks)):
            self._looks += 1
        facts = await self._look()
        if facts.status == RefundStatus.PROCESSING:
            facts = await self._ask(facts)
        return facts

    async def _ask_somebody(self, status: RefundStatus) -> RefundFacts:
        decision = await self._console.ask(
            STEP,
            _SAYS[status],
            ("retry", "done_by_hand", "skip"),
            system="payment",
            interrupted=self._news.unread,
        )
        match decision.action:
            case "done_by_hand":
                return await self._settle(RefundStatus.BY_HAND)
            case "skip":
                return await self._settle(RefundStatus.SKIPPED)
            case _ if status is RefundStatus.CLOSED:
                return await workflow.execute_local_activity_method(
                    RefundActivities.replace, self._step(), **DATABASE
                )
            case _:
                return await self._ask(await self._look())

    async def _ask(self, known: RefundFacts) -> RefundFacts:
        """The provider's word; a question nobody answers is asked again later."""
        try:
            return await workflow.execute_activity_method(
                RefundActivities.ask, self._step(), **OUTSIDE
            )
        except ActivityError:
            return known

    async def _settle(self, status: RefundStatus) -> RefundFacts:
        return await workflow.execute_local_activity_method(
            RefundActivities.settle,
            RefundStep(self._ref.refund_no, status=status),
            **DATABASE,
        )

    async def _look(self) -> RefundFacts:
        self._news.look()
        return await workflow.execute_local_activity_method(
            RefundActivities.look, self._step(), **DATABASE
        )

    def _step(self) -> RefundStep:
        return RefundStep(self._ref.refund_no, workflow.info().workflow_id, STEP)
