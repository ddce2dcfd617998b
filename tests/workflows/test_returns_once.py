"""Money and stock of a return move once, whatever breaks."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.sql import run
from domain.orders.payment import RefundStatus
from domain.orders.returns.model import ReturnReason
from integrations.payments.port import RefundState
from tests.workflows.returning import APPROVE, MONEY, REFUNDS, RESELL, SETTLE, Returns, stock
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import company


async def test_a_return_and_a_cancellation_share_the_orders_money(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    """What is promised to a return is not paid a second time because the rest is cancelled."""
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        shop.outside.bank.answer = RefundState(RefundStatus.PROCESSING, "W1", "PROCESSING")
        no = await returns.ask(3)
        await returns.is_at("approved")
        await returns.receive(no, 3)
        await returns.inspect(no, (3, RESELL))
        await returns.is_at("refunding")
        await shop.until(MONEY, 0, 3000, 0)
        await temporal_env.sleep(timedelta(days=8))
        await shop.status("completed")

        assert await shop.row(REFUNDS) == (1, 3000)
        await shop.adds_up()


@pytest.mark.parametrize(
    "activity_type",
    [
        "sales_return.look",
        "sales_return.judge",
        "sales_return.move_on",
        "sales_return.settle",
        "sales_return.close",
        "refund.send",
        "refund.look",
        "sales_return.escalate",
        "sales_return.expire",
        "sales_return.pay_rest",
    ],
)
async def test_money_and_stock_move_once_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(2)
        await returns.is_at("approved")
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 2000, 0, 0)

        seldom = activity_type in (
            "sales_return.escalate",
            "sales_return.expire",
            "sales_return.pay_rest",
        )
        assert loser.lost == (0 if seldom else 1)
        assert len(shop.outside.bank.refunds) == 1
        assert await shop.row(stock()) == (9,)
        assert await told_twice(shop) == []
        await shop.adds_up()


async def test_money_and_stock_move_once_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience, shop.task_timeout = 1200, timedelta(seconds=1)
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(2, ReturnReason.OTHER)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        await returns.decide(no, APPROVE)
        await returns.is_at("approved")
        await temporal_env.sleep(timedelta(days=7, hours=1))
        await returns.is_at("closed", "expired")
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("inspected")
        await returns.decide(no, SETTLE)
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 2000, 0, 0)

        assert set(death.after) >= {
            "sales_return.look",
            "sales_return.judge",
            "sales_return.move_on",
            "sales_return.expire",
            "sales_return.settle",
            "sales_return.close",
            "refund.send",
        }
        assert [amount for amount, _ in shop.outside.bank.refunds.values()] == [2000]
        assert await shop.row(stock()) == (9,)
        await shop.adds_up()


async def test_a_return_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1)
        await returns.is_at("approved")
    await returns.receive(no, 1)
    await returns.inspect(no, (1, RESELL))
    async with sessions.begin() as session:
        await run(session, "UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        returns.shop = shop
        assert (await redrive(shop)).started >= 1
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 1000, 0, 0)
        await shop.adds_up()
