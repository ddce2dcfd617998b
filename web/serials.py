"""Units with serial numbers: where they are, and the way of one from supplier to buyer."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.cursors import Cursor
from api.deps import Context, SessionsOf
from api.inventory import serials
from api.strict import Asked
from db.inventory import serial_queries
from db.inventory.serial_queries import SerialFilter
from domain.shared.errors import InvalidInput
from web import words
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

Numbers = Annotated[str, Form(max_length=50_000)]
MOST: Final = 50


@router.get("/serials")
async def list_of_serials(
    request: Request,
    sessions: SessionsOf,
    q: Asked = "",
    state: Asked = "",
    location: Asked = "",
    cursor: Cursor = "",
) -> Response:
    """Units by SKU and number."""
    if state not in words.SERIAL_TAB:
        raise InvalidInput("there is no such list")
    wanted = SerialFilter(q.strip(), "", location, state)
    async with sessions.begin() as session:
        found = await serials.serials_page(session, wanted, cursor, MOST)
        places = await serial_queries.places_of(session)
    return page(
        request, "serials.html", found=found, wanted=wanted, places=places,
        tabs=list(words.SERIAL_TAB), cursor=cursor,
    )  # fmt: skip


@router.post("/serials")
async def note(
    context: Context, sku: Short = "", location: Short = "", lot: Short = "", numbers: Numbers = ""
) -> Response:
    """Take down the numbers of units that lie there already, one a line."""
    named = [line.strip() for line in typed(numbers).splitlines() if line.strip()]
    body = body_of(
        serials.SerialsNoted, sku=typed(sku), location=location, lot=lot, serials=named
    )  # fmt: skip
    await serials.note(body, context)
    return RedirectResponse("/serials?" + urlencode({"q": typed(sku)}), 303)


@router.get("/serials/one")
async def one(request: Request, context: Context, sku: Asked = "", serial: Asked = "") -> Response:
    """A unit from the supplier to its buyer."""
    async with context.sessions.begin() as session:
        view = await serials.serial_view(session, sku, serial, context.principal)
        places = await serial_queries.places_of(session)
    return page(request, "serial.html", unit=view, places=places)


@router.post("/serials/one")
async def correct(
    context: Context,
    sku: Short = "",
    serial: Short = "",
    state: Short = "",
    location: Short = "",
    condition: Short = "good",
    reason: Text = "",
) -> Response:
    """Put the register right."""
    body = body_of(
        serials.SerialCorrected, sku=typed(sku), serial=typed(serial), state=state,
        location=location, condition=condition, reason=reason,
    )  # fmt: skip
    await serials.correct(body, context)
    named = {"sku": typed(sku), "serial": typed(serial)}
    return RedirectResponse("/serials/one?" + urlencode(named), 303)
