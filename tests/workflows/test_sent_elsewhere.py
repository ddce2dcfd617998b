"""An order its channel calls sent, though we sent nothing, is never sent a second time."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.audit import audit
from db.engine import Sessions
from domain.orders.messages import Accepted, ReleaseHold
from domain.orders.snapshot import ChannelState
from tests.workflows.world import Company, company, own_order


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running


@pytest.mark.parametrize("state", [ChannelState.SHIPPED, ChannelState.COMPLETED])
async def test_an_order_first_heard_of_as_sent_is_closed_and_takes_no_stock(
    shop: Company, state: ChannelState
) -> None:
    shop.outside.says["3001"] = state
    order = await shop.hear(own_order("3001"))

    assert await order.result() == "completed"
    assert await shop.row("SELECT count(*) FROM shipment") == (0,)
    assert await shop.row("SELECT sum(reserved) FROM stock_balance") == (0,)
    story = await shop.row("SELECT count(*) FROM order_event WHERE kind = 'sent_before'")
    assert story == (1,)


async def test_an_order_sent_by_somebody_else_meanwhile_gives_its_stock_back_and_waits(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("3002", state="unpaid"))
    await shop.until("SELECT sum(reserved) FROM stock_balance", 2)

    shop.outside.says["3002"] = ChannelState.SHIPPED
    await shop.hear(own_order("3002", 2))
    await shop.until("SELECT waits_for FROM sales_order", "hold:sent_elsewhere")

    assert await shop.row("SELECT sum(reserved) FROM stock_balance") == (0,)
    release = ReleaseHold("sent_elsewhere", "the shop sent it", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    assert await order.result() == "completed"
    async with shop.sessions.begin() as session:
        assert await audit(session) == []


async def test_a_parcel_in_the_warehouse_does_not_get_a_label_when_somebody_else_sent_it(
    shop: Company,
) -> None:
    await shop.hear(own_order("3003"))
    no = await shop.first_shipment()
    await shop.pick(no)

    shop.outside.says["3003"] = ChannelState.SHIPPED
    await shop.hear(own_order("3003", 2))
    await shop.until("SELECT count(*) FROM order_hold WHERE kind = 'sent_elsewhere'", 1)
    await shop.pack(no)
    await shop.until("SELECT status FROM shipment", "packed")

    assert shop.outside.sf.creates == 0
    assert await shop.row("SELECT waits_for FROM sales_order") == ("hold:sent_elsewhere",)


async def test_our_own_shipment_told_back_by_the_channel_holds_nothing(shop: Company) -> None:
    await shop.hear(own_order("3004"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.until("SELECT status FROM shipment", "handed_over")

    shop.outside.says["3004"] = ChannelState.SHIPPED
    await shop.hear(own_order("3004", 2))
    await shop.until("SELECT channel_state FROM sales_order", "shipped")

    assert await shop.row("SELECT count(*) FROM order_hold") == (0,)
