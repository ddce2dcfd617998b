"""What lies where: the network together, by place, region, brand and product; what is promised."""

import asyncio
import re

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.web.world import Person, change, person
from web.live_stock import ALL, LiveStock


@pytest.mark.usefixtures("order")
async def test_a_sku_is_found_by_code_name_or_part_of_it(service: Person) -> None:
    for search in ("A", "a", "SKU A", "sku"):
        page = (await service.get("/stock", params={"q": search})).text
        assert 'href="/stock/A"' in page, search
    assert "No product fits" in (await service.get("/stock", params={"q": "%"})).text


@pytest.mark.usefixtures("order")
async def test_stock_is_rolled_up_along_the_tree(service: Person, sessions: Sessions) -> None:
    await change(sessions, "UPDATE location SET parent_id = 'HQ' WHERE id = 'S1'")

    page = (await service.get("/stock/A")).text

    tiles = re.findall(r"<dt>([^<]+)</dt><dd>(?:<a[^>]*>)?([^<]+)<", page)
    assert tiles == [("On hand", "2"), ("Reserved", "2"), ("Free", "0"), ("In transit", "0")]
    for depth, place in enumerate(("HQ", "S1")):
        moves = f'<a href="/levels/moves?sku=A&amp;location={place}">{place}</a>'
        assert f'<th scope="row" class="depth-{depth}">{moves}' in page
    assert 'href="/orders/O-1"' in page


@pytest.mark.usefixtures("order")
async def test_one_page_says_how_much_of_a_brand_is_in_a_region_where_and_for_whom(
    service: Person, sessions: Sessions
) -> None:
    await change(sessions, "UPDATE sku SET brand = '山间', category = '茶叶' WHERE code = 'A'")
    asked = {"brand": "山间", "region": "east"}

    page = (await service.get("/stock", params=asked)).text
    by_region = (await service.get("/stock", params={**asked, "by": "region"})).text
    below = (await service.get("/levels/rows", params={**asked, "by": "region", "above": "east",
                                                       "depth": "1"})).text  # fmt: skip
    elsewhere = (await service.get("/stock", params={**asked, "region": "north"})).text
    promised = (await service.get("/levels/promises", params=asked)).text
    told = (await service.get("/api/v1/stock/levels", params={**asked, "by": "category"})).json()

    assert re.search(r"<dt>On hand</dt><dd>2", page)
    assert "East China" in by_region
    assert 'class="depth-1"' in below
    assert "HQ" in below
    assert not re.search(r"<dt>On hand</dt><dd>2", elsewhere)
    assert 'href="/orders/O-1"' in promised
    assert [(row["key"], row["units"]["on_hand"]) for row in told["rows"]] == [("茶叶", 2)]
    orders = (await service.get("/api/v1/stock/promises", params=asked)).json()
    assert [(one["order_no"], one["units"]) for one in orders] == [("O-1", 2)]
    assert (await service.get("/api/v1/stock/inbound", params=asked)).json() == []


@pytest.mark.usefixtures("order")
async def test_somebody_limited_to_a_place_counts_that_place_alone(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions
) -> None:
    await change(sessions, "UPDATE stock_balance SET on_hand = on_hand + 5 WHERE sku = 'A'")
    limits = [Limit("S1", with_below=False)]
    async with await person(app, web_sessions, Role.WAREHOUSE, limits=limits) as there:
        levels = (await there.get("/api/v1/stock/levels")).json()
        refused = await there.get("/api/v1/stock/levels", params={"location": "HQ"})

    assert [row["key"] for row in levels["rows"]] == ["S1"]
    assert levels["total"]["on_hand"] == 0
    assert refused.status_code == 404


@pytest.mark.usefixtures("order")
async def test_a_page_hears_that_stock_moved(sessions: Sessions) -> None:
    live = LiveStock(sessions, every_s=0.02)
    task = asyncio.create_task(live.run())
    async with live.watching("A") as one, live.watching(ALL) as some:
        await live._look()
        await change(sessions, "UPDATE stock_balance SET reserved = reserved - 1 WHERE sku = 'A'")
        async with asyncio.timeout(30):
            await one.wait()
            await some.wait()
    task.cancel()
    assert live.streams == 0


@pytest.mark.parametrize("sku", ["NO", "%00", "..%2f..%2fetc", "a%0ab", "x" * 500])
async def test_an_unknown_sku_is_not_found(service: Person, sku: str) -> None:
    answer = await service.get(f"/stock/{sku}")

    assert answer.status_code in (404, 422)
    assert "<h1" in answer.text


async def test_a_strange_question_is_refused(service: Person) -> None:
    for query in ("q=%00", "q=" + "a" * 101, "region=moon", "by=colour", "brand=%01"):
        assert (await service.get(f"/stock?{query}")).status_code == 422, query
    assert (await service.get("/stock?region=&brand=&by=")).status_code == 200


@pytest.mark.usefixtures("order")
async def test_ageing_says_how_old_goods_are_how_long_they_last_and_which_are_dead(
    app: FastAPI, service: Person, web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await change(owner_sessions, "UPDATE stock_move SET at = now() - interval '100 days'")

    told = (await service.get("/api/v1/stock/ageing")).json()
    fresh = (await service.get("/api/v1/stock/ageing", params={"days": 200, "dead": True})).json()
    page = (await service.get("/levels/ageing", params={"dead": "yes"})).text
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        valued = (await manager.get("/api/v1/stock/ageing")).json()

    rows = {r["sku"]: (r["oldest_days"], r["cover_days"], r["dead"]) for r in told["rows"]}
    assert rows == {"A": (100, None, True), "B": (100, None, True)}
    units = sum(row["on_hand"] for row in told["rows"])
    assert [one["count"] for one in told["ages"]] == [0, 0, 0, units, 0, 0]
    assert [one["count"] for one in told["covers"]] == [0] * 6 + [2]
    assert fresh["rows"] == []
    assert "Dead stock" in page
    assert 'href="/stock/A"' in page
    assert "At standard cost" not in page
    assert told["rows"][0]["value_minor"] is None
    assert valued["rows"][0]["value_minor"] == 0
