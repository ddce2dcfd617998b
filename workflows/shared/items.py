"""What waits for a person at a shop, not at an order: all one can say is "try again"."""

from temporalio import workflow

from activities.platform.attention import AttentionActivities
from domain.orders.messages import ResolveStep
from domain.orders.work import ResolvedStep
from domain.shared.errors import ActionNotAllowed
from domain.shared.ids import OrderId
from workflows.shared.options import DATABASE


def only_retry(decision: ResolveStep) -> None:
    """Validator. Raises ActionNotAllowed for anything but `retry`."""
    if decision.action != "retry":
        raise ActionNotAllowed(f"{decision.action} is not offered for {decision.step_id}")


async def close_item(decision: ResolveStep) -> None:
    """Close the item with the person's name on it, and write down who decided."""
    await workflow.execute_local_activity_method(
        AttentionActivities.resolve,
        ResolvedStep(
            workflow.info().workflow_id,
            decision.step_id,
            OrderId(""),
            decision.action,
            decision.actor,
            decision.reason,
            0,
        ),
        **DATABASE,
    )
