"""Units that lie without the lot their SKU asks for."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.cursors import Cursor
from api.deps import Context, SessionsOf
from api.inventory import lot_naming
from api.inventory.lot_naming import LotRead
from api.strict import Asked
from db.ids import new_id
from web.input import Numbers, Short, serials_typed, typed
from web.order_actions import body_of
from web.purchases import number_of
from web.render import page
from web.returns import to_page

router = APIRouter(include_in_schema=False)
MOST: Final = 50


@router.get("/lots/missing")
async def missing(
    request: Request, sessions: SessionsOf, sku: Asked = "", location: Asked = "",
    condition: Asked = "", cursor: Cursor = "",
) -> Response:  # fmt: skip
    """What they are and where; with one of them chosen, the form that names its lot."""
    async with sessions.begin() as session:
        found = await lot_naming.without_lot(session, cursor, MOST)
    chosen = next(
        (one for one in found.items
         if (one.sku, one.location, one.condition) == (sku, location, condition)), None,
    )  # fmt: skip
    return page(
        request, "lots_missing.html", found=found, chosen=chosen, cursor=cursor,
        document_no=new_id("LOT"),
    )  # fmt: skip


@router.post("/lots/missing")
async def name(
    request: Request, context: Context, document_no: Short = "", sku: Short = "",
    location: Short = "", condition: Short = "good", units: Short = "", lot: Short = "",
    produced_on: Short = "", expires_on: Short = "", numbers: Numbers = "",
) -> Response:  # fmt: skip
    """They are of this lot."""
    body = body_of(
        LotRead, document_no=document_no, sku=typed(sku), location=location, condition=condition,
        units=number_of(units), lot=typed(lot), produced_on=produced_on or None,
        expires_on=expires_on or None, serials=serials_typed(numbers),
    )  # fmt: skip
    await lot_naming.name_lot(body, context)
    return to_page(request, "/lots/missing")
