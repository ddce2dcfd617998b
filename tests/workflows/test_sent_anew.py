"""Goods that are sent anew: exchanges, and what was lost."""

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from domain.orders.returns.model import ReturnKind, ReturnReason
from domain.shared.errors import (
    ActionNotAllowed,
)
from tests.samples import CAMPAIGN
from tests.workflows.returning import APPROVE, REFUNDS, RESELL, SCRAP, Returns, stock
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import Company, company

NEW_ORDER = (
    "SELECT o.status, o.payable_minor, r.outcome FROM sales_return r"
    " JOIN sales_order o ON o.id = r.new_order_id"
)


async def sent_anew(shop: Company) -> None:
    """The order that sends the goods anew goes its usual way to the door."""
    await shop.until(NEW_ORDER, "in_fulfilment", 0, "replaced")
    row = await shop.row(
        "SELECT s.no FROM shipment s JOIN sales_return r ON r.new_order_id = s.order_id"
    )
    await shop.ship(row.no)
    await shop.until(NEW_ORDER, "shipped", 0, "replaced")
    await shop.deliver(row.no)
    await shop.until(NEW_ORDER, "delivered", 0, "replaced")


async def test_an_exchange_sends_the_same_goods_anew_for_nothing(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        told = len(shop.outside.shop.confirmed)
        no = await returns.ask(2, ReturnReason.WRONG_SIZE, remedy="exchange")
        await returns.is_at("approved")
        await returns.receive(no, 2)
        await returns.inspect(no, (1, RESELL), (1, SCRAP))
        await returns.is_at("closed", "replaced")
        await sent_anew(shop)

        assert await shop.row(stock()) == (6,)  # ten, less three, one back, two anew
        assert await shop.row(REFUNDS) == (0, 0)
        assert len(shop.outside.shop.confirmed) == told  # the channel knows no such order
        names = await shop.row("SELECT count(DISTINCT phone_last4) FROM receiver")
        assert names == (1,)
        with pytest.raises(ActionNotAllowed):
            await returns.ask(2)  # two were replaced
        await shop.adds_up()


async def test_what_was_lost_is_sent_anew_and_nothing_comes_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.LOST, ReturnKind.REFUND_ONLY, remedy="resend")
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        plan = await returns.decide(no, APPROVE)
        assert [effect.kind for effect in plan.effects] == ["goods_stay", "send_anew"]
        await returns.is_at("closed", "replaced")
        await sent_anew(shop)

        assert await shop.row(stock()) == (6,)
        assert await shop.row(REFUNDS) == (0, 0)
        await shop.adds_up()


@CAMPAIGN
async def test_goods_are_sent_anew_once_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions, Death()) as shop:
        shop.patience = 1200
        returns = Returns(shop)
        await returns.delivered()
        no = await returns.ask(1, ReturnReason.WRONG_SIZE, remedy="exchange")
        await returns.is_at("approved")
        await returns.receive(no, 1)
        await returns.inspect(no, (1, RESELL))
        await returns.is_at("closed", "replaced")
        await shop.until(NEW_ORDER, "in_fulfilment", 0, "replaced")

        assert await shop.row("SELECT count(*) FROM sales_order") == (2,)
        await shop.adds_up()
