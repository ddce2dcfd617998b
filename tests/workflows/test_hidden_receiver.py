"""Channels that tell the receiver only as long as there is something to send to him."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from tests.people import receiver_of
from tests.workflows.world import Company, company, own_order

PLACED = "SELECT count(*) FROM order_hold WHERE kind = 'address'"


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running


async def test_a_receiver_who_is_hidden_again_is_still_known(shop: Company) -> None:
    order = await shop.hear(own_order("3001"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")

    await shop.hear(own_order("3001", 2, receiver=None))
    await shop.until("SELECT version_revision FROM sales_order", 2)
    await shop.deliver(no)

    assert await order.result() == "completed"
    assert await shop.row(PLACED) == (0,)
    assert (await receiver_of(shop.sessions)).name == "王小明"


async def test_a_receiver_who_was_never_told_is_waited_for(shop: Company) -> None:
    await shop.hear(own_order("3002", receiver=None))
    await shop.until("SELECT waits_for FROM sales_order", "hold:address")

    await shop.hear(own_order("3002", 2))

    assert await shop.first_shipment()
    assert await shop.row(PLACED) == (1,)
