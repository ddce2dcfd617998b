"""A recall from the freeze to its closing: what is ours is kept, what is sent is asked for."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.orders.notes import notes_of
from db.platform.tables import WebhookEndpointRow
from db.shared import recall_acts
from db.sql import run
from domain.inventory.recall import End
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import recall_workflow_id
from tests.people import VAULT
from tests.samples import CAMPAIGN
from tests.workflows.recalling import (
    EVENTS,
    HELD,
    OPEN,
    account,
    close,
    lots,
    lots_of,
    ordered,
    recalled,
)
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import Company, company

ONE_RECALL = (
    "recall.look", "recall.freeze", "recall.stop_picks", "recall.intercept", "recall.tell",
    "recall.remind",
)  # fmt: skip


async def test_a_recall_is_followed_to_the_last_unit(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed(stock=0)
        await lots(shop, L1=7, L2=4)
        home, moving = await ordered(shop, "1"), await ordered(shop, "2")
        for no in (home, moving):
            await shop.ship(no)
            await shop.shipment_is(no, "handed_over")
        await shop.deliver(home)
        await shop.shipment_is(home, "delivered")
        waiting = await ordered(shop, "3")
        await shop.shipment_is(waiting, "picking")
        assert await lots_of(shop, waiting) == [("L1", 2)]

        no = await recalled(shop)
        await shop.until("SELECT state FROM intercept", "asked")
        await shop.until(EVENTS, 2)
        assert await lots_of(shop, waiting) == [("L2", 2)]
        assert await shop.row(HELD) == (0,)
        assert await shop.row(OPEN) == (7,)
        order = await shop.row("SELECT id FROM sales_order WHERE external_no = '1'")
        async with shop.sessions.begin() as session:
            (note,) = await notes_of(session, VAULT, order.id)
        assert note.text.startswith(f"{no} · A L1 × 2\nDo not eat it.")

        await temporal_env.sleep(timedelta(days=7, hours=1))
        silent = "SELECT cause, attempts FROM attention WHERE step_id = 'recall/silent'"
        await shop.until(silent, "RecallSilent", 1)
        await shop.until(EVENTS, 4)  # they are told once more
        await temporal_env.sleep(timedelta(days=7))
        await shop.until(silent, "RecallSilent", 2)

        with pytest.raises(ActionNotAllowed, match="7 units are not accounted for"):
            await close(shop, no)
        with pytest.raises(InvalidInput):
            await account(shop, no, "HQ", End.QUARANTINED, 4)  # three lie there
        with pytest.raises(InvalidInput):
            await account(shop, no, home, End.QUARANTINED, 1)  # a buyer has no quarantine
        await account(shop, no, "HQ", End.QUARANTINED, 2)
        await account(shop, no, "HQ", End.QUARANTINED, 2)  # the same key: once
        await account(shop, no, "HQ", End.DESTROYED, 1)
        await account(shop, no, home, End.CONFIRMED, 2)
        with pytest.raises(ActionNotAllowed, match="2 units"):
            await close(shop, no)
        await account(shop, no, moving, End.RETURNED, 2)
        await shop.until(OPEN, 0)
        await temporal_env.sleep(timedelta(days=8))  # nobody is silent any more
        remind_at = "SELECT remind_at > frozen_at + interval '15 days' FROM recall"
        await shop.until(remind_at, True)
        assert await shop.row(silent) == ("RecallSilent", 2)
        await close(shop, no)

        handle = shop.client.get_workflow_handle(recall_workflow_id(no))
        assert await handle.result() == "closed"
        stock = await shop.row(
            "SELECT sum(on_hand) FILTER (WHERE condition = 'quarantine')::int,"
            " sum(on_hand) FILTER (WHERE condition = 'good')::int FROM stock_balance"
            " WHERE lot = 'L1'"
        )
        assert stock == (2, 0)
        assert await shop.row("SELECT signed FROM recall") == ("",)
        await shop.adds_up()


async def test_what_is_picked_already_waits_until_its_units_are_exchanged(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed(stock=0)
        await lots(shop, L1=2, L2=2)
        no = await ordered(shop, "1")
        await shop.pick(no)
        await shop.until("SELECT waits_for FROM shipment", "packing")
        recall = await recalled(shop)
        await shop.until(HELD, 1)
        await shop.until("SELECT cause, shipment_no FROM attention", "Recalled", no)
        assert await lots_of(shop, no) == [("L1", 2)]
        await shop.pack(no)
        await shop.shipment_is(no, "packed")  # and no label is ordered

        async with shop.sessions.begin() as session:
            await recall_acts.exchange(session, recall, no, "picker", "x1")
        await shop.deliver_signals()
        await shop.until(HELD, 0)
        await shop.shipment_is(no, "labelled")
        assert await lots_of(shop, no) == [("L2", 2)]
        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", 0)
        await shop.adds_up()


async def test_units_that_nobody_finds_are_signed_for_with_a_reason(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed(stock=0)
        await lots(shop, L1=3)
        no = await recalled(shop)
        with pytest.raises(ActionNotAllowed, match="recalled already"):
            await recalled(shop)
        await close(shop, no, "the shelf burnt down")
        handle = shop.client.get_workflow_handle(recall_workflow_id(no))
        assert await handle.result() == "closed"
        assert await shop.row("SELECT signed, closed_by FROM recall") == (
            "the shelf burnt down", "boss",
        )  # fmt: skip
        assert await shop.row("SELECT state FROM lot WHERE lot = 'L1'") == ("recalled",)


@CAMPAIGN
async def test_a_worker_that_dies_after_each_step_does_each_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 600
        await shop.seed(stock=0)
        await lots(shop, L1=6, L2=2)
        home = await ordered(shop, "1")
        await shop.ship(home)
        await shop.shipment_is(home, "handed_over")
        waiting = await ordered(shop, "2")
        await shop.shipment_is(waiting, "picking")
        async with shop.sessions.begin() as session:
            session.add(WebhookEndpointRow(id="e2", shop_id=None, url="https://all.example/in"))
        no = await recalled(shop, told=False)
        await run_freeze_again(shop, no)
        await shop.until("SELECT state FROM intercept", "asked")
        await shop.until(EVENTS, 2)  # one holder, two subscribers
        await temporal_env.sleep(timedelta(days=7, hours=1))
        await shop.until(EVENTS, 4)
        await account(shop, no, home, End.RETURNED, 2)
        await account(shop, no, "HQ", End.QUARANTINED, 4)
        await shop.until(OPEN, 0)
        await close(shop, no)
        handle = shop.client.get_workflow_handle(recall_workflow_id(no))
        assert await handle.result() == "closed"

        assert await lots_of(shop, waiting) == [("L2", 2)]
        assert await told_twice(shop) == ["noted 2"]  # told, and reminded
        assert {one for one in death.after if one.startswith("recall.")} == set(ONE_RECALL)
        await shop.adds_up()


async def run_freeze_again(shop: Company, no: str) -> None:
    """As if the transaction that began it had not frozen it yet."""
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE recall SET frozen_at = NULL WHERE no = :no", no=no)
