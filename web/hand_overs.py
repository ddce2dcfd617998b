"""Handing over on a tablet: parcels scanned for a driver, his signature, and what is left over."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import read_cookie
from api.deps import Context
from api.errors import language_of
from api.language import translate
from api.orders import hand_overs
from db.inventory.repository import StockRepository
from db.orders.hand_overs import HandOvers
from web.input import Short
from web.order_actions import body_of
from web.render import page
from web.warehouse import COOKIE, Location
from web.words import floor

router = APIRouter(include_in_schema=False)

_MOST_SHOWN: Final = 50
_MOST_LEFT: Final = 300


@router.get("/warehouse/hand-overs")
async def listed(request: Request, context: Context, location: Location = None) -> Response:
    """Carriers that parcels wait for here, open hand-overs, and those that were signed last."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with context.sessions.begin() as session:
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
        names = {str(one.location_id): one.name for one in places}
        chosen = chosen if chosen in names else ""
        found = HandOvers(session, context.vault)
        waiting = await found.waiting(chosen) if chosen else []
        known = await found.list(chosen, _MOST_SHOWN)
    return page(
        request, "hand_overs.html", places=places, names=names, location=chosen, waiting=waiting,
        known=known, floor=floor,
    )  # fmt: skip


@router.post("/warehouse/hand-overs")
async def begin(context: Context, location: Short = "", carrier: Short = "") -> Response:
    """Begin one, or go on with the one that is open."""
    body = body_of(hand_overs.NewHandOver, location=location, carrier=carrier)
    return _back((await hand_overs.open_hand_over(body, context)).no)


@router.get("/warehouse/hand-overs/{hand_over_no}")
async def one(hand_over_no: str, request: Request, context: Context) -> Response:
    """Scan the parcels, let the driver sign."""
    found = await hand_overs.hand_over(hand_over_no, context)
    async with context.sessions.begin() as session:
        places = await StockRepository(session).places()
    said = {
        code: translate(language_of(request), text)
        for code, text in (floor.SCAN | floor.HANDED).items()
    }
    return page(
        request, "hand_over.html", found=found.hand_over, parcels=found.parcels, scan_words=said,
        names={str(place.location_id): place.name for place in places},
    )  # fmt: skip


@router.post("/warehouse/hand-overs/{hand_over_no}/take-off")
async def take_off(hand_over_no: str, context: Context, parcel_id: Short = "") -> Response:
    """A parcel stays here."""
    await hand_overs.take_off(hand_over_no, parcel_id, context)
    return _back(hand_over_no)


@router.post("/warehouse/hand-overs/{hand_over_no}/close")
async def close(
    hand_over_no: str,
    context: Context,
    driver: Short = "",
    signature: Annotated[str, Form(max_length=300_000)] = "",
) -> Response:
    """The driver has signed."""
    body = body_of(hand_overs.Closing, driver=driver, signature=signature)
    await hand_overs.close(hand_over_no, body, context)
    return _back(hand_over_no)


@router.get("/warehouse/left-overs")
async def left_behind(request: Request, context: Context, location: Location = None) -> Response:
    """At the end of the day: what has not left, and what to do about it."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with context.sessions.begin() as session:
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
    names = {str(one.location_id): one.name for one in places}
    chosen = chosen if chosen in names else ""
    found = await hand_overs.left_behind(context.sessions, chosen, _MOST_LEFT)
    kinds = {kind: [one for one in found if one.kind == kind] for kind in floor.LEFT_OVER}
    return page(
        request, "left_overs.html", places=places, names=names, location=chosen, kinds=kinds,
        total=len(found), most=_MOST_LEFT, floor=floor,
    )  # fmt: skip


def _back(no: str) -> Response:
    return RedirectResponse(f"/warehouse/hand-overs/{no}", 303)
