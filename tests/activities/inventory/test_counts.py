"""Counts on a real Postgres, while goods come and go: the book ends as the shelf."""

import random
from datetime import date

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions
from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.inventory.counts import Counts
from db.inventory.repository import StockRepository
from domain.inventory.counting import CountState, LineState, Tolerance
from domain.inventory.stock import AdjustmentReason, Document, ReserveStock, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, OwnCount, UnknownSku
from domain.shared.ids import LocationId, Sku
from tests.activities.inventory.orders import seed_orders
from tests.seeds import seed_network

A = StockKey(Sku("A"), LocationId("HQ"))
TODAY = date(2026, 11, 26)


@pytest_asyncio.fixture
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A", "B"))


async def receive(sessions: Sessions, units: int, no: str) -> None:
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", no, no), [StockLine(A, units)])


async def reserve(sessions: Sessions, units: int, no: str) -> bool:
    async with sessions.begin() as session:
        asked = ReserveStock(no, (StockLine(A, units),))
        return str((await StockRepository(session).reserve_batch([asked]))[no]) == "granted"


async def planned(sessions: Sessions, kind: str = "skus", **more: object) -> str:
    async with sessions.begin() as session:
        skus = ("A",) if kind == "skus" else ()
        plan = CountPlan("HQ", kind, TODAY, "boss", skus, **more)  # type: ignore[arg-type]
        no = await CountPlanning(session).plan(plan)
    assert no is not None
    return no


async def look(sessions: Sessions, no: str, units: int, by: str, sku: str = "A") -> LineState:
    async with sessions.begin() as session:
        return await CountLooks(session).look(no, Look(f"{no}-{by}-{units}-{sku}", by, sku, units))


async def post(sessions: Sessions, no: str) -> CountState:
    async with sessions.begin() as session:
        return await CountPosting(session).post(no, "boss")


