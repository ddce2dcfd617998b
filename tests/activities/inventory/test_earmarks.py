"""Units are kept until a time: promised to nobody else, none lost, and none sold twice."""

import asyncio
import multiprocessing
import random
from datetime import UTC, datetime, timedelta

import pytest

from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from db.audit import audit
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.inventory import earmarks
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.earmarks import EarmarkFor, Wanted
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.errors import EarmarkOver, EarmarkTooLate, InsufficientStock
from domain.shared.ids import LocationId, Sku
from runtime.giving_back import GivingBack
from tests.activities.orders.network import rows, seed_company, seed_order, stock
from tests.seeds import seed_network

PROCESSES, TASKS, TURNS, UNITS = 3, 3, 12, 20
FREE = "SELECT on_hand, reserved FROM stock_balance WHERE sku = 'A' AND on_hand > 0"
SENT = """
SELECT s.location_id, x.sku, x.quantity FROM shipment s
JOIN shipment_line x ON x.shipment_no = s.no WHERE s.order_id = 'ord_1' ORDER BY 1, 2
"""


async def keep(sessions: Sessions, units: int, *, sku: str = "A", hours: float = 1) -> str:
    until = datetime.now(UTC) + timedelta(hours=hours)
    async with sessions.begin() as session:
        kept = await earmarks.keep(
            session, EarmarkFor.CART, "C-1", [Wanted(sku, units)], until, "kefu"
        )
    if not kept:
        raise InsufficientStock("others were faster")
    return kept


async def end(sessions: Sessions, earmark_id: str) -> None:
    """Its time is over."""
    async with sessions.begin() as session:
        await run(
            session,
            "UPDATE reservation SET expires_at = now() - interval '1 s' WHERE reservation_id = :id",
            id=earmark_id,
        )


async def state(sessions: Sessions, earmark_id: str) -> str:
    async with sessions.begin() as session:
        [row] = await earmarks.listed(session, earmark_id=earmark_id)
        return str(row.state)


async def is_proven(sessions: Sessions) -> bool:
    async with sessions.begin() as session:
        return await audit(session) == []


async def test_kept_units_are_promised_to_nobody_else_and_come_back(sessions: Sessions) -> None:
    await seed_company(sessions)
    await stock(sessions, {("EAST", "A"): 5})
    kept = await keep(sessions, 4)

    with pytest.raises(InsufficientStock):
        await keep(sessions, 2)
    assert await rows(sessions, FREE) == [(5, 4)]
    assert await is_proven(sessions)
    await end(sessions, kept)
    assert await GivingBack(sessions).once(10) == 1

    assert await rows(sessions, FREE) == [(5, 0)]
    assert await state(sessions, kept) == "expired"
    async with sessions.begin() as session:
        with pytest.raises(EarmarkOver):
            await earmarks.extend(session, kept, datetime.now(UTC) + timedelta(hours=1))


async def test_all_lines_are_kept_or_none(sessions: Sessions) -> None:
    await seed_company(sessions)
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "B"): 1})
    async with sessions.begin() as session:
        with pytest.raises(InsufficientStock):
            await earmarks.keep(
                session, EarmarkFor.QUOTE, "", [Wanted("A", 1), Wanted("B", 2)],
                datetime.now(UTC) + timedelta(hours=1), "kefu",
            )  # fmt: skip
    assert await rows(sessions, FREE) == [(5, 0)]


async def test_the_announced_order_gets_the_units_although_others_want_them(
    sessions: Sessions,
) -> None:
    await seed_company(sessions)
    await stock(sessions, {("NORTH", "A"): 3})
    kept = await keep(sessions, 3)
    batcher = AllocationBatcher(sessions, OrderRules())
    await batcher.allocate(await seed_order(sessions, "2", {"A": 2}))  # waits in the queue
    first = await seed_order(sessions, "1", {"A": 2})
    async with sessions.begin() as session:
        await earmarks.announce(session, kept, "shop", "1")

    await batcher.allocate(first)

    assert await rows(sessions, SENT) == [("NORTH", "A", 2)]
    assert await state(sessions, kept) == "ordered"
    assert await rows(sessions, FREE) == [(3, 2)]  # one that was not asked for is free again
    assert await is_proven(sessions)
    await batcher.allocate(first)  # told again
    assert await rows(sessions, SENT) == [("NORTH", "A", 2)]
    async with sessions.begin() as session:
        with pytest.raises(EarmarkOver):
            await earmarks.release(session, kept)


async def test_an_order_that_has_its_units_takes_no_others(sessions: Sessions) -> None:
    await seed_company(sessions)
    await stock(sessions, {("NORTH", "A"): 5})
    await AllocationBatcher(sessions, OrderRules()).allocate(
        await seed_order(sessions, "1", {"A": 2})
    )
    kept = await keep(sessions, 3)
    async with sessions.begin() as session:
        with pytest.raises(EarmarkTooLate):
            await earmarks.announce(session, kept, "shop", "1")
    assert await state(sessions, kept) == "kept"


async def _work(sessions: Sessions, name: str) -> None:
    """Keeps, extends, releases and lets end, at random."""
    dice, mine = random.Random(name), list[str]()
    for _ in range(TURNS):
        deed = dice.choice(("keep", "keep", "release", "extend", "end", "sweep"))
        try:
            if deed == "keep":
                mine.append(await keep(sessions, dice.randint(1, 4), sku=dice.choice("AB")))
            elif deed == "sweep":
                await GivingBack(sessions).once(50)
            elif mine:
                chosen = dice.choice(mine)
                if deed == "end":
                    await end(sessions, chosen)
                    continue
                async with sessions.begin() as session:
                    if deed == "release":
                        await earmarks.release(session, chosen)
                    else:
                        until = datetime.now(UTC) + timedelta(hours=2)
                        await earmarks.extend(session, chosen, until)
        except (InsufficientStock, EarmarkOver):
            continue


def _process(url: str, name: str) -> None:
    async def main() -> None:
        engine = create_engine(url, "onhand_worker", pool_size=TASKS)
        try:
            begin = sessions_of(engine)
            await asyncio.gather(*(_work(begin, f"{name}-{n}") for n in range(TASKS)))
        finally:
            await engine.dispose()

    asyncio.run(main())


async def test_several_processes_oversell_and_leak_nothing(
    sessions: Sessions, database_url: str
) -> None:
    await seed_network(sessions, ("HQ", "WEST"), ("A", "B"))
    async with sessions.begin() as session:
        for sku in "AB":
            lines = [StockLine(StockKey(Sku(sku), LocationId("HQ")), UNITS)]
            await StockRepository(session).receive(Document("grn", sku, sku), lines)
    start = multiprocessing.get_context("spawn").Process
    processes = [start(target=_process, args=(database_url, str(n))) for n in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    async with sessions.begin() as session:
        found = await audit(session)
    assert [one.check for one in found if one.check != "goods_are_told_to_the_books"] == []
    for row in await rows(sessions, "SELECT reservation_id FROM reservation WHERE state = 'held'"):
        await end(sessions, str(row[0]))
    while await GivingBack(sessions).once(50):
        pass
    assert await rows(sessions, "SELECT DISTINCT reserved FROM stock_balance") == [(0,)]
