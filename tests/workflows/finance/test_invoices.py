"""An invoice is issued once, whatever happens on the way, and never says more than is kept."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.finance.invoice_tables import SkuTaxRow
from db.finance.invoices import ask_invoice, cancel_invoice, reverse_invoice
from domain.orders.messages import StepAction
from domain.shared.errors import (
    ActionNotAllowed,
    AnswerLost,
    CredentialsRefused,
    Rejected,
    Unavailable,
)
from integrations.invoices.port import InvoiceNews, Told
from tests.people import VAULT
from tests.workflows.finance.invoicing import (
    BUYER,
    INVOICES,
    REDS,
    asked,
    decide,
    delivered,
    issued,
    one_comes_back,
    set_out,
)
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_refunds import opened
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import company, own_order

ONE_INVOICE = ("invoice.look", "invoice.send", "invoice.ask", "invoice.settle", "invoice.replace")


async def test_an_invoice_of_what_was_sent_is_issued_and_keeps_its_number(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        no = await issued(shop, temporal_env)

        (invoice,) = shop.outside.nuonuo.blue.values()
        assert invoice.buyer == BUYER
        (line,) = invoice.lines
        assert (line.units, line.total_minor, line.tax_minor) == (3, 3000, 345)
        row = await shop.row("SELECT number, url, vendor_ref, tax_minor FROM invoice")
        assert row == (f"N-{no}", f"https://inv.example.cn/{no}", f"S-{no}", 345)
        assert await shop.row("SELECT count(*) FROM attention") == (0,)
        await shop.adds_up()


async def test_an_invoice_waits_until_the_goods_have_left(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        await shop.hear(own_order("1"))
        await shop.status("in_fulfilment")
        no = await asked(shop)
        assert await shop.row("SELECT state FROM invoice") == ("waiting",)

        row = await shop.row("SELECT no FROM sales_order")
        async with shop.sessions.begin() as session:
            with pytest.raises(ActionNotAllowed):
                await ask_invoice(session, VAULT, row.no, BUYER, "kefu")
        async with shop.sessions.begin() as session:
            await cancel_invoice(session, row.no, no)
            with pytest.raises(ActionNotAllowed):
                await cancel_invoice(session, row.no, no)
        await asked(shop)  # another one may be asked for
        assert shop.outside.nuonuo.blue == {}


async def test_an_invoice_of_a_cancelled_order_is_void(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        order = await shop.hear(own_order("1"))
        await shop.status("in_fulfilment")
        await asked(shop)
        await shop.cancel(order)
        await shop.status("cancelled")
        await set_out(shop)

        assert await shop.row(INVOICES) == ("blue", "cancelled", 0, 0)


async def test_goods_without_a_tax_category_are_named_and_tried_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop, taxed=False)
        await asked(shop)
        await shop.parked("invoice")
        item = await shop.row("SELECT cause, error, order_id FROM attention")
        assert (item.cause, item.error) == ("InvalidInput", "no tax category for: A")
        assert item.order_id

        async with shop.sessions.begin() as session:
            session.add(SkuTaxRow(sku="A", category="tea"))
        await decide(shop, "retry")
        await shop.until("SELECT state FROM invoice", "processing")


async def test_a_refund_is_taken_back_of_the_goods_that_came_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await delivered(shop)
        no = await issued(shop, temporal_env)
        await one_comes_back(returns)
        await set_out(shop)
        await shop.until(REDS, 1, 1000)
        await temporal_env.sleep(timedelta(seconds=30))
        await shop.until("SELECT state FROM invoice WHERE kind = 'red'", "issued")

        (red,) = shop.outside.nuonuo.red.values()
        assert (red.blue_number, red.reason, red.whole) == (f"N-{no}", "returned", False)
        (back,) = red.backs
        assert (back.units, back.total_minor, back.tax_minor) == (1, 1000, 115)
        assert red.buyer == BUYER
        assert await shop.row(INVOICES) == ("blue", "issued", 3000, 1000)
        assert await set_out(shop) == 0
        await shop.adds_up()


async def test_what_came_back_before_is_not_invoiced(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await delivered(shop)
        await one_comes_back(returns)
        await issued(shop, temporal_env)
        await set_out(shop)

        (invoice,) = shop.outside.nuonuo.blue.values()
        assert [(x.units, x.total_minor) for x in invoice.lines] == [(2, 2000)]
        assert await shop.row(REDS) == (0, 0)
        await shop.adds_up()


async def test_money_that_goes_back_while_it_is_issued_is_taken_back_then(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await delivered(shop)
        await asked(shop)
        await shop.until("SELECT state FROM invoice", "processing")
        await one_comes_back(returns)
        await temporal_env.sleep(timedelta(seconds=30))
        await shop.until("SELECT state FROM invoice WHERE kind = 'blue'", "issued")
        await set_out(shop)
        await shop.until(REDS, 1, 1000)


async def test_a_wrong_invoice_is_taken_back_as_a_whole_and_asked_for_anew(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        no = await issued(shop, temporal_env)
        order = await shop.row("SELECT no FROM sales_order")
        async with shop.sessions.begin() as session:
            await reverse_invoice(session, order.no, no, "kefu")
        async with shop.sessions.begin() as session:
            with pytest.raises(ActionNotAllowed):
                await reverse_invoice(session, order.no, no, "kefu")
        await shop.deliver_signals()
        await shop.until(
            "SELECT count(*)::int FROM invoice WHERE kind = 'red' AND state = 'processing'", 1
        )
        await asked(shop)
        await shop.until("SELECT count(*)::int FROM invoice WHERE state = 'processing'", 2)

        (red,) = shop.outside.nuonuo.red.values()
        assert (red.whole, red.reason) == (True, "mistake")
        assert len(shop.outside.nuonuo.blue) == 2


@pytest.mark.parametrize(
    "failure", [AnswerLost("cut off", code="broken"), Unavailable("HTTP 503", code="503")]
)
async def test_what_became_of_an_invoice_is_asked_before_it_is_ordered_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions, failure: Unavailable
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.lost.append(failure)
        await asked(shop)
        await shop.until("SELECT state FROM invoice", "issued")

        assert shop.outside.nuonuo.asked == 1
        assert len(shop.outside.nuonuo.blue) == 1
        await shop.adds_up()


async def test_an_invoice_that_failed_is_tried_again_under_another_key(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.answers = [InvoiceNews(Told.FAILED, cause="购方税号不存在")]
        no = await asked(shop)
        await shop.until("SELECT state FROM invoice", "processing")
        await temporal_env.sleep(timedelta(seconds=30))
        await shop.parked("invoice")
        item = await shop.row("SELECT cause, error, system FROM attention")
        assert item == ("InvoiceFailed", "购方税号不存在", "invoice/n1")

        await decide(shop, "retry")
        await shop.until("SELECT state FROM invoice", "processing")
        await temporal_env.sleep(timedelta(seconds=60))
        await shop.until("SELECT state, number FROM invoice", "issued", f"N-{no}-2")
        assert list(shop.outside.nuonuo.blue) == [no, f"{no}-2"]
        await shop.adds_up()


@pytest.mark.parametrize(("action", "state"), [("done_by_hand", "by_hand"), ("skip", "cancelled")])
async def test_a_person_may_issue_it_elsewhere_or_leave_it_out(
    temporal_env: WorkflowEnvironment, sessions: Sessions, action: StepAction, state: str
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.failures.append(Rejected("没有额度", code="E1"))
        await asked(shop)
        await shop.parked("invoice")
        await decide(shop, action)
        await shop.until("SELECT state FROM invoice", state)

        assert shop.outside.nuonuo.blue == {}
        await shop.adds_up()


async def test_an_invoice_that_never_ends_is_shown_to_somebody(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.answers = [InvoiceNews(Told.PROCESSING)] * 10
        await asked(shop)
        await shop.until("SELECT state FROM invoice", "processing")
        await temporal_env.sleep(timedelta(days=30))
        await shop.parked("invoice")
        assert await shop.row("SELECT cause FROM attention") == ("InvoiceLate",)

        await decide(shop, "retry")
        await shop.until("SELECT state FROM invoice", "issued")


async def test_refused_credentials_stop_the_account_and_not_the_invoice(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.failures.append(CredentialsRefused("签名错误", code="070306"))
        await asked(shop)
        await shop.until("SELECT state FROM gate WHERE system = 'invoice/n1'", "holding")

        assert await shop.row("SELECT count(*) FROM attention WHERE step_id <> 'credentials'") == (
            0,
        )


@pytest.mark.parametrize("activity_type", ONE_INVOICE)
async def test_there_is_one_invoice_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await delivered(shop)
        fails = activity_type in ("invoice.settle", "invoice.replace")
        if fails:
            shop.outside.nuonuo.answers = [InvoiceNews(Told.FAILED, cause="no")]
        await asked(shop)
        await shop.until("SELECT state FROM invoice", "processing")
        await temporal_env.sleep(timedelta(seconds=60))
        if fails:
            await shop.parked("invoice")
            await decide(shop, "skip" if activity_type == "invoice.settle" else "retry")
            await temporal_env.sleep(timedelta(seconds=60))
        end = "cancelled" if activity_type == "invoice.settle" else "issued"
        await shop.until("SELECT state FROM invoice", end)

        assert loser.lost == 1
        assert len(shop.outside.nuonuo.blue) == (2 if activity_type == "invoice.replace" else 1)
        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", 0)
        await shop.adds_up()


async def test_there_is_one_invoice_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
        shop.outside.nuonuo.lost.append(AnswerLost("cut off", code="broken"))
        shop.outside.nuonuo.answers = [InvoiceNews(Told.PROCESSING)]
        await asked(shop)
        await shop.until("SELECT state FROM invoice", "processing")
        await temporal_env.sleep(timedelta(minutes=5))
        await shop.until("SELECT state FROM invoice", "issued")

        assert {"invoice.look", "invoice.send", "invoice.ask"} <= set(death.after)
        assert len(shop.outside.nuonuo.blue) == 1
        await shop.adds_up()


async def test_an_invoice_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await delivered(shop)
        shop.outside.nuonuo.failures.append(Rejected("no", code="1"))
        await asked(shop)
        await shop.parked("invoice")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        await redrive(shop)
        await shop.until("SELECT state FROM invoice", "processing")

    assert len(shop.outside.nuonuo.blue) == 1
