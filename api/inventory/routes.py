"""Stock as programs and pages ask for it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import SessionsOf
from api.inventory.pictures import coming_of, picture_of, promises_of
from db.inventory.repository import StockRepository
from domain.inventory.levels import By, Question, Row
from domain.inventory.network import PlaceStock, Units
from domain.inventory.regions import Region
from domain.shared.ids import LocationId, Sku

router = APIRouter(tags=["inventory"])


async def _reading(sessions: SessionsOf) -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Reading = Annotated[AsyncSession, Depends(_reading)]
_WORD: Final = Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
Typed = Annotated[str, _WORD]


class UnitsView(BaseModel):
    """Base units. `on_hand` and `reserved` are good and ours; `available` is what a new order may
    take of them: not reserved, not awaited, and not of a lot that is kept back (`blocked`).
    `consigned` of them lie at dealers'. Everything else comes later, is kept in another condition,
    or belongs to a dealer."""

    model_config = ConfigDict(from_attributes=True)
    on_hand: int
    reserved: int
    available: int
    in_transit: int
    on_order: int
    quarantine: int
    damaged: int
    blocked: int
    other: int
    consigned: int
    dealer_owned: int


class LocationStockView(BaseModel):
    """One location: its own units, and together with every location below it."""

    location: str
    name: str
    kind: str
    parent: str | None
    own: UnitsView
    with_below: UnitsView


class StockView(BaseModel):
    """Where a SKU is."""

    sku: str
    total: UnitsView
    locations: list[LocationStockView]


@router.get("/stock", responses={404: {"description": "UnknownSku: no SKU has this code"}})
async def stock(
    session: Reading,
    sku: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")],
) -> StockView:
    """On hand, reserved, available and in transit of one SKU per location, rolled up the tree."""
    await StockRepository(session).refuse_unknown(Sku(sku))
    seen = await picture_of(session, Question(skus=(sku,)), By.TREE)
    return StockView(sku=sku, total=_units(seen.total), locations=[_view(p) for p in seen.stock])


class RowView(BaseModel):
    """A place with all below it, a region, a brand, a category or a product; `about` is the kind of
    a place, how many places a region has, or a product's barcode."""

    key: str
    name: str
    about: str
    units: UnitsView
    has_below: bool

    @classmethod
    def of(cls, row: Row) -> "RowView":
        return cls(
            key=row.key, name=row.name, about=row.about, units=_units(row.units),
            has_below=row.has_below,
        )  # fmt: skip


class LevelsView(BaseModel):
    """`next_cursor` goes into `after` for the next rows; empty = there are none."""

    as_of: datetime
    total: UnitsView
    rows: list[RowView]
    next_cursor: str


class PromiseView(BaseModel):
    """Units that are reserved for an order, or for a transfer where there is no order."""

    order_no: str
    workflow_id: str
    status: str
    ship_by: datetime | None
    sku: str
    location: str
    units: int


class ComingView(BaseModel):
    """A transfer that has left, or a purchase order that is owed. `owner` is whose goods they are:
    own, a dealer, or still the supplier's."""

    kind: str
    no: str
    source: str
    location: str
    eta: datetime | None
    carrier: str
    waybill_no: str
    owner: str
    units: int
    skus: list[str]


def asked_by(
    q: Typed = "",
    sku: Typed = "",
    brand: Annotated[str | None, _WORD] = None,
    category: Annotated[str | None, _WORD] = None,
    region: Region | None = None,
    location: Typed = "",
) -> Question:
    """Which goods and where: words in code or name or a barcode, a SKU, a brand, a category, one of
    the large regions, a place with all below it. An empty brand asks for goods without one."""
    return Question(
        q, (sku,) if sku else None, brand, category, region,
        LocationId(location) if location else None,
    )  # fmt: skip


Questioned = Annotated[Question, Depends(asked_by)]
Limit = Annotated[int, Query(ge=1, le=500)]
_PLACE_UNKNOWN: Final[dict[int | str, dict[str, Any]]] = {
    404: {"description": "UnknownLocation: no place has this code"}
}


@router.get("/stock/levels", responses=_PLACE_UNKNOWN)
async def levels(
    session: Reading, asked: Questioned, by: By = By.TREE, above: Typed = "", after: Typed = ""
) -> LevelsView:
    """Stock of many goods over the network: everything together, and by place, region, brand,
    category or product. `above` asks for the rows below a place or a region; 200 at a time."""
    seen = await picture_of(session, asked, by, above, after)
    return LevelsView(
        as_of=seen.as_of, total=_units(seen.total), rows=[RowView.of(row) for row in seen.rows],
        next_cursor=seen.after,
    )  # fmt: skip


@router.get("/stock/promises", responses=_PLACE_UNKNOWN)
async def promises(session: Reading, asked: Questioned, limit: Limit = 100) -> list[PromiseView]:
    """The orders behind what is reserved, those to be shipped first first."""
    return [
        PromiseView(
            order_no=row.order_no, workflow_id=row.workflow_id, status=row.status or "",
            ship_by=row.ship_by, sku=row.sku, location=row.location_id, units=row.units,
        )
        for row in await promises_of(session, asked, limit)
    ]  # fmt: skip


@router.get("/stock/inbound", responses=_PLACE_UNKNOWN)
async def inbound(session: Reading, asked: Questioned, limit: Limit = 100) -> list[ComingView]:
    """What is on the way by shipment, and what suppliers owe, the earliest first."""
    return [
        ComingView(
            kind=row.kind, no=row.no, source=row.source or "", location=row.location_id,
            eta=row.eta, carrier=row.carrier, waybill_no=row.waybill_no, owner=row.owner,
            units=row.units, skus=row.skus,
        )
        for row in await coming_of(session, asked, limit)
    ]  # fmt: skip


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
