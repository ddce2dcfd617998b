"""Stock as programs and pages ask for it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import SessionsOf
from db.inventory.repository import StockRepository
from domain.inventory.network import PlaceStock, Units, roll_up, whole
from domain.shared.ids import Sku

router = APIRouter(tags=["inventory"])


async def _reading(sessions: SessionsOf) -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


class UnitsView(BaseModel):
    """Base units. `available` is what a new order may take: not reserved and not awaited."""

    model_config = ConfigDict(from_attributes=True)
    on_hand: int
    reserved: int
    available: int
    in_transit: int


class LocationStockView(BaseModel):
    """One location: its own units, and together with every location below it."""

    location: str
    name: str
    kind: str
    parent: str | None
    own: UnitsView
    with_below: UnitsView


class StockView(BaseModel):
    """Where a SKU is. Only good stock of our own is counted."""

    sku: str
    total: UnitsView
    locations: list[LocationStockView]


@router.get("/stock", responses={404: {"description": "UnknownSku: no SKU has this code"}})
async def stock(
    session: Annotated[AsyncSession, Depends(_reading)],
    sku: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")],
) -> StockView:
    """On hand, reserved, available and in transit of one SKU per location, rolled up the tree."""
    repository = StockRepository(session)
    await repository.refuse_unknown(Sku(sku))
    places = roll_up(await repository.places(), await repository.levels([sku]))
    return StockView(sku=sku, total=_units(whole(places)), locations=[_view(p) for p in places])


def _view(stock: PlaceStock) -> LocationStockView:
    return LocationStockView(
        location=stock.place.location_id,
        name=stock.place.name,
        kind=stock.place.kind,
        parent=stock.place.parent_id,
        own=_units(stock.own),
        with_below=_units(stock.with_below),
    )


def _units(units: Units) -> UnitsView:
    return UnitsView.model_validate(units)
