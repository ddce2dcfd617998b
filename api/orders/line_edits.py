"""Other lines of an order before anything is picked: first the plan, then it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictInt
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, SettingsOf
from api.orders.changes import Sha256, change_id, order_id_of, send_change
from api.orders.effects import EffectsView, read_now
from api.orders.money import MoneyView
from api.orders.paying_back import Confirmed, Payback, alone_or_ask
from api.orders.returns import minor
from api.orders.routes import State
from api.orders.usual import usual_of
from api.platform.docs import WAITS
from api.strict import Code, Reason, SafeStr, StrictBody, Sum
from db.shared import line_edits
from db.shared.regrouping import sending_places
from domain.orders.added_units import FreeNow
from domain.orders.editing import EditPlan
from domain.orders.effects import Effects
from domain.orders.messages import ChangeByPlan, LineUnits
from domain.orders.plan_effects import effects_of_edit
from domain.platform.approvals import ApprovalKind
from domain.shared.money import COMPANY_CURRENCY

router = APIRouter(tags=["orders"])


class LineWish(StrictBody):
    """A line as it shall be: 0 units take it out, another `sku` replaces it, without `line_id` it
    is added. `unit_price` is what one of new goods costs; without it, what the SKU is sold for."""

    line_id: SafeStr = ""
    sku: SafeStr = ""
    quantity: Annotated[StrictInt, Field(ge=0, le=1_000_000)]
    unit_price: Sum | None = None


class LinesWish(StrictBody):
    lines: Annotated[list[LineWish], Field(min_length=1, max_length=200)]


class Lines(LinesWish, Confirmed):
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


class ReservedView(StrictBody):
    """Units that the change reserves: along with a `shipment`, or in a new one where it is
    empty."""

    shipment: str
    location: str
    sku: str
    quantity: int


class FreeView(StrictBody):
    """Units of a SKU that the change needs, and what is free at each location now."""

    sku: str
    needed: int
    locations: dict[str, int]


class LinesView(StrictBody):
    """Lines that change. What is `owed` holds the order until it is paid; `refund` goes back."""

    plan_hash: str
    lines: list[EditedLineView]
    payable_before: MoneyView
    payable_after: MoneyView
    owed: MoneyView
    refund: MoneyView
    reserved: list[ReservedView]
    free: list[FreeView]
    effects: EffectsView

    @classmethod
    def of(cls, plan: EditPlan, free: Sequence[FreeNow], effects: Effects) -> "LinesView":
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
            refund=money(plan.refund_minor), effects=EffectsView.of(effects),
            reserved=[
                ReservedView(shipment=one.shipment_no, location=one.location_id, sku=sku,
                             quantity=units)
                for one in plan.added
                for _, sku, units in one.lines
            ],
            free=[
                FreeView(sku=one.sku, needed=one.units, locations=dict(one.places)) for one in free
            ],
        )  # fmt: skip


@router.post("/orders/{no}/lines-plan")
async def lines_plan(
    no: Code, body: LinesWish, context: Context, settings: SettingsOf
) -> LinesView:
    """Preview: other lines, what they cost and who owes the difference; nothing happens yet."""
    order_id = await order_id_of(context, no)
    now = await read_now(context, no)
    async with context.sessions.begin() as session:
        wanted = await _edited(session, order_id, body)
        plan, free = await line_edits.edit_preview(session, order_id, wanted, usual_of(settings))
        places = await sending_places(session)
    return LinesView.of(plan, free, effects_of_edit(plan, now, free, places, COMPANY_CURRENCY))


@router.post("/orders/{no}/lines", responses=WAITS)
async def change_lines(no: Code, body: Lines, context: Context, settings: SettingsOf) -> State:
    """Change the lines as the plan said; possible until something is picked.

    202 when it pays back so much that a second person has to approve it.
    """
    order_id = await order_id_of(context, no)
    async with context.sessions.begin() as session:
        wanted = await _edited(session, order_id, body)
    command = ChangeByPlan(
        "lines", change_id(context), body.plan_hash, body.reason, context.actor, (), wanted
    )

    async def planned() -> Payback:
        async with context.sessions.begin() as session:
            plan = await line_edits.edit_plan(session, order_id, wanted, usual_of(settings))
        return Payback(order_id, plan.hash, plan.refund_minor, plan.currency)

    async def do() -> State:
        return await send_change(context, no, command)

    return await alone_or_ask(context, settings, ApprovalKind.LINES, no, body, planned, do)


async def _edited(session: AsyncSession, order_id: str, body: LinesWish) -> tuple[LineUnits, ...]:
    currency = (await line_edits.editable(session, order_id)).currency
    return tuple(
        LineUnits(
            one.line_id, one.quantity, one.sku,
            None if one.unit_price is None else minor(one.unit_price, currency),
        )
        for one in body.lines
    )  # fmt: skip
