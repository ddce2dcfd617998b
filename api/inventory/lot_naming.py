"""Units that lie without the lot their SKU asks for: seen, and given their lot."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, SessionsOf
from api.strict import Code, Count, Day, SafeStr, StrictBody
from db.inventory.lot_naming import LotNaming, NamedLot

router = APIRouter(tags=["lots"])
MOST: Final = 200
Short = Annotated[SafeStr, Field(min_length=1, max_length=40)]
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "UnknownSku"}}


class WithoutLot(BaseModel):
    """Units at a place; `reserved` ones are promised, and named after they are picked or free."""

    sku: str
    name: str
    location: str
    place: str
    condition: str
    units: int
    reserved: int
    asks_serial: bool


class WithoutLotPage(BaseModel):
    """By SKU and place."""

    items: list[WithoutLot]
    next_cursor: str = ""


class LotRead(StrictBody):
    """The lot as somebody read it on units, with the days that stand there. Units of a SKU that
    asks for serial numbers are named by them. A `document_no` counts once."""

    document_no: Code
    sku: Code
    location: Code
    condition: Literal["good", "quarantine", "damaged", "refurbish", "scrap", "to_supplier"] = (
        "good"
    )
    units: Count
    lot: Short
    produced_on: Day | None = None
    expires_on: Day | None = None
    serials: list[Short] = Field(default=[], max_length=1000)


class LotNamed(BaseModel):
    """The units are of this lot now."""

    document_no: str
    units: int


@router.get("/units-without-lot")
async def list_without_lot(
    sessions: SessionsOf,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> WithoutLotPage:
    """What lies without the lot that its SKU asks for."""
    async with sessions.begin() as session:
        return await without_lot(session, cursor, limit)


@router.post("/units-without-lot", responses=_ABSENT)
async def name_lot(body: LotRead, context: Context) -> LotNamed:
    """Say of which lot units are; orders that wait for such goods get them."""
    named = NamedLot(
        body.document_no, body.sku, body.location, body.units, body.lot, body.condition,
        body.produced_on, body.expires_on, tuple(body.serials),
    )  # fmt: skip
    async with context.sessions.begin() as session:
        await LotNaming(session, context.actor, context.request_id).name(named)
    return LotNamed(document_no=body.document_no, units=body.units)


async def without_lot(session: AsyncSession, cursor: str, limit: int) -> WithoutLotPage:
    """A page of them, from behind the cursor on. Raises InvalidInput."""
    sku, location, condition = parts_of(cursor, 3) or ("", "", "")
    rows = await LotNaming(session).listed(limit, (sku, location, condition))
    items = [
        WithoutLot(
            sku=row.sku, name=row.name, location=row.location, place=row.place,
            condition=row.condition, units=row.units, reserved=row.reserved,
            asks_serial=row.tracks_serials,
        )
        for row in rows
    ]  # fmt: skip
    last = items[-1] if len(items) == limit else None
    return WithoutLotPage(
        items=items,
        next_cursor=cursor_of(last.sku, last.location, last.condition) if last else "",
    )
