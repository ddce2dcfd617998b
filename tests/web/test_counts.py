"""Counting as two people of a warehouse and their manager do it, in both languages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.inventory.count_steps import CountSteps
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from domain.inventory.count_life import CountRules, CountWork
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.shared.ids import LocationId, Lot, Sku
from runtime.counting import Counting
from runtime.settings import Settings
from tests.api.orders.world import rows
from tests.web.world import Person, person


@pytest_asyncio.fixture
async def goods(sessions: Sessions) -> None:
    """4817 units of TEA in lot L1 at W1."""
    async with sessions.begin() as session:
        session.add(LocationRow(id="W1", kind="region", name="Warehouse"))
        session.add(SkuRow(code="TEA", name="Green tea", gtin="06901234567892"))
        await session.flush()
        line = StockLine(StockKey(Sku("TEA"), LocationId("W1"), Lot("L1")), 4817)
        await StockRepository(session).receive(Document("grn", "G", "G"), [line])


@pytest_asyncio.fixture
async def anna(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.WAREHOUSE, language="zh", name="A") as client:
        yield client


@pytest_asyncio.fixture
async def ben(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.WAREHOUSE, name="Ben") as client:
        yield client


async def planned(client: Person) -> str:
    answer = await client.send_form("/counts/new", location="W1", kind="due")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.mark.usefixtures("goods")
async def test_a_blind_count_is_taken_twice_and_posted(
    anna: Person, ben: Person, sessions: Sessions
) -> None:
    no = await planned(anna)
    page = f"/counts/{no}"
    assert "4817" not in (await anna.get(page)).text.replace(no, "")
    assert (await anna.get(f"/api/v1{page}")).json()["items"][0]["book"] is None

    told = {"code": "06901234567892", "lot": "L1", "units": "4813"}
    answer = await anna.send_form(f"{page}/look", **told)
    assert answer.headers["location"].endswith("said=recount&sku=TEA")
    assert "须由另一人复盘" in (await anna.get(answer.headers["location"])).text
    assert "4817" not in (await anna.get(page)).text.replace(no, "")
    assert (await anna.send_form(f"{page}/look", **told)).status_code == 409
    assert (await anna.send_form(f"{page}/post")).status_code == 409

    assert (await ben.send_form(f"{page}/look", **told)).status_code == 303
    shown = (await ben.get(page)).text
    assert "-4" in shown
    assert "4817" in shown
    assert (await ben.send_form(f"{page}/post")).status_code == 303
    assert [x[0] for x in await rows(sessions, "SELECT on_hand FROM stock_balance")] == [4813]
    assert (await ben.get(f"/api/v1{page}")).json()["state"] == "posted"
    assert no in (await ben.get("/counts?closed=1")).text


@pytest.mark.usefixtures("goods")
async def test_a_count_that_is_far_off_takes_two_people(
    app: FastAPI, anna: Person, ben: Person, web_sessions: Sessions, sessions: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"two_person_stock_units": 20})
    no = await planned(anna)
    for client in (anna, ben):
        await client.send_form(f"/counts/{no}/look", code="TEA", lot="L1", units="23")

    answer = await ben.send_form(f"/counts/{no}/post")

    address = answer.headers["location"]
    assert address.startswith("/approvals/")
    async with await person(app, web_sessions, Role.MANAGER) as boss:
        assert "-4,794" in (await boss.get(address)).text
        yes = await boss.send_form(f"{address}/decide", decision="approve")
        assert yes.status_code == 303, yes.text
    assert [x[0] for x in await rows(sessions, "SELECT on_hand FROM stock_balance")] == [23]


@pytest.mark.usefixtures("goods")
async def test_who_counted_does_not_approve_what_the_count_itself_asks_for(
    app: FastAPI, anna: Person, web_sessions: Sessions, sessions: Sessions
) -> None:
    rules = CountRules(alone_units=20)
    async with (
        await person(app, web_sessions, Role.MANAGER, Role.WAREHOUSE, name="Boss") as boss,
        await person(app, web_sessions, Role.MANAGER, name="Chief") as chief,
    ):
        no = await planned(boss)
        for client in (anna, boss):
            await client.send_form(f"/counts/{no}/look", code="TEA", lot="L1", units="23")
        async with sessions.begin() as session:
            await CountSteps(session, rules).ask(CountWork(no, datetime.now(UTC)))
        [(approval,)] = await rows(sessions, "SELECT id FROM approval")

        own = await boss.send_form(f"/approvals/{approval}/decide", decision="approve")
        assert own.status_code == 409, own.text
        assert [x[0] for x in await rows(sessions, "SELECT on_hand FROM stock_balance")] == [4817]
        yes = await chief.send_form(f"/approvals/{approval}/decide", decision="approve")
        assert yes.status_code == 303, yes.text
    assert [x[0] for x in await rows(sessions, "SELECT on_hand FROM stock_balance")] == [23]


@pytest.mark.usefixtures("goods")
async def test_what_is_due_is_planned_by_itself_once_a_day(sessions: Sessions) -> None:
    counting = Counting(sessions, Settings())

    assert (await counting.once(100), await counting.once(100)) == (1, 0)


@pytest.mark.usefixtures("goods")
@pytest.mark.parametrize(
    "wrong", [{"code": "NOTHING"}, {"units": "-1"}, {"units": "many"}, {"units": ""}]
)
async def test_what_cannot_be_counted_is_refused(anna: Person, wrong: dict[str, str]) -> None:
    no = await planned(anna)
    told = {"code": "TEA", "units": "5", **wrong}

    assert (await anna.send_form(f"/counts/{no}/look", **told)).status_code in (404, 422)
