"""Exchanges for other goods: whoever owes the difference pays it, once."""

from datetime import UTC, datetime

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.inventory.kits import Kits
from db.inventory.tables import SkuRow
from db.orders.exchanges import WantedLine, pay_difference
from db.orders.payments import NewPayment, record_payment
from db.sql import run
from domain.inventory.kits import Component, KitKind
from domain.orders.returns.model import Disposition, ReturnReason
from domain.shared.errors import ActionNotAllowed, InvalidInput
from tests.samples import CAMPAIGN
from tests.workflows.returning import APPROVE, REFUNDS, RESELL, SETTLE, Returns
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import Company, company

NEW_ORDER = (
    "SELECT o.status, o.channel_state, o.payable_minor, o.captured_minor FROM sales_return r"
    " JOIN sales_order o ON o.id = r.new_order_id"
)
OLD_ORDER = (
    "SELECT captured_minor, refunded_minor, returning_minor FROM sales_order ORDER BY id LIMIT 1"
)
HOLDS = "SELECT count(*) FROM order_hold WHERE kind = 'unpaid' AND released_at IS NULL"


async def new_no(shop: Company) -> str:
    row = await shop.row(
        "SELECT o.no FROM sales_return r JOIN sales_order o ON o.id = r.new_order_id"
    )
    return str(row.no)


async def taken_back(returns: Returns, units: int, *wanted: WantedLine) -> str:
    """Units for 10.00 each come back, and others of B are wanted."""
    no = await returns.ask(units, ReturnReason.WRONG_SIZE, remedy="exchange", wanted=wanted)
    await returns.is_at("approved")
    await returns.receive(no, units)
    return no


async def test_dearer_goods_leave_once_the_difference_is_paid(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        no = await taken_back(returns, 2, WantedLine("B", 1, 2550))
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "on_hold", "unpaid", 2550, 2000)
        assert await shop.row(HOLDS) == (1,)
        assert await shop.row(REFUNDS) == (0, 0)
        assert await shop.row(OLD_ORDER) == (3000, 2000, 0)

        order_no = await new_no(shop)
        async with sessions.begin() as session:
            with pytest.raises(InvalidInput, match=r"5\.50"):
                await pay_difference(session, order_no, 551, "BANK-1", "kefu")
        async with sessions.begin() as session:
            await pay_difference(session, order_no, 300, "BANK-1", "kefu")
        async with sessions.begin() as session:
            with pytest.raises(ActionNotAllowed):
                await pay_difference(session, order_no, 250, "BANK-1", "kefu")
        assert await shop.row(HOLDS) == (1,)
        async with sessions.begin() as session:
            await pay_difference(session, order_no, 250, "BANK-2", "kefu")
        await shop.until(NEW_ORDER, "in_fulfilment", "paid", 2550, 2550)
        async with sessions.begin() as session:
            with pytest.raises(ActionNotAllowed):
                await pay_difference(session, order_no, 1, "BANK-3", "kefu")
        await shop.adds_up()


async def test_a_provider_that_tells_of_the_difference_lets_the_goods_go_too(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        no = await taken_back(returns, 1, WantedLine("B", 1, 2550))
        await returns.inspect(no, (1, RESELL))
        await returns.is_at("closed", "replaced")
        for number in (1, 2):  # the second one is not owed: it goes back by itself
            payment = NewPayment(
                "wx", "wechatpay", "mini", f"W-{number}", f"M-{number}", no, 1550, "CNY",
                datetime.now(UTC),
            )  # fmt: skip
            async with sessions.begin() as session:
                await record_payment(session, payment)
        await shop.until(NEW_ORDER, "in_fulfilment", "paid", 2550, 2550)
        await shop.until(REFUNDS, 1, 1550)
        await shop.adds_up()


async def test_cheaper_goods_leave_at_once_and_the_rest_goes_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        no = await returns.ask(
            2, ReturnReason.OTHER, remedy="exchange", wanted=(WantedLine("B", 3, 500),)
        )
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        plan = await returns.decide(no, APPROVE)
        assert [(one.kind, one.amount_minor) for one in plan.effects] == [
            ("expect_goods", 0), ("pay_goods", 2000), ("pays_provider", 500),
            ("send_other", 1500), ("pays_new_goods", 1500),
        ]  # fmt: skip
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "in_fulfilment", "paid", 1500, 1500)
        await shop.until(REFUNDS, 1, 500)
        assert await shop.row(OLD_ORDER) == (3000, 2000, 0)
        await shop.adds_up()


async def test_only_accepted_units_pay_for_the_new_goods(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        no = await taken_back(returns, 2, WantedLine("B", 1, 1800))
        await returns.inspect(no, (1, RESELL), (1, Disposition.TO_CUSTOMER))
        await returns.is_at("inspected")
        plan = await returns.decide(no, SETTLE)
        assert ("collect", 800) in [(one.kind, one.amount_minor) for one in plan.effects]
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "on_hold", "unpaid", 1800, 1000)
        await shop.adds_up()


@CAMPAIGN
async def test_other_goods_are_sent_once_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions, Death()) as shop:
        shop.patience = 1200
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        no = await taken_back(returns, 1, WantedLine("B", 1, 600))
        await returns.inspect(no, (1, RESELL))
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "in_fulfilment", "paid", 600, 600)
        await shop.until(REFUNDS, 1, 400)
        assert await shop.row("SELECT count(*) FROM sales_order") == (2,)
        await shop.adds_up()


async def test_a_virtual_kit_that_is_wanted_instead_is_picked_as_its_components(
    temporal_env: WorkflowEnvironment, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await shop.receive("B", 5, "GRN-2")
        async with sessions.begin() as session:
            session.add(SkuRow(code="DUO", name="Duo", price_minor=2000))
        async with web_sessions.begin() as session:
            parts = (Component("A", 1), Component("B", 2))
            await Kits(session).define("DUO", KitKind.VIRTUAL, parts, "buyer")
        no = await taken_back(returns, 2, WantedLine("DUO", 1))
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "in_fulfilment", "paid", 2000, 2000)
        async with sessions.begin() as session:
            picked = await run(
                session, "SELECT f.sku, f.quantity FROM fulfilment_line f JOIN sales_return r"
                " ON r.new_order_id = f.order_id ORDER BY f.sku",
            )  # fmt: skip
            assert [tuple(row) for row in picked] == [("A", 1), ("B", 2)]
        await shop.adds_up()
