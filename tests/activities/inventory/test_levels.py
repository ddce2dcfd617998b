"""Sums of brands and categories follow every balance, whoever moves stock or renames a brand."""

import asyncio
import random

import pytest

from db.audit import run as audit
from db.engine import Sessions
from db.inventory.levels import StockLevels
from db.inventory.repository import StockRepository
from db.inventory.sums import fold
from db.inventory.tables import BackorderRow, LocationRow
from db.sql import run
from domain.inventory.levels import By, Question
from domain.inventory.network import Units, roll_up, whole
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.ids import LocationId, Lot, Sku
from tests.activities.inventory.orders import NOW, seed_orders
from tests.seeds import seed_network

PLACES, SKUS = ("HQ", "R1", "R2"), ("A", "B", "C")


async def _some_work(sessions: Sessions, chance: random.Random, number: int) -> None:
    sku, place = chance.choice(SKUS), chance.choice(PLACES)
    key = StockKey(Sku(sku), LocationId(place), Lot(chance.choice(("", "L"))))
    async with sessions.begin() as session:
        stock = StockRepository(session)
        match chance.randrange(5):
            case 0 | 1:
                paper = Document("grn", f"G{number}", f"G{number}")
                condition = chance.choice(("good", "good", "quarantine", "damaged"))
                where = StockKey(key.sku, key.location_id, key.lot, condition)
                await stock.receive(paper, [StockLine(where, chance.randrange(1, 50))])
            case 2:
                await stock.reserve_batch([ReserveStock(f"r{number}", (StockLine(key, 2),))])
            case 3:
                await stock.release(f"r{chance.randrange(number + 1)}")
            case _:
                await run(
                    session, "UPDATE sku SET brand = :brand, category = :brand WHERE code = :sku",
                    brand=chance.choice(("", "甲", "乙")), sku=sku,
                )  # fmt: skip


async def _broken(url: str) -> list[str]:
    return [f.check for f in await audit(url) if f.check == "sums_equal_balances"]


async def test_sums_follow_the_balances_whoever_changes_what_at_the_same_time(
    sessions: Sessions, database_url: str
) -> None:
    await seed_network(sessions, PLACES, SKUS)
    chance = random.Random(5)
    for round_no in range(12):
        work = [_some_work(sessions, chance, round_no * 6 + n) for n in range(6)]
        await asyncio.gather(*work, return_exceptions=True)
        if round_no % 3 == 2:
            async with sessions.begin() as session:
                await fold(session, 1000)
            assert not await _broken(database_url), f"round {round_no}"
    assert not await _broken(database_url)
    async with sessions.begin() as session:
        [left] = await run(session, "SELECT count(*) AS n, sum(on_hand) AS u FROM stock_balance")
        assert left.n > 5
        assert left.u > 0


async def _stock(sessions: Sessions) -> None:
    """10 A and 4 B of a brand at HQ, 5 A at R1, of which 3 are promised and 2 damaged; 6 B on the
    way to R1; 7 A that a dealer owns at its own place."""
    await seed_network(sessions, PLACES, SKUS)
    async with sessions.begin() as session:
        session.add(LocationRow(id="T", name="T", kind="transit", parent_id="R1"))
        session.add(LocationRow(id="D", name="D", kind="dealer", parent_id="R2"))
        await session.flush()
        await run(session, "UPDATE sku SET brand = '甲', category = '茶叶' WHERE code IN ('A','B')")
        stock = StockRepository(session)
        lines = [("A", "HQ", "good", "own", 10), ("B", "HQ", "good", "own", 4),
                 ("A", "R1", "good", "own", 5), ("A", "R1", "damaged", "own", 2),
                 ("B", "T", "good", "own", 6), ("A", "D", "good", "D", 7),
                 ("A", "D", "good", "own", 1), ("C", "R2", "quarantine", "own", 8)]  # fmt: skip
        await stock.adjust(
            Document("count", "C", "C"),
            [
                StockLine(StockKey(Sku(s), LocationId(at), Lot(""), condition, owner), units)
                for s, at, condition, owner, units in lines
            ],
            AdjustmentReason.OPENING,
        )
        key = StockKey(Sku("A"), LocationId("R1"))
        await stock.reserve_batch([ReserveStock("r", (StockLine(key, 3),))])


@pytest.mark.parametrize("folded", [False, True])
async def test_every_way_of_asking_counts_the_same_units(sessions: Sessions, folded: bool) -> None:
    await _stock(sessions)
    async with sessions.begin() as session:
        if folded:
            await fold(session, 1000)
        levels = StockLevels(session)
        places = (await levels.network()).places

        brand = whole(roll_up(places, await levels.by_place(Question(brand="甲"), None)))
        named = whole(roll_up(places, await levels.by_place(Question(skus=("A", "B")), None)))
        [row] = await levels.by_goods(Question(brand="甲"), None, By.CATEGORY)
        by_sku = await levels.by_goods(Question(category="茶叶"), None, By.SKU)
        found = await levels.by_goods(Question(text="sku"), ["R1", "T"], By.BRAND)

    expected = Units(20, 3, 17, in_transit=6, damaged=2, consigned=1, dealer_owned=7)
    assert brand == named == row.units == expected
    assert [(one.key, one.units.on_hand) for one in by_sku] == [("A", 16), ("B", 4)]
    assert [(one.key, one.units) for one in found] == [
        ("甲", Units(5, 3, 2, in_transit=6, damaged=2))
    ]


async def test_what_waits_for_free_units_is_not_available(sessions: Sessions) -> None:
    await _stock(sessions)
    await seed_orders(sessions, ["1"])
    async with sessions.begin() as session:
        session.add(
            BackorderRow(
                id="w", order_id="ord_1", fulfilment_line_id="ful_1", workflow_id="order/1",
                sku="A", location_id="R1", quantity=9, paid_at=NOW, created_at=NOW,
            )
        )  # fmt: skip
        await session.flush()
        levels = StockLevels(session)
        places = (await levels.network()).places

        stock = roll_up(places, await levels.by_place(Question(), None))
        [row] = await levels.by_goods(Question(brand="甲"), ["R1"], By.BRAND)

    [there] = [one.own for one in stock if one.place.location_id == "R1"]
    assert (there.on_hand, there.reserved, there.available) == (5, 3, 0)
    assert (row.units.on_hand, row.units.available) == (5, 0)
