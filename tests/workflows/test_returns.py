"""Returns from the request to the money: on real tables, with skipped time."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.orders.return_acts import ask_buyer, buyer_answered, withdraw
from db.orders.return_decisions import DecidedTerms, decide
from db.shared.inspection_undo import undo_inspection
from domain.orders.messages import Accepted, ResolveStep
from domain.orders.payment import RefundStatus
from domain.orders.returns.model import Disposition, ReturnKind, ReturnOrigin, ReturnReason
from domain.shared.errors import (
    ActionNotAllowed,
    NotEnoughBalance,
    PlanChanged,
    ReturnClosed,
)
from integrations.payments.port import RefundState
from tests.workflows.returning import (
    APPROVE,
    MONEY,
    REFUNDS,
    REJECT,
    RESELL,
    SCRAP,
    SETTLE,
    Returns,
    stock,
)
from tests.workflows.world import company

CAUSE = "SELECT min(cause) FROM attention WHERE resolved_at IS NULL"


async def test_three_are_announced_two_come_and_two_are_paid_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(3)
        await returns.is_at("approved")  # by the rules
        await returns.send(no)
        await returns.is_at("in_transit")
        await returns.receive(no, 2)
        await returns.is_at("received")
        assert await shop.row(stock()) == (7,)
        assert await shop.row(stock("quarantine")) == (2,)

        await returns.inspect(no, (1, RESELL), (1, SCRAP))
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 2000, 0, 0)

        assert [amount for amount, _ in shop.outside.bank.refunds.values()] == [2000]
        assert await shop.row(stock()) == (8,)
        assert await shop.row(stock("scrap")) == (1,)
        assert await shop.row(stock("quarantine")) == (0,)
        row = await shop.row("SELECT returned_quantity, refunded_quantity FROM fulfilment_line")
        assert row == (2, 2)  # the third can still be asked back
        await shop.adds_up()


async def test_a_past_return_is_paid_and_no_channel_hears_of_it(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, origin=ReturnOrigin.IMPORT, case_no="C9:1")
        await returns.is_at("approved")
        await returns.receive(no, 1)
        await returns.inspect(no, (1, RESELL))
        await returns.is_at("closed", "refunded")

        assert shop.outside.shop.verdicts == []
        await shop.adds_up()


async def test_a_return_outlives_its_order(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1)
        await returns.is_at("approved")
        await returns.send(no)
        await returns.is_at("in_transit")
        await temporal_env.sleep(timedelta(days=8))
        await shop.status("completed")
        await returns.receive(no, 1)
        await returns.is_at("received")
        await returns.inspect(no, (1, RESELL))
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 1000, 0, 0)
        await shop.adds_up()


async def test_what_raises_doubts_waits_for_a_person_and_is_escalated(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.OTHER)
        await shop.until("SELECT doubts->>0, decision FROM sales_return", "reason", "")
        await temporal_env.sleep(timedelta(hours=41))
        await shop.until(CAUSE, "ReturnSoonLate")
        await temporal_env.sleep(timedelta(hours=8))
        await shop.until(CAUSE, "ReturnLate")
        await shop.parked("return_late")

        plan = await returns.decide(no, APPROVE)
        assert plan.refund_minor == 1000
        await returns.is_at("approved")
        await shop.parked()


async def test_goodwill_beside_the_goods_is_never_approved_by_the_rules(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, goodwill=100)
        await shop.until("SELECT doubts->>0, decision FROM sales_return", "goodwill", "")
        plan = await returns.decide(no, APPROVE, DecidedTerms(goodwill_minor=100))
        assert plan.refund_minor == 1100
        await returns.is_at("approved")


async def test_a_rejected_return_lets_its_units_go(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(3, ReturnReason.OTHER)
        with pytest.raises(ActionNotAllowed):
            await returns.ask(1)
        await returns.decide(no, REJECT)
        await returns.is_at("closed", "rejected")
        with pytest.raises(ReturnClosed):
            await returns.decide(no, APPROVE)

        await returns.ask(1)
        assert await shop.row(REFUNDS) == (0, 0)
        await shop.adds_up()


async def test_a_plan_that_was_overtaken_is_not_carried_out(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        first = await returns.ask(3, ReturnReason.OTHER)
        old = await returns.preview(first, APPROVE)
        gift = await returns.ask(0, ReturnReason.GOODWILL, ReturnKind.REFUND_ONLY, goodwill=1500)
        await returns.decide(gift, APPROVE, DecidedTerms(goodwill_minor=1500))
        await shop.until(MONEY, 1500, 0, 0)

        async with shop.sessions.begin() as session:
            with pytest.raises(PlanChanged):
                await decide(session, first, APPROVE, old.hash, DecidedTerms(), "", "kefu")
        assert (await returns.preview(first, APPROVE)).refund_minor == 1500
        await shop.adds_up()


async def test_money_alone_goes_back_as_soon_as_it_is_approved(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.DAMAGED, ReturnKind.REFUND_ONLY)
        await shop.until("SELECT doubts->>0 FROM sales_return", "without_goods")
        await returns.decide(no, APPROVE)
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 1000, 0, 0)

        assert await shop.row(stock()) == (7,)
        with pytest.raises(ActionNotAllowed):
            await returns.ask(3)  # one of the three was paid back and stays with the buyer
        await shop.adds_up()


async def test_the_buyers_silence_ends_it_and_a_late_parcel_reopens_it(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(2)
        await returns.is_at("approved")
        await temporal_env.sleep(timedelta(days=7, hours=1))
        await returns.is_at("closed", "expired")
        await shop.adds_up()

        await returns.receive(no, 2)
        await returns.is_at("received")
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("inspected")  # late: a person says what is paid
        assert await shop.row(REFUNDS) == (0, 0)
        await returns.decide(no, SETTLE, DecidedTerms(deduction_minor=500))
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 1500, 0, 0)
        await shop.adds_up()


async def test_a_second_parcel_is_a_second_round_and_no_unit_is_paid_twice(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered(payable="10.00")
        no = await returns.ask(3)
        await returns.is_at("approved")
        sums = []
        for units in (1, 2):
            await returns.receive(no, units)
            await returns.inspect(no, (units, RESELL))
            if units == 2:  # the first round ended it
                await returns.is_at("inspected")
                await returns.decide(no, SETTLE)
            await returns.is_at("closed", "refunded")
            sums.append((await shop.row("SELECT sum(amount_minor)::int FROM refund"))[0])

        assert sums == [333, 1000]
        await shop.until(MONEY, 1000, 0, 0)
        with pytest.raises(ActionNotAllowed):
            await returns.receive(no, 1)
        await shop.adds_up()


async def test_units_that_are_refused_go_back_and_a_person_says_what_is_paid(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(2)
        await returns.is_at("approved")
        await returns.receive(no, 2)
        await returns.inspect(no, (1, RESELL), (1, Disposition.TO_CUSTOMER))
        await returns.is_at("inspected")
        plan = await returns.decide(no, SETTLE)
        assert plan.refund_minor == 1000
        await returns.is_at("closed", "refunded")

        assert await shop.row(stock("to_customer")) == (1,)
        assert await shop.row("SELECT returned_quantity FROM fulfilment_line") == (1,)
        await shop.adds_up()


async def test_units_of_a_mistyped_inspection_are_looked_at_and_paid_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(2)
        await returns.is_at("approved")
        await returns.receive(no, 2)
        await returns.inspect(no, (2, Disposition.TO_CUSTOMER), act="mistyped")
        await returns.is_at("inspected")
        async with shop.sessions.begin() as session:
            await undo_inspection(session, no, "mistyped:0", "the other box", "bench")
        await returns.is_at("received")
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 2000, 0, 0)

        assert await shop.row(stock()) == (9,)
        last = await shop.row("SELECT id FROM return_inspection ORDER BY at DESC LIMIT 1")
        with pytest.raises(ActionNotAllowed):
            async with shop.sessions.begin() as session:
                await undo_inspection(session, no, last.id, "too late", "bench")
        await shop.adds_up()


async def test_the_same_press_of_a_button_counts_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(3)
        await returns.is_at("approved")
        for _ in range(3):
            await returns.receive(no, 2, act="once")
        await returns.inspect(no, (1, RESELL), act="again")
        await returns.inspect(no, (1, RESELL), act="again")
        with pytest.raises(ActionNotAllowed):
            await returns.inspect(no, (2, RESELL))

        assert await shop.row(stock()) == (8,)
        assert await shop.row(stock("quarantine")) == (1,)
        await shop.adds_up()


async def test_our_clock_stands_still_while_the_buyer_is_asked(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.OTHER)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        async with shop.sessions.begin() as session:
            await ask_buyer(session, no, "Which colour?", "kefu")
        await shop.until("SELECT waits_for FROM sales_return", "buyer_answer")
        await shop.deliver_signals()
        await temporal_env.sleep(timedelta(days=5))
        await shop.parked()
        async with shop.sessions.begin() as session:
            await buyer_answered(session, no, "Blue", "kefu")
        await shop.until("SELECT waits_for FROM sales_return", "decision")


async def test_a_second_clock_is_escalated_too(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.OTHER)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        await temporal_env.sleep(timedelta(hours=49))
        await shop.parked("return_late")
        async with shop.sessions.begin() as session:
            await ask_buyer(session, no, "Which colour?", "kefu")
        await shop.parked()
        async with shop.sessions.begin() as session:
            await buyer_answered(session, no, "Blue", "kefu")
        await shop.parked("return_late")  # the time was over before

        await returns.decide(no, APPROVE)
        await returns.is_at("approved")
        await returns.send(no)
        await returns.is_at("in_transit")
        await temporal_env.sleep(timedelta(days=15, hours=1))
        await shop.parked("return_late")
        await returns.send(no, "SF2")  # the number was mistyped
        await shop.parked()
        await temporal_env.sleep(timedelta(days=15, hours=1))
        await shop.parked("return_late")


async def test_a_return_that_is_withdrawn_costs_nothing(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(3)
        await returns.is_at("approved")
        async with shop.sessions.begin() as session:
            await withdraw(session, no, "keeps it", "kefu")
        await returns.is_at("closed", "withdrawn")
        assert await shop.row("SELECT returned_quantity FROM fulfilment_line") == (0,)
        await shop.adds_up()


async def test_without_a_known_payment_a_person_pays_it_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.row("UPDATE payment_account SET active = false RETURNING id")
        no = await returns.ask(1)
        await returns.is_at("approved")
        await returns.receive(no, 1)
        await returns.inspect(no, (1, RESELL))
        await shop.parked("return_refund")
        assert await shop.row(MONEY) == (0, 1000, 0)
        await shop.adds_up()

        decision = ResolveStep("return_refund", "done_by_hand", "kefu", "cash at the counter")
        handle = shop.client.get_workflow_handle(f"return/{no}")
        await handle.execute_update("resolve_step", decision, result_type=Accepted)
        await returns.is_at("closed", "refunded")
        assert await shop.row(MONEY) == (1000, 0, 0)
        assert shop.outside.bank.refunds == {}
        await shop.adds_up()


async def test_a_refund_that_parks_is_retried_under_its_number(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        shop.outside.bank.failures.append(NotEnoughBalance("余额不足", code="NOT_ENOUGH"))
        no = await returns.ask(1)
        await returns.is_at("approved")
        await returns.receive(no, 1)
        await returns.inspect(no, (1, RESELL))
        await shop.parked("refund")
        await returns.is_at("refunding")
        refund = await shop.row("SELECT refund_no FROM refund")
        handle = shop.client.get_workflow_handle(f"refund/{refund.refund_no}")
        await handle.execute_update(
            "resolve_step", ResolveStep("refund", "retry", "admin"), result_type=Accepted
        )
        await returns.is_at("closed", "refunded")

        assert list(shop.outside.bank.refunds) == [refund.refund_no]
        assert set(shop.outside.bank.calls) == {refund.refund_no}
        await shop.adds_up()


async def test_a_refund_that_was_given_up_is_paid_under_a_new_number_of_the_same_return(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        bank = shop.outside.bank
        bank.answer = RefundState(RefundStatus.CLOSED, "W1", "CLOSED")
        no = await returns.ask(1)
        await returns.is_at("approved")
        await returns.receive(no, 1)
        await returns.inspect(no, (1, RESELL))
        await shop.parked("refund")
        bank.answer = RefundState(RefundStatus.SUCCEEDED, "W2", "SUCCESS")
        refund = await shop.row("SELECT refund_no FROM refund")
        handle = shop.client.get_workflow_handle(f"refund/{refund.refund_no}")
        await handle.execute_update(
            "resolve_step", ResolveStep("refund", "retry", "admin"), result_type=Accepted
        )
        await returns.is_at("closed", "refunded")
        await shop.until(MONEY, 1000, 0, 0)
        assert await shop.row("SELECT count(*) FROM refund WHERE return_no IS NOT NULL") == (2,)
        await shop.adds_up()
