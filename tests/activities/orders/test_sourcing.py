"""Orders are sent from where the decision says, and the decision can be made again."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from db.audit import audit
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.orders.sourcing.model import Strategy
from domain.orders.sourcing.record import comes_out_again
from domain.shared.ids import LocationId, Sku
from tests.activities.orders.network import (
    BEIJING,
    GUANGZHOU,
    rows,
    seed_company,
    seed_order,
    stock,
)

IN_BEIJING = (BEIJING, 116.4, 39.9)
IN_GUANGZHOU = (GUANGZHOU, 113.2, 23.1)
SENT = """
SELECT s.location_id, s.carrier, s.product, x.sku, x.quantity
FROM shipment s JOIN shipment_line x ON x.shipment_no = s.no ORDER BY 1, 4
"""


@pytest_asyncio.fixture(autouse=True)
async def company(sessions: Sessions) -> None:
    await seed_company(sessions)


def batcher(sessions: Sessions, **changes: Any) -> AllocationBatcher:
    return AllocationBatcher(sessions, replace(OrderRules(), **changes))


async def is_proven(sessions: Sessions) -> bool:
    async with sessions.begin() as session:
        return await audit(session) == []


async def execute(sessions: Sessions, statement: str) -> None:
    async with sessions.begin() as session:
        await (await session.connection()).execute(text(statement))


async def test_freight_is_that_of_the_zones_between_sender_and_receiver(sessions: Sessions) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "A"): 5, ("SOUTH", "A"): 5})
    await batcher(sessions).allocate(await seed_order(sessions, "1", {"A": 1}, IN_BEIJING))
    await batcher(sessions).allocate(await seed_order(sessions, "2", {"A": 1}))

    # ZTO is cheap within the north, SF within the east; from anywhere else both are dearer.
    assert await rows(sessions, SENT) == [
        ("EAST", "sf", "std", "A", 1),
        ("NORTH", "zto", "std", "A", 1),
    ]


@pytest.mark.parametrize(
    ("strategy", "place"),
    [
        (Strategy.NEAREST, "SOUTH"),
        (Strategy.PRIORITY, "EAST"),
        (Strategy.INVENTORY_FIRST, "NORTH"),
    ],
)
async def test_the_company_says_what_matters(
    sessions: Sessions, strategy: Strategy, place: str
) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "A"): 50, ("SOUTH", "A"): 5})
    order = await seed_order(sessions, "1", {"A": 1}, IN_GUANGZHOU)
    await batcher(sessions, strategy=strategy).allocate(order)
    assert [row[0] for row in await rows(sessions, SENT)] == [place]


async def test_a_shop_may_have_a_rule_of_its_own(sessions: Sessions) -> None:
    await stock(sessions, {("EAST", "A"): 1, ("NORTH", "A"): 50})
    await execute(sessions, "INSERT INTO sourcing_rule VALUES ('shop', 'priority', 1)")
    await batcher(sessions).allocate(await seed_order(sessions, "1", {"A": 1}, IN_BEIJING))
    await batcher(sessions).allocate(await seed_order(sessions, "2", {"A": 3}, IN_BEIJING))
    assert [(row[0], row[4]) for row in await rows(sessions, SENT)] == [("EAST", 1), ("NORTH", 3)]


async def test_an_order_is_split_as_decided_and_every_parcel_holds_its_units(
    sessions: Sessions,
) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "B"): 5})
    await batcher(sessions).allocate(await seed_order(sessions, "1", {"A": 2, "B": 3}))

    assert [(row[0], row[3], row[4]) for row in await rows(sessions, SENT)] == [
        ("EAST", "A", 2),
        ("NORTH", "B", 3),
    ]
    held = "SELECT location_id, sku, quantity FROM reservation WHERE state = 'held' ORDER BY 1"
    assert await rows(sessions, held) == [("EAST", "A", 2), ("NORTH", "B", 3)]
    assert await is_proven(sessions)


async def test_what_the_cap_keeps_elsewhere_waits_where_a_parcel_leaves_anyway(
    sessions: Sessions,
) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "B"): 5})
    await batcher(sessions, max_parcels=1).allocate(
        await seed_order(sessions, "1", {"A": 1, "B": 3}, IN_GUANGZHOU)
    )

    assert [(row[0], row[3], row[4]) for row in await rows(sessions, SENT)] == [("NORTH", "B", 3)]
    waiting = "SELECT location_id, sku, quantity, state FROM backorder"
    assert await rows(sessions, waiting) == [("NORTH", "A", 1, "waiting")]
    assert await is_proven(sessions)  # nobody waits for goods that lie free where they wait


async def test_a_stored_decision_comes_out_again_and_a_changed_one_does_not(
    sessions: Sessions,
) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "A"): 5, ("NORTH", "B"): 1})
    maker = batcher(sessions)
    orders = [
        await seed_order(sessions, str(n), {"A": 2, "B": 1}, IN_BEIJING if n % 2 else IN_GUANGZHOU)
        for n in range(6)
    ]
    await asyncio.gather(*(maker.allocate(order) for order in orders))

    decided = await rows(sessions, "SELECT inputs, decision FROM sourcing_decision")
    assert len(decided) == 6
    for inputs, decision in decided:
        assert isinstance(inputs, dict)
        assert isinstance(decision, dict)
        assert comes_out_again(inputs, decision)
        assert not comes_out_again(inputs, decision | {"total_minor": -1})


async def test_a_place_where_units_were_not_found_is_asked_last(sessions: Sessions) -> None:
    await stock(sessions, {("EAST", "A"): 9, ("SOUTH", "A"): 9})
    order = await seed_order(sessions, "1", {"A": 3})
    maker = batcher(sessions)
    await maker.allocate(order)
    assert [row[0] for row in await rows(sessions, SENT)] == ["EAST"]
    await execute(sessions, "UPDATE shipment_line SET picked_quantity = 1")
    async with sessions.begin() as session:
        await StockRepository(session).short_pick(
            "SO-1-1", {"A": 1}, Document("shipment", "SO-1-1", "short:SO-1-1")
        )

    await maker.allocate(replace(order, allocation_id="ord_1:run:2"))

    assert [(row[0], row[4]) for row in await rows(sessions, SENT)] == [("EAST", 3), ("SOUTH", 2)]
    assert await is_proven(sessions)


async def test_a_place_where_units_were_not_found_is_still_asked_when_only_it_has_them(
    sessions: Sessions,
) -> None:
    await stock(sessions, {("EAST", "A"): 9})
    order = await seed_order(sessions, "1", {"A": 3})
    maker = batcher(sessions)
    await maker.allocate(order)
    await execute(sessions, "UPDATE shipment_line SET picked_quantity = 2")
    await maker.allocate(replace(order, allocation_id="ord_1:run:2"))
    assert [(row[0], row[4]) for row in await rows(sessions, SENT)] == [("EAST", 3), ("EAST", 1)]


async def test_units_come_from_every_lot_of_a_place(sessions: Sessions) -> None:
    await stock(sessions, {("EAST", "A"): 2}, lot="L1")
    await stock(sessions, {("EAST", "A"): 3}, lot="L2")
    await batcher(sessions).allocate(await seed_order(sessions, "1", {"A": 4}))
    held = "SELECT lot, quantity FROM reservation WHERE state = 'held' ORDER BY 1"
    assert await rows(sessions, held) == [("L1", 2), ("L2", 2)]
    assert await rows(sessions, "SELECT * FROM backorder") == []
    assert await is_proven(sessions)


async def test_two_workers_that_want_the_same_units_leave_no_parcel_without_stock(
    sessions: Sessions,
) -> None:
    await stock(sessions, {("EAST", "A"): 12, ("NORTH", "B"): 12, ("SOUTH", "A"): 3})
    orders = [await seed_order(sessions, str(n), {"A": 1, "B": 1}) for n in range(24)]
    workers = [batcher(sessions, unpaid_expiry=timedelta(hours=1)) for _ in range(4)]
    await asyncio.gather(*(workers[n % 4].allocate(order) for n, order in enumerate(orders)))

    unheld = """
        SELECT x.shipment_no, x.sku, x.quantity, coalesce(sum(r.quantity), 0)
        FROM shipment_line x
        LEFT JOIN reservation r ON r.reservation_id = x.shipment_no AND r.sku = x.sku
             AND r.state = 'held'
        GROUP BY x.shipment_no, x.sku, x.quantity HAVING x.quantity <> coalesce(sum(r.quantity), 0)
    """
    assert await rows(sessions, unheld) == []
    promised = """
        SELECT sku, sum(quantity)::int FROM (
            SELECT sku, quantity FROM shipment_line
            UNION ALL SELECT sku, quantity FROM backorder WHERE state <> 'cancelled') x
        GROUP BY sku ORDER BY sku
    """
    assert await rows(sessions, promised) == [("A", 24), ("B", 24)]
    assert await rows(
        sessions,
        "SELECT sku, sum(on_hand - reserved)::int FROM stock_balance GROUP BY 1 ORDER BY 1",
    ) == [("A", 0), ("B", 0)]
    assert await is_proven(sessions)


async def test_an_order_that_was_overtaken_is_planned_anew_and_holds_all_its_units(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "B"): 3, ("SOUTH", "B"): 3})
    order = await seed_order(sessions, "1", {"A": 2, "B": 3}, IN_BEIJING)
    original, seen = StockRepository.reserve_batch, []

    async def overtaken(self: StockRepository, requests: Any) -> Any:
        seen.append([r.reservation_id for r in requests])
        if len(seen) == 1:
            north = StockKey(Sku("B"), LocationId("NORTH"))
            taken = ReserveStock("other", (StockLine(north, 3),), "ord_1", "order/1")
            async with sessions.begin() as session:
                await original(StockRepository(session), [taken])
        return await original(self, requests)

    monkeypatch.setattr(StockRepository, "reserve_batch", overtaken)
    await batcher(sessions).allocate(order)

    assert seen == [["SO-1-1", "SO-1-2"], ["SO-1-3", "SO-1-4"]]
    assert [(row[0], row[3]) for row in await rows(sessions, SENT)] == [
        ("EAST", "A"),
        ("SOUTH", "B"),
    ]
    held = "SELECT location_id, sku, quantity FROM reservation WHERE state = 'held' ORDER BY 1"
    assert await rows(sessions, held) == [("EAST", "A", 2), ("NORTH", "B", 3), ("SOUTH", "B", 3)]
    assert await is_proven(sessions)


async def test_goods_that_came_in_while_an_order_was_decided_do_not_lie_there_for_ever(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await seed_order(sessions, "1", {"A": 2})
    original = AllocationBatcher._write

    async def meanwhile(self: AllocationBatcher, *arguments: Any) -> bool:
        await stock(sessions, {("EAST", "A"): 2})  # commits before the order queues
        return await original(self, *arguments)

    monkeypatch.setattr(AllocationBatcher, "_write", meanwhile)
    await batcher(sessions).allocate(order)

    assert await rows(sessions, "SELECT state FROM backorder") == [("filled",)]
    told = "SELECT target, name FROM outbox WHERE kind = 'signal'"
    assert ("order/1", "state_changed") in await rows(sessions, told)
    assert await is_proven(sessions)


async def test_the_same_allocation_again_changes_nothing(sessions: Sessions) -> None:
    await stock(sessions, {("EAST", "A"): 5})
    order = await seed_order(sessions, "1", {"A": 2})
    maker = batcher(sessions)
    first = await maker.allocate(order)
    assert await maker.allocate(order) == first
    assert len(await rows(sessions, SENT)) == 1
    assert await rows(sessions, "SELECT reserved FROM stock_balance") == [(2,)]
