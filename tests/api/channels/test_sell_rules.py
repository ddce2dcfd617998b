"""What a shop may sell, and from where: tried before it counts, written down, and explained."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.channels.tables import ChannelSkuRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.shared.ids import LocationId, Sku
from tests.api.served import served
from tests.seeds import seed_network
from tests.shops import seed_shops
from tests.web.world import Person, person

RULE = "/api/v1/shops/top-1/sell-rule"
USUAL: dict[str, object] = {
    "allowed": True, "buffer": 0, "threshold": 0, "share_percent": 100, "most": None,
    "sells_from": [], "not_from": [],
}  # fmt: skip


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


async def _service(app: FastAPI, sessions: Sessions) -> Person:
    """Somebody of customer service; 10 A lie at HQ and 4 at the store."""
    await seed_network(sessions, skus=("A", "B"))
    await seed_shops(sessions)
    async with sessions.begin() as session:
        session.add(LocationRow(id="S1", name="Store", kind="store", parent_id="HQ"))
        session.add(ChannelSkuRow(shop_id="top-1", external_sku="T-A", sku="A"))
        session.add(ChannelSkuRow(shop_id="top-1", external_sku="T-B", sku="B"))
        await session.flush()
        for place, units in (("HQ", 10), ("S1", 4)):
            line = StockLine(StockKey(Sku("A"), LocationId(place)), units)
            await StockRepository(session).receive(Document("grn", place, place), [line])
    return await person(app, app.state.office, Role.CUSTOMER_SERVICE)


async def test_a_rule_is_tried_before_it_counts_and_explains_what_it_gives(
    app: FastAPI,
    sessions: Sessions,
) -> None:
    rule = {"buffer": 2, "share_percent": 50, "not_from": ["S1"]}
    async with await _service(app, sessions) as service:
        before = (await service.get(RULE)).json()
        tried = (await service.post(f"{RULE}/preview", json=rule, headers=_own(service))).json()
        still = (await service.get(RULE)).json()
        saved = await service.put(RULE, json=rule, headers=_own(service))
        after = (await service.get(RULE)).json()
        [offer] = (await service.get("/api/v1/stock/offers", params={"sku": "A"})).json()
        page = (await service.get("/stock/A")).text

    assert before == still == USUAL
    assert (tried["products"], tried["fewer"], tried["more"], tried["no_more"]) == (2, 1, 0, 0)
    assert [(c["external_sku"], c["before"], c["after"]) for c in tried["changes"]] == [
        ("T-A", 14, 4)
    ]
    assert saved.status_code == 204
    assert after == USUAL | {"buffer": 2, "share_percent": 50, "not_from": ["S1"]}
    assert offer["offered"] == 4
    assert [(s["why"], s["units"]) for s in offer["steps"]] == [
        ("free", 10), ("buffer", 8), ("share", 4),
    ]  # fmt: skip
    assert "lies free 10 → less what is kept back 8 → its share 4" in page
    async with sessions.begin() as session:
        [line] = await run(session, "SELECT * FROM audit_log WHERE action = 'shop.sell_rule'")
    assert (line.before["buffer"], line.after["buffer"], line.after["not_from"]) == (0, 2, ["S1"])


async def test_the_page_shows_what_would_change_and_then_does_it(
    app: FastAPI,
    sessions: Sessions,
) -> None:
    asked = {"allowed": "yes", "buffer": "12", "sells_from": ["HQ"]}
    async with await _service(app, sessions) as service:
        form = (await service.get("/shops/top-1/do/sell")).text
        shown = await service.send_form("/shops/top-1/do/sell", **asked)
        kept = (await service.get(RULE)).json()
        done = await service.send_form("/shops/top-1/do/sell", **asked, confirmed="yes")
        after = (await service.get(RULE)).json()

    assert '<option value="S1" >Store</option>' in form
    assert "Of 2 products 0 are offered more, 1 fewer, 0 not any more." in shown.text
    assert kept == USUAL
    assert done.status_code == 303
    assert after == USUAL | {"buffer": 12, "sells_from": ["HQ"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [({"buffer": -1}, 422), ({"share_percent": 101}, 422), ({"sells_from": "HQ"}, 422),
     ({"sells_from": ["NO"]}, 404), ({"colour": 1}, 422)],
)  # fmt: skip
async def test_a_rule_that_means_nothing_is_refused(
    app: FastAPI,
    sessions: Sessions,
    body: dict[str, object],
    status: int,
) -> None:
    async with await _service(app, sessions) as service:
        for answer in (
            await service.put(RULE, json=body, headers=_own(service)),
            await service.post(f"{RULE}/preview", json=body, headers=_own(service)),
        ):
            assert answer.status_code == status
        absent = await service.get("/api/v1/shops/none/sell-rule")
        assert (absent.status_code, (await service.get(RULE)).json()) == (404, USUAL)


def _own(service: httpx.AsyncClient) -> dict[str, str]:
    return {"x-csrf-token": service.csrf_token}  # type: ignore[attr-defined]


async def test_a_product_is_sold_ahead_of_stock_and_the_offer_tells_it_apart(
    app: FastAPI, sessions: Sessions
) -> None:
    async with await _service(app, sessions) as service:
        door = "/api/v1/preorders/A"
        assert (await service.get(door)).json()["rules"] == []
        body = {"mode": "fixed", "units": 3, "shop": "top-1"}
        saved = await service.put(door, json=body, headers=_own(service))
        assert (saved.status_code, saved.json()["rules"][0]["units"]) == (200, 3), saved.text
        [offer] = (await service.get("/api/v1/stock/offers", params={"sku": "A"})).json()
        assert (offer["stock"], offer["preorder"], offer["preorder_day"]) == (14, 3, None)
        for wrong in ({"mode": "fixed"}, {"mode": "off", "units": 2}, body | {"shop": "none"}):
            assert (
                await service.put(door, json=wrong, headers=_own(service))
            ).status_code == 422, wrong
        assert (
            await service.put("/api/v1/preorders/none", json=body, headers=_own(service))
        ).status_code in (404, 422)
        page = (await service.get("/stock/A")).text
        assert 'id="ahead-title"' in page
        form = {"sku": "A", "mode": "off", "units": "", "shop": "top-1"}
        assert (await service.send_form("/stock/preorder", **form)).status_code in (204, 303)
        listed = (await service.get("/api/v1/preorders")).json()["rules"]
        assert [(one["sku"], one["shop"], one["mode"]) for one in listed] == [("A", "top-1", "off")]
