"""The ledger of a product at a place, and correcting what lies there."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf, SettingsOf
from api.inventory.moves import MoveId, stock_moves
from api.orders.receiving import Adjustment, adjust
from api.strict import Asked
from db.ids import new_id
from db.inventory.moves import lots_at
from db.inventory.tables import LocationRow, SkuRow
from domain.inventory.stock import AdjustmentReason
from domain.shared.errors import InvalidInput, UnknownLocation, UnknownSku
from web.input import Numbers, serials_typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page

router = APIRouter(include_in_schema=False)
_SHOWN: Final = 50
_MOST_DIGITS: Final = 7
Typed = Annotated[str, Form(max_length=100)]
# What people find on the shelf; the others are said by counts, picks and recalls themselves.
REASONS: Final = (
    AdjustmentReason.FOUND, AdjustmentReason.LOST, AdjustmentReason.DAMAGED,
    AdjustmentReason.EXPIRED, AdjustmentReason.SAMPLE, AdjustmentReason.INTERNAL_USE,
    AdjustmentReason.OPENING,
)  # fmt: skip


@router.get("/levels/moves")
async def moves(
    request: Request,
    sessions: SessionsOf,
    sku: Asked = "",
    location: Asked = "",
    before: MoveId = "",
) -> Response:
    """Every move of a product at a place, the newest first."""
    async with sessions.begin() as session:
        product, place = await session.get(SkuRow, sku), await session.get(LocationRow, location)
        if product is None:
            raise UnknownSku("there is no such SKU")
        if place is None:
            raise UnknownLocation("there is no such location")
        told = await stock_moves(session, sku, location, before, _SHOWN)
    here = urlencode({"sku": sku, "location": location})
    return page(request, "stock_moves.html", sku=product, place=place, told=told, here=here)


@router.get("/levels/correction")
async def correction_form(
    request: Request, sessions: SessionsOf, settings: SettingsOf, sku: Asked = "",
    location: Asked = "", lot: Asked = "", units: Asked = "", reason: Asked = "",
) -> Response:  # fmt: skip
    """What a correction would do; without units, what can be corrected."""
    async with sessions.begin() as session:
        product, place = await session.get(SkuRow, sku), await session.get(LocationRow, location)
        if product is None:
            raise UnknownSku("there is no such SKU")
        if place is None:
            raise UnknownLocation("there is no such location")
        lots = await lots_at(session, sku, location)
    lies = next((row for row in lots if row.lot == lot), None)
    return page(
        request, "stock_correction.html", sku=product, place=place, lots=lots, lot=lot,
        units=_units(units) if units else None, reason=reason, reasons=REASONS,
        on_hand=lies.on_hand if lies else 0, promised=lies.reserved if lies else 0,
        limit=settings.two_person_stock_units, document_no=new_id("COR"),
    )  # fmt: skip


@router.post("/levels/correction")
async def correct(
    request: Request, context: Context, settings: SettingsOf, sku: Typed = "", location: Typed = "",
    lot: Typed = "", units: Typed = "", reason: Typed = "", document_no: Typed = "",
    numbers: Numbers = "",
) -> Response:  # fmt: skip
    """Write it down; above the limit a second person has to agree."""
    line = {
        "sku": sku, "quantity": _units(units), "lot": lot, "serials": serials_typed(numbers),
    }  # fmt: skip
    body = body_of(
        Adjustment, location=location, document_no=document_no, reason=reason, lines=[line]
    )
    await adjust(body, context, settings)
    return to_page(request, f"/levels/moves?{urlencode({'sku': sku, 'location': location})}")


def _units(typed: str) -> int:
    """Raises InvalidInput."""
    digits = typed.strip().removeprefix("+").removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > _MOST_DIGITS:
        raise InvalidInput("how many units more or fewer")
    found = -int(digits) if typed.strip().startswith("-") else int(digits)
    if not found:
        raise InvalidInput("how many units more or fewer")
    return found
