"""Money and stock of a return move once, whatever breaks."""

from datetime import timedelta
from typing import Final

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.return_labels import cancel_label
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.orders.messages import Accepted, ResolveStep
from domain.orders.payment import RefundStatus
from domain.orders.returns.model import ReturnReason
from domain.shared.errors import NotOffered, Rejected
from domain.shared.ids import return_label_workflow_id
from integrations.payments.port import RefundState
from tests.workflows import test_return_labels as labels
from tests.workflows.returning import (
    APPROVE,
    MONEY,
    REFUNDS,
    REJECT,
    RESELL,
    SETTLE,
    Returns,
    stock,
)
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_return_cases import CASE, number_of, sold, told
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import NOW, Company, company


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


async def _paid_back(shop: Company, _: WorkflowEnvironment) -> None:
    """Two of three come back and are paid through the provider."""
    returns = Returns(shop)
    await returns.delivered()
    no = await returns.ask(2)
    await returns.is_at("approved")
    await returns.receive(no, 2)
    await returns.inspect(no, (2, RESELL))
    await returns.is_at("closed", "refunded")
    await shop.until(MONEY, 2000, 0, 0)
    assert len(shop.outside.bank.refunds) == 1
    assert await shop.row(stock()) == (9,)


async def _nobody_hurries(shop: Company, temporal_env: WorkflowEnvironment) -> None:
    """We decide late, the buyer sends nothing: no money and no stock moves."""
    returns = Returns(shop)
    await returns.delivered()
    no = await returns.ask(2, ReturnReason.OTHER)
    await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
    await temporal_env.sleep(timedelta(hours=49))
    await shop.parked("return_late")
    await returns.decide(no, APPROVE)
    await returns.is_at("approved")
    await temporal_env.sleep(timedelta(days=7, hours=1))
    await returns.is_at("closed", "expired")
    assert await shop.row(REFUNDS) == (0, 0)
    assert await shop.row(stock()) == (7,)


async def _paid_by_hand(shop: Company, _: WorkflowEnvironment) -> None:
    """No payment is known that the money could go back through."""
    returns = Returns(shop)
    await returns.delivered()
    await shop.row("UPDATE payment_account SET active = false RETURNING id")
    no = await returns.ask(1)
    await returns.is_at("approved")
    await returns.receive(no, 1)
    await returns.inspect(no, (1, RESELL))
    await shop.parked("return_refund")
    decision = ResolveStep("return_refund", "done_by_hand", "kefu", "cash at the counter")
    handle = shop.client.get_workflow_handle(f"return/{no}")
    await handle.execute_update("resolve_step", decision, result_type=Accepted)
    await returns.is_at("closed", "refunded")
    assert await shop.row(MONEY) == (1000, 0, 0)
    assert shop.outside.bank.refunds == {}
    assert await shop.row(stock()) == (8,)


async def _told_to_the_channel(shop: Company, _: WorkflowEnvironment) -> None:
    """Each answer to a case is told; the channel takes the same one twice for one."""
    returns = await sold(shop)
    await told(shop, CASE)
    await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
    await returns.decide(await number_of(shop), REJECT)
    await shop.until("SELECT to_tell FROM sales_return", "")
    await returns.is_at("closed", "rejected")
    assert {one.verdict for one in shop.outside.shop.verdicts} == {"refuse"}
    assert await shop.row(REFUNDS) == (0, 0)


async def _told_by_hand(shop: Company, _: WorkflowEnvironment) -> None:
    """The channel has no call for it: a person answers there and says so."""
    returns = await sold(shop)
    await told(shop, CASE)
    await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
    no = await number_of(shop)
    shop.outside.shop.failures.append(NotOffered("no call", code="not_offered"))
    await returns.decide(no, REJECT)
    await shop.parked("case_answer")
    done = ResolveStep("case_answer", "done_by_hand", "kefu", "refused over there")
    handle = shop.client.get_workflow_handle(f"return/{no}")
    await handle.execute_update("resolve_step", done, result_type=Accepted)
    await shop.until("SELECT to_tell FROM sales_return", "")
    await returns.is_at("closed", "rejected")
    assert shop.outside.shop.verdicts == []


async def _label_home(shop: Company, temporal_env: WorkflowEnvironment) -> None:
    """One label is ordered; its parcel is silent and found at our door."""
    await shop.seed()
    await labels.want(shop, await labels.delivered(shop))
    await shop.until(labels.STATE, "ordered")
    shop.outside.sf.scans = (
        TrackingFact("R1", "sf/9", NOW, ParcelStatus.DELIVERED, "80", "signed"),
    )
    await temporal_env.sleep(timedelta(hours=25))
    await shop.until(labels.STATE, "arrived")
    assert len(shop.outside.sf.returns) == 1


async def _label_void(shop: Company, _: WorkflowEnvironment) -> None:
    """The buyer keeps it: the label is void."""
    await shop.seed()
    order_no = await labels.delivered(shop)
    no = await labels.want(shop, order_no)
    await shop.until(labels.STATE, "ordered")
    async with shop.sessions.begin() as session:
        await cancel_label(session, order_no, no)
    await shop.until(labels.STATE, "cancelled")
    assert set(shop.outside.sf.cancelled) == {"R1"}


async def _label_given_up(shop: Company, _: WorkflowEnvironment) -> None:
    """The carrier refuses; a person has it sent back in another way."""
    await shop.seed()
    shop.outside.sf.refused_returns.append(Rejected("we do not go there", code="8119"))
    no = await labels.want(shop, await labels.delivered(shop))
    await shop.parked("return_label")
    skip = ResolveStep("return_label", "skip", "kefu", "by post")
    handle = shop.client.get_workflow_handle(return_label_workflow_id(no))
    await handle.execute_update("resolve_step", skip, result_type=Accepted)
    await shop.until(labels.STATE, "cancelled")
    assert shop.outside.sf.returns == {}


# Each activity in a story in which it runs.
STORIES: Final = {
    "sales_return.look": _paid_back,
    "sales_return.judge": _paid_back,
    "sales_return.move_on": _paid_back,
    "sales_return.settle": _paid_back,
    "sales_return.close": _paid_back,
    "refund.send": _paid_back,
    "refund.look": _paid_back,
    "sales_return.warn": _nobody_hurries,
    "sales_return.escalate": _nobody_hurries,
    "sales_return.expire": _nobody_hurries,
    "sales_return.pay_rest": _paid_by_hand,
    "sales_return.tell_channel": _told_to_the_channel,
    "sales_return.told_by_hand": _told_by_hand,
    "return_label.look": _label_home,
    "return_label.order": _label_home,
    "return_label.ask": _label_home,
    "return_label.void": _label_void,
    "return_label.settle": _label_given_up,
}


@pytest.mark.parametrize("activity_type", STORIES)
async def test_money_and_stock_move_once_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await STORIES[activity_type](shop, temporal_env)

        assert loser.lost == 1
        assert await told_twice(shop) == []
        await shop.adds_up()


async def test_money_and_stock_move_once_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
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
