"""Parts of an order sent ahead: first the plan, then it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictInt

from api.deps import Context
from api.orders.changes import FreightView, Sha256, change_id, order_id_of, send_change
from api.orders.effects import EffectsView
from api.orders.routes import State
from api.strict import Code, Reason, SafeStr, StrictBody
from db.shared import regrouping
from domain.orders.messages import ChangeByPlan, LineUnits
from domain.orders.plan_effects import effects_of_split
from domain.shared.errors import InvalidInput
from domain.shared.money import COMPANY_CURRENCY

router = APIRouter(tags=["orders"])


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
    effects: EffectsView


@router.post("/orders/{no}/split-plan")
async def split_plan(no: Code, body: SplitWish, context: Context) -> SplitView:
    """Preview: these units now, the rest later; nothing happens yet."""
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        plan = await regrouping.split_plan(session, order_id, _wanted(body), body.location)
        places = await regrouping.sending_places(session)
    return SplitView(
        plan_hash=plan.hash, units_now=plan.units_now, units_later=plan.units_later,
        units_awaited=plan.units_awaited, freight=FreightView.of(plan),
        effects=EffectsView.of(effects_of_split(plan, places, COMPANY_CURRENCY)),
    )  # fmt: skip


@router.post("/orders/{no}/split")
async def split(no: Code, body: Split, context: Context) -> State:
    """Send these units now and by themselves."""
    lines = tuple(LineUnits(line, units) for line, units in _wanted(body).items())
    command = ChangeByPlan(
        "split", change_id(context), body.plan_hash, body.reason, context.actor, (), lines,
        body.location,
    )  # fmt: skip
    return await send_change(context, no, command)


def _wanted(body: SplitWish) -> dict[str, int]:
    wanted = {line.line_id: line.quantity for line in body.lines}
    if len(wanted) < len(body.lines):
        raise InvalidInput("a line is given twice")
    return wanted
