"""Orders into one parcel, out of it again, and parts of one ahead: each shown before it is done."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from api.deps import Context, RequestContext, SettingsOf
from api.orders import line_edits as editing
from api.orders import merges, splits
from api.orders.usual import usual_of
from db.orders import together
from db.shared import line_edits, regrouping
from domain.orders.editing import EditPlan, why_not_edited
from domain.orders.effects import Effects
from domain.orders.messages import LineUnits
from domain.orders.plan_effects import (
    effects_of_edit,
    effects_of_merge,
    effects_of_parting,
    effects_of_split,
)
from domain.orders.splitting import Dividable, SplitPlan
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.money import COMPANY_CURRENCY
from web.input import Text, typed
from web.order_actions import body_of, done
from web.orders import order_context
from web.render import page

router = APIRouter(include_in_schema=False)

Hash = Annotated[str, Form(max_length=64)]
Chosen = Annotated[list[str] | None, Query(max_length=20)]
_MOST_LINES: Final = 1000


@router.get("/orders/{no}/do/merge")
async def merge_form(no: str, request: Request, context: Context, other: Chosen = None) -> Response:
    """What going in one parcel saves; without a choice with all orders that could."""
    about = await order_context(context, no)
    order_id = about["order"].id
    plan, refused, able = None, "", []
    async with context.sessions.begin() as session:
        full = await regrouping.suggestion(session, order_id)
        able = [one for one in full.order_nos if one != about["order"].no] if full else []
        chosen = able if other is None else [one for one in other if one in able]
        try:
            ids = await together.ids_of(session, chosen)
            plan = await regrouping.merge_plan(session, order_id, ids)
        except ActionNotAllowed as error:
            refused = str(error)
    places = await _place_names(context)
    return page(
        request, "merge.html", plan=plan, refused=refused, able=able, chosen=chosen,
        effects=plan and effects_of_merge(plan, places, COMPANY_CURRENCY), **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/merge")
async def merge(
    no: str,
    request: Request,
    context: Context,
    plan_hash: Hash = "",
    reason: Text = "",
    other: Annotated[list[str] | None, Form(max_length=20)] = None,
) -> Response:
    """Carry out the plan that was shown."""
    body = body_of(merges.Merge, plan_hash=plan_hash, reason=reason, order_nos=other or [])
    await merges.merge(no, body, context)
    return done(request, no)


@router.get("/orders/{no}/do/unmerge")
async def unmerge_form(no: str, request: Request, context: Context) -> Response:
    """What packing the order by itself would do."""
    about = await order_context(context, no)
    plan, refused = None, ""
    async with context.sessions.begin() as session:
        try:
            plan = await regrouping.parting_plan(session, about["order"].id)
        except ActionNotAllowed as error:
            refused = str(error)
    effects = plan and effects_of_parting(plan, about["current"], COMPANY_CURRENCY)
    return page(request, "unmerge.html", plan=plan, refused=refused, effects=effects, **about)


@router.post("/orders/{no}/do/unmerge")
async def unmerge(
    no: str, request: Request, context: Context, plan_hash: Hash = "", reason: Text = ""
) -> Response:
    """Carry out the plan that was shown."""
    body = body_of(merges.Parting, plan_hash=plan_hash, reason=reason)
    await merges.unmerge(no, body, context)
    return done(request, no)


@router.get("/orders/{no}/do/split")
async def split_form(
    no: str,
    request: Request,
    context: Context,
    line_id: Annotated[list[str] | None, Query(max_length=_MOST_LINES)] = None,
    units: Annotated[list[str] | None, Query(max_length=_MOST_LINES)] = None,
    location: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Choose what goes now; without a choice all that lies ready does."""
    about = await order_context(context, no)
    plan: SplitPlan | None = None
    refused = ""
    async with context.sessions.begin() as session:
        what = await regrouping.dividable(session, about["order"].id)
        ready = _ready(what)
        wanted = ready if line_id is None else wanted_of(line_id, units)
        try:
            plan = await regrouping.split_plan(
                session, about["order"].id, {k: v for k, v in wanted.items() if v}, typed(location)
            )
        except ActionNotAllowed as error:
            refused = str(error)
    places = await _place_names(context)
    return page(
        request, "split.html", plan=plan, refused=refused, ready=ready, wanted=wanted,
        location=location, places=places, chosen=line_id is not None,
        effects=plan and effects_of_split(plan, places, COMPANY_CURRENCY), **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/split")
async def split(
    no: str,
    request: Request,
    context: Context,
    plan_hash: Hash = "",
    reason: Text = "",
    line_id: Annotated[list[str] | None, Form(max_length=_MOST_LINES)] = None,
    units: Annotated[list[str] | None, Form(max_length=_MOST_LINES)] = None,
    location: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Carry out the plan that was shown."""
    lines = [
        {"line_id": line, "quantity": quantity}
        for line, quantity in wanted_of(line_id, units).items()
        if quantity
    ]
    body = body_of(splits.Split, plan_hash=plan_hash, reason=reason, lines=lines, location=location)
    await splits.split(no, body, context)
    return done(request, no)


@router.get("/orders/{no}/do/lines")
async def lines_form(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    line_id: Annotated[list[str] | None, Query(max_length=_MOST_LINES)] = None,
    units: Annotated[list[str] | None, Query(max_length=_MOST_LINES)] = None,
    instead: Annotated[list[str] | None, Query(max_length=_MOST_LINES)] = None,
    sku: Annotated[str, Query(max_length=100)] = "",
    sku_units: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Choose other quantities or goods, take lines out or add one; below, what that does."""
    about = await order_context(context, no)
    wanted = lines_of(line_id, units, instead, sku, sku_units)
    plan: EditPlan | None = None
    effects: Effects | None = None
    refused = ""
    async with context.sessions.begin() as session:
        what = await line_edits.editable(session, about["order"].id)
        refused = why_not_edited(what)
        if wanted and not refused:
            try:
                plan, free = await line_edits.edit_preview(
                    session, about["order"].id, wanted, usual_of(settings)
                )
                places = await regrouping.sending_places(session)
                effects = effects_of_edit(plan, about["current"], free, places, COMPANY_CURRENCY)
            except (ActionNotAllowed, InvalidInput) as error:
                refused = str(error)
    chosen = {one.line_id: one for one in wanted if one.line_id}
    return page(
        request, "lines.html", plan=plan, refused=refused, lines=what.lines, chosen=chosen,
        sku=sku, sku_units=sku_units, may_edit=not why_not_edited(what),
        effects=effects, **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/lines")
async def change_lines(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    plan_hash: Hash = "",
    reason: Text = "",
    line_id: Annotated[list[str] | None, Form(max_length=_MOST_LINES)] = None,
    units: Annotated[list[str] | None, Form(max_length=_MOST_LINES)] = None,
    instead: Annotated[list[str] | None, Form(max_length=_MOST_LINES)] = None,
    sku: Annotated[str, Form(max_length=100)] = "",
    sku_units: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Carry out the plan that was shown."""
    lines = [
        {"line_id": one.line_id, "sku": one.sku, "quantity": one.quantity}
        for one in lines_of(line_id, units, instead, sku, sku_units)
    ]
    body = body_of(editing.Lines, plan_hash=plan_hash, reason=reason, lines=lines)
    await editing.change_lines(no, body, context, settings)
    return done(request, no)


def lines_of(
    line_ids: list[str] | None,
    units: list[str] | None,
    instead: list[str] | None,
    sku: str,
    sku_units: str,
) -> list[LineUnits]:
    """The lines of a form as they shall be; `instead` are other SKUs for them. Raises
    InvalidInput."""
    quantities = wanted_of(line_ids, units)
    others = [typed(one)[:100] for one in instead or [""] * len(quantities)]
    if len(others) != len(quantities):
        raise InvalidInput("the form cannot be read; open the page again")
    wanted = [
        LineUnits(line, quantity, other)
        for (line, quantity), other in zip(quantities.items(), others, strict=True)
    ]
    if code := typed(sku):
        wanted.append(LineUnits("", wanted_of([""], [sku_units or "1"])[""], code))
    return wanted


def wanted_of(line_ids: list[str] | None, units: list[str] | None) -> dict[str, int]:
    """The numbers of a form, line by line. Raises InvalidInput."""
    ids, numbers = line_ids or [], units or []
    if len(ids) != len(numbers) or len(set(ids)) != len(ids):
        raise InvalidInput("the form cannot be read; open the page again")
    wanted: dict[str, int] = {}
    for line_id, told in zip(ids, numbers, strict=True):
        text = typed(told) or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 7):
            raise InvalidInput("this is no number")
        wanted[typed(line_id)] = int(text)
    return wanted


def _ready(what: Dividable) -> dict[str, int]:
    """Whole units of each order line that lie ready in parcels of its own."""
    pieces: dict[str, dict[str, int]] = {}
    for one in what.order.shipments:
        if one.may_move and not one.box:
            for piece in one.pieces:
                line = pieces.setdefault(piece.order_line_id, {})
                line[piece.line_id] = line.get(piece.line_id, 0) + piece.quantity
    return {
        order_line: min(units // what.factors.get(line, units) for line, units in lines.items())
        for order_line, lines in pieces.items()
    }


async def _place_names(context: RequestContext) -> dict[str, str]:
    async with context.sessions.begin() as session:
        return await regrouping.sending_places(session)
