"""One decision for many orders, from the first of them to the last or until somebody stops it."""

from typing import Final

from temporalio import workflow

from activities.orders.bulk import BulkActivities
from domain.orders.bulk_messages import BulkAsked, BulkRef
from workflows.shared.options import MANY_ORDERS

_ROUNDS: Final = 200


@workflow.defn(name="Bulk")
class BulkWorkflow:
    """What is done is in the tables, so any run can take over; being asked to stop is there too."""

    @workflow.run
    async def run(self, ref: BulkRef) -> None:
        for _ in range(_ROUNDS):
            went = await workflow.execute_activity_method(
                BulkActivities.carry_on, ref, **MANY_ORDERS
            )
            if went.ended:
                return
        workflow.continue_as_new(ref)

    @workflow.signal
    def bulk_asked(self, fact: BulkAsked) -> None:
        """There is something to do: that is why this runs."""
