"""Counting on a tablet: what is to be counted, one code and one number after the other, blind."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf, SettingsOf
from api.inventory import counts
from api.strict import Asked
from db.inventory import count_queries
from db.inventory.repository import StockRepository
from domain.inventory.network import TRANSIT
from domain.shared.errors import InvalidInput
from web.input import Numbers, Short, Text, serials_typed, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page

router = APIRouter(include_in_schema=False)

Long = Annotated[str, Form(max_length=20_000)]
MOST: Final = 100


@router.get("/counts")
async def listed(
    request: Request, sessions: SessionsOf, location: Asked = "", closed: Asked = ""
) -> Response:
    """Counts that are not over, or those that are."""
    async with sessions.begin() as session:
        rows = await count_queries.counts(
            session, closed=bool(closed), location=location, limit=MOST
        )
        places = [x for x in await StockRepository(session).places() if x.kind != TRANSIT]
    return page(
        request, "counts.html", rows=rows, location=location, closed=bool(closed), places=places,
    )  # fmt: skip


@router.get("/counts/new")
async def new_form(request: Request, sessions: SessionsOf, location: Asked = "") -> Response:
    """Plan a count."""
    async with sessions.begin() as session:
        places = [x for x in await StockRepository(session).places() if x.kind != TRANSIT]
    return page(request, "count_new.html", places=places, location=location)


@router.post("/counts/new")
async def new(
    request: Request,
    context: Context,
    settings: SettingsOf,
    location: Short = "",
    kind: Short = "due",
    skus: Long = "",
) -> Response:
    """Write it down."""
    body = body_of(
        counts.CountRequest, location=location, kind=kind,
        skus=skus.replace(",", " ").split() if kind == "skus" else [],
    )  # fmt: skip
    planned = await counts.plan(body, context, settings)
    return to_page(request, f"/counts/{planned.no}" if planned.no else "/counts")


@router.get("/counts/{no}")
async def one(
    no: str, request: Request, sessions: SessionsOf, said: Asked = "", sku: Asked = ""
) -> Response:
    """Counting, and what came of it."""
    async with sessions.begin() as session:
        detail = await count_queries.count_detail(session, typed(no))
    view = counts.view_of(detail)
    return page(
        request, "count.html", count=view, place=detail.row.place, lines=detail.lines,
        found={item.line_no: item for item in view.items}, blind=detail.is_blind, row=detail.row,
        attention=detail.attention, said=said,
        last=sku,
    )  # fmt: skip


@router.post("/counts/{no}/look")
async def look(
    no: str, request: Request, context: Context, code: Short = "", units: Short = "",
    lot: Short = "", numbers: Numbers = "",
) -> Response:  # fmt: skip
    """One code and one number; of units with serial numbers the scanned ones say how many."""
    serials = serials_typed(numbers)
    units = units.strip() or (str(len(serials)) if serials else "")
    if not units.strip().isdecimal() or len(units.strip()) > 7:
        raise InvalidInput("units are whole numbers")
    body = body_of(counts.Seen, code=code, units=int(units), lot=lot, serials=serials)
    seen = await counts.look(typed(no), body, context)
    return to_page(request, f"/counts/{no}?said={seen.state}&sku={seen.sku}")


@router.post("/counts/{no}/post")
async def post(no: str, request: Request, context: Context, settings: SettingsOf) -> Response:
    """Put the differences into the books."""
    await counts.post(typed(no), context, settings)
    return to_page(request, f"/counts/{no}")


@router.get("/counts/{no}/cancel")
async def cancel_form(no: str, request: Request, sessions: SessionsOf) -> Response:
    """Why it is not needed any more."""
    async with sessions.begin() as session:
        detail = await count_queries.count_detail(session, typed(no))
    return page(request, "count_cancel.html", count=detail.row)


@router.post("/counts/{no}/cancel")
async def cancel(no: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Drop it."""
    await counts.cancel(typed(no), body_of(counts.CountReason, reason=reason), context)
    return to_page(request, f"/counts/{no}")
