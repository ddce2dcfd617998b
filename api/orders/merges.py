"""Orders put together in one parcel and parted again: first the plan, then it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import Context, RequestContext
from api.orders.changes import FreightView, Sha256, change_id, order_id_of, send_change
from api.orders.effects import EffectsView, read_now
from api.orders.routes import State
from api.strict import Code, Reason, StrictBody
from db.orders import together
from db.shared import regrouping
from domain.orders.merging import MergePlan
from domain.orders.messages import ChangeByPlan
from domain.orders.plan_effects import effects_of_merge, effects_of_parting
from domain.shared.money import COMPANY_CURRENCY

router = APIRouter(tags=["orders"])

Others = Annotated[list[Code] | None, Query(max_length=20)]


class MergeView(StrictBody):
    """These orders would go in the parcel of shipment `lead`, all from `location`; `moved` are
    reserved there first."""

    plan_hash: str
    order_nos: list[str]
    lead: str
    riders: list[str]
    location: str
    moved: list[str]
    freight: FreightView
    effects: EffectsView

    @classmethod
    def of(cls, plan: MergePlan, places: Mapping[str, str]) -> "MergeView":
        return cls(
            plan_hash=plan.hash, order_nos=list(plan.order_nos), lead=plan.lead,
            riders=list(plan.riders), location=plan.location_id, moved=list(plan.moved),
            freight=FreightView.of(plan),
            effects=EffectsView.of(effects_of_merge(plan, places, COMPANY_CURRENCY)),
        )  # fmt: skip


class Suggestion(StrictBody):
    """What could go in one parcel with the order; null when it goes alone."""

    plan: MergeView | None


class Merge(StrictBody):
    """Without `order_nos` parts of the order itself go in one parcel again."""

    plan_hash: Sha256
    order_nos: Annotated[list[Code], Field(max_length=20, default_factory=list)]
    reason: Reason


class PartingView(StrictBody):
    """The order would go by itself again. A `closed` box is opened: its label is voided and
    everything in it is packed anew."""

    plan_hash: str
    others: list[str]
    closed: bool
    freight: FreightView
    effects: EffectsView


class Parting(StrictBody):
    plan_hash: Sha256
    reason: Reason


@router.get("/orders/{no}/merge-suggestion")
async def merge_suggestion(no: Code, context: Context) -> Suggestion:
    """Other orders of the same receiver that could go in one parcel with this one now."""
    plan = await suggested(context, await order_id_of(context, no))
    async with context.sessions.begin() as session:
        places = await regrouping.sending_places(session)
    return Suggestion(plan=MergeView.of(plan, places) if plan else None)


@router.get("/orders/{no}/merge-plan")
async def merge_plan(no: Code, context: Context, order_no: Others = None) -> MergeView:
    """Preview: this order and these in one parcel; without any, the parts of the order itself."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        others = await together.ids_of(session, order_no or ())
        places = await regrouping.sending_places(session)
        return MergeView.of(await regrouping.merge_plan(session, order_id, others), places)


@router.post("/orders/{no}/merge")
async def merge(no: Code, body: Merge, context: Context) -> State:
    """Put the orders into one parcel, as the plan said."""
    async with context.sessions.begin() as session:
        others = tuple(await together.ids_of(session, body.order_nos))
    command = ChangeByPlan(
        "merge", change_id(context), body.plan_hash, body.reason, context.actor, others
    )
    return await send_change(context, no, command)


@router.get("/orders/{no}/unmerge-plan")
async def unmerge_plan(no: Code, context: Context) -> PartingView:
    """Preview: the order by itself again."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        plan = await regrouping.parting_plan(session, order_id)
    effects = effects_of_parting(plan, await read_now(context, no), COMPANY_CURRENCY)
    return PartingView(
        plan_hash=plan.hash, others=list(plan.others), closed=plan.closed,
        freight=FreightView.of(plan), effects=EffectsView.of(effects),
    )  # fmt: skip


@router.post("/orders/{no}/unmerge")
async def unmerge(no: Code, body: Parting, context: Context) -> State:
    """Take the order out of the parcel it shares with others."""
    command = ChangeByPlan(
        "unmerge", change_id(context), body.plan_hash, body.reason, context.actor
    )
    return await send_change(context, no, command)


async def suggested(context: RequestContext, order_id: str) -> MergePlan | None:
    """The plan with all orders that could go in one parcel with this one."""
    async with context.sessions.begin() as session:
        return await regrouping.suggestion(session, order_id)
