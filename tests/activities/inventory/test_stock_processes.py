"""Several processes do everything at once with the same goods: nothing is lost or doubled."""

import asyncio
import multiprocessing
import random
from collections import Counter

from sqlalchemy import text

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
from tests.activities.inventory.orders import seed_orders
from tests.seeds import seed_network

KEYS = [StockKey(Sku(sku), LocationId(at)) for sku in ("A", "B") for at in ("HQ", "WEST")]
PROCESSES, TASKS, TURNS = 3, 4, 25
_VERBS = ("receive", "reserve", "reserve", "reserve", "release", "issue", "adjust")


async def _work(sessions: Sessions, name: str) -> Counter[StockKey]:
    """Random verbs one after the other; what they changed on hand, as told by their answers."""
    dice, change = random.Random(name), Counter[StockKey]()
    held: dict[str, list[StockLine]] = {}
    for turn in range(TURNS):
        no, key = f"{name}-{turn}", dice.choice(KEYS)
        verb = dice.choice(
            ("receive", "reserve", "reserve", "reserve", "release", "issue", "adjust")
        )
        try:
            async with sessions.begin() as session:
                stock = StockRepository(session)
                if verb == "receive":
                    await stock.receive(Document("grn", no, no), [StockLine(key, 3)])
                    delta = {key: 3}
                elif verb == "adjust":
                    reason, units = AdjustmentReason.COUNT, dice.choice((-2, 1))
                    await stock.adjust(Document("count", no, no), [StockLine(key, units)], reason)
                    delta = {key: units}
                elif verb == "reserve":
                    chosen = dice.sample(KEYS, 2)
                    lines = [StockLine(each, dice.randint(1, 2)) for each in chosen]
                    asked = ReserveStock(no, tuple(lines), "ord_1", "order/1")
                    if (await stock.reserve_batch([asked]))[no] is Reserved.GRANTED:
                        held[no] = lines
                    delta = {}
                elif held and verb == "release":
                    await stock.release(held.popitem()[0])
                    delta = {}
                elif held:
                    issued, lines = held.popitem()
                    await stock.issue(issued, Document("shipment", issued, f"issue:{issued}"))
                    delta = {line.key: -line.quantity for line in lines}
                else:
                    delta = {}
        except (InsufficientStock, ReservationResolved):
            continue
        change.update(delta)
    return change


def _process(url: str, name: str) -> Counter[StockKey]:
    async def run() -> Counter[StockKey]:
        engine = create_engine(url, "onhand_worker", pool_size=TASKS)
        try:
            tasks = (_work(sessions_of(engine), f"{name}.{n}") for n in range(TASKS))
            total = Counter[StockKey]()
            for change in await asyncio.gather(*tasks):
                total.update(change)
            return total
        finally:
            await engine.dispose()

    return asyncio.run(run())


async def test_every_verb_from_several_processes_adds_up(
    sessions: Sessions, database_url: str
) -> None:
    await seed_network(sessions, locations=("HQ", "WEST"), skus=("A", "B"))
    await seed_orders(sessions, ("1",))
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(PROCESSES) as pool:
        arguments = [(database_url, f"p{n}") for n in range(PROCESSES)]
        told = await asyncio.to_thread(pool.starmap, _process, arguments)

    expected = Counter[StockKey]()
    for change in told:
        expected.update(change)
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT sku, location_id, on_hand FROM stock_balance")
        )
        found = {StockKey(Sku(r.sku), LocationId(r.location_id)): r.on_hand for r in rows}
        assert await audit(session) == []
    assert found == {key: expected[key] for key in found}
    assert sum(found.values()) > 0
