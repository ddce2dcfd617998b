"""GET /api/v1/stock answers from the ledger's projection, rolled up the tree."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from fastapi import Depends, FastAPI, Request

from api.inventory.routes import router
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.platform.scopes import WHOLE
from domain.shared.ids import LocationId, Sku


def units(on_hand: int, reserved: int, available: int, in_transit: int) -> dict[str, int]:
    """And nothing of another kind."""
    others = ("on_order", "quarantine", "damaged", "blocked", "other", "consigned", "dealer_owned")
    return {
        "on_hand": on_hand, "reserved": reserved, "available": available, "in_transit": in_transit,
        **dict.fromkeys(others, 0),
    }  # fmt: skip


async def _the_company(request: Request) -> None:
    request.state.scope = WHOLE


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with sessions.begin() as session:
        session.add(LocationRow(id="HQ", kind="hq", name="Head warehouse"))
        await session.flush()
        session.add(LocationRow(id="S1", kind="store", name="Store", parent_id="HQ"))
        session.add(SkuRow(code="A/1", name="Tea"))
        await session.flush()
        session.add(LocationRow(id="T", kind="transit", name="On the way", parent_id="S1"))
    async with sessions.begin() as session:
        stock = StockRepository(session)
        hq = StockKey(Sku("A/1"), LocationId("HQ"))
        await stock.receive(Document("grn", "G", "G"), [StockLine(hq, 10)])
        await stock.reserve_batch([ReserveStock("R", (StockLine(hq, 3),))])
        on_way, arriving = StockLine(hq, 4), StockKey(Sku("A/1"), LocationId("T"))
        await stock.transfer(Document("transfer", "X", "X:out"), [on_way], LocationId("T"))
        await stock.transfer(
            Document("transfer", "X", "X:in"), [StockLine(arriving, 1)], LocationId("S1")
        )
    app = FastAPI(dependencies=[Depends(_the_company)])
    app.state.office = web_sessions
    app.include_router(router, prefix="/api/v1")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_every_place_shows_its_own_units_and_those_below(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/stock", params={"sku": "A/1"})

    assert answer.status_code == 200
    assert answer.json() == {
        "sku": "A/1",
        "total": units(7, 3, 4, 3),
        "locations": [
            {
                "location": "HQ",
                "name": "Head warehouse",
                "kind": "hq",
                "parent": None,
                "own": units(6, 3, 3, 0),
                "with_below": units(7, 3, 4, 3),
            },
            {
                "location": "S1",
                "name": "Store",
                "kind": "store",
                "parent": "HQ",
                "own": units(1, 0, 1, 3),
                "with_below": units(1, 0, 1, 3),
            },
        ],
    }


async def test_a_sku_must_be_named_in_readable_characters(client: httpx.AsyncClient) -> None:
    for sku in ("", "x" * 65, "a\x00b"):
        assert (await client.get("/api/v1/stock", params={"sku": sku})).status_code == 422
    assert (await client.get("/api/v1/stock")).status_code == 422
