"""Money goes back once: through the provider it came in, or by hand where none is known."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.orders.payment_tables import PaymentAccountRow
from db.orders.payments import NewPayment, record_payment
from db.orders.refunds import move_refund, tell_refund
from domain.orders.messages import Accepted, ResolveStep, StepAction
from domain.orders.payment import PaymentPurpose, RefundStatus
from domain.shared.errors import AnswerLost, NotEnoughBalance, Unavailable
from integrations.payments.port import RefundState
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.world import Company, company, own_order

REFUND = "SELECT state, settled_at IS NOT NULL FROM refund"
MONEY = "SELECT captured_minor, refunded_minor, refund_due_minor FROM sales_order"


async def paid(shop: Company, amount: int = 2000, transaction: str = "T1") -> PaymentPurpose | None:
    """The provider tells of a payment of order 1."""
    async with shop.sessions.begin() as session:
        payment = NewPayment(
            "wx", "wechatpay", "mini", transaction, "1", "1", amount, "CNY",
            datetime(2026, 11, 20, tzinfo=UTC),
        )  # fmt: skip
        return await record_payment(session, payment)


async def opened(shop: Company) -> None:
    await shop.seed()
    async with shop.sessions.begin() as session:
        session.add(
            PaymentAccountRow(
                id="wx", provider="wechatpay", shop_id="mini", name="WX", base_url="http://wx"
            )
        )


async def cancelled(shop: Company) -> WorkflowHandle[Any, Any]:
    """A paid order is cancelled before it is picked."""
    await opened(shop)
    order = await shop.hear(own_order("1"))
    await shop.status("in_fulfilment")
    await paid(shop)
    await shop.cancel(order)
    return order


async def refund_no(shop: Company) -> str:
    row = await shop.row("SELECT min(refund_no) AS no FROM refund")
    return str(row.no)


async def decide(shop: Company, action: StepAction) -> None:
    """A person decides about the parked refund."""
    row = await shop.row("SELECT workflow_id FROM attention WHERE resolved_at IS NULL")
    decision = ResolveStep("refund", action, "kefu", "as agreed")
    handle = shop.client.get_workflow_handle(row.workflow_id)
    await handle.execute_update("resolve_step", decision, result_type=Accepted)


async def parked(shop: Company, cause: str) -> None:
    await shop.until("SELECT cause FROM attention WHERE resolved_at IS NULL", cause)


async def told(shop: Company, status: RefundStatus) -> None:
    """The provider's notice of how the refund ended."""
    async with shop.sessions.begin() as session:
        number = await refund_no(shop)
        facts = await move_refund(session, number, status, vendor_status=status.upper())
        await tell_refund(session, number, facts.order_id)


