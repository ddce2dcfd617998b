"""A past return is opened once, against what was sent of its order."""

import pytest_asyncio

from db.audit import audit
from db.engine import Sessions
from db.shared.past_returns import Taken, open_past_return
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop


@pytest_asyncio.fixture(autouse=True)
async def delivered(sessions: Sessions) -> None:
    """Order 1 (2 A, 1 B) was delivered, order 2 was not sent."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_order(sessions, "2")
    await seed_shipment(sessions, status="delivered")


async def taken(sessions: Sessions, order_no: str, **units: int) -> Taken:
    async with sessions.begin() as session:
        return await open_past_return(session, "mini", order_no, f"C9:{order_no}", units)


async def test_each_case_ends_in_a_state_with_a_name(sessions: Sessions) -> None:
    assert await taken(sessions, "1", A=3, B=1) is Taken.PARTLY
    assert await taken(sessions, "1", A=3, B=1) is Taken.KNOWN
    assert await taken(sessions, "2", A=1) is Taken.NOT_SENT
    assert await taken(sessions, "3", A=1) is Taken.NOT_HERE

    assert await rows(
        sessions, "SELECT sku, quantity FROM sales_return_line ORDER BY sku"
    ) == [("A", 2), ("B", 1)]  # fmt: skip
    assert await rows(sessions, "SELECT origin FROM sales_return") == [("import",)]
    async with sessions.begin() as session:
        assert await audit(session) == []
