"""What becomes of orders that their channel cancels, goods or not, told before or not."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.audit import audit
from db.engine import Sessions
from domain.orders.messages import Accepted, ReleaseHold
from tests.workflows.world import Company, company, own_order

POSTAGE = {"line_no": "1", "kind": "charge", "title": "Postage", "quantity": 1, "payable": "8.00"}


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running


async def test_an_order_nobody_told_us_about_waits_as_no_such_order(shop: Company) -> None:
    order = await shop.hear(own_order("2001", 2, "cancelled"))
    await shop.until("SELECT status, waits_for FROM sales_order", "on_hold", "hold:no_such_order")

    release = ReleaseHold("no_such_order", "asked the shop", "kefu")
    await order.execute_update("release", release, result_type=Accepted)

    assert await order.result() == "cancelled"


async def test_a_cancellation_that_overtakes_its_order_cancels_it(shop: Company) -> None:
    order = await shop.hear(own_order("2002", 2, "cancelled"))
    await shop.until("SELECT waits_for FROM sales_order", "hold:no_such_order")

    await shop.hear(own_order("2002", 1))

    assert await order.result() == "cancelled"
    assert await shop.row("SELECT count(*) FROM shipment") == (0,)
    async with shop.sessions.begin() as session:
        assert await audit(session) == []


async def test_an_order_without_goods_can_be_cancelled_and_its_money_is_due(shop: Company) -> None:
    await shop.hear(own_order("2003", lines=[POSTAGE]))
    await shop.until("SELECT waits_for FROM sales_order", "hold:no_lines")

    await shop.hear(own_order("2003", 2, "cancelled", lines=[POSTAGE], captured="8.00"))

    await shop.until("SELECT status, waits_for FROM sales_order", "cancelled", "refund")
    assert await shop.row("SELECT refund_due_minor FROM sales_order") == (800,)