async def test_a_cancelled_order_is_refunded_through_its_payment(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        order = await cancelled(shop)
        await shop.until(REFUND, "succeeded", True)
        await shop.until(MONEY, 2000, 2000, 0)
        await shop.deliver_signals()
        assert await order.result() == "cancelled"

        assert list(shop.outside.bank.refunds) == [await refund_no(shop)]
        assert shop.outside.bank.asked == 0
        assert await shop.row("SELECT refunded_minor, refunding_minor FROM payment") == (2000, 0)
        assert await shop.row("SELECT count(*) FROM attention") == (0,)
        await shop.adds_up()


async def test_without_a_known_payment_a_person_pays(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        order = await shop.hear(own_order("1"))
        await shop.status("in_fulfilment")
        await shop.cancel(order)
        await parked(shop, "RefundDue")
        await decide(shop, "done_by_hand")
        assert await order.result() == "cancelled"

        assert await shop.row(MONEY) == (2000, 2000, 0)
        assert shop.outside.bank.refunds == {}


async def test_a_payment_that_becomes_known_takes_the_step_from_the_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        order = await shop.hear(own_order("1"))
        await shop.status("in_fulfilment")
        await shop.cancel(order)
        await parked(shop, "RefundDue")
        assert await paid(shop) is PaymentPurpose.ORDER
        await shop.until(REFUND, "succeeded", True)
        await shop.until(MONEY, 2000, 2000, 0)

        assert await shop.row("SELECT count(*) FROM attention WHERE resolved_at IS NULL") == (0,)
        await shop.adds_up()


async def test_a_lost_answer_is_asked_about_and_never_sent_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.lost.append(AnswerLost("no answer"))
        await cancelled(shop)
        await shop.until(REFUND, "succeeded", True)

        assert shop.outside.bank.asked == 1
        assert len(shop.outside.bank.refunds) == 1
        await shop.adds_up()


async def test_too_small_a_balance_parks_and_goes_on_after_the_top_up(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.failures.append(NotEnoughBalance("基本账户余额不足", code="NOT_ENOUGH"))
        await cancelled(shop)
        await parked(shop, "NotEnoughBalance")
        number = await refund_no(shop)
        assert await shop.row(REFUND) == ("intended", False)

        await decide(shop, "retry")
        await shop.until(REFUND, "succeeded", True)

        assert list(shop.outside.bank.refunds) == [number]
        await shop.adds_up()


async def test_a_provider_that_is_down_for_long_parks_and_then_works(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.failures += [NotEnoughBalance("again", code="NOT_ENOUGH")] * 2
        shop.outside.bank.failures.append(Unavailable("down"))
        await cancelled(shop)
        for _ in range(2):
            await parked(shop, "NotEnoughBalance")
            await decide(shop, "retry")
            await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NOT NULL", _ + 1)
        await shop.until(REFUND, "succeeded", True)

        assert len(shop.outside.bank.refunds) == 1


async def test_a_refund_that_is_being_processed_is_followed_by_asking(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.PROCESSING, "W1", "PROCESSING")
        await cancelled(shop)
        await shop.until(REFUND, "processing", False)
        number = await refund_no(shop)
        bank.refunds[number] = (2000, RefundState(RefundStatus.SUCCEEDED, "W1", "SUCCESS"))
        await temporal_env.sleep(15)
        await shop.until(REFUND, "succeeded", True)

        assert len(bank.refunds) == 1
        await shop.adds_up()


async def test_a_notice_ends_the_waiting_and_a_late_answer_changes_nothing(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.answer = RefundState(RefundStatus.PROCESSING, "W1", "PROCESSING")
        await cancelled(shop)
        await shop.until(REFUND, "processing", False)
        await told(shop, RefundStatus.SUCCEEDED)
        await shop.until(MONEY, 2000, 2000, 0)
        async with shop.sessions.begin() as session:
            await move_refund(session, await refund_no(shop), RefundStatus.PROCESSING)

        assert await shop.row(REFUND) == ("succeeded", True)
        await shop.adds_up()


async def test_a_notice_before_the_answer_is_taken_while_the_step_is_parked(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.failures.append(NotEnoughBalance("no", code="NOT_ENOUGH"))
        await cancelled(shop)
        await parked(shop, "NotEnoughBalance")
        await told(shop, RefundStatus.SUCCEEDED)
        await shop.until(MONEY, 2000, 2000, 0)
        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", 0)

        assert shop.outside.bank.refunds == {}
        await shop.adds_up()


async def test_an_abnormal_refund_waits_for_a_person_and_is_asked_about_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.ABNORMAL, "W1", "ABNORMAL")
        await cancelled(shop)
        await parked(shop, "RefundAbnormal")
        number = await refund_no(shop)
        bank.refunds[number] = (2000, RefundState(RefundStatus.SUCCEEDED, "W1", "SUCCESS"))
        await decide(shop, "retry")
        await shop.until(REFUND, "succeeded", True)

        assert list(bank.refunds) == [number]
        await shop.adds_up()


async def test_a_refund_that_was_given_up_is_paid_under_a_new_number(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.CLOSED, "W1", "CLOSED")
        await cancelled(shop)
        await parked(shop, "RefundClosed")
        first = await refund_no(shop)
        bank.answer = RefundState(RefundStatus.SUCCEEDED, "W2", "SUCCESS")
        await decide(shop, "retry")
        await shop.until(MONEY, 2000, 2000, 0)

        follower = await shop.row("SELECT refund_no, state, follows FROM refund WHERE follows > ''")
        assert (follower.state, follower.follows) == ("succeeded", first)
        assert sorted(bank.refunds) == sorted([first, follower.refund_no])
        await shop.adds_up()


@pytest.mark.parametrize(("action", "refunded"), [("done_by_hand", 2000), ("skip", 0)])
async def test_a_person_may_pay_it_another_way_or_not_at_all(
    temporal_env: WorkflowEnvironment, sessions: Sessions, action: StepAction, refunded: int
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.bank.failures.append(NotEnoughBalance("no", code="NOT_ENOUGH"))
        order = await cancelled(shop)
        await parked(shop, "NotEnoughBalance")
        await decide(shop, action)
        await shop.until(MONEY, 2000, refunded, 0)
        await shop.deliver_signals()
        assert await order.result() == "cancelled"

        assert shop.outside.bank.refunds == {}
        await shop.adds_up()


ONE_REFUND: Final = ("order.record", "refund.look", "refund.send", "refund.ask")


@pytest.mark.parametrize("activity_type", ONE_REFUND)
async def test_there_is_one_refund_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.PROCESSING, "W1", "PROCESSING")
        await cancelled(shop)
        await shop.until(REFUND, "processing", False)
        number = await refund_no(shop)
        bank.refunds[number] = (2000, RefundState(RefundStatus.SUCCEEDED, "W1", "SUCCESS"))
        await temporal_env.sleep(60)
        await shop.until(MONEY, 2000, 2000, 0)

        assert loser.lost == 1
        assert list(bank.refunds) == [number]
        await shop.adds_up()


async def test_a_second_payment_goes_back_by_itself_and_the_order_goes_on(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        await shop.hear(own_order("1"))
        await shop.first_shipment()
        assert await paid(shop, transaction="T1") is PaymentPurpose.ORDER
        assert await paid(shop, transaction="T1") is None
        assert await paid(shop, transaction="T2") is PaymentPurpose.SURPLUS
        assert await paid(shop, transaction="T2") is None
        await shop.until(REFUND, "succeeded", True)

        assert [amount for amount, _ in shop.outside.bank.refunds.values()] == [2000]
        assert await shop.row(MONEY) == (2000, 0, 0)
        assert await shop.row("SELECT status FROM sales_order") != ("cancelled",)
        await shop.adds_up()


async def test_a_payment_for_a_cancelled_order_goes_back_by_itself(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        order = await shop.hear(own_order("1", state="unpaid"))
        await shop.until("SELECT count(*) FROM shipment", 1)
        await shop.cancel(order)
        assert await order.result() == "cancelled"
        assert await paid(shop) is PaymentPurpose.SURPLUS
        await shop.until(REFUND, "succeeded", True)

        assert len(shop.outside.bank.refunds) == 1
        await shop.adds_up()


async def test_a_payment_before_its_order_counts_for_it(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        assert await paid(shop) is PaymentPurpose.ORDER
        assert await paid(shop, transaction="T2") is PaymentPurpose.SURPLUS
        await shop.until(REFUND, "succeeded", True)
        order = await shop.hear(own_order("1"))
        await shop.status("in_fulfilment")
        await shop.cancel(order)
        await shop.until(MONEY, 2000, 2000, 0)

        assert len(shop.outside.bank.refunds) == 2
        await shop.adds_up()


async def test_a_refund_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.PROCESSING, "W1", "PROCESSING")
        await cancelled(shop)
        await shop.until(REFUND, "processing", False)
        number = await refund_no(shop)
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        bank.refunds[number] = (2000, RefundState(RefundStatus.SUCCEEDED, "W1", "SUCCESS"))
        assert (await redrive(shop)).started == 2
        await env.sleep(15)
        await shop.until(MONEY, 2000, 2000, 0)

    assert list(bank.refunds) == [number]
    await shop.adds_up()
