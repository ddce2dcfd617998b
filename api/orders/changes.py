"""Orders put together and parted again, and parts of an order sent ahead: first the plan, then it.

A plan is confirmed by its hash; when something moved on meanwhile the answer is 409 PlanChanged.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StrictInt
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from api.deps import Context, RequestContext, SessionsOf
from api.orders.commands import order_command
from api.orders.money import MoneyView
from api.orders.returns import minor
from api.orders.routes import State
from api.strict import Code, Reason, SafeStr, StrictBody
from db.logistics.tariffs import COMPANY_CURRENCY
from db.orders import together
from db.orders.queries import OrderQueries
from db.platform.audit import audit
from db.shared import line_edits, regrouping
from db.shared.merge_rules import forget_rule, merge_rules, set_rule
from domain.orders.editing import EditPlan
from domain.orders.messages import ChangeByPlan, LineUnits
from domain.orders.together import MergePlan, PartingPlan, SplitPlan
from domain.shared.errors import InvalidInput, OrderNotFound

router = APIRouter(tags=["orders"])

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Others = Annotated[list[Code] | None, Query(max_length=20)]


class FreightView(StrictBody):
    """Parcels, and what they cost by the tariffs, as it is and as it would be."""

    parcels_before: int
    parcels_after: int
    freight_before: MoneyView
    freight_after: MoneyView

    @classmethod
    def of(cls, plan: MergePlan | PartingPlan | SplitPlan) -> "FreightView":
        return cls(
            parcels_before=plan.parcels_before,
            parcels_after=plan.parcels_after,
            freight_before=MoneyView.of(plan.freight_before_minor, COMPANY_CURRENCY),
            freight_after=MoneyView.of(plan.freight_after_minor, COMPANY_CURRENCY),
        )


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

    @classmethod
    def of(cls, plan: MergePlan) -> "MergeView":
        return cls(
            plan_hash=plan.hash, order_nos=list(plan.order_nos), lead=plan.lead,
            riders=list(plan.riders), location=plan.location_id, moved=list(plan.moved),
            freight=FreightView.of(plan),
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


class Parting(StrictBody):
    plan_hash: Sha256
    reason: Reason


class Portion(StrictBody):
    """Units of an order line."""

    line_id: Code
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class SplitWish(StrictBody):
    """What goes now, and from where; without `location` from where it lies."""

    lines: Annotated[list[Portion], Field(min_length=1, max_length=1000)]
    location: SafeStr = ""


class Split(SplitWish):
    plan_hash: Sha256
    reason: Reason


class SplitView(StrictBody):
    """Units that go now, that go later, and that are not in stock yet."""

    plan_hash: str
    units_now: int
    units_later: int
    units_awaited: int
    freight: FreightView


class LineWish(StrictBody):
    """A line as it shall be: 0 units take it out, another `sku` replaces it, without `line_id` it
    is added. `unit_price` is what one of new goods costs; without it, what the SKU is sold for."""

    line_id: SafeStr = ""
    sku: SafeStr = ""
    quantity: Annotated[StrictInt, Field(ge=0, le=1_000_000)]
    unit_price: Annotated[str, Field(max_length=20)] | None = None


class LinesWish(StrictBody):
    lines: Annotated[list[LineWish], Field(min_length=1, max_length=200)]


class Lines(LinesWish):
    plan_hash: Sha256
    reason: Reason


class EditedLineView(StrictBody):
    line_id: str
    title: str
    sku: str
    quantity_before: int
    quantity_after: int
    payable_before: MoneyView
    payable_after: MoneyView


class LinesView(StrictBody):
    """Lines that change. What is `owed` holds the order until it is paid; `refund` goes back."""

    plan_hash: str
    lines: list[EditedLineView]
    payable_before: MoneyView
    payable_after: MoneyView
    owed: MoneyView
    refund: MoneyView

    @classmethod
    def of(cls, plan: EditPlan) -> "LinesView":
        def money(minor: int) -> MoneyView:
            return MoneyView.of(minor, plan.currency)

        return cls(
            plan_hash=plan.hash,
            lines=[
                EditedLineView(
                    line_id=line.line_id, title=line.title, sku=line.sku,
                    quantity_before=line.quantity_before, quantity_after=line.quantity_after,
                    payable_before=money(line.payable_before_minor),
                    payable_after=money(line.payable_after_minor),
                )
                for line in plan.lines
            ],
            payable_before=money(plan.payable_before_minor),
            payable_after=money(plan.payable_after_minor), owed=money(plan.owed_minor),
            refund=money(plan.refund_minor),
        )  # fmt: skip


class MergeRule(StrictBody):
    """Orders of the shop wait this long for others of their receiver, to go in one parcel."""

    window_minutes: Annotated[StrictInt, Field(ge=1, le=1440)]


class ShopMergeRule(StrictBody):
    """`window_minutes` is null where orders wait for nobody."""

    shop_id: str
    shop: str
    window_minutes: int | None


@router.get("/orders/{no}/merge-suggestion")
async def merge_suggestion(no: Code, context: Context) -> Suggestion:
    """Other orders of the same receiver that could go in one parcel with this one now."""
    plan = await suggested(context, await order_id_of(context, no))
    return Suggestion(plan=MergeView.of(plan) if plan else None)


@router.get("/orders/{no}/merge-plan")
async def merge_plan(no: Code, context: Context, order_no: Others = None) -> MergeView:
    """Preview: this order and these in one parcel; without any, the parts of the order itself."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        others = await together.ids_of(session, order_no or ())
        return MergeView.of(await regrouping.merge_plan(session, order_id, others))


