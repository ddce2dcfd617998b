"""What becomes of orders that their channel cancels, goods or not, told before or not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.orders.deciding import DecidingActivities
from activities.orders.ports import OrderRules
from db.audit import audit
from db.engine import Sessions
from db.orders.repository import OrderRepository
from domain.orders.messages import Accepted, ReleaseHold
from domain.orders.work import CarryOutCancellation
from tests.people import VAULT
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


async def test_a_cancellation_whose_answer_was_lost_is_not_asked_about(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    lost = CarriedOutUnnoticed()
    async with company(temporal_env.client, sessions, lost) as shop:
        lost.sessions = sessions
        await shop.seed()
        order = await shop.hear(own_order("2004", state="unpaid"))
        await shop.until("SELECT sum(reserved) FROM stock_balance", 2)

        await shop.hear(own_order("2004", 2, "cancelled"))

        assert await order.result() == "cancelled"
        assert lost.done
        assert await shop.row("SELECT count(*) FROM attention") == (0,)
        assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 0)


class CarriedOutUnnoticed(Interceptor):
    """When a cancellation is planned it has been carried out already, and nobody was told."""

    sessions: Sessions
    done = False

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _CarriesOut(next, self)


class _CarriesOut(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, owner: CarriedOutUnnoticed) -> None:
        super().__init__(next)
        self._owner = owner

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        if activity.info().activity_type != "order.plan_cancellation" or self._owner.done:
            return answer
        self._owner.done = True
        (request,) = input.args
        async with self._owner.sessions.begin() as session:
            orders = OrderRepository(session)
            state = await orders.state(request.order_id)
        deciding = DecidingActivities(self._owner.sessions, VAULT, OrderRules())
        await deciding.carry_out(
            CarryOutCancellation(request.order_id, answer.hash, answer, state.seq, "", "channel")
        )
        return await super().execute_activity(input)
