"""The ledger of a SKU at a place, for programs and pages."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.inventory.routes import Limit, Reading
from db.inventory.moves import moves_of
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow
from domain.shared.errors import UnknownLocation
from domain.shared.ids import Sku

router = APIRouter(tags=["inventory"])
Named = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
MoveId = Annotated[str, Query(pattern="^([0-9a-f-]{36})?$")]


class MoveView(BaseModel):
    """Goods that came or left, in base units; `units` is below zero where they left. `lay_there`
    is what lay there after it, every lot, condition and owner together."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    at: datetime
    verb: str
    units: int
    lay_there: int
    other_place: str
    lot: str
    condition: str
    owner: str
    document_kind: str
    document_no: str
    reason: str
    actor: str


class MovesView(BaseModel):
    """The newest first. `next_before` is the id to go on behind; null at the end."""

    sku: str
    location: str
    moves: list[MoveView]
    next_before: str | None


@router.get("/stock/moves")
async def stock_moves(
    session: Reading, sku: Named, location: Named, before: MoveId = "", limit: Limit = 100
) -> MovesView:
    """Every move of a SKU at a location, with the document it stands on."""
    await StockRepository(session).refuse_unknown(Sku(sku))
    if await session.get(LocationRow, location) is None:
        raise UnknownLocation("there is no such location")
    rows = await moves_of(session, sku, location, before, limit)
    return MovesView(
        sku=sku, location=location, moves=[MoveView.model_validate(row) for row in rows],
        next_before=rows[-1].id if len(rows) == limit else None,
    )  # fmt: skip
