"""Commands to an order: one update to its workflow each, or one look at what it would do."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import Context, SettingsOf
from api.orders import commands
from api.orders.effects import EffectsView, read_now
from api.orders.money import MoneyView
from api.orders.paying_back import Confirmed, Payback, alone_or_ask
from api.platform.docs import WAITS
from api.strict import Code, Reason, SafeStr, StrictBody, Switch
from domain.orders.cancellation import CancellationPlan
from domain.orders.effects import OrderNow
from domain.orders.messages import Accepted, StepAction
from domain.orders.order import HoldKind
from domain.orders.plan_effects import effects_of_cancellation
from domain.platform.approvals import ApprovalKind

router = APIRouter(tags=["orders"])


class Hold(StrictBody):
    reason: Reason


class Release(StrictBody):
    reason: Reason


class Cancellation(Confirmed):
    """Confirms the plan that was shown; `line_ids` empty = the whole order. `intercept`: what is on
    its way is asked back from its carrier."""

    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: Reason
    line_ids: list[Code] = Field(default_factory=list, max_length=1000)
    intercept: Switch = True


class Resolution(StrictBody):
    """A decision about a step that waits; `values` are those of its `input_fields`.

    `skip`, `done_by_hand` and `compensate` need a reason, `retry_with` needs values.
    """

    action: StepAction
    reason: SafeStr = ""
    values: dict[Code, SafeStr] = Field(default_factory=dict, max_length=20)


class State(StrictBody):
    """What the order is now: its status and what it waits for, as stable codes."""

    status: str
    waits_for: str

    @classmethod
    def of(cls, accepted: Accepted) -> "State":
        return cls(status=accepted.status, waits_for=accepted.waits_for)


class Effect(StrictBody):
    """kind: stop_picking | release_stock | void_label | cancel_line | refund_due |
    channel_refunds | intercept | comes_back | refund_after_return | cannot_stop. `subject` is a
    shipment, waybill, line or order."""

    kind: str
    subject: str
    quantity: int
    amount: MoneyView | None
    amount_minor: int = Field(exclude=True)
    currency: str = Field(exclude=True)


class PlanView(StrictBody):
    """What cancelling would do now: `effects` in order, `preview` by what they touch; `plan_hash`
    confirms exactly this."""

    plan_hash: str
    whole_order: bool
    line_ids: list[str]
    shipment_nos: list[str]
    intercept_nos: list[str]
    refund: MoneyView
    refund_minor: int = Field(exclude=True)
    effects: list[Effect]
    preview: EffectsView

    @classmethod
    def of(cls, plan: CancellationPlan, currency: str, now: OrderNow) -> "PlanView":
        return cls(
            plan_hash=plan.hash,
            whole_order=plan.whole_order,
            line_ids=list(plan.line_ids),
            shipment_nos=list(plan.shipment_nos),
            intercept_nos=list(plan.intercept_nos),
            refund=MoneyView.of(plan.refund_minor, currency),
            refund_minor=plan.refund_minor,
            effects=[
                Effect(
                    kind=effect.kind,
                    subject=effect.subject,
                    quantity=effect.quantity,
                    amount=(
                        MoneyView.of(effect.amount_minor, effect.currency)
                        if effect.currency
                        else None
                    ),
                    amount_minor=effect.amount_minor,
                    currency=effect.currency,
                )
                for effect in plan.effects
            ],
            preview=EffectsView.of(effects_of_cancellation(plan, now)),
        )


LineIds = Annotated[list[Code] | None, Query(max_length=1000)]


@router.post("/orders/{no}/holds")
async def hold(no: Code, body: Hold, context: Context) -> State:
    """Stop the order before its next step."""
    return State.of(await commands.hold(context, no, body.reason))


@router.post("/orders/{no}/holds/{kind}/release")
async def release(no: Code, kind: HoldKind, body: Release, context: Context) -> State:
    """Lift one hold; those with a cause that can be mended go by themselves instead."""
    return State.of(await commands.release(context, no, HoldKind(kind), body.reason))


@router.get("/orders/{no}/cancellation-plan")
async def cancellation_plan(
    no: Code, context: Context, line_id: LineIds = None, intercept: bool = True
) -> PlanView:
    """Preview of a cancellation, of the whole order or these lines; nothing happens yet."""
    planned = await commands.cancellation_plan(
        context.sessions, no, line_id or (), intercept=intercept
    )
    return PlanView.of(*planned, await read_now(context, no))


@router.post("/orders/{no}/cancellation", responses=WAITS)
async def cancel(no: Code, body: Cancellation, context: Context, settings: SettingsOf) -> State:
    """Carry out the plan that was shown; 409 when the order moved on meanwhile.

    202 when it pays back so much that a second person has to approve it.
    """

    async def planned() -> Payback:
        plan, currency = await commands.cancellation_plan(
            context.sessions, no, body.line_ids, intercept=body.intercept
        )
        return Payback(plan.order_id, plan.hash, plan.refund_minor, currency)

    async def do() -> State:
        accepted = await commands.cancel(
            context, no, body.plan_hash, body.reason, body.line_ids, intercept=body.intercept
        )
        return State.of(accepted)

    return await alone_or_ask(context, settings, ApprovalKind.CANCELLATION, no, body, planned, do)


@router.post("/attention/{item_id}/resolution")
async def resolve(item_id: Code, body: Resolution, context: Context) -> State:
    """Decide about a step that waits; its workflow goes on with it."""
    accepted = await commands.resolve_step(context, item_id, body.action, body.reason, body.values)
    return State.of(accepted)
