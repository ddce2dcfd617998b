"""Waves of picking: suggested, made by hand, given to a picker, followed and closed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from sqlalchemy.engine import Row
from starlette.responses import RedirectResponse, Response

from api.cookies import read_cookie
from api.deps import Context, SessionsOf, Who
from api.orders import label_batches, waves
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders.waves import Waves
from db.platform.accounts import Accounts
from domain.platform.permissions import Role
from domain.shared.errors import InvalidInput
from web.floor import by_zone, lines_of, scan_words, slots_of
from web.input import Short
from web.order_actions import body_of
from web.render import page
from web.warehouse import COOKIE, Location
from web.words import floor

router = APIRouter(include_in_schema=False)

_MOST_SHOWN: Final = 100


@router.get("/warehouse/waves")
async def plan(request: Request, sessions: SessionsOf, location: Location = None) -> Response:
    """What could be picked together now, and the waves that are on their way."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with sessions.begin() as session:
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
        names = {str(one.location_id): one.name for one in places}
        chosen = chosen if chosen in names else ""
        planned = Waves(session)
        suggested = await planned.suggestions(chosen, datetime.now(UTC)) if chosen else []
        underway = await planned.waves(chosen, ["made", "released"], _MOST_SHOWN)
        ended = await planned.waves(chosen, ["closed"], 10)
        people = await Accounts(session).list()
    return page(
        request, "waves.html", floor=floor, places=places, names=names, location=chosen,
        suggested=suggested, underway=underway, ended=ended,
        people={one.login: one.name for one in people},
    )  # fmt: skip


@router.post("/warehouse/waves")
async def make(
    sessions: SessionsOf,
    who: Who,
    location: Short = "",
    mode: Short = "batch",
    rule: Short = "",
    shipment_no: Annotated[list[str] | None, Form(max_length=waves.MOST_SHIPMENTS)] = None,
) -> Response:
    """Put the chosen shipments together."""
    if not shipment_no:
        raise InvalidInput("choose at least one shipment")
    body = body_of(waves.NewWave, location=location, shipment_nos=shipment_no, mode=mode, rule=rule)
    made = await waves.make_wave(body, sessions, who.actor)
    return _back(made.no)


@router.get("/warehouse/waves/{wave_no}")
async def one(wave_no: str, request: Request, sessions: SessionsOf) -> Response:
    """A wave: who picks it, how far it is, and what fell out."""
    async with sessions.begin() as session:
        found = Waves(session)
        wave, members = await found.wave(wave_no), await found.members(wave_no)
        people = await Accounts(session).list()
        places = await StockRepository(session).places()
    lines = await lines_of(sessions, slots_of(members), "pick")
    pickers = [one for one in people if one.active and Role.WAREHOUSE in one.roles]
    return page(
        request, "wave.html", floor=floor, wave=wave, members=members, lines=by_zone(lines),
        pickers=pickers, names={one.login: one.name for one in people},
        places={str(place.location_id): place.name for place in places},
    )  # fmt: skip


@router.get("/warehouse/waves/{wave_no}/pick")
async def pick(wave_no: str, request: Request, sessions: SessionsOf) -> Response:
    """The whole wave, picked by scanning: each unit is told its slot."""
    async with sessions.begin() as session:
        found = Waves(session)
        wave, members = await found.wave(wave_no), await found.members(wave_no)
    if wave.mode == "single" and (following := _next(members)):
        return RedirectResponse(f"/warehouse/{following}/scan", 303)
    open_ones = [row for row in members if row.picked_at is None and not row.gone]
    lines = await lines_of(sessions, slots_of(open_ones), "pick")
    return page(
        request, "floor_pick.html", wave=wave, shipment=None, lines=by_zone(lines),
        closed=wave.state != "released" or not lines, scan_words=scan_words(request), floor=floor,
        back=f"/warehouse/waves/{wave.no}", title=wave.no,
    )  # fmt: skip


@router.get("/warehouse/waves/{wave_no}/labels")
async def labels(wave_no: str, request: Request, context: Context) -> Response:
    """What can be printed of a wave, and what is left out for which reason."""
    batch = await label_batches.label_batch(context, wave_no, [])
    return page(request, "wave_labels.html", wave_no=wave_no, batch=batch, floor=floor)


@router.post("/warehouse/waves/{wave_no}/release")
async def release(wave_no: str, sessions: SessionsOf, who: Who, picker: Short = "") -> Response:
    """Give it to somebody."""
    await _known(sessions, picker)
    await waves.release(wave_no, body_of(waves.Release, picker=picker), sessions, who.actor)
    return _back(wave_no)


@router.post("/warehouse/waves/{wave_no}/drop")
async def drop(
    wave_no: str, sessions: SessionsOf, who: Who, shipment_no: Short = "", reason: Short = ""
) -> Response:
    """A shipment falls out."""
    body = body_of(waves.Removal, reason=reason)
    await waves.remove(wave_no, shipment_no, body, sessions, who.actor)
    return _back(wave_no)


@router.post("/warehouse/waves/{wave_no}/close")
async def close(wave_no: str, sessions: SessionsOf, who: Who) -> Response:
    """End it; what was not picked is free again."""
    await waves.close(wave_no, sessions, who.actor)
    return _back(wave_no)


def _next(members: Sequence[Row[Any]]) -> str:
    """The first shipment that is still to be picked."""
    waiting = (row for row in members if not (row.picked_at or row.left_at or row.gone))
    return next((row.shipment_no for row in waiting), "")


async def _known(sessions: Sessions, picker: str) -> None:
    async with sessions.begin() as session:
        if picker and await Accounts(session).find(picker) is None:
            raise InvalidInput("nobody has this log-in name")


def _back(wave_no: str) -> Response:
    return RedirectResponse(f"/warehouse/waves/{wave_no}", 303)
