"""The gate of one outside system: wakes the steps that wait for it, never all at once."""

from datetime import timedelta

from temporalio import workflow

from activities.platform.gates import GateActivities
from domain.orders.messages import Accepted, GateOpened, ResolveStep
from domain.platform.gates import RenewedGate, TendGate
from workflows.shared.items import close_item, only_retry
from workflows.shared.options import DATABASE

BUSY = timedelta(seconds=5)
QUIET = timedelta(minutes=5)


@workflow.defn(name="Gate")
class GateWorkflow:
    """Runs for ever, continuing as new; sleeps while the gate flows and nobody waits, or while
    somebody keeps it shut."""

    @workflow.init
    def __init__(self, request: TendGate) -> None:
        self._shut = False
        self._system = request.system

    @workflow.run
    async def run(self, request: TendGate) -> None:
        while not workflow.info().is_continue_as_new_suggested():
            self._shut = False
            tended = await workflow.execute_local_activity_method(
                GateActivities.tend, request, **DATABASE
            )
            busy = not tended.stopped and (tended.waiting > 0 or tended.state != "flowing")
            try:
                await workflow.wait_condition(
                    lambda: self._shut and not busy,  # noqa: B023 (awaited at once)
                    timeout=BUSY if busy else QUIET,
                )
            except TimeoutError:
                continue
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(request)

    @workflow.update
    async def resolve_step(self, decision: ResolveStep) -> Accepted:
        """The credentials were renewed: who waits goes on; if they are refused again, there is a
        new item."""
        await close_item(decision)
        renewed = RenewedGate(self._system, decision.actor)
        await workflow.execute_local_activity_method(GateActivities.renewed, renewed, **DATABASE)
        self._shut = True
        return Accepted("decided")

    @resolve_step.validator
    def _check_decision(self, decision: ResolveStep) -> None:
        only_retry(decision)

    @workflow.signal
    def gate_shut(self, fact: GateOpened) -> None:
        """Somebody shut the gate, or opened it again: look at it."""
        self._shut = True
