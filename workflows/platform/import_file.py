"""One file on its way in: compared with what is there, then applied when somebody wants it."""

from temporalio import workflow

from activities.platform.importing import ImportActivities
from domain.platform.importing import ImportMoved, ImportRef
from workflows.shared.options import SLICE


@workflow.defn(name="Import")
class ImportWorkflow:
    """Works through the rows slice by slice; ends when there is nothing to do, and begins again
    with the next decision."""

    @workflow.init
    def __init__(self, ref: ImportRef) -> None:
        self._moved = True

    @workflow.run
    async def run(self, ref: ImportRef) -> str:
        state = ""
        while self._moved:
            self._moved = False
            progress = await workflow.execute_activity_method(ImportActivities.work, ref, **SLICE)
            state, self._moved = progress.state, self._moved or progress.busy
            if workflow.info().is_continue_as_new_suggested() and self._moved:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(ref)
        return state

    @workflow.signal
    def import_moved(self, fact: ImportMoved) -> None:
        """It was given, or somebody decided: look at the tables."""
        self._moved = True
