"""Commands to an order: one update to its workflow each, or one look at what it would do."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import text

from api.deps import Context, RequestContext
from api.strict import Code, StrictBody
from db.orders.cancelling import cancellable
from db.orders.repository import OrderRepository
from domain.orders.cancellation import plan_cancellation
from domain.orders.messages import Accepted, Cancel, PlaceHold, ReleaseHold, ResolveStep, StepAction
from domain.shared.errors import OrderNotFound, StepNotParked
from domain.shared.ids import OrderId

router = APIRouter(tags=["orders"])
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class Hold(StrictBody):
    reason: Reason


class Release(StrictBody):
    reason: Reason


class Cancellation(StrictBody):
    """Confirms the plan that was shown; `line_ids` empty = the whole order."""

    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: Reason
    line_ids: list[str] = Field(default_factory=list, max_length=1000)


class Resolution(StrictBody):
    action: StepAction
    reason: Annotated[str, Field(max_length=500)] = ""


class State(StrictBody):
    status: str
    waits_for: str


class Effect(StrictBody):
    kind: str
    subject: str
    quantity: int
    amount_minor: int
    currency: str


class PlanView(StrictBody):
    """What cancelling would do now, in order."""

    plan_hash: str
    whole_order: bool
    line_ids: list[str]
    refund_minor: int
    effects: list[Effect]


@router.post("/orders/{no}/holds")
async def hold(no: Code, body: Hold, context: Context) -> State:
    """Stop the order before its next step."""
    command = PlaceHold(body.reason, context.actor)
    return await _command(context, no, "hold", command)


@router.post("/orders/{no}/holds/{kind}/release")
async def release(no: Code, kind: Code, body: Release, context: Context) -> State:
    """Lift one hold."""
    command = ReleaseHold(kind, body.reason, context.actor)
    return await _command(context, no, "release", command)


@router.get("/orders/{no}/cancellation-plan")
async def cancellation_plan(
    no: Code, context: Context, line_id: Annotated[list[str] | None, Query(max_length=100)] = None
) -> PlanView:
    """Preview of a cancellation; nothing happens yet."""
    order_id, _ = await _order(context, no)
    async with context.sessions.begin() as session:
        order = await cancellable(OrderRepository(session), order_id)
    plan = plan_cancellation(order, line_id or ())
    return PlanView(
        plan_hash=plan.hash,
        whole_order=plan.whole_order,
        line_ids=list(plan.line_ids),
        refund_minor=plan.refund_minor,
        effects=[
            Effect(
                kind=effect.kind,
                subject=effect.subject,
                quantity=effect.quantity,
                amount_minor=effect.amount_minor,
                currency=effect.currency,
            )
            for effect in plan.effects
        ],
    )


@router.post("/orders/{no}/cancellation")
async def cancel(no: Code, body: Cancellation, context: Context) -> State:
    """Carry out the plan that was shown; 409 when the order moved on meanwhile."""
    command = Cancel(body.plan_hash, body.reason, context.actor, tuple(body.line_ids))
    return await _command(context, no, "cancel", command)


@router.post("/attention/{item_id}/resolution")
async def resolve(item_id: Code, body: Resolution, context: Context) -> State:
    """Decide about a step that waits."""
    async with context.sessions.begin() as session:
        found = await (await session.connection()).execute(
            text(
                "SELECT workflow_id, step_id FROM attention WHERE id = :id AND resolved_at IS NULL"
            ),
            {"id": item_id},
        )
        row = found.one_or_none()
    if row is None:
        raise StepNotParked("this item was resolved already")
    decision = ResolveStep(row.step_id, body.action, context.actor, body.reason)
    handle = context.temporal.get_workflow_handle(row.workflow_id)
    answer = await handle.execute_update(
        "resolve_step", decision, id=context.update_id, result_type=Accepted
    )
    return State(status=answer.status, waits_for=answer.waits_for)


async def _command(context: RequestContext, no: str, update: str, command: object) -> State:
    _, workflow_id = await _order(context, no)
    handle = context.temporal.get_workflow_handle(workflow_id)
    answer = await handle.execute_update(
        update, command, id=context.update_id, result_type=Accepted
    )
    return State(status=answer.status, waits_for=answer.waits_for)


async def _order(context: RequestContext, no: str) -> tuple[OrderId, str]:
    async with context.sessions.begin() as session:
        found = await (await session.connection()).execute(
            text("SELECT id, workflow_id FROM sales_order WHERE no = :no"), {"no": no}
        )
        row = found.one_or_none()
    if row is None:
        raise OrderNotFound(f"there is no order {no}")
    return OrderId(row.id), row.workflow_id
