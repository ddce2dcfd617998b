"""Ship notices: what senders say is on its way, and one taken down on the telephone."""

import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.inventory import ship_notices
from api.inventory.receiving_bodies import ShipNoticeBody
from api.strict import clean
from db.inventory import receipt_queries
from db.inventory.repository import StockRepository
from domain.inventory.network import TRANSIT
from domain.shared.errors import InvalidInput
from web.input import Short, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page
from web.words import receiving as says

router = APIRouter(include_in_schema=False)

MOST: Final = 100
Long = Annotated[str, Form(max_length=100_000)]
Asked = Annotated[str, Query(max_length=200), AfterValidator(clean)]


@router.get("/ship-notices")
async def listed(
    request: Request, sessions: SessionsOf, state: Asked = "expected", before: Asked = ""
) -> Response:
    """What is said to be on its way, or all that ever was."""
    if state not in ("", *says.NOTICE_STATE):
        raise InvalidInput("there is no such state")
    async with sessions.begin() as session:
        rows = await receipt_queries.notices(session, state=state, before=before, limit=MOST + 1)
    return page(
        request, "ship_notices.html", rows=rows[:MOST], state=state, says=says,
        more=rows[MOST - 1].no if len(rows) > MOST else "",
    )  # fmt: skip


@router.get("/ship-notices/new")
async def new_form(request: Request, sessions: SessionsOf, order: Asked = "") -> Response:
    """Take one down."""
    async with sessions.begin() as session:
        due = await receipt_queries.expected(session, "", MOST)
        places = [one for one in await StockRepository(session).places() if one.kind != TRANSIT]
    return page(
        request, "ship_notice_new.html", places=places, order=order, says=says,
        orders=[row for row in due if row.kind != "none" and not row.notice_no],
    )  # fmt: skip


@router.post("/ship-notices/new")
async def new(
    request: Request,
    context: Context,
    sessions: SessionsOf,
    external_no: Short = "",
    order: Short = "",
    location: Short = "",
    sender: Short = "",
    expected_on: Short = "",
    carrier: Short = "",
    waybill_no: Short = "",
    lines: Long = "",
) -> Response:
    """Write down what somebody said on the telephone."""
    kind, _, number = order.partition("/")
    if number and not location:
        async with sessions.begin() as session:
            location = await receipt_queries.place_of(session, kind, number)
    body = body_of(
        ShipNoticeBody, external_no=external_no, location=location, expected_on=expected_on,
        source_kind=kind if number else "none", source_no=number,
        sender="" if number else sender, carrier=carrier, waybill_no=waybill_no,
        lines=lines_typed(lines),
    )  # fmt: skip
    kept = await ship_notices.announce(body, context)
    return to_page(request, f"/ship-notices/{kept.notice_no}")


@router.get("/ship-notices/{notice_no}")
async def one(notice_no: str, request: Request, sessions: SessionsOf) -> Response:
    """What was said, carton by carton."""
    async with sessions.begin() as session:
        row, lines = await receipt_queries.notice(session, typed(notice_no))
        names = await receipt_queries.names(session, row.location_id, [x.sku for x in lines])
    return page(request, "ship_notice.html", row=row, lines=lines, names=names, says=says)


@router.post("/ship-notices/{notice_no}/cancel")
async def cancel(notice_no: str, request: Request, context: Context) -> Response:
    """It does not come."""
    await ship_notices.cancel_notice(typed(notice_no), context)
    return to_page(request, f"/ship-notices/{notice_no}")


def lines_typed(text: str) -> list[dict[str, Any]]:
    """Lines as people type them: code, units and, where it matters, the lot and its last good day.

    Raises InvalidInput.
    """
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        parts = line.replace(",", " ").replace("，", " ").split()
        if not parts:
            continue
        if not 2 <= len(parts) <= 4:
            raise InvalidInput("each line has a code, units, and perhaps a lot and its last day")
        if not parts[1].isdecimal() or len(parts[1]) > 9:
            raise InvalidInput("units are whole numbers")
        told: dict[str, Any] = {"sku": parts[0], "units": int(parts[1])}
        if len(parts) > 2:
            told["lot"] = parts[2]
        if len(parts) > 3:
            told["expires_on"] = _day(parts[3])
        found.append(told)
    return found


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidInput("a day is written as 2027-10-31") from None
