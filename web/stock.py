"""What lies where: the network at one glance, one product along the tree, and what is promised."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator
from starlette.responses import Response, StreamingResponse

from api.auth import principal_of, still_in
from api.channels.sell_rules import offers_of
from api.deps import Context, SessionsOf
from api.errors import Problem, language_of
from api.inventory import preorders
from api.inventory.pictures import Picture, coming_of, picture_of, promises_of
from api.inventory.preorders import PreorderSet, view_of
from api.language import translate
from api.strict import Asked
from db.inventory.levels import StockLevels
from db.inventory.preorders import Preorders
from db.inventory.tables import SkuRow
from domain.inventory.levels import By, Question
from domain.inventory.preorders import PreorderMode
from domain.inventory.regions import Region
from domain.platform.permissions import Permission
from domain.shared.errors import UnknownSku
from domain.shared.ids import LocationId
from web.earmarks import earmarks_of
from web.input import Short, typed
from web.live import MOST_STREAMS
from web.live_stock import LiveStock
from web.order_actions import body_of
from web.render import page
from web.returns import to_page
from web.words.stock import REGION

router = APIRouter(include_in_schema=False)
_SHOWN_PROMISES: Final = 20
_LISTED_PROMISES: Final = 200
_IN_CHART: Final = 150
_PING_S: Final = 15.0
_PAUSE_S: Final = 3.0  # a company where goods move all day asks no more often
_MOST_PLACES: Final = 100  # of which also the empty ones are shown


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page is asked to show, as its address says it."""

    q: str = ""
    brand: str = ""
    category: str = ""
    region: str = ""
    place: str = ""
    by: By = By.TREE

    @property
    def question(self) -> Question:
        return Question(
            self.q,
            None,
            self.brand or None,
            self.category or None,
            Region(self.region) if self.region else None,
            LocationId(self.place) if self.place else None,
        )

    def query(self, **other: str) -> str:
        """The part of an address behind its question mark, with something else instead."""
        asked = {
            "q": self.q, "brand": self.brand, "category": self.category, "region": self.region,
            "place": self.place, "by": str(self.by), **other,
        }  # fmt: skip
        return urlencode({name: value for name, value in asked.items() if value})


def _chosen(value: str | None) -> str | None:
    """A form sends its empty choices too."""
    return value or None


def shown_by(
    q: Asked = "",
    brand: Asked = "",
    category: Asked = "",
    region: Annotated[Region | None, BeforeValidator(_chosen)] = None,
    place: Asked = "",
    by: Annotated[By | None, BeforeValidator(_chosen)] = None,
) -> Shown:
    """The address of the page; who searches for words wants products."""
    words = q.strip()
    asked = By.SKU if words else By.TREE
    return Shown(words, brand, category, region or "", place, by or asked)


Looking = Annotated[Shown, Depends(shown_by)]


@router.get("/stock")
async def stock_list(request: Request, sessions: SessionsOf, shown: Looking) -> Response:
    """The network: everything that fits together, then by place, region, brand or product."""
    async with sessions.begin() as session:
        seen = await picture_of(session, shown.question, shown.by)
        words = await StockLevels(session).words()
    return page(
        request, "stock.html", shown=shown, seen=seen, brands=words["brand"],
        categories=words["category"], ways=tuple(By), regions=tuple(Region),
        chart=_chart(request, seen, shown),
    )  # fmt: skip


@router.get("/levels/rows")
async def more_rows(
    request: Request,
    sessions: SessionsOf,
    shown: Looking,
    above: Asked = "",
    after: Asked = "",
    depth: Annotated[int, Query(ge=0, le=9)] = 0,
) -> Response:
    """The rows below one, or behind one."""
    async with sessions.begin() as session:
        seen = await picture_of(session, shown.question, shown.by, above, after)
    return page(
        request, "parts/level_rows.html", shown=shown, seen=seen, above=above, depth=depth
    )  # fmt: skip


