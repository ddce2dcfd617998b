"""Every verb of the stock ledger on a real Postgres, with real commits."""

import asyncio
import multiprocessing
from collections.abc import Sequence

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from activities.inventory.reserving import ReservationBatcher
from db.audit import audit
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.inventory.repository import StockRepository
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.errors import InsufficientStock, ReservationResolved
from domain.shared.ids import LocationId, Sku
from tests.seeds import seed_network

HQ = LocationId("HQ")
A, B = StockKey(Sku("A"), HQ), StockKey(Sku("B"), HQ)


@pytest_asyncio.fixture(autouse=True)
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, locations=("HQ",), skus=("A", "B"))


async def receive(sessions: Sessions, key: StockKey, quantity: int, no: str = "GRN-1") -> None:
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", no, no), [StockLine(key, quantity)])


async def counters(sessions: Sessions, key: StockKey) -> tuple[int, int]:
    async with sessions.begin() as session:
        connection = await session.connection()
        row = await connection.execute(
            text("SELECT on_hand, reserved FROM stock_balance WHERE sku=:sku"), {"sku": key.sku}
        )
        on_hand, reserved = row.one()
        return on_hand, reserved


def ask(reservation_id: str, *lines: tuple[StockKey, int]) -> ReserveStock:
    return ReserveStock(reservation_id, tuple(StockLine(key, n) for key, n in lines))


async def test_64_takers_of_50_units_sell_exactly_50(sessions: Sessions) -> None:
    await receive(sessions, A, 50)
    batcher = ReservationBatcher(sessions)

    answers = await asyncio.gather(*(batcher.reserve(ask(f"r{i}", (A, 1))) for i in range(64)))

    assert answers.count(Reserved.GRANTED) == 50
    assert await counters(sessions, A) == (50, 50)


def _take(url: str, name: str, count: int) -> int:
    async def run() -> int:
        engine = create_engine(url, "onhand_worker", pool_size=4)
        batcher = ReservationBatcher(sessions_of(engine))
        answers = await asyncio.gather(
            *(batcher.reserve(ask(f"{name}-{i}", (A, 1))) for i in range(count))
        )
        await engine.dispose()
        return answers.count(Reserved.GRANTED)

    return asyncio.run(run())


async def test_several_processes_together_do_not_oversell(
    sessions: Sessions, database_url: str
) -> None:
    await receive(sessions, A, 50)
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        arguments = [(database_url, f"p{n}", 32) for n in range(3)]
        granted = await asyncio.to_thread(pool.starmap, _take, arguments)

    assert sum(granted) == 50
    assert await counters(sessions, A) == (50, 50)


async def test_two_lines_of_one_sku_are_summed_before_the_check(sessions: Sessions) -> None:
    await receive(sessions, A, 3)
    batcher = ReservationBatcher(sessions)

    assert await batcher.reserve(ask("r1", (A, 2), (A, 2))) is Reserved.REFUSED
    assert await batcher.reserve(ask("r2", (A, 2), (A, 1))) is Reserved.GRANTED
    assert await counters(sessions, A) == (3, 3)


async def test_all_lines_or_none(sessions: Sessions) -> None:
    await receive(sessions, A, 5)

    assert await ReservationBatcher(sessions).reserve(ask("r1", (A, 1), (B, 1))) is Reserved.REFUSED
    assert await counters(sessions, A) == (5, 0)


async def test_a_refused_neighbour_does_not_make_others_fail(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    async with sessions.begin() as session:
        answers = await StockRepository(session).reserve_batch(
            [ask("large", (A, 6)), ask("small", (A, 5)), ask("late", (A, 1))]
        )
    assert answers == {
        "large": Reserved.REFUSED,
        "small": Reserved.GRANTED,
        "late": Reserved.REFUSED,
    }


async def test_the_same_id_again_gets_the_first_answer_once(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    batchers = [ReservationBatcher(sessions) for _ in range(3)]

    answers = await asyncio.gather(*(b.reserve(ask("r1", (A, 2))) for b in batchers))

    assert sorted(answers) == sorted([Reserved.GRANTED, Reserved.ALREADY, Reserved.ALREADY])
    assert await counters(sessions, A) == (5, 2)


async def test_lines_in_any_order_never_deadlock(sessions: Sessions) -> None:
    await receive(sessions, A, 500, "G1")
    await receive(sessions, B, 500, "G2")

    async def take(i: int, keys: Sequence[StockKey]) -> None:
        async with sessions.begin() as session:
            repository = StockRepository(session)
            await repository.reserve_batch([ask(f"r{i}", *((key, 1) for key in keys))])

    await asyncio.gather(*(take(i, (A, B) if i % 2 else (B, A)) for i in range(60)))

    assert await counters(sessions, A) == (500, 60)


async def test_issue_takes_reserved_goods_out_exactly_once(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await ReservationBatcher(sessions).reserve(ask("S-1", (A, 2)))
    for _ in range(2):
        async with sessions.begin() as session:
            await StockRepository(session).issue("S-1", Document("shipment", "S-1", "issue:S-1"))
    assert await counters(sessions, A) == (3, 0)


async def test_release_and_issue_of_one_reservation_race_and_one_wins(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await ReservationBatcher(sessions).reserve(ask("S-1", (A, 2)))

    async def issue() -> None:
        async with sessions.begin() as session:
            await StockRepository(session).issue("S-1", Document("shipment", "S-1", "issue:S-1"))

    async def expire() -> None:
        async with sessions.begin() as session:
            await StockRepository(session).release("S-1")

    ends = await asyncio.gather(issue(), expire(), issue(), expire(), return_exceptions=True)

    left = await counters(sessions, A)
    refused = [type(end) for end in ends if end is not None]
    assert (left, refused) in [((3, 0), []), ((5, 0), [ReservationResolved, ReservationResolved])]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_short_pick_gives_up_only_what_is_missing(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await ReservationBatcher(sessions).reserve(ask("S-1", (A, 3)))
    for _ in range(2):
        async with sessions.begin() as session:
            repository = StockRepository(session)
            await repository.short_pick("S-1", {"A": 1}, Document("shipment", "S-1", "short:S-1"))
    assert await counters(sessions, A) == (3, 1)
    async with sessions.begin() as session:
        repository = StockRepository(session)
        assert await repository.issue("S-1", Document("shipment", "S-1", "issue:S-1")) == 1
    assert await counters(sessions, A) == (2, 0)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_receipt_counts_once(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await receive(sessions, A, 5)
    assert await counters(sessions, A) == (5, 0)


async def test_an_adjustment_cannot_take_promised_units(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await ReservationBatcher(sessions).reserve(ask("r", (A, 4)))
    with pytest.raises(InsufficientStock):
        async with sessions.begin() as session:
            await StockRepository(session).adjust(
                Document("count", "C-1", "C-1"), [StockLine(A, -2)], AdjustmentReason.COUNT
            )
    assert await counters(sessions, A) == (5, 4)


async def test_the_database_itself_refuses_negative_stock(sessions: Sessions) -> None:
    await receive(sessions, A, 1)
    with pytest.raises(DBAPIError, match="reserved_within_on_hand"):
        async with sessions.begin() as session:
            await (await session.connection()).execute(
                text("UPDATE stock_balance SET reserved = 2 WHERE sku = 'A'")
            )


async def test_who_serves_cannot_rewrite_the_ledger(sessions: Sessions) -> None:
    await receive(sessions, A, 1)
    for statement in ("UPDATE stock_move SET quantity = 2", "DELETE FROM stock_move"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with sessions.begin() as session:
                await (await session.connection()).execute(text(statement))
