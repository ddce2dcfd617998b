"""Kits on a real Postgres: what is picked for them, what shops are told, and assembly."""

import asyncio
from datetime import date

import pytest
import pytest_asyncio
from sqlalchemy import event

from db.audit import audit
from db.channels.listings import Listings
from db.engine import Sessions
from db.inventory.kits import KitOrder, Kits
from db.inventory.lot_register import LotRegister
from db.inventory.lot_trace import in_kits, made_of
from db.inventory.repository import StockRepository
from db.orders import statements
from db.sql import run
from domain.inventory.kits import Component, KitKind, KitWork
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, InsufficientStock, KitNotFound
from domain.shared.ids import LocationId, Lot, Sku
from tests.activities.inventory.orders import seed_orders
from tests.seeds import seed_network

HQ = LocationId("HQ")


@pytest_asyncio.fixture
async def network(sessions: Sessions) -> None:
    """10 units of A in two lots and 4 of B; GIFT is 2 A and 1 B, DUO 1 A."""
    await seed_network(sessions, skus=("A", "B", "GIFT", "DUO"))
    await seed_orders(sessions, ("1",))
    async with sessions.begin() as session:
        lines = [
            StockLine(StockKey(Sku("A"), HQ, Lot("L1")), 3),
            StockLine(StockKey(Sku("A"), HQ, Lot("L2")), 7),
            StockLine(StockKey(Sku("B"), HQ), 4),
        ]
        await StockRepository(session).receive(Document("grn", "G", "G"), lines)


async def define(sessions: Sessions, kind: KitKind) -> None:
    async with sessions.begin() as session:
        gift = (Component("A", 2), Component("B", 1))
        await Kits(session).define("GIFT", kind, gift, "buyer")
        await Kits(session).define("DUO", kind, (Component("A", 1),), "buyer")


async def stock(sessions: Sessions) -> dict[str, int]:
    async with sessions.begin() as session:
        rows = await run(
            session, "SELECT sku, sum(on_hand)::int AS n FROM stock_balance GROUP BY sku ORDER BY 1"
        )
        return {row.sku: row.n for row in rows if row.n}


async def test_a_virtual_kit_is_picked_as_its_components_and_what_two_share_is_summed(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.VIRTUAL)
    async with sessions.begin() as session:
        for sku, factor in (("GIFT", 1), ("DUO", 2)):
            await run(
                session,
                "INSERT INTO channel_sku (shop_id, external_sku, sku, factor)"
                " VALUES ('shop', 'SET', :sku, :factor)",
                sku=sku, factor=factor,
            )  # fmt: skip
        await run(session, "UPDATE order_line SET external_sku = 'SET', quantity = 3")
        await run(session, statements.SAVE_FULFILMENT, order_id="ord_1")
        rows = await run(session, "SELECT sku, quantity FROM fulfilment_line ORDER BY sku")
    assert [tuple(row) for row in rows] == [("A", 12), ("B", 3)]

    async with sessions.begin() as session:
        kit = await Kits(session).kit("GIFT")
        assert await Kits(session).could_be_made([kit]) == {"GIFT": {"HQ": 4}}
        [offer] = await Listings(session, "shop").offers()
        assert (offer.free, offer.factors) == ([10, 4], [4, 1])
        assert [x.external_sku for x in await Listings(session, "shop").offers("B")] == ["SET"]


async def test_assembly_moves_components_and_kits_together(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.ASSEMBLED)
    order = KitOrder("k1", "GIFT", "HQ", KitWork.ASSEMBLE, 4, "anna")
    async with sessions.begin() as session:
        no = await Kits(session).work(order)
        assert await Kits(session).work(order) == no  # said again it is done once
    assert await stock(sessions) == {"A": 2, "GIFT": 4}
    async with sessions.begin() as session:
        with pytest.raises(InsufficientStock):
            await Kits(session).work(KitOrder("k2", "GIFT", "HQ", KitWork.ASSEMBLE, 1, "anna"))

    async with sessions.begin() as session:
        await Kits(session).work(KitOrder("k3", "GIFT", "HQ", KitWork.DISASSEMBLE, 3, "anna"))
    assert await stock(sessions) == {"A": 8, "B": 3, "GIFT": 1}
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_many_who_assemble_at_once_use_no_unit_twice(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.ASSEMBLED)

    async def one(n: int) -> bool:
        try:
            async with sessions.begin() as session:
                kit = "GIFT" if n % 2 else "DUO"
                await Kits(session).work(KitOrder(f"k{n}", kit, "HQ", KitWork.ASSEMBLE, 1, "a"))
        except InsufficientStock:
            return False
        return True

    done = await asyncio.gather(*(one(n) for n in range(16)))

    left = await stock(sessions)
    assert left.get("A", 0) + 2 * left.get("GIFT", 0) + left.get("DUO", 0) == 10
    assert sum(done) == left.get("GIFT", 0) + left.get("DUO", 0)