async def on_hand(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        found = await (await session.connection()).execute(
            text("SELECT coalesce(sum(on_hand), 0)::int FROM stock_balance WHERE sku = 'A'")
        )
        return int(found.scalar_one())


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_during_a_count_the_book_ends_as_the_shelf(
    sessions: Sessions, network: None, seed: int
) -> None:
    chance = random.Random(seed)
    shelf, held, seen, done = 30, dict[str, int](), 0, False
    await receive(sessions, 30, "G0")
    shelf += chance.randint(-25, 5)  # what nobody wrote down
    no = await planned(sessions)
    acts = ["receive", "reserve", "issue", "short", "release"] * 3
    chance.shuffle(acts)
    acts.insert(chance.randint(0, 5), "look")
    acts.insert(chance.randint(9, len(acts)), "post")
    for n, act in enumerate(acts):
        if act == "receive":
            units = chance.randint(1, 5)
            await receive(sessions, units, f"G{n + 1}")
            shelf += units
        elif act == "reserve":
            units = chance.randint(1, 6)
            if await reserve(sessions, units, f"R{n}"):
                held[f"R{n}"] = units
        elif act in ("issue", "short", "release") and held:
            lease, units = held.popitem()
            async with sessions.begin() as session:
                stock = StockRepository(session)
                if act == "release":
                    await stock.release(lease)
                elif shelf < units or (act == "short" and not done):
                    await stock.short_pick(lease, {"A": 0}, Document("shipment", lease, lease))
                else:
                    await stock.issue(lease, Document("shipment", lease, lease))
                    shelf -= units
        elif act == "look":
            for by in ("anna", "ben"):
                if await look(sessions, no, shelf, by) is LineState.AGREED:
                    break
            seen += 1
        elif act == "post":
            done = await post(sessions, no) is CountState.POSTED  # a wrong pick after it is its own
    async with sessions.begin() as session:
        for lease in held:
            await StockRepository(session).release(lease)
    assert await post(sessions, no) is CountState.POSTED

    assert seen == 1
    assert await on_hand(sessions) == shelf
    async with sessions.begin() as session:
        assert [x.check for x in await audit(session) if x.check != "posted_equals_issued"] == []


async def test_missing_units_that_are_promised_stay_and_a_person_is_asked(
    sessions: Sessions, network: None
) -> None:
    await receive(sessions, 10, "G1")
    assert await reserve(sessions, 8, "R1")
    no = await planned(sessions)
    await look(sessions, no, 3, "anna")
    await look(sessions, no, 3, "ben")

    assert await post(sessions, no) is CountState.SHORT
    assert await on_hand(sessions) == 8
    async with sessions.begin() as session:
        [line] = await Counts(session).lines(no)
        assert (line.posted, line.rest) == (-2, 5)
        told = await (await session.connection()).execute(
            text("SELECT error FROM attention WHERE step_id = 'count_short'")
        )
        assert told.scalar_one() == f"count {no} misses 5 units that are promised"

    # The picker finds 3 of the 8: the rest of the difference is in the books by that.
    async with sessions.begin() as session:
        paper = Document("shipment", "R1", "short:R1")
        await StockRepository(session).short_pick("R1", {"A": 3}, paper)
    assert await post(sessions, no) is CountState.POSTED
    assert await on_hand(sessions) == 3


async def test_picked_goods_are_on_no_shelf_and_not_missing(
    sessions: Sessions, network: None
) -> None:
    await seed_orders(sessions, ("1",))
    await receive(sessions, 10, "G1")
    assert await reserve(sessions, 4, "S-1")
    async with sessions.begin() as session:
        await (await session.connection()).execute(
            text(
                "INSERT INTO shipment (no, order_id, location_id, workflow_id, status, ships_with,"
                " allocation_id, seq, waits_for, carrier, product, freight_minor, weight_g)"
                " VALUES ('S-1', 'ord_1', 'HQ', 'w', 'packed', '', '', 0, '', '', '', 0, 0)"
            )
        )
    no = await planned(sessions)

    assert await look(sessions, no, 6, "anna") is LineState.AGREED
    assert await post(sessions, no) is CountState.POSTED
    assert await on_hand(sessions) == 10


async def test_the_second_look_is_another_persons(sessions: Sessions, network: None) -> None:
    await receive(sessions, 10, "G1")
    no = await planned(sessions, tolerance=Tolerance(1, 0))

    assert await look(sessions, no, 7, "anna") is LineState.RECOUNT
    with pytest.raises(OwnCount):
        await look(sessions, no, 8, "anna")
    with pytest.raises(ActionNotAllowed):
        await post(sessions, no)
    assert await look(sessions, no, 9, "ben") is LineState.AGREED
    assert await post(sessions, no) is CountState.POSTED
    assert await on_hand(sessions) == 9


async def test_goods_that_nobody_expected_are_counted_too(
    sessions: Sessions, network: None
) -> None:
    await receive(sessions, 10, "G1")
    no = await planned(sessions, "all")
    await look(sessions, no, 10, "anna")

    assert await look(sessions, no, 2, "anna", "B") is LineState.RECOUNT
    assert await look(sessions, no, 2, "ben", "B") is LineState.AGREED
    with pytest.raises(UnknownSku):
        await look(sessions, no, 2, "anna", "Z")


async def test_a_day_plans_what_is_due_once(sessions: Sessions, network: None) -> None:
    await receive(sessions, 10, "G1")
    plan = CountPlan("HQ", "due", TODAY, "system")
    async with sessions.begin() as session:
        assert await CountPlanning(session).plan(plan) is not None
        assert await CountPlanning(session).plan(plan) is None


@pytest.mark.parametrize(
    ("reason", "book"),
    [
        (AdjustmentReason.DAMAGED, 8),  # thrown away since: they are gone from the shelf, too
        (AdjustmentReason.LOST, 10),  # what was missing all the time, and was seen to be there
    ],
)
async def test_goods_thrown_away_after_the_count_do_not_come_back(
    sessions: Sessions, network: None, reason: AdjustmentReason, book: int
) -> None:
    await receive(sessions, 10, "G0")
    no = await planned(sessions)
    assert await look(sessions, no, 10, "anna") is LineState.AGREED
    async with sessions.begin() as session:
        document = Document("adjustment", "X", "x")
        await StockRepository(session).adjust(document, [StockLine(A, -2)], reason)

    assert await post(sessions, no) is CountState.POSTED

    assert await on_hand(sessions) == book
