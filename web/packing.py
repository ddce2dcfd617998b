"""The pack station's door, and how a place works: cartons, tolerances, cut-offs and bins."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import read_cookie
from api.deps import Context, SessionsOf
from api.orders import floor as settings
from api.orders import warehouse
from db.inventory.repository import StockRepository
from db.orders.packing import PackStation
from domain.shared.errors import InvalidInput, OrderNotFound
from integrations.gs1 import read_code
from web.order_actions import body_of
from web.render import page
from web.warehouse import COOKIE, Location
from web.words import floor

router = APIRouter(include_in_schema=False)

_MOST_SHOWN: Final = 100
_CELLS: Final = re.compile(r"[,;\t，；]")
_DAYS: Final = {"worked": True, "上班": True, "day off": False, "休息": False}
Cells = Annotated[str, Form(max_length=900_000)]
Number = Annotated[str, Form(max_length=7)]


@router.get("/warehouse/pack")
async def door(
    request: Request,
    sessions: SessionsOf,
    location: Location = None,
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """What waits to be packed; a code leads to its shipment."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with sessions.begin() as session:
        places = await StockRepository(session).places()
        names = {str(one.location_id): one.name for one in places}
        chosen = chosen if chosen in names else ""
        unknown = ""
        if code := find.strip():
            read = read_code(code)
            try:
                found = await PackStation(session).find(read.text, read.gtins, chosen)
                return RedirectResponse(f"/warehouse/{found}", 303)
            except OrderNotFound:
                unknown = code
    picked = [one for one in await warehouse.pick_lists(sessions, chosen, 200) if one.picked_at]
    waiting = [one for one in picked if not one.packed_at][:_MOST_SHOWN]
    return page(request, "pack.html", waiting=waiting, names=names, unknown=unknown)


@router.get("/warehouse/setup")
async def setup(request: Request, sessions: SessionsOf, location: Location = None) -> Response:
    """How a place works."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with sessions.begin() as session:
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
    if chosen not in {str(one.location_id) for one in places}:
        return page(
            request, "floor_setup.html", places=places, location="", kept=None, bins=[], floor=floor
        )  # fmt: skip
    kept = await settings.floor(chosen, sessions)
    bins = (await settings.bins(chosen, sessions)).bins
    return page(
        request, "floor_setup.html", places=places, location=chosen, kept=kept, bins=bins,
        floor=floor,
    )  # fmt: skip


@router.post("/warehouse/setup/{location}")
async def keep(
    location: str,
    context: Context,
    checked: Annotated[str, Form(max_length=10)] = "",
    wave_size: Number = "20",
    tolerance_g: Number = "50",
    tolerance_percent: Number = "5",
    cartons: Cells = "",
    cutoffs: Cells = "",
    works_on: Annotated[list[str] | None, Form(max_length=7)] = None,
    other_days: Cells = "",
) -> Response:
    """Keep the rule, the cartons (code, three sides, own weight, load), cut-offs and days."""
    rule = {
        "wave_size": _whole(wave_size), "tolerance_g": _whole(tolerance_g),
        "tolerance_percent": _whole(tolerance_percent),
    }  # fmt: skip
    names = ("code", "length_mm", "width_mm", "height_mm", "tare_g", "most_g")
    kinds = [
        {
            name: cell if name == "code" else _whole(cell)
            for name, cell in zip(names, row, strict=False)
        }
        for row in _rows(cartons, 4, 6)
    ]
    visits = [{"carrier": row[0], "at": row[1]} for row in _rows(cutoffs, 2, 2)]
    body = body_of(
        settings.FloorSettings, rule=rule if checked else None, cartons=kinds, cutoffs=visits,
        works_on=[_whole(day) for day in works_on or []],
        other_days=[{"day": day, "works": _works(word)} for day, word in _rows(other_days, 2, 2)],
    )  # fmt: skip
    await settings.keep_floor(location, body, context)
    return _back(location)


@router.post("/warehouse/setup/{location}/bins")
async def keep_bins(location: str, context: Context, bins: Cells = "") -> Response:
    """Keep where SKUs lie: SKU, zone, bin, one a line; all or none."""
    found = [{"sku": sku, "zone": zone, "bin": bin} for sku, zone, bin in _rows(bins, 3, 3)]
    await settings.keep_bins(location, body_of(settings.Bins, bins=found), context)
    return _back(location)


def _rows(text: str, least: int, most: int) -> Sequence[list[Any]]:
    """The cells of each line; empty lines count for nothing. Raises InvalidInput."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in _CELLS.split(line)]
        if not any(cells):
            continue
        if not least <= len(cells) <= most:
            raise InvalidInput(f"line {number} has {len(cells)} cells")
        found.append(cells)
    return found


def _works(word: str) -> bool:
    if word.lower() not in _DAYS:
        raise InvalidInput("a single day is either worked or a day off")
    return _DAYS[word.lower()]


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 7:
        raise InvalidInput("this is no number")
    return int(text)


def _back(location: str) -> Response:
    return RedirectResponse(f"/warehouse/setup?location={location}", 303)
