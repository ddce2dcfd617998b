"""What people decide about orders, sent to the workflow that owns them; for routes and pages.

An update id comes from the caller's `Idempotency-Key`: asked again, the workflow gives its first
answer. What is written here before an update may be written twice, what the update does is not.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.service import RPCError, RPCStatusCode

from api.deps import RequestContext
from api.errors import Problem, temporal_unavailable
from db.engine import Sessions
from db.orders.cancelling import cancellable
from db.orders.queries import OrderQueries
from db.orders.repository import OrderRepository
from db.orders.tables import SalesOrderRow
from db.platform.audit import audit
from db.platform.corrections import keep_correction
from db.platform.inbox import AttentionInbox
from db.platform.notices import is_notice, settle_notice
from domain.orders.cancellation import CancellationPlan, plan_cancellation
from domain.orders.messages import Accepted, Cancel, PlaceHold, ReleaseHold, ResolveStep, StepAction
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus
from domain.platform.resolving import checked_decision
from domain.shared.errors import (
    ActionNotAllowed,
    OrderClosed,
    OrderNotFound,
    StepNotParked,
)

# Longer than a worker needs, shorter than a person waits; then "come again" (503).
PATIENCE: Final = timedelta(seconds=10)


async def hold(context: RequestContext, no: str, reason: str) -> Accepted:
    """Stop the order before its next step. Raises ActionNotAllowed when it is held by hand."""
    return await order_command(context, no, "hold", PlaceHold(reason, context.actor), reason)


async def release(context: RequestContext, no: str, kind: HoldKind, reason: str) -> Accepted:
    """Lift one hold. Raises ActionNotAllowed for holds that only the missing fact can lift."""
    if kind in NOT_RELEASED_BY_HAND:
        raise ActionNotAllowed(f"a hold {kind} goes by itself once its cause is mended")
    command = ReleaseHold(str(kind), reason, context.actor)
    return await order_command(context, no, "release", command, reason)


async def cancel(
    context: RequestContext,
    no: str,
    plan_hash: str,
    reason: str,
    line_ids: Sequence[str] = (),
    *,
    intercept: bool = False,
) -> Accepted:
    """Carry out the plan that was shown. Raises PlanChanged when the order moved on meanwhile."""
    command = Cancel(plan_hash, reason, context.actor, tuple(line_ids), intercept)
    return await order_command(context, no, "cancel", command, reason)


async def cancellation_plan(
    sessions: Sessions, no: str, line_ids: Sequence[str] = (), *, intercept: bool = False
) -> tuple[CancellationPlan, str]:
    """What cancelling the order, or only these lines, would do now; and the order's currency.

    Raises OrderNotFound, OrderClosed, ActionNotAllowed when nothing can be cancelled.
    """
    async with sessions.begin() as session:
        order_id = (await _order(session, no)).id
        order = await cancellable(OrderRepository(session), order_id)
    return plan_cancellation(order, line_ids, intercept=intercept), order.currency


async def resolve_step(
    context: RequestContext,
    item_id: str,
    action: StepAction,
    reason: str = "",
    values: Mapping[str, str] | None = None,
) -> Accepted:
    """Decide about a step that waits; `values` are those its item asks for.

    Raises StepNotParked, ActionNotAllowed for what is not offered or lacks a reason, InvalidInput
    for values that cannot be used.
    """
    async with context.sessions.begin() as session:
        item = await AttentionInbox(session).row(item_id)
        if item is None or item.resolved_at is not None:
            raise StepNotParked("this item was resolved already")
        if not context.principal.decides(item.system):
            raise Problem("NotAllowed", 403)
        given = checked_decision(item.actions, item.input_fields, action, reason, values or {})
        correction_id = ""
        if given:
            correction_id = await keep_correction(
                session, item.id, item.workflow_id, item.step_id, given,
                by=context.actor, request_id=context.update_id,
            )  # fmt: skip
        if is_notice(item.step_id):  # no workflow waits for this: reading it was the task
            await settle_notice(session, item, context.actor, action, reason, context.request_id)
            return Accepted("decided")
    decision = ResolveStep(item.step_id, action, context.actor, reason, correction_id)
    try:
        return await send(context, item.workflow_id, "resolve_step", decision)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise StepNotParked("nothing waits for this decision any more") from error


async def send(context: RequestContext, workflow_id: str, name: str, command: object) -> Accepted:
    """One update. Raises what its workflow refuses, Problem 503 when nobody answers in time."""
    handle = context.temporal.get_workflow_handle(workflow_id)
    accepted: Accepted = await handle.execute_update(
        name, command, id=context.update_id, result_type=Accepted, rpc_timeout=PATIENCE
    )
    return accepted


async def order_command(
    context: RequestContext, no: str, name: str, command: object, reason: str, action: str = ""
) -> Accepted:
    """One update of an order's workflow, written down as `action`, or as its name."""
    async with context.sessions.begin() as session:
        order = await _order(session, no)
    try:
        accepted = await send(context, order.workflow_id, name, command)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        if OrderStatus(order.status).is_closed:
            raise OrderClosed(f"the order is {order.status}") from error
        # Its first message is still on the way to the engine.
        raise temporal_unavailable() from error
    async with context.sessions.begin() as session:
        await audit(
            session, context.actor, f"order.{action or name}", f"order/{order.id}", reason=reason,
            request_id=context.update_id,
        )  # fmt: skip
    return accepted


async def _order(session: AsyncSession, no: str) -> SalesOrderRow:
    order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no}")
    return order
