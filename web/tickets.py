"""A day's tickets out of the file that a till exports: read, kept, and what became of each."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.channels.ports import OutsideOf
from api.channels.tickets import BatchView, take
from api.errors import Problem
from db.channels import health
from db.inventory.repository import StockRepository
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput
from integrations.spreadsheet import UnreadableFile, read_rows
from integrations.till_exports import ExportedTicket, read_export
from web.render import page

router = APIRouter(include_in_schema=False)

_MOST_SHOWN: Final = 200
_ENCODINGS: Final = {"": "", "gb18030": "gb18030"}


@router.get("/shops/{shop_id}/do/tickets")
async def form(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """Where the file is chosen."""
    return page(request, "shop_tickets.html", **await _about(outside, shop_id))


@router.post("/shops/{shop_id}/do/tickets")
async def upload(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """Keep the tickets of the file; the page says what became of each that needs a look."""
    about = await _about(outside, shop_id)
    given = await request.form(max_files=1, max_fields=10)
    file, store = given.get("file"), str(given.get("store", ""))
    encoding = _ENCODINGS.get(str(given.get("encoding", "")))
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput("choose a file")
    if encoding is None or (store and store not in {one.location_id for one in about["stores"]}):
        raise InvalidInput("there is no such store")
    try:
        exported = await asyncio.to_thread(_read, await file.read(), encoding, store)
    except UnreadableFile as error:
        raise InvalidInput(f"the file cannot be read: {error}") from None
    good = [one for one in exported if not one.problems]
    answer = await take(outside, shop_id, [one.told for one in good])
    return page(request, "shop_tickets_kept.html", **about, **_result(exported, good, answer))


def _read(content: bytes, encoding: str, store: str) -> list[ExportedTicket]:
    with tempfile.NamedTemporaryFile(suffix=".tickets") as file:
        file.write(content)
        file.flush()
        rows = read_rows(Path(file.name), encoding)
        try:
            return read_export(rows, COMPANY_ZONE, datetime.now(UTC), store)
        except UnreadableFile as error:
            raise UnreadableFile(str(error).replace(Path(file.name).name, "The file")) from None


def _result(
    exported: list[ExportedTicket], good: list[ExportedTicket], answer: BatchView
) -> dict[str, Any]:
    """How many were what, and the rows that somebody has to look at."""
    noted = [
        (row, one.told.name, "rejected", text) for one in exported for row, text in one.problems
    ]
    for one, view in zip(good, answer.tickets, strict=True):
        if view.outcome in ("conflict", "parked", "rejected"):
            said = "; ".join(f"{p.field} {p.problem}" for p in view.problems)
            noted.append((one.row, view.ticket, str(view.outcome), said))
    return {
        "answer": answer,
        "rejected": answer.rejected + len(exported) - len(good),
        "noted": sorted(noted)[:_MOST_SHOWN],
        "more": max(len(noted) - _MOST_SHOWN, 0),
    }


async def _about(outside: Any, shop_id: str) -> dict[str, Any]:
    async with outside.sessions.begin() as session:
        found = await health.shops(session, shop_id)
        places = await StockRepository(session).places()
    if not found or found[0].channel != "pos":
        raise Problem("NotFound", 404)
    return {"shop": found[0], "stores": [place for place in places if place.kind == "store"]}
