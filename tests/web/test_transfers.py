"""Transfers as buyers, warehouses and managers use them, by page and by API."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from fastapi import FastAPI

from activities.inventory.transferring import TransferActivities
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from domain.inventory.stock import Document, StockKey, StockLine
from domain.inventory.transfers import TransferStep, TransferWork, next_step
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from domain.shared.ids import LocationId, Sku
from tests.api.orders.world import rows
from tests.web.world import Person, person


@pytest_asyncio.fixture
async def goods(sessions: Sessions) -> None:
    """Ten units of TEA at W1; W2 is another warehouse."""
    async with sessions.begin() as session:
        for place in ("W1", "W2"):
            session.add(LocationRow(id=place, kind="region", name=f"Warehouse {place}"))
        session.add(SkuRow(code="TEA", name="Green tea with a name that is really quite long"))
        await session.flush()
        line = StockLine(StockKey(Sku("TEA"), LocationId("W1")), 10)
        await StockRepository(session).receive(Document("grn", "G", "G"), [line])


@pytest_asyncio.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN, language="zh") as client:
        yield client


async def carried_on(sessions: Sessions, no: str) -> None:
    """What its workflow does."""
    does, now = TransferActivities(sessions), datetime.now(UTC)
    facts = await does.look(TransferWork(no, f"transfer/{no}", now))
    while (step := next_step(facts, now)) not in (TransferStep.WAIT, TransferStep.END):
        verb = {
            TransferStep.RESERVE: does.reserve, TransferStep.POST: does.post,
            TransferStep.CANCEL: does.cancel, TransferStep.CLOSE: does.close,
        }[step]  # fmt: skip
        facts = await verb(TransferWork(no, f"transfer/{no}", now, facts.unposted))


async def written(client: Person, lines: str = "TEA 6") -> str:
    answer = await client.send_form("/transfers/new", sender="W1", to="W2", lines=lines)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.mark.usefixtures("goods")
async def test_a_transfer_goes_from_draft_to_its_last_difference(
    admin: Person, sessions: Sessions
) -> None:
    no = await written(admin)
    page = f"/transfers/{no}"
    assert "草稿" in (await admin.get(page)).text
    assert (await admin.send_form(f"{page}/approve")).status_code == 303
    await carried_on(sessions, no)
    assert no in (await admin.get("/transfers?queue=ship")).text

    form = (await admin.get(f"{page}/do/ship")).text
    assert 'name="line-1" value="6"' in form
    sent = {"line-1": "5", "carrier": "sf", "waybill_no": "SF1"}
    assert (await admin.send_form(f"{page}/do/ship", **sent)).status_code == 303
    assert "正在入账" in (await admin.get(page)).text
    await carried_on(sessions, no)
    on_the_way = (await admin.get("/api/v1/transfers/on-the-way?sku=TEA")).json()
    assert [(x["no"], x["units"], x["owner"]) for x in on_the_way] == [(no, 5, "own")]

    came = {"good-1": "3", "damaged-1": "1", "missing-1": "0", "last": "1"}
    assert (await admin.send_form(f"{page}/do/receive", **came)).status_code == 303
    await carried_on(sessions, no)
    view = (await admin.get(f"/api/v1/transfers/{no}")).json()
    differences = {x["kind"]: x["id"] for x in view["differences"]}
    assert set(differences) == {"short", "damaged"}
    assert view["waits_for"] == "decision"
    assert no in (await admin.get("/transfers?queue=decide")).text

    for kind, decision in (("short", "found_at_sender"), ("damaged", "kept")):
        form = (await admin.get(f"{page}/do/decide?difference={differences[kind]}")).text
        assert decision in form
        told = {"decision": decision, "units": "1", "reason": "seen"}
        answer = await admin.send_form(f"{page}/do/decide/{differences[kind]}", **told)
        assert answer.status_code == 303, answer.text
        await carried_on(sessions, no)
    view = (await admin.get(f"/api/v1/transfers/{no}")).json()
    assert (view["state"], view["on_the_way"]) == ("closed", 0)
    found = await rows(
        sessions,
        "SELECT location_id, condition, on_hand, reserved FROM stock_balance WHERE on_hand > 0"
        " ORDER BY 1, 2",
    )
    assert [tuple(row) for row in found] == [
        ("W1", "good", 6, 0), ("W2", "damaged", 1, 0), ("W2", "good", 3, 0)
    ]  # fmt: skip


@pytest.mark.usefixtures("goods")
async def test_losing_many_units_takes_two_people(
    app: FastAPI, admin: Person, sessions: Sessions, web_sessions: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"two_person_stock_units": 3})
    no = await written(admin)
    await admin.send_form(f"/transfers/{no}/approve")
    await carried_on(sessions, no)
    await admin.send_form(f"/transfers/{no}/do/ship")
    await carried_on(sessions, no)
    await admin.send_form(f"/transfers/{no}/do/receive", **{"last": "1"})
    await carried_on(sessions, no)
    [difference] = (await admin.get(f"/api/v1/transfers/{no}")).json()["differences"]

    told = {"decision": "lost", "units": "6", "reason": "stolen"}
    answer = await admin.send_form(f"/transfers/{no}/do/decide/{difference['id']}", **told)

    assert answer.headers["location"].startswith("/approvals/")
    [approval] = (await admin.get("/api/v1/approvals")).json()["items"]
    assert (approval["kind"], approval["units"]) == ("adjustment", 6)
    async with await person(app, web_sessions, Role.MANAGER) as boss:
        assert (await boss.get(f"/approvals/{approval['id']}")).status_code == 200
        yes = await boss.send_form(f"/approvals/{approval['id']}/decide", decision="approve")
        assert yes.status_code == 303, yes.text
    await carried_on(sessions, no)
    assert (await admin.get(f"/api/v1/transfers/{no}")).json()["state"] == "closed"


@pytest.mark.usefixtures("goods")
async def test_each_warehouse_sees_its_own_transfers_alone(
    app: FastAPI, admin: Person, web_sessions: Sessions
) -> None:
    no = await written(admin)
    for place, status in (("W2", 200), ("W3", 404)):
        async with web_sessions.begin() as session:
            if place == "W3":
                session.add(LocationRow(id="W3", kind="region", name="Elsewhere"))
        limits = (Limit(place, with_below=True),)
        async with await person(app, web_sessions, Role.WAREHOUSE, limits=limits) as client:
            assert (await client.get(f"/transfers/{no}")).status_code == status
            shown = (await client.get("/api/v1/transfers")).json()
            assert [x["no"] for x in shown] == ([no] if status == 200 else [])


@pytest.mark.usefixtures("goods")
@pytest.mark.parametrize(
    "lines", ["TEA", "TEA many", "TEA 0", "NOTHING 3", "TEA -1", "TEA 99999999999", ""]
)
async def test_lines_that_cannot_be_sent_are_refused(admin: Person, lines: str) -> None:
    answer = await admin.send_form("/transfers/new", sender="W1", to="W2", lines=lines)
    assert answer.status_code in (404, 422)
