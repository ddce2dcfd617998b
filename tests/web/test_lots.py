"""Lots and recalls as people use them: pages, the API behind them, and what limits hide."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.inventory.lot_register import LotRegister
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.expiry import today_at
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from domain.shared.ids import LocationId, Lot, Sku
from tests.api.orders.world import rows
from tests.web.world import Person, person

TODAY = today_at("Asia/Shanghai", datetime.now(UTC))
LOT = "/lots/A/L1"


@pytest_asyncio.fixture
async def goods(order: str, sessions: Sessions) -> str:
    """L1 lies in HQ and in SOUTH, L2 is over, L3 has no date; order O-1 got two units of L1."""
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO location (id, name, kind, parent_id, zone, province, city, district,"
            " detail, division_code, company, contact_name, contact_phone, priority,"
            " handling_minor, ships, active) VALUES ('SOUTH', 'South', 'dealer', 'HQ',"
            " 'Asia/Shanghai', '', '', '', '', '', '', '', '', 200, 0, true, true)"
            " ON CONFLICT DO NOTHING",
        )
        register, stock = LotRegister(session), StockRepository(session)
        await register.know("A", "L1", None, TODAY + timedelta(days=20))
        await register.know("A", "L2", None, TODAY - timedelta(days=2))
        for place, lot, units in (
            ("HQ", "L1", 9), ("SOUTH", "L1", 4), ("HQ", "L2", 3), ("HQ", "=L3", 1),
        ):  # fmt: skip
            line = StockLine(StockKey(Sku("A"), LocationId(place), Lot(lot)), units)
            await stock.receive(Document("goods_receipt", "GRN-7", f"{place}{lot}"), [line])
        await run(
            session,
            "INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner,"
            " order_id, workflow_id, quantity, posted_quantity, voided_quantity, state,"
            " resolved_at) SELECT 'T-9', 'A', 'HQ', 'L1', 'good', 'own', id, '', 2, 2, 0, 'posted',"
            " now() FROM sales_order WHERE no = 'O-1'",
        )
    return order


@pytest_asyncio.fixture
async def manager(app: FastAPI, web_sessions: Sessions, goods: str) -> AsyncIterator[Person]:
    assert goods
    async with await person(app, web_sessions, Role.MANAGER, Role.WAREHOUSE) as client:
        yield client


async def test_lists_show_what_is_near_over_and_kept_back(manager: Person) -> None:
    near = (await manager.get("/lots?show=near")).text
    assert ("L1" in near, "L2" in near, "20 days left" in near) == (True, False, True)
    over = (await manager.get("/lots?show=expired")).text
    assert ("/lots/A/L1" in over, "/lots/A/L2" in over) == (False, True)
    assert "No lot that lies somewhere" in (await manager.get("/lots?show=held")).text
    sheet = (await manager.get("/lots.csv")).text
    cells = list(csv.reader(io.StringIO(sheet.removeprefix("\ufeff"))))
    assert [line[2] for line in cells] == ["Lot", "L2", "L1", "'=L3"]  # no spreadsheet runs it


async def test_units_without_the_lot_their_product_asks_for_get_it(
    manager: Person, sessions: Sessions
) -> None:
    await rows(sessions, "UPDATE sku SET tracks_lots = true WHERE code = 'A' RETURNING 1")
    bare = StockLine(StockKey(Sku("A"), LocationId("HQ")), 3)
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "GRN-8", "bare"), [bare])
    [seen] = (await manager.get("/api/v1/units-without-lot")).json()["items"]
    assert (seen["sku"], seen["location"], seen["units"], seen["reserved"]) == ("A", "HQ", 5, 2)
    chosen = "/lots/missing?sku=A&location=HQ&condition=good"
    assert 'name="produced_on"' in (await manager.get(chosen)).text
    told = {
        "document_no": "LOT-1", "sku": "A", "location": "HQ", "condition": "good", "units": "3",
        "lot": "L1", "expires_on": str(TODAY + timedelta(days=20)),
    }  # fmt: skip
    refused = await manager.send_form("/lots/missing", **told | {"expires_on": str(TODAY)})
    assert refused.status_code == 409
    assert "The register knows this lot with another date" in refused.text
    assert (await manager.send_form("/lots/missing", **told | {"units": "many"})).status_code == 422
    promised = await manager.send_form("/lots/missing", **told | {"units": "4"})
    assert promised.status_code == 409
    assert (await manager.send_form("/lots/missing", **told)).status_code == 303
    [left] = (await manager.get("/api/v1/units-without-lot")).json()["items"]
    assert (left["units"], left["reserved"]) == (2, 2)


async def test_a_long_list_goes_on_where_the_page_before_ended(manager: Person) -> None:
    seen, cursor = [], ""
    for _ in range(3):
        answer = await manager.get("/api/v1/lots", params={"limit": 1, "cursor": cursor})
        seen += [one["lot"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert seen == ["L2", "L1", "=L3"]
    assert (await manager.get("/api/v1/lots?cursor=x|y|z")).status_code == 422


async def test_a_lot_says_where_it_lies_who_got_it_and_where_it_came_from(manager: Person) -> None:
    text = (await manager.get(LOT)).text
    for said in ("South", "O-1", "GRN-7", "supplier"):
        assert said in text
    assert "王小明" not in text  # nobody reads whose order it is here
    got = (await manager.get("/api/v1/lots/A/L1/orders")).json()["items"]
    assert [(one["order_no"], one["units"]) for one in got] == [("O-1", 2)]


async def test_a_lot_is_kept_back_with_a_reason_and_let_go_again(
    manager: Person, sessions: Sessions
) -> None:
    answer = await manager.send_form(f"{LOT}/hold", location="HQ", reason="smells")
    assert answer.status_code == 303
    text = (await manager.get(LOT)).text
    assert "smells" in text
    frozen = "SELECT location_id FROM stock_balance WHERE frozen ORDER BY 1"
    assert await rows(sessions, frozen) == [("HQ",)]
    assert (await manager.send_form(f"{LOT}/hold", reason="")).status_code == 422
    assert (await manager.send_form(f"{LOT}/let-go", reason="x")).status_code == 409
    await manager.send_form(f"{LOT}/let-go", location="HQ", reason="was the box")
    assert await rows(sessions, frozen) == []


async def test_dates_are_corrected_with_a_reason(manager: Person, sessions: Sessions) -> None:
    ends = str(TODAY + timedelta(days=99))
    await manager.send_form(f"{LOT}/dates", expires_on=ends, reason="read on the box")
    assert str((await rows(sessions, "SELECT expires_on FROM lot WHERE lot = 'L1'"))[0][0]) == ends
    bad = await manager.send_form(f"{LOT}/dates", produced_on=ends, expires_on="2020-01-01",
                                  reason="x")  # fmt: skip
    assert bad.status_code == 422
    assert (await manager.send_form(f"{LOT}/dates", expires_on="soon", reason="x")).status_code == (
        422
    )


async def test_a_recall_is_previewed_begun_answered_and_closed(
    manager: Person, sessions: Sessions
) -> None:
    preview = (await manager.get("/recalls/new", params={"lots": "A, L1"})).text
    assert "13 units at 2 places are frozen" in preview
    assert "The buyer of 1 order with 2 units is told" in preview
    assert "There is no lot" not in preview
    assert (await manager.get("/recalls/new", params={"lots": "A L9"})).status_code == 200
    told = {"lots": "A L1", "reason": "glass", "message": "Do not eat it."}
    begun = await manager.send_form("/recalls/new", **told)
    assert begun.status_code == 303
    address = begun.headers["location"]
    assert (await manager.send_form("/recalls/new", **told)).status_code == 409
    assert await rows(sessions, "SELECT DISTINCT frozen FROM stock_balance WHERE lot = 'L1'") == [
        (True,)
    ]  # fmt: skip
    assert "15" in (await manager.get(address)).text

    api = f"/api/v1{address}"
    units = (await manager.get(f"{api}/units")).json()["items"]
    assert [(one["kind"], one["units"]) for one in units] == [
        ("buyer", 2), ("dealer", 4), ("place", 9),
    ]  # fmt: skip
    assert (await manager.send_form(f"{address}/close", signed="")).status_code == 409
    for one, how in zip(units, ("confirmed", "never_sold", "quarantined"), strict=True):
        done = await manager.send_form(
            f"{address}/units/{one['id']}", how=how, units=str(one["units"])
        )
        assert done.status_code == 303, done.text
    assert "Every unit is accounted for" in (await manager.get(address)).text
    assert (await manager.send_form(f"{address}/close")).status_code == 303
    report = (await manager.get(f"{address}/report.csv")).text
    cells = list(csv.reader(io.StringIO(report.removeprefix("\ufeff"))))
    assert [sum(int(line[n]) for line in cells[1:]) for n in (5, 6, 9, 10, 11)] == [15, 9, 2, 4, 0]


async def test_chinese_readers_get_chinese(
    app: FastAPI, web_sessions: Sessions, goods: str
) -> None:
    assert goods
    async with await person(app, web_sessions, Role.MANAGER, language="zh") as client:
        text = (await client.get(LOT)).text
        assert "流向（谁收到了）" in text
        assert "召回该批次" in text


async def test_a_dealer_sees_and_answers_for_his_own_goods_alone(
    app: FastAPI, web_sessions: Sessions, manager: Person
) -> None:
    told = {"lots": "A L1", "reason": "glass", "message": "Do not sell it."}
    address = (await manager.send_form("/recalls/new", **told)).headers["location"]
    async with await person(app, web_sessions, Role.DEALER, limits=[Limit("SOUTH")]) as dealer:
        view: httpx.Response = await dealer.get("/api/v1/lots/A/L1")
        assert [one["location"] for one in view.json()["places"]] == ["SOUTH"]
        assert (await dealer.get("/api/v1/lots/A/L1/orders")).json()["items"] == []
        units = (await dealer.get(f"/api/v1{address}/units")).json()["items"]
        assert [(one["holder"], one["units"]) for one in units] == [("SOUTH", 4)]
        path = f"{address}/units/{units[0]['id']}"
        done = await dealer.send_form(path, how="quarantined", units="4")
        assert done.status_code == 303, done.text
        assert (await dealer.get(f"/api/v1{address}/units")).json()["items"] == []
        hold = await dealer.send_form(f"{LOT}/hold", location="SOUTH", reason="x")
        assert hold.status_code == 403


@pytest.mark.parametrize("location", ["", "HQ"])
async def test_who_sees_a_part_of_the_company_holds_at_his_places_only(
    app: FastAPI, web_sessions: Sessions, goods: str, location: str
) -> None:
    assert goods
    limits = [Limit("SOUTH")]
    async with await person(app, web_sessions, Role.WAREHOUSE, limits=limits) as keeper:
        answer = await keeper.send_form(f"{LOT}/hold", location=location, reason="x")
        assert answer.status_code in (403, 404)
        assert (
            await keeper.send_form(f"{LOT}/hold", location="SOUTH", reason="x")
        ).status_code == (303)
