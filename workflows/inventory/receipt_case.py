"""One case of a goods receipt, from the posting until somebody has decided about it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from temporalio import workflow

from activities.inventory.case_reminding import ReceiptCaseActivities
from domain.inventory.case_life import (
    CaseFacts,
    CaseMoved,
    CaseRef,
    CaseStep,
    CaseWork,
    next_step,
)
from domain.orders.messages import ResolveStep
from domain.shared.ids import OrderId
from workflows.shared.news import News
from workflows.shared.options import DATABASE
from workflows.shared.steps import (
    Attended,
    Cause,
    Clocks,
    Interrupted,
    Step,
    StepConsole,
    never_failing,
)

WAITS: Final = "receipt_case"
TAKE_BACK: Final = "receipt_take_back"
_DAYS: Final = {"days": "number"}


@workflow.defn(name="ReceiptCase")
class ReceiptCaseWorkflow(Attended):
    """People decide in the tables; here they are reminded, first on the case, then in the inbox,
    until they have."""

    @workflow.init
    def __init__(self, ref: CaseRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""), clocks=Clocks(self._due, self._remind))
        self._facts = CaseFacts(ref.no)
        self._news = News()

    @workflow.run
    async def run(self, ref: CaseRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        await self._look()
        while (step := next_step(self._facts, workflow.now())) is not CaseStep.END:
            workflow.set_current_details("waits for a decision")
            if self._news.unread():
                await self._look()
            elif step is CaseStep.REMIND:
                await self._do(ReceiptCaseActivities.remind)
            elif step is CaseStep.ESCALATE:
                await self._escalate()
            else:
                await self._wait()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._facts.state

    @workflow.signal
    def case_moved(self, fact: CaseMoved) -> None:
        self._news.tell()

    async def _escalate(self) -> None:
        """It is decided on its page; here somebody puts it off, wants to hear no more of it, or
        takes the whole receipt back."""
        await self._do(ReceiptCaseActivities.remind)
        facts = self._facts
        text = f"case {facts.no} of receipt {facts.receipt_no}: {facts.units} units"
        try:
            decision = await self._console.ask(
                WAITS, Cause("ReceiptCaseWaits", facts.trouble, text),
                ("retry", "retry_with", "skip", "compensate"),
                system=f"stock/{facts.location_id}", attempts=facts.reminders, input_fields=_DAYS,
                interrupted=self._news.unread,
            )  # fmt: skip
        except Interrupted:
            return
        match decision.action:
            case "skip":
                await self._do(ReceiptCaseActivities.leave)
            case "compensate":
                await self._take_back(decision)
            case _:
                later = CaseWork(facts.no, workflow.now(), correction_id=decision.correction_id)
                await self._do(ReceiptCaseActivities.put_off, later)

    async def _take_back(self, decision: ResolveStep) -> None:
        """Units that are promised or gone cannot go back: a person says whether it is tried
        again."""

        async def take_back(_: str) -> CaseFacts:
            work = CaseWork(self._ref.no, workflow.now(), decision.actor, reason=decision.reason)
            return await self._call(ReceiptCaseActivities.take_back, work)

        step = Step(TAKE_BACK, f"stock/{self._facts.location_id}", take_back, may_skip=True)
        try:
            self._facts = await self._console.run(step, self._news.unread) or self._facts
        except Interrupted:
            return

    async def _wait(self) -> None:
        await self._news.wait(self._facts.due_at)

    def _due(self) -> datetime | None:
        """When to say once more that it waits for a person."""
        return self._facts.due_at if self._console.parked else None

    async def _remind(self) -> None:
        work = CaseWork(self._ref.no, workflow.now(), step_id=self._console.parked[0])
        await self._do(ReceiptCaseActivities.remind, work)

    async def _look(self) -> None:
        self._news.look()
        await self._do(ReceiptCaseActivities.look)

    async def _do(
        self,
        method: Callable[[ReceiptCaseActivities, CaseWork], Awaitable[CaseFacts]],
        work: CaseWork | None = None,
    ) -> None:
        self._facts = await self._call(method, work or CaseWork(self._ref.no, workflow.now()))

    async def _call(
        self,
        method: Callable[[ReceiptCaseActivities, CaseWork], Awaitable[CaseFacts]],
        work: CaseWork,
    ) -> CaseFacts:
        return await workflow.execute_local_activity_method(method, work, **DATABASE)