@router.get("/levels/events")
async def moved(request: Request, sessions: SessionsOf, sku: Asked = "") -> Response:
    """That stock moved, of one product or of any, as server-sent events."""
    async with sessions.begin() as session:
        if sku and await session.get(SkuRow, sku) is None:
            raise UnknownSku("there is no such SKU")
    live: LiveStock = request.app.state.live_stock
    if live.streams >= MOST_STREAMS:
        raise Problem("Refused", 503, "too many live pages are open", {"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(request, live, sku), media_type="text/event-stream", headers=headers
    )


async def _stream(request: Request, live: LiveStock, sku: str) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    looked = time.monotonic()
    async with live.watching(sku) as changed:
        while not live.closing and not await request.is_disconnected():
            if time.monotonic() - looked >= _PING_S:
                if not await still_in(request):
                    return
                looked = time.monotonic()
            try:
                await asyncio.wait_for(changed.wait(), _PING_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            changed.clear()
            yield "event: change\ndata:\n\n"
            await asyncio.sleep(_PAUSE_S)


@router.get("/levels/promises")
async def promised(
    request: Request, sessions: SessionsOf, shown: Looking, sku: Asked = ""
) -> Response:
    """The orders behind what is reserved, and what is on the way."""
    question = replace(shown.question, skus=(sku,) if sku else None)
    async with sessions.begin() as session:
        promises = await promises_of(session, question, _LISTED_PROMISES)
        coming = await coming_of(session, question, _LISTED_PROMISES)
    return page(
        request, "stock_promises.html", shown=shown, sku=sku, promises=promises, coming=coming,
        most=_LISTED_PROMISES,
    )  # fmt: skip


@router.get("/stock/{sku:path}")
async def stock_of(sku: str, request: Request, sessions: SessionsOf) -> Response:
    """One SKU at every location, rolled up, with whom it is promised to and what comes."""
    async with sessions.begin() as session:
        row = await session.get(SkuRow, typed(sku))
        if row is None:
            raise UnknownSku("there is no such SKU")
        question = Question(skus=(row.code,))
        seen = await picture_of(session, question, By.TREE)
        promises = await promises_of(session, question, _SHOWN_PROMISES)
        coming = await coming_of(session, question, _SHOWN_PROMISES)
        may_see = principal_of(request).may(Permission.READ_CHANNELS)
        offers = await offers_of(session, row.code) if may_see else []
        ahead = await view_of(Preorders(session), row.code) if may_see else None
        may_keep = principal_of(request).may(Permission.CHANGE_ORDERS)
        kept = await earmarks_of(session, row.code) if may_keep else []
    return page(
        request, "stock_of.html", offers=offers, sku=row, total=seen.total, branches=branches(seen),
        promises=promises, coming=coming, reported=seen.reported, kept=kept, ahead=ahead,
        modes=list(PreorderMode),
    )  # fmt: skip


@router.post("/stock/preorder")
async def preorder(
    request: Request, context: Context, sku: Short = "", mode: Short = "", units: Short = "",
    shop: Short = "",
) -> Response:  # fmt: skip
    """Sell a product ahead of stock, or not any more."""
    fixed = mode == PreorderMode.FIXED and units.strip().isdecimal()
    told = int(units) if fixed else 0  # the field keeps its number when another way is chosen
    body = body_of(PreorderSet, mode=mode, units=told, shop=shop.strip())
    await preorders.save(typed(sku), body, context)
    return to_page(request, f"/stock/{quote(sku, safe='')}")


@dataclass(frozen=True, slots=True)
class Branch:
    """A location with how deep it is below the top."""

    depth: int
    stock: Any
    has_below: bool


def branches(seen: Picture) -> list[Branch]:
    """The places that have something, or something below them, each above those below it; those
    with nothing only while there are few."""
    below: dict[str | None, list[Any]] = {}
    known = {one.place.location_id for one in seen.stock}
    few = len(known) <= _MOST_PLACES
    for one in seen.stock:
        if few or not one.with_below.nothing:
            parent = one.place.parent_id
            below.setdefault(parent if parent in known else None, []).append(one)
    found: list[Branch] = []
    waiting = [(0, one) for one in reversed(below.get(None, []))]
    while waiting:
        depth, one = waiting.pop()
        children = below.get(one.place.location_id, [])
        found.append(Branch(depth, one, bool(children)))
        waiting += [(depth + 1, child) for child in reversed(children)]
    return found


def _chart(request: Request, seen: Picture, shown: Shown) -> list[dict[str, Any]]:
    """Boxes as large as what is on hand, as dark as the share that is promised: places in their
    regions, or the rows."""
    if shown.by in (By.BRAND, By.CATEGORY, By.SKU):
        return [
            _box(row.name or row.key, row.units.on_hand, row.units.reserved)
            for row in seen.rows[:_IN_CHART]
            if row.units.on_hand
        ]
    regions: dict[Region, list[dict[str, Any]]] = {}
    there = sorted(seen.stock, key=lambda one: -one.own.on_hand)[:_IN_CHART]
    for one in there:
        if one.own.on_hand:
            region = seen.regions.get(one.place.location_id, Region.UNKNOWN)
            regions.setdefault(region, []).append(
                _box(one.place.name, one.own.on_hand, one.own.reserved)
            )
    language = language_of(request)
    return [
        {
            "name": translate(language, REGION[region]),
            "value": [sum(box["value"][n] for box in boxes) for n in (0, 1)],
            "children": boxes,
        }
        for region, boxes in regions.items()
    ]


def _box(name: str, on_hand: int, reserved: int) -> dict[str, Any]:
    return {"name": name, "value": [on_hand, reserved]}
