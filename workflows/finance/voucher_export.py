"""One voucher on its way into one ERP, from its turn until it is there or a person saw to it."""

from temporalio import workflow

from activities.finance.exporting import BOOKED_ON, NUMBER, ExportActivities
from domain.finance.exports import ExportStatus
from domain.finance.messages import ExportFacts, ExportMoved, ExportRef, ExportStep
from domain.shared.ids import OrderId
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Attended, Step, StepConsole, never_failing

STEP = "voucher_export"


@workflow.defn(name="VoucherExport")
class VoucherExportWorkflow(Attended):
    """Enters it once, and asks a person where the ERP does not take it."""

    @workflow.init
    def __init__(self, ref: ExportRef) -> None:
        self._ref = ref
        self._console = StepConsole(OrderId(""))

    @workflow.run
    async def run(self, ref: ExportRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = await self._look()
        if not facts.settled:
            facts = await self._send(facts)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return facts.status

    @workflow.signal
    def export_moved(self, fact: ExportMoved) -> None:
        """Its turn has come: that is why this runs."""

    async def _send(self, facts: ExportFacts) -> ExportFacts:
        """A month that is closed there is tried again with another day."""

        async def send(correction_id: str) -> ExportFacts:
            return await workflow.execute_activity_method(
                ExportActivities.send, self._step(correction_id=correction_id), **OUTSIDE
            )

        async def by_hand(correction_id: str) -> ExportFacts:
            return await self._settle(ExportStatus.BY_HAND, correction_id)

        step = Step(
            STEP,
            f"erp/{facts.erp_id}",
            send,
            by_hand=by_hand,
            may_skip=True,
            input_fields={BOOKED_ON: "text", NUMBER: "text"},
        )
        return await self._console.run(step) or await self._settle(ExportStatus.SKIPPED)

    async def _settle(self, status: ExportStatus, correction_id: str = "") -> ExportFacts:
        return await workflow.execute_local_activity_method(
            ExportActivities.settle,
            self._step(status=status, correction_id=correction_id),
            **DATABASE,
        )

    async def _look(self) -> ExportFacts:
        return await workflow.execute_local_activity_method(
            ExportActivities.look, self._step(), **DATABASE
        )

    def _step(self, *, status: str = "", correction_id: str = "") -> ExportStep:
        return ExportStep(
            self._ref.export_no, workflow.info().workflow_id, STEP, status, correction_id
        )