async def test_what_lies_somewhere_as_itself_is_no_virtual_kit(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    async with web_sessions.begin() as session:
        with pytest.raises(ActionNotAllowed):
            await Kits(session).define("A", KitKind.VIRTUAL, (Component("B", 1),), "buyer")
        with pytest.raises(KitNotFound):
            await Kits(session).kit("A")
    await define(web_sessions, KitKind.VIRTUAL)
    async with sessions.begin() as session:
        with pytest.raises(ActionNotAllowed):
            await Kits(session).work(KitOrder("k", "GIFT", "HQ", KitWork.ASSEMBLE, 1, "anna"))


async def test_nothing_is_made_of_what_has_expired(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.ASSEMBLED)
    async with sessions.begin() as session:
        await LotRegister(session).know("A", "L1", None, date(2020, 1, 1))
    async with sessions.begin() as session:
        await Kits(session).work(KitOrder("k1", "DUO", "HQ", KitWork.ASSEMBLE, 2, "anna"))
        rows = await run(session, "SELECT lot, on_hand FROM stock_balance WHERE sku = 'A'")

    assert {row.lot: row.on_hand for row in rows if row.lot} == {"L1": 3, "L2": 5}


async def test_kits_are_a_lot_that_ends_with_its_first_component_and_is_traced_both_ways(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.ASSEMBLED)
    async with sessions.begin() as session:
        await LotRegister(session).know("A", "L1", None, date(2099, 5, 1))
        await LotRegister(session).know("A", "L2", None, date(2099, 3, 1))
        no = await Kits(session).work(KitOrder("k1", "GIFT", "HQ", KitWork.ASSEMBLE, 4, "anna"))
    async with sessions.begin() as session:
        [lot] = await run(session, "SELECT lot, expires_on FROM lot WHERE sku = 'GIFT'")
        assert tuple(lot) == (no, date(2099, 3, 1))
        made = [(row.sku, row.lot, row.units) for row in await made_of(session, "GIFT", no)]
        assert made == [("A", "L1", 1), ("A", "L2", 7), ("B", "", 4)]
        assert [(x.sku, x.lot, x.units) for x in await in_kits(session, "A", "L1")] == [
            ("GIFT", no, 1),
        ]  # fmt: skip

    async with sessions.begin() as session:
        for key, units in (("k2", 3), ("k3", 1)):
            order = KitOrder(key, "GIFT", "HQ", KitWork.DISASSEMBLE, units, "anna")
            await Kits(session).work(order)
    async with sessions.begin() as session:
        rows = await run(
            session, "SELECT sku, lot, on_hand FROM stock_balance WHERE on_hand > 0 ORDER BY 1, 2"
        )
        assert [tuple(row) for row in rows] == [("A", "L1", 3), ("A", "L2", 7), ("B", "", 4)]
        assert await audit(session) == []


async def test_the_list_of_kits_asks_the_database_as_often_for_many_as_for_one(
    sessions: Sessions, web_sessions: Sessions, network: None
) -> None:
    await define(web_sessions, KitKind.VIRTUAL)
    async with sessions.begin() as session:
        [kit] = await Kits(session).kits("GIFT")
        asked = 0
        connection = await session.connection()

        def count(*_: object) -> None:
            nonlocal asked
            asked += 1

        event.listen(connection.sync_connection, "before_cursor_execute", count)
        await Kits(session).could_be_made([kit] * 5)
        event.remove(connection.sync_connection, "before_cursor_execute", count)
    assert asked == 1
