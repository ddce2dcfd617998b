"""Goods that are set apart: seen with age, paper and value, and decided about with a preview."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.audit import audit
from db.engine import Sessions
from db.inventory.lot_register import LotRegister
from db.inventory.partner_tables import SupplierItemRow, SupplierRow
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.inventory.repository import StockRepository
from domain.inventory.receiving import Verdict
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.shared.ids import LocationId, Lot, Sku
from tests.api.orders.world import rows, seed_shop
from tests.web.world import Person, person

APART = {"sku": "A", "location": "HQ", "lot": "L1", "condition": "quarantine"}


@pytest_asyncio.fixture(autouse=True)
async def goods(sessions: Sessions) -> None:
    """Ten units of A in quarantine at HQ at 2.50, and three broken ones that a case is about."""
    await seed_shop(sessions)
    await rows(sessions, "UPDATE sku SET cost_minor = 250 WHERE code = 'A' RETURNING 1")
    async with sessions.begin() as session:
        session.add(SupplierRow(code="SUP", name="Tea Co", lead_time_days=9))
        await session.flush()
        session.add(SupplierItemRow(supplier="SUP", sku="A", price_minor=300, preferred=True))
        key = StockKey(Sku("A"), LocationId("HQ"), Lot("L1"), "quarantine")
        await StockRepository(session).receive(Document("grn", "R-1", "r1"), [StockLine(key, 10)])
        receiving = Receiving(session, "li")
        no = await receiving.open(Opening("HQ"))
        sent = [Sent("k-1", datetime.now(UTC), "A", units=3, verdict=Verdict.REJECTED)]
        await ReceiptScans(session, await receiving.lock(no), "li").hear(sent)
        await ReceiptPosting(session, "li", no).post(no)


@pytest.fixture
async def buyer(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.BUYER) as client:
        yield client


@pytest.fixture
async def manager(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.MANAGER, name="Wang") as client:
        yield client


async def send(client: Person, path: str, body: Any) -> httpx.Response:
    headers = {"X-CSRF-Token": client.csrf_token}
    return await client.post(f"/api/v1/quarantine{path}", json=body, headers=headers)


async def decided(client: Person, act: str, units: int, **more: Any) -> httpx.Response:
    """Look at it, then do it."""
    wish = {**APART, "act": act, "units": units, **more}
    shown = (await send(client, "/preview", wish)).json()
    body = {**wish, "plan_hash": shown.get("plan_hash", "x"), "reason": "looked at"}
    return await send(client, "/decisions", body)


async def stock(sessions: Sessions) -> dict[str, int]:
    found = await rows(
        sessions, "SELECT condition, sum(on_hand)::int FROM stock_balance WHERE sku = 'A'"
        " AND on_hand > 0 GROUP BY 1",
    )  # fmt: skip
    return dict(found)


async def test_each_of_three_ends_is_shown_first_and_done_once(
    buyer: Person, sessions: Sessions
) -> None:
    seen = (await buyer.get("/api/v1/quarantine")).json()
    broken, apart = seen["items"]
    assert (apart["units"], apart["value"], apart["document_no"]) == (
        10, {"amount": "25.00", "currency": "CNY"}, "R-1",
    )  # fmt: skip
    assert (broken["condition"], broken["bound"], broken["in_cases"]) == ("damaged", 3, 3)

    assert (await decided(buyer, "release", 4)).status_code == 200
    assert await stock(sessions) == {"good": 4, "quarantine": 6, "damaged": 3}
    assert (await decided(buyer, "write_off", 1, why="expired")).status_code == 200
    back = await decided(buyer, "to_supplier", 2, supplier="SUP")
    assert back.status_code == 200, back.text
    assert await stock(sessions) == {"good": 4, "quarantine": 3, "damaged": 3}
    acts = (await buyer.get("/api/v1/quarantine/acts")).json()
    assert [one["act"] for one in acts["items"]] == ["to_supplier", "write_off", "release"]
    assert acts["claims"] == [
        {"supplier": "SUP", "name": "Tea Co", "units": 2,
         "claim": {"amount": "6.00", "currency": "CNY"}},
    ]  # fmt: skip
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_what_was_not_shown_or_is_decided_elsewhere_is_refused(
    buyer: Person, sessions: Sessions
) -> None:
    wish = {**APART, "act": "release", "units": 4}
    shown = (await send(buyer, "/preview", wish)).json()
    body = {**wish, "plan_hash": shown["plan_hash"], "reason": "looked at"}
    assert (await send(buyer, "/decisions", body)).status_code == 200
    again = await send(buyer, "/decisions", body)
    assert (again.status_code, again.json()["code"]) == (409, "PlanChanged")
    case = {**wish, "lot": "", "condition": "damaged", "units": 1}
    refused = await send(buyer, "/preview", case)
    assert (refused.status_code, refused.json()["code"]) == (422, "InvalidInput")
    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", "L1", None, "smells", request_id="h")
    held = await send(buyer, "/preview", wish)
    assert (held.status_code, held.json()["code"]) == (409, "ActionNotAllowed")
    assert await stock(sessions) == {"good": 4, "quarantine": 6, "damaged": 3}


async def test_above_the_limit_a_second_person_says_yes_before_goods_are_written_off(
    app: FastAPI, buyer: Person, manager: Person, sessions: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"two_person_stock_units": 3})
    assert (await decided(buyer, "release", 4)).status_code == 200
    asked = await decided(buyer, "write_off", 5)
    assert asked.status_code == 202, asked.text
    assert (await stock(sessions))["quarantine"] == 6
    approval = asked.headers["location"].rpartition("/")[2]
    body = {"decision": "approve", "reason": "seen"}
    headers = {"X-CSRF-Token": manager.csrf_token}
    page = await manager.get(f"/approvals/{approval}")
    assert page.status_code == 200
    yes = await manager.post(f"/api/v1/approvals/{approval}/decision", json=body, headers=headers)
    assert yes.status_code == 200, yes.text
    assert (await stock(sessions))["quarantine"] == 1


async def test_the_pages_show_it_and_do_it(buyer: Person, sessions: Sessions) -> None:
    for language in ("zh", "en"):
        shown = await buyer.get("/quarantine", headers={"Accept-Language": language})
        assert shown.status_code == 200
        assert "L1" in shown.text
    where = "sku=A&location=HQ&lot=L1&condition=quarantine"
    page = await buyer.get(f"/quarantine/one?{where}&act=to_supplier&units=2&supplier=SUP")
    assert "¥6.00" in page.text
    assert "plan_hash" in page.text
    plan = page.text.split('name="plan_hash" value="')[1].split('"')[0]
    form = {**APART, "act": "to_supplier", "units": "2", "supplier": "SUP", "plan_hash": plan,
            "reason": "broken seals"}  # fmt: skip
    done = await buyer.post("/quarantine/one", data={**form, "csrf_token": buyer.csrf_token})
    assert done.status_code in (200, 204, 303), done.text
    assert (await stock(sessions))["quarantine"] == 8
    too_many = await buyer.get(f"/quarantine/one?{where}&act=release&units=99")
    assert too_many.status_code == 200
    assert "plan_hash" not in too_many.text
    assert (await buyer.get("/quarantine/acts")).text.count("broken seals") == 1
