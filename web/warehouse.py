"""The warehouse's own pages: what to pick, pack and hand over, on a tablet."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.cookies import keep_cookie, read_cookie
from api.deps import SessionsOf, Who
from api.orders import warehouse
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders.floor import Floor
from db.orders.manifests import todays_manifests
from db.orders.packing import PackStation
from db.orders.picked_lots import line_lots
from db.orders.picked_serials import serials_in_box
from db.orders.warehouse import Warehouse
from db.orders.waves import Waves
from db.platform.inbox import AttentionInbox
from domain.orders.order import ShipmentStatus
from domain.shared.errors import (
    InvalidInput,
    OrderNotFound,
    PackingDiffers,
    SerialsMissing,
    WaveNotFound,
)
from integrations.gs1 import read_code
from web.floor import by_zone, lines_of, scan_words
from web.order_actions import body_of
from web.render import page
from web.words import floor

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the boxes were not taken, and what was typed: weight and carton of each."""

    why: str
    boxes: list[tuple[str, str]]
    may_be_right: bool = True


COOKIE: Final = "onhand_location"
Location = Annotated[str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]
_YEAR_S: Final = 365 * 24 * 3600
_MOST_BOXES: Final = 50
_MOST_SHOWN: Final = 100


@router.get("/warehouse")
async def pick_lists(
    request: Request,
    sessions: SessionsOf,
    location: Location = None,
    find: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """What to do now at a location, the most urgent first; the location is remembered."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with sessions.begin() as session:
        if code := find.strip():
            return RedirectResponse(await _work_of(session, code, chosen), 303)
        places = await StockRepository(session).places()
        manifests = await todays_manifests(session)
    known = {str(place.location_id) for place in places}
    chosen = chosen if chosen in known else ""
    lists = await warehouse.pick_lists(sessions, chosen, _MOST_SHOWN)
    response = page(
        request, "warehouse.html", lists=lists, location=chosen, most=_MOST_SHOWN,
        names={str(place.location_id): place.name for place in places},
        places=[place for place in places if place.kind != "transit"],
        manifests=[one for one in manifests if chosen in ("", one.location_id)],
    )  # fmt: skip
    if location is not None:
        keep_cookie(response, request, COOKIE, chosen, _YEAR_S)
    return response


async def _work_of(session: AsyncSession, code: str, location: str) -> str:
    """Where a wave, a shipment, a waybill or goods are worked on next."""
    with suppress(WaveNotFound):
        wave = await Waves(session).wave(code.upper())
        return f"/warehouse/waves/{wave.no}{'/pick' if wave.state == 'released' else ''}"
    read = read_code(code)
    try:
        no = await PackStation(session).find(read.text, read.gtins, location)
    except OrderNotFound:
        return f"/warehouse/{quote(code.upper(), safe='')}"
    found = await Warehouse(session).shipment(no)
    to_pick = found.status == ShipmentStatus.PICKING and found.picked_at is None
    return f"/warehouse/{no}{'/scan' if to_pick else ''}"


@router.get("/warehouse/{shipment_no}")
async def shipment(shipment_no: str, request: Request, sessions: SessionsOf) -> Response:
    """One shipment with its next act."""
    return await _shown(shipment_no, request, sessions)


async def _shown(
    shipment_no: str, request: Request, sessions: Sessions, refused: Refused | None = None
) -> Response:
    found = await warehouse.get_shipment(shipment_no, sessions)
    packing = found.picked_at is not None and found.packed_at is None
    async with sessions.begin() as session:
        places = await StockRepository(session).places()
        stuck = await AttentionInbox(session).of_shipment(found.shipment_no)
        lots = await line_lots(session, found.shipment_no)
        units = await serials_in_box(session, found.shipment_no)
        cartons = await Floor(session).cartons(found.location) if packing else {}
        station = PackStation(session)
        expected = await station.expected(found.shipment_no) if packing else None
        advised = await station.suggestion(found.shipment_no) if packing else None
    lines = await lines_of(sessions, {found.shipment_no: 0}, "pack") if packing else []
    return page(
        request, "shipment.html", status=409 if refused else 200, shipment=found, stuck=stuck,
        names={str(place.location_id): place.name for place in places}, packing=packing,
        cartons=cartons, expected=expected, advised=advised, lines=by_zone(lines), floor=floor,
        scan_words=scan_words(request), refused=refused, wave=None, closed=False, back="",
        lots=lots, units=units,
    )  # fmt: skip


@router.post("/warehouse/{shipment_no}/pick")
async def pick(shipment_no: str, request: Request, sessions: SessionsOf, who: Who) -> Response:
    """Confirm what was found; less than asked for is a short pick."""
    form = await request.form()
    found = [
        {"sku": name.removeprefix("picked."), "picked": _whole(str(value))}
        for name, value in form.items()
        if name.startswith("picked.")
    ]
    body = body_of(warehouse.PickConfirmation, lines=found)
    await warehouse.confirm_pick(shipment_no, body, sessions, who.actor)
    return _back(shipment_no)


@router.post("/warehouse/{shipment_no}/pack")
async def pack(
    shipment_no: str,
    request: Request,
    sessions: SessionsOf,
    who: Who,
    weight: Annotated[list[str] | None, Form(max_length=_MOST_BOXES)] = None,
    carton: Annotated[list[str] | None, Form(max_length=_MOST_BOXES)] = None,
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Close the boxes; each weight in kilograms makes one, of the carton beside it."""
    kinds = [*(carton or []), *[""] * _MOST_BOXES]
    boxes = [
        {"weight_g": _grams(text), "carton": kind}
        for text, kind in zip(weight or [], kinds, strict=False)
        if text.strip()
    ]
    if not boxes:
        raise InvalidInput("weigh at least one box")
    body = body_of(warehouse.Packing, boxes=boxes, reason=reason)
    try:
        await warehouse.pack(shipment_no, body, sessions, who.actor)
    except (PackingDiffers, SerialsMissing) as error:
        refused = Refused(
            str(error), list(zip(weight or [], kinds, strict=False)),
            may_be_right=isinstance(error, PackingDiffers),
        )  # fmt: skip
        return await _shown(shipment_no, request, sessions, refused)
    return _back(shipment_no)


@router.post("/warehouse/{shipment_no}/hand-over")
async def hand_over(shipment_no: str, sessions: SessionsOf, who: Who) -> Response:
    """The carrier took the boxes."""
    await warehouse.hand_over(shipment_no, sessions, who.actor)
    return RedirectResponse("/warehouse", 303)


def _back(shipment_no: str) -> Response:
    return RedirectResponse(f"/warehouse/{shipment_no}", 303)


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 7:
        raise InvalidInput("a quantity must be a whole number")
    return int(text)


def _grams(text: str) -> int:
    """From kilograms with at most three decimal places. Raises InvalidInput."""
    whole, _, part = text.strip().replace(",", ".").partition(".")
    if not (whole or "0").isdecimal() or not (part or "0").isdecimal() or len(part) > 3:
        raise InvalidInput("a weight must be kilograms, such as 1.25")
    if len(whole) > 4:
        raise InvalidInput("a box cannot be that heavy")
    return int(whole or "0") * 1000 + int(part.ljust(3, "0") or "0")
