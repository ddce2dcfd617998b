"""One purchase order, from the draft to the last unit or the decision to wait no longer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow

from activities.inventory.purchasing import PurchaseActivities
from activities.inventory.supplying import REFERENCE, SupplyActivities
from domain.inventory.purchasing.lifecycle import PurchaseStep, next_step, waits_for
from domain.inventory.purchasing.messages import PurchaseMoved, PurchaseRef, PurchaseWork
from domain.inventory.purchasing.model import Purchase
from domain.shared.ids import OrderId
from workflows.shared.news import News
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Clocks, Interrupted, Step, StepConsole, never_failing

# The number a person tells is no correction: addresses are corrected at the supplier's page.
_ANYTHING = frozenset({
    "AnswerLost", "Bug", "CredentialsRefused", "NotOffered", "RateLimited", "Rejected",
    "SettingsRefused", "Unavailable",
})  # fmt: skip
SEND, CANCEL, NUDGE = "purchase_send", "purchase_cancel", "purchase_nudge"


@workflow.defn(name="Replenishment")
class ReplenishmentWorkflow(Attended):
    """Handlers record, `run` looks at the tables and decides: what people, the supplier and the
    floor did stands there. Backorders are told of a new day whenever something of it changed."""

    @workflow.init
    def __init__(self, ref: PurchaseRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""), clocks=Clocks(lambda: self._alarm, self._struck))
        self._alarm: datetime | None = None  # ends the waiting of a reminder that got stuck
        self._news = News()
        self._withdrawn = False  # what a step waits for a person with is wanted no more
        self._told = (0, 0)  # version and reminders of which backorders know

    @workflow.run
    async def run(self, ref: PurchaseRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        state = await self._look()
        while True:
            if self._news.unread():
                state = await self._look()
                continue
            step = next_step(state, workflow.now())
            workflow.set_current_details(waits_for(state))
            if step is PurchaseStep.END:
                await self._record(PurchaseActivities.settle)
                break
            state = await self._do(step, state)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return state.state

    @workflow.signal
    def purchase_moved(self, fact: PurchaseMoved) -> None:
        """Decided, answered or received: the tables say what."""
        self._news.tell()

    @workflow.signal
    def received(self, fact: PurchaseMoved) -> None:
        """Goods came; the tables say how many."""
        self._news.tell()

    async def _do(self, step: PurchaseStep, state: Purchase) -> Purchase:
        match step:
            case PurchaseStep.MOVE_ON:
                return await self._record(PurchaseActivities.move_on)
            case PurchaseStep.SEND:
                return await self._tried(self._sending(state), state)
            case PurchaseStep.TELL_CANCELLED:
                return await self._tried(self._cancelling(state), state)
            case PurchaseStep.REMIND:
                state = await self._record(PurchaseActivities.remind)
                await self._replanned(state)
                self._alarm = state.due_at
                return await self._tried(self._nudging(state), state)
            case PurchaseStep.CLOSE:
                return await self._record(PurchaseActivities.close)
            case _:
                return await self._wait_for_news(state)

    async def _tried(self, step: Step[Purchase], state: Purchase) -> Purchase:
        """Whoever changes the order ends the waiting for a person; other news do not, as what was
        sent would be sent again."""
        self._withdrawn, seen = False, self._news.looked
        watching = asyncio.ensure_future(self._watch(state.version))
        try:
            done = await self._console.run(step, lambda: self._withdrawn) or state
            return done if self._news.looked == seen else await self._look()
        except Interrupted:
            return await self._look()
        finally:
            self._alarm = None
            watching.cancel()

    async def _watch(self, version: int) -> None:
        while not self._withdrawn:
            await self._news.wait(None)
            self._news.look()
            state = await self._record(PurchaseActivities.look)
            self._withdrawn = state.version != version

    async def _struck(self) -> None:
        """The next reminder is due, though the last one did not get through."""
        self._alarm = None
        self._withdrawn = True

    async def _wait_for_news(self, state: Purchase) -> Purchase:
        if not await self._news.wait(state.due_at):
            return state
        return await self._look()

    async def _look(self) -> Purchase:
        self._news.look()
        return await self._replanned(await self._record(PurchaseActivities.look))

    async def _replanned(self, state: Purchase) -> Purchase:
        """Whoever waits for these goods hears of another day; of one that is late by now, too."""
        if self._told != (state.version, state.reminders):
            await workflow.execute_local_activity_method(
                PurchaseActivities.replan, self._work(""), **DATABASE
            )
            self._told = (state.version, state.reminders)
        return state

    def _sending(self, state: Purchase) -> Step[Purchase]:
        return Step(
            SEND, f"supplier/{state.supplier}", self._outside(SupplyActivities.send, SEND),
            by_hand=self._by_hand(SupplyActivities.sent_by_hand, SEND),
            input_fields={REFERENCE: "text"}, past_correcting=_ANYTHING,
        )  # fmt: skip

    def _cancelling(self, state: Purchase) -> Step[Purchase]:
        return Step(
            CANCEL, f"supplier/{state.supplier}",
            self._outside(SupplyActivities.tell_cancelled, CANCEL),
            by_hand=self._by_hand(SupplyActivities.told_by_hand, CANCEL),
        )  # fmt: skip

    def _nudging(self, state: Purchase) -> Step[Purchase]:
        return Step(
            NUDGE, f"supplier/{state.supplier}", self._outside(SupplyActivities.nudge, NUDGE),
            may_skip=True,
        )  # fmt: skip

    def _outside(
        self,
        method: Callable[[SupplyActivities, PurchaseWork], Awaitable[Purchase]],
        step_id: str,
    ) -> Callable[[str], Awaitable[Purchase]]:
        async def do(correction_id: str) -> Purchase:
            return await workflow.execute_activity_method(
                method, self._work(step_id, correction_id), **OUTSIDE
            )

        return do

    def _by_hand(
        self,
        method: Callable[[SupplyActivities, PurchaseWork], Awaitable[Purchase]],
        step_id: str,
    ) -> Callable[[str], Awaitable[Purchase]]:
        async def do(correction_id: str) -> Purchase:
            return await workflow.execute_local_activity_method(
                method, self._work(step_id, correction_id), **DATABASE
            )

        return do

    async def _record(
        self, method: Callable[[PurchaseActivities, PurchaseWork], Awaitable[Purchase]]
    ) -> Purchase:
        return await workflow.execute_local_activity_method(method, self._work(""), **DATABASE)

    def _work(self, step_id: str, correction_id: str = "") -> PurchaseWork:
        return PurchaseWork(
            self._ref.no, workflow.now(), workflow.info().workflow_id, step_id, correction_id
        )