@router.post("/orders/{no}/merge")
async def merge(no: Code, body: Merge, context: Context) -> State:
    """Put the orders into one parcel, as the plan said."""
    async with context.sessions.begin() as session:
        others = tuple(await together.ids_of(session, body.order_nos))
    command = ChangeByPlan(
        "merge", _change_id(context), body.plan_hash, body.reason, context.actor, others
    )
    return await _send(context, no, command)


@router.get("/orders/{no}/unmerge-plan")
async def unmerge_plan(no: Code, context: Context) -> PartingView:
    """Preview: the order by itself again."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        plan = await regrouping.parting_plan(session, order_id)
    return PartingView(
        plan_hash=plan.hash, others=list(plan.others), closed=plan.closed,
        freight=FreightView.of(plan),
    )  # fmt: skip


@router.post("/orders/{no}/unmerge")
async def unmerge(no: Code, body: Parting, context: Context) -> State:
    """Take the order out of the parcel it shares with others."""
    command = ChangeByPlan(
        "unmerge", _change_id(context), body.plan_hash, body.reason, context.actor
    )
    return await _send(context, no, command)


@router.post("/orders/{no}/split-plan")
async def split_plan(no: Code, body: SplitWish, context: Context) -> SplitView:
    """Preview: these units now, the rest later; nothing happens yet."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        plan = await regrouping.split_plan(session, order_id, _wanted(body), body.location)
    return SplitView(
        plan_hash=plan.hash, units_now=plan.units_now, units_later=plan.units_later,
        units_awaited=plan.units_awaited, freight=FreightView.of(plan),
    )  # fmt: skip


@router.post("/orders/{no}/split")
async def split(no: Code, body: Split, context: Context) -> State:
    """Send these units now and by themselves."""
    lines = tuple(LineUnits(line, units) for line, units in _wanted(body).items())
    command = ChangeByPlan(
        "split", _change_id(context), body.plan_hash, body.reason, context.actor, (), lines,
        body.location,
    )  # fmt: skip
    return await _send(context, no, command)


@router.post("/orders/{no}/lines-plan")
async def lines_plan(no: Code, body: LinesWish, context: Context) -> LinesView:
    """Preview: other lines, what they cost and who owes the difference; nothing happens yet."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        wanted = await _edited(session, order_id, body)
        return LinesView.of(await line_edits.edit_plan(session, order_id, wanted))


@router.post("/orders/{no}/lines")
async def change_lines(no: Code, body: Lines, context: Context) -> State:
    """Change the lines as the plan said; possible until something is picked."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        wanted = await _edited(session, order_id, body)
    command = ChangeByPlan(
        "lines", _change_id(context), body.plan_hash, body.reason, context.actor, (), wanted
    )
    return await _send(context, no, command)


@router.get("/merge-rules")
async def get_merge_rules(sessions: SessionsOf) -> list[ShopMergeRule]:
    """How long orders of each shop wait for others of their receiver."""
    async with sessions.begin() as session:
        rows = await merge_rules(session)
    return [
        ShopMergeRule(shop_id=row.id, shop=row.name, window_minutes=row.window_minutes)
        for row in rows
    ]


@router.put("/merge-rules/{shop_id}", status_code=204, response_class=Response)
async def put_merge_rule(shop_id: Code, body: MergeRule, context: Context) -> None:
    """From now on orders of the shop that nobody works on yet wait this long."""
    async with context.sessions.begin() as session:
        await set_rule(session, shop_id, body.window_minutes)
        await audit(
            session, context.actor, "merge_rule.set", f"shop/{shop_id}",
            after={"window_minutes": body.window_minutes}, request_id=context.update_id,
        )  # fmt: skip


@router.delete("/merge-rules/{shop_id}", status_code=204, response_class=Response)
async def delete_merge_rule(shop_id: Code, context: Context) -> None:
    """Orders of the shop wait for nobody any more."""
    async with context.sessions.begin() as session:
        await forget_rule(session, shop_id)
        await audit(
            session, context.actor, "merge_rule.removed", f"shop/{shop_id}",
            request_id=context.update_id,
        )  # fmt: skip


async def order_id_of(context: RequestContext, no: str) -> str:
    """Raises OrderNotFound."""
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no[:50]}")
    return order.id


async def suggested(context: RequestContext, order_id: str) -> MergePlan | None:
    """The plan with all orders that could go in one parcel with this one."""
    async with context.sessions.begin() as session:
        return await regrouping.suggestion(session, order_id)


async def _edited(session: AsyncSession, order_id: str, body: LinesWish) -> tuple[LineUnits, ...]:
    currency = (await line_edits.editable(session, order_id)).currency
    return tuple(
        LineUnits(
            one.line_id, one.quantity, one.sku,
            None if one.unit_price is None else minor(one.unit_price, currency),
        )
        for one in body.lines
    )  # fmt: skip


def _wanted(body: SplitWish) -> dict[str, int]:
    wanted = {line.line_id: line.quantity for line in body.lines}
    if len(wanted) < len(body.lines):
        raise InvalidInput("a line is given twice")
    return wanted


def _change_id(context: RequestContext) -> str:
    return f"change:{context.update_id}"


async def _send(context: RequestContext, no: str, command: ChangeByPlan) -> State:
    return State.of(
        await order_command(context, no, "change", command, command.reason, command.kind)
    )
