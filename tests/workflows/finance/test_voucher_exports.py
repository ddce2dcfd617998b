"""A voucher is entered into the ERP once, whatever happens on the way; people see what is not."""

from datetime import date, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.finance.erp import want_span
from domain.orders.messages import StepAction
from domain.shared.errors import AnswerLost, CredentialsRefused, Rejected, Unavailable
from runtime.exporting import Exporting
from runtime.posting import Posting
from tests.workflows.finance.exporting import EXPORT, decide, opened, posted
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import company

ONE_VOUCHER = ("voucher_export.look", "voucher_export.send", "voucher_export.settle")


async def test_a_posted_voucher_goes_into_the_erp_by_itself(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        await posted(shop)
        await shop.until(EXPORT, "confirmed", "V1")

        (voucher,) = shop.outside.ledger.vouchers.values()
        assert [(e.account_code, e.debit.minor, e.credit.minor) for e in voucher.entries] == [
            ("1122.01", 2000, 0),
            ("2203", 0, 2000),
        ]
        assert voucher.entries[0].text.startswith("买家付款 ")
        assert voucher.entries[0].text.endswith("shop/mini")
        assert shop.outside.ledger.asked == 0
        await shop.adds_up()


async def test_without_a_day_only_what_is_asked_for_goes(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop, automatic=False)
        await posted(shop)
        assert await shop.row("SELECT count(*) FROM voucher_export") == (0,)

        for wanted in (1, 0):
            async with shop.sessions.begin() as session:
                span = (date(2000, 1, 1), date(2999, 1, 1))
                assert await want_span(session, "k1", *span, "caiwu") == wanted
        await Exporting(shop.sessions).once(100)
        await shop.until(EXPORT, "confirmed", "V1")


@pytest.mark.parametrize(
    "failure", [AnswerLost("cut off", code="broken"), Unavailable("HTTP 503", code="503")]
)
async def test_what_became_of_a_voucher_is_asked_before_it_is_sent_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions, failure: Unavailable
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.lost.append(failure)
        await posted(shop)
        await shop.until(EXPORT, "confirmed", "V1")

        assert shop.outside.ledger.asked == 1
        assert len(shop.outside.ledger.vouchers) == 1
        await shop.adds_up()


async def test_a_refused_voucher_waits_for_a_person_who_tries_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.failures.append(Rejected("期间已结账", code="500", system="kingdee"))
        await posted(shop)
        await shop.parked("voucher_export")
        assert await shop.row("SELECT state FROM effect WHERE kind = 'voucher_export'") == (
            "rejected",
        )

        await decide(shop, "retry_with", booked_on="2031-02-03")
        await shop.until(EXPORT, "confirmed", "V1")

        (voucher,) = shop.outside.ledger.vouchers.values()
        assert voucher.booked_on == date(2031, 2, 3)
        await shop.adds_up()


async def test_a_day_nobody_can_read_is_asked_for_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.failures.append(Rejected("no", code="1"))
        await posted(shop)
        await shop.parked("voucher_export")
        await decide(shop, "retry_with", booked_on="the day after tomorrow")
        await shop.until("SELECT cause FROM attention WHERE resolved_at IS NULL", "InvalidInput")
        await decide(shop, "retry")
        await shop.until(EXPORT, "confirmed", "V1")


@pytest.mark.parametrize(
    ("action", "state", "number"),
    [("done_by_hand", "by_hand", "记-7"), ("skip", "skipped", "")],
)
async def test_a_person_may_enter_it_there_or_leave_it_out(
    temporal_env: WorkflowEnvironment,
    sessions: Sessions,
    action: StepAction,
    state: str,
    number: str,
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.failures.append(Rejected("no", code="1"))
        await posted(shop)
        await shop.parked("voucher_export")
        await decide(shop, action, **({"erp_no": number} if number else {}))
        await shop.until(EXPORT, state, number)

        assert shop.outside.ledger.vouchers == {}
        await shop.adds_up()


async def test_an_account_without_a_code_stops_the_erp_with_one_question_that_names_it(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop, mapped=False)
        await posted(shop, "1")
        await posted(shop, "2")
        await shop.until("SELECT state FROM gate WHERE system = 'erp/k1'", "holding")
        item = await shop.row("SELECT workflow_id, cause, error FROM attention")
        assert item == (
            "gate/erp%2Fk1",
            "SettingsRefused",
            "no account code for: channel_receivable, buyer_deposits",
        )
        assert shop.outside.ledger.vouchers == {}

        assert await Exporting(shop.sessions).once(100) == 0  # nothing more sets out meanwhile


async def test_refused_credentials_stop_the_account_and_not_the_voucher(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.failures.append(CredentialsRefused("签名", code="response_error"))
        await posted(shop)
        await shop.until("SELECT state FROM gate WHERE system = 'erp/k1'", "holding")

        await temporal_env.sleep(timedelta(minutes=16))  # it looks again by itself
        assert await shop.row("SELECT count(*) FROM attention WHERE step_id <> 'credentials'") == (
            0,
        )


async def test_no_more_than_a_few_are_on_their_way_at_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        for number in range(1, 24):
            await shop.receive("A", 1, f"GRN-{number}")
        async with shop.sessions.begin() as session:
            await (await session.connection()).exec_driver_sql("UPDATE sku SET cost_minor = 100")
        for number in range(1, 24):
            await shop.receive("A", 1, f"GRN-X{number}")
        await Posting(shop.sessions).all()
        row = await shop.row("SELECT count(*) AS n FROM voucher_export")
        assert row.n > 20

        assert await Exporting(shop.sessions).once(100) == 20
        assert await Exporting(shop.sessions).once(100) == 0
        await shop.deliver_signals()
        await shop.until("SELECT count(*) FROM voucher_export WHERE state = 'confirmed'", 20)
        assert await Exporting(shop.sessions).once(100) == 20


@pytest.mark.parametrize("activity_type", ONE_VOUCHER)
async def test_there_is_one_voucher_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await opened(shop)
        if activity_type == "voucher_export.settle":
            shop.outside.ledger.failures.append(Rejected("no", code="1"))
        await posted(shop)
        if activity_type == "voucher_export.settle":
            await shop.parked("voucher_export")
            await decide(shop, "skip")
            await shop.until(EXPORT, "skipped", "")
        else:
            await shop.until(EXPORT, "confirmed", "V1")
            assert len(shop.outside.ledger.vouchers) == 1

        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", 0)
        await shop.adds_up()


async def test_there_is_one_voucher_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
        await opened(shop)
        shop.outside.ledger.lost.append(AnswerLost("cut off", code="broken"))
        await posted(shop)
        await shop.until(EXPORT, "confirmed", "V1")

        assert {"voucher_export.look", "voucher_export.send"} <= set(death.after)
        assert len(shop.outside.ledger.vouchers) == 1
        await shop.adds_up()


async def test_an_export_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.ledger.failures.append(Rejected("no", code="1"))
        await posted(shop)
        await shop.parked("voucher_export")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        await redrive(shop)
        await shop.until(EXPORT, "confirmed", "V1")

    assert len(shop.outside.ledger.vouchers) == 1
