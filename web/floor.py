"""Lists that are worked through by scanning, and the sheet of barcodes that press buttons."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import SessionsOf
from api.errors import language_of
from api.language import translate
from api.orders import warehouse
from db.engine import Sessions
from db.orders.scans import Scans
from db.orders.waves import Waves
from integrations.code128 import code128
from web.render import page
from web.words import floor

router = APIRouter(include_in_schema=False)

SCANS: Final = "/api/v1/scans"


@dataclass(slots=True)
class Line:
    """A SKU of a list with every place it goes to."""

    sku: str
    name: str
    gtin: str
    zone: str
    bin: str
    asks_serial: bool = False
    places: list[dict[str, Any]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return sum(place["asked"] for place in self.places)

    @property
    def counted(self) -> int:
        return sum(place["counted"] for place in self.places)


async def lines_of(sessions: Sessions, slots: Mapping[str, int], station: str) -> Sequence[Line]:
    """What is scanned for these shipments, in the order of the walk; a slot of 0 is not shown."""
    async with sessions.begin() as session:
        rows = await Waves(session).lines(list(slots))
        counts = await Scans(session).counts(list(slots), station)
    standing = {
        (no, sku): (counted, asked) for no, lines in counts.items() for sku, counted, asked in lines
    }
    found: dict[str, Line] = {}
    for row in rows:
        told = (row.name, row.gtin, row.zone, row.bin, row.tracks_serials)
        line = found.setdefault(row.sku, Line(row.sku, *told))
        counted, asked = standing[row.shipment_no, row.sku]
        if asked:
            line.places.append(
                {"no": row.shipment_no, "slot": slots[row.shipment_no], "asked": asked,
                 "counted": counted}
            )  # fmt: skip
    for line in found.values():
        line.places.sort(key=lambda place: place["slot"])
    return [line for line in found.values() if line.places]


def scan_words(request: Request) -> dict[str, str]:
    """What the page says to scans, in the reader's language."""
    return {code: translate(language_of(request), text) for code, text in floor.SCAN.items()}


@router.get("/warehouse/codes")
async def code_sheet(request: Request) -> Response:
    """Barcodes to print and hang up: a scanner presses buttons with them."""
    bars = {code: bars_of(code) for code in floor.FUNCTION_CODES}
    return page(request, "floor_codes.html", floor=floor, bars=bars)


@router.get("/warehouse/offline")
async def without_network(request: Request) -> Response:
    """What a tablet shows when there is no network and it has not kept the page that is wanted."""
    return page(request, "floor_offline.html")


@router.get("/warehouse/{shipment_no}/scan")
async def pick_by_scan(shipment_no: str, request: Request, sessions: SessionsOf) -> Response:
    """One shipment, picked by scanning."""
    found = await warehouse.get_shipment(shipment_no, sessions)
    lines = await lines_of(sessions, {found.shipment_no: 0}, "pick")
    closed = found.status != "picking" or found.picked_at is not None
    return page(
        request, "floor_pick.html", shipment=found, wave=None, lines=by_zone(lines), closed=closed,
        scan_words=scan_words(request), floor=floor, back=f"/warehouse/{found.shipment_no}",
        title=found.shipment_no,
    )  # fmt: skip


def by_zone(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The walk: zone after zone."""
    zones: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        zones[line.zone].append(line)
    return dict(zones)


def bars_of(code: str) -> dict[str, Any]:
    """Where each bar begins and how wide it is, in modules."""
    widths = code128(code)
    starts = [sum(widths[:n]) for n in range(len(widths))]
    bars = [(starts[n], widths[n]) for n in range(0, len(widths), 2)]
    return {"bars": bars, "width": sum(widths)}


def slots_of(members: Sequence[Row[Any]]) -> dict[str, int]:
    """The shipments that are still in a wave, with their slots."""
    return {row.shipment_no: row.slot for row in members if row.left_at is None}
