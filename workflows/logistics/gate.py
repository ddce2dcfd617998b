"""The gate of one outside system: wakes the steps that wait for it, never all at once."""

from datetime import timedelta

from temporalio import workflow

from activities.platform.gates import GateActivities
from domain.orders.messages import GateOpened
from domain.platform.gates import TendGate
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
        workflow.continue_as_new(request)

    @workflow.signal
    def gate_shut(self, fact: GateOpened) -> None:
        """Somebody shut the gate, or opened it again: look at it."""
        self._shut = True
