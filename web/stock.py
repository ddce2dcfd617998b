"""What lies where: a search over SKUs, and one SKU along the tree of locations."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from api.deps import SessionsOf
from api.strict import clean
from db.inventory.repository import StockRepository
from db.inventory.search import search_skus
from db.inventory.tables import SkuRow
from domain.inventory.network import PlaceStock, roll_up, whole
from domain.shared.errors import UnknownSku
from domain.shared.ids import Sku
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Branch:
    """A location with how deep it is below the top."""

    depth: int
    stock: PlaceStock
    has_below: bool


@router.get("/stock")
async def stock_list(
    request: Request,
    sessions: SessionsOf,
    q: Annotated[str, Query(max_length=100), AfterValidator(clean)] = "",
) -> Response:
    """SKUs with what is there of them."""
    async with sessions.begin() as session:
        found = await search_skus(session, q.strip())
    return page(request, "stock.html", q=q.strip(), skus=found)


@router.get("/stock/{sku:path}")
async def stock_of(sku: str, request: Request, sessions: SessionsOf) -> Response:
    """One SKU at every location, rolled up."""
    async with sessions.begin() as session:
        row = await session.get(SkuRow, typed(sku))
        if row is None:
            raise UnknownSku("there is no such SKU")
        stock = StockRepository(session)
        places = roll_up(await stock.places(), await stock.levels([Sku(row.code)]))
    return page(request, "stock_of.html", sku=row, total=whole(places), branches=_branches(places))


def _branches(places: list[PlaceStock]) -> list[Branch]:
    """The tree from the top, each location above those below it."""
    below: dict[str | None, list[PlaceStock]] = {}
    known = {stock.place.location_id for stock in places}
    for stock in places:
        parent = stock.place.parent_id
        below.setdefault(parent if parent in known else None, []).append(stock)
    found: list[Branch] = []
    waiting = [(0, stock) for stock in reversed(below.get(None, []))]
    while waiting:
        depth, stock = waiting.pop()
        children = below.get(stock.place.location_id, [])
        found.append(Branch(depth, stock, bool(children)))
        waiting += [(depth + 1, child) for child in reversed(children)]
    return found
