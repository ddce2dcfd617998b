"""Who waits for stock is served in order of payment, and nobody overtakes."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import BackorderRow
from domain.inventory.stock import Document, Reserved, ReserveStock, StockKey, StockLine
from domain.shared.ids import LocationId, Sku
from tests.activities.inventory.orders import seed_orders
from tests.activities.inventory.test_stock_races import balance, do, receive, release, reserve
from tests.seeds import seed_network

A = StockKey(Sku("A"), LocationId("HQ"))
PAID = datetime(2026, 11, 1, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True)
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, locations=("HQ", "WEST"), skus=("A", "B"))
    await seed_orders(sessions, ("1", "2", "3"))


async def wait(sessions: Sessions, order: str, quantity: int, paid_days: int) -> None:
    async with sessions.begin() as session:
        session.add(
            BackorderRow(
                id=f"wait-{order}",
                order_id=f"ord_{order}",
                fulfilment_line_id=f"ful_{order}",
                workflow_id=f"order/{order}",
                sku="A",
                location_id="HQ",
                quantity=quantity,
                paid_at=PAID + timedelta(days=paid_days),
                created_at=PAID,
            )
        )


async def told(sessions: Sessions) -> list[tuple[str, str, str]]:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text(
                "SELECT target, name, payload->>'ref' FROM outbox WHERE kind = 'signal' ORDER BY id"
            )
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def test_a_receipt_serves_the_oldest_payment_first_and_tells_the_orders(
    sessions: Sessions,
) -> None:
    await wait(sessions, "1", 2, paid_days=3)
    await wait(sessions, "2", 2, paid_days=1)
    await wait(sessions, "3", 2, paid_days=2)

    await receive(sessions, A, 5)
    await receive(sessions, A, 5)  # the same paper again

    assert await balance(sessions) == {("HQ", "A", ""): (5, 4)}
    assert await told(sessions) == [
        ("order/2", "state_changed", "wait-2"),
        ("order/3", "state_changed", "wait-3"),
    ]
    assert await do(sessions, lambda s: s.held("wait-2")) == [StockLine(A, 2)]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_small_order_does_not_overtake_a_large_one_that_paid_before(
    sessions: Sessions,
) -> None:
    await wait(sessions, "1", 5, paid_days=1)
    await wait(sessions, "2", 1, paid_days=2)

    await receive(sessions, A, 4, "G1")
    assert await told(sessions) == []
    assert await reserve(sessions, "new", A, 1) is Reserved.REFUSED

    await receive(sessions, A, 2, "G2")
    assert [target for target, _, _ in await told(sessions)] == ["order/1", "order/2"]
    assert await balance(sessions) == {("HQ", "A", ""): (6, 6)}


async def test_what_is_beyond_the_queue_can_be_sold(sessions: Sessions) -> None:
    await wait(sessions, "1", 2, paid_days=1)
    await receive(sessions, A, 3)
    assert await reserve(sessions, "new", A, 1) is Reserved.GRANTED
    assert await balance(sessions) == {("HQ", "A", ""): (3, 3)}


async def test_units_that_are_given_back_go_to_the_queue(sessions: Sessions) -> None:
    await receive(sessions, A, 2)
    await reserve(sessions, "first", A, 2)
    await wait(sessions, "1", 1, paid_days=1)
    await wait(sessions, "2", 1, paid_days=2)

    await release(sessions, "first")

    assert [target for target, _, _ in await told(sessions)] == ["order/1", "order/2"]
    assert await balance(sessions) == {("HQ", "A", ""): (2, 2)}


async def test_a_receipt_elsewhere_or_of_damaged_goods_serves_nobody(sessions: Sessions) -> None:
    await wait(sessions, "1", 1, paid_days=1)
    await receive(sessions, StockKey(Sku("A"), LocationId("WEST")), 1, "G1")
    await receive(sessions, StockKey(Sku("A"), LocationId("HQ"), condition="damaged"), 1, "G2")
    await receive(sessions, StockKey(Sku("B"), LocationId("HQ")), 1, "G3")
    assert await told(sessions) == []


async def test_a_receipt_with_a_queue_is_one_transaction(sessions: Sessions) -> None:
    await wait(sessions, "1", 1, paid_days=1)
    async with sessions() as session:
        repository = StockRepository(session)
        fills = await repository.receive(Document("grn", "G", "G"), [StockLine(A, 1)])
        asked = ReserveStock("new", (StockLine(A, 1),))
        assert (await repository.reserve_batch([asked]))["new"] is Reserved.REFUSED
        await session.rollback()
    assert [fill.order_id for fill in fills] == ["ord_1"]
    assert await balance(sessions) == {}
    assert await told(sessions) == []
