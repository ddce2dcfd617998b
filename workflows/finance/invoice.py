"""One invoice, from its turn until it is issued or a person saw to it."""

from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.finance.invoicing import NUMBER, InvoiceActivities
from domain.finance.invoices import InvoiceStatus
from domain.finance.messages import InvoiceFacts, InvoiceMoved, InvoiceRef, InvoiceStep
from domain.orders.payment import look_after
from domain.shared.ids import OrderId
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Cause, Step, StepConsole, never_failing

STEP: Final = "invoice"
_MANY_LOOKS: Final = 10  # after some days somebody should know
_LATE: Final = Cause("InvoiceLate", "", "its issuer has had it for days and says nothing final")


@workflow.defn(name="Invoice")
class InvoiceWorkflow(Attended):
    """Orders it once, asks until it is issued, and asks a person where it cannot go on."""

    @workflow.init
    def __init__(self, ref: InvoiceRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(ref.order_id))
        self._looks = 0

    @workflow.run
    async def run(self, ref: InvoiceRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        while not facts.settled:
            match InvoiceStatus(facts.status):
                case InvoiceStatus.PROCESSING:
                    facts = await self._follow(facts)
                case InvoiceStatus.FAILED:
                    facts = await self._failed(facts)
                case _:
                    facts = await self._send(facts)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.status

    @workflow.signal
    def invoice_moved(self, fact: InvoiceMoved) -> None:
        """Its turn has come: that is why this runs."""

    async def _send(self, facts: InvoiceFacts) -> InvoiceFacts:
        async def send(_: str) -> InvoiceFacts:
            return await workflow.execute_activity_method(
                InvoiceActivities.send, self._step(), **OUTSIDE
            )

        async def by_hand(correction_id: str) -> InvoiceFacts:
            return await self._settle(InvoiceStatus.BY_HAND, correction_id)

        step = Step(STEP, self._system(facts), send, by_hand=by_hand, may_skip=True)
        return await self._console.run(step) or await self._settle(InvoiceStatus.CANCELLED)

    async def _follow(self, facts: InvoiceFacts) -> InvoiceFacts:
        """Ask for it, less often each time; a question nobody answers is asked again later."""
        if self._looks >= _MANY_LOOKS:
            self._looks = 0
            return await self._ask_somebody(facts, _LATE)
        await workflow.sleep(look_after(self._looks))
        self._looks += 1
        return await self._ask(facts)

    async def _failed(self, facts: InvoiceFacts) -> InvoiceFacts:
        self._looks = 0
        text = facts.cause or "the issuer gives no reason"
        return await self._ask_somebody(facts, Cause("InvoiceFailed", "", text))

    async def _ask_somebody(self, facts: InvoiceFacts, cause: Cause) -> InvoiceFacts:
        decision = await self._console.ask(
            STEP, cause, ("retry", "done_by_hand", "skip"), system=self._system(facts),
            input_fields={NUMBER: "text"},
        )  # fmt: skip
        match decision.action:
            case "done_by_hand":
                return await self._settle(InvoiceStatus.BY_HAND, decision.correction_id)
            case "skip":
                return await self._settle(InvoiceStatus.CANCELLED)
            case _ if facts.status == InvoiceStatus.FAILED:
                return await workflow.execute_local_activity_method(
                    InvoiceActivities.replace, self._step(), **DATABASE
                )
            case _:
                return await self._ask(facts)

    async def _ask(self, known: InvoiceFacts) -> InvoiceFacts:
        try:
            return await workflow.execute_activity_method(
                InvoiceActivities.ask, self._step(), **OUTSIDE
            )
        except ActivityError:
            return known

    async def _settle(self, status: InvoiceStatus, correction_id: str = "") -> InvoiceFacts:
        return await workflow.execute_local_activity_method(
            InvoiceActivities.settle,
            self._step(status=status, correction_id=correction_id),
            **DATABASE,
        )

    async def _look(self) -> InvoiceFacts:
        return await workflow.execute_local_activity_method(
            InvoiceActivities.look, self._step(), **DATABASE
        )

    def _system(self, facts: InvoiceFacts) -> str:
        return f"invoice/{facts.account_id}" if facts.account_id else "invoice"

    def _step(self, *, status: str = "", correction_id: str = "") -> InvoiceStep:
        return InvoiceStep(
            self._ref.invoice_no, workflow.info().workflow_id, STEP, status, correction_id
        )
