"""Orders from the first message to the end, on real tables with skipped time."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from db.audit import audit
from db.engine import Sessions
from domain.orders.messages import (
    Accepted,
    Cancel,
    PlaceHold,
    ReleaseHold,
    ResolveStep,
    StateChanged,
)
from domain.shared.errors import AnswerLost, Rejected
from runtime.temporal import plugin
from tests.workflows.world import Company, company, own_order
from worker import WORKFLOWS


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running


async def everything_adds_up(shop: Company) -> None:
    async with shop.sessions.begin() as session:
        assert await audit(session) == []


async def test_a_paid_order_is_delivered_and_completed(shop: Company) -> None:
    order = await shop.hear(own_order("1001"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.deliver(no)

    assert await order.result() == "completed"

    assert await shop.row("SELECT on_hand, reserved FROM stock_balance WHERE sku='A'") == (8, 0)
    assert [c.waybill_no for c in shop.outside.shop.confirmed] == ["SF000000000001"]
    assert shop.outside.sf.creates == 1
    assert await shop.row("SELECT name, target FROM outbox WHERE kind = 'webhook'") == (
        "shipment.shipped",
        "e1",
    )
    await everything_adds_up(shop)
    replayer = Replayer(workflows=WORKFLOWS, plugins=[plugin()])
    for handle in (order, shop.shipment(no)):
        await replayer.replay_workflow(await handle.fetch_history())


async def test_an_unpaid_order_reserves_and_ships_once_paid(shop: Company) -> None:
    await shop.hear(own_order("1002", state="unpaid"))
    await shop.until("SELECT on_hand, reserved FROM stock_balance WHERE sku='A'", 10, 2)
    await shop.status("on_hold")
    assert await shop.row("SELECT count(*) FROM shipment WHERE status <> 'allocated'") == (0,)

    await shop.hear(own_order("1002", revision=2))

    await shop.status("in_fulfilment")
    await everything_adds_up(shop)


async def test_a_stale_and_a_repeated_message_change_nothing(shop: Company) -> None:
    await shop.hear(own_order("1003", revision=5))
    await shop.status("in_fulfilment")
    await shop.hear(own_order("1003", revision=4, state="unpaid"))
    await shop.hear(own_order("1003", revision=5))
    await shop.until(
        "SELECT array_agg(outcome ORDER BY received_at) FROM inbox",
        ["applied", "stale", "duplicate"],
    )
    await shop.status("in_fulfilment")


async def test_an_unmapped_sku_holds_the_order_until_it_is_mapped(shop: Company) -> None:
    line = {"line_no": "1", "sku": "NEW", "title": "?", "quantity": 1, "payable": "5.00"}
    order = await shop.hear(own_order("1004", lines=[line]))
    await shop.status("on_hold")
    async with shop.sessions.begin() as session:
        from db.channels.tables import ChannelSkuRow

        session.add(ChannelSkuRow(shop_id="mini", external_sku="NEW", sku="A", factor=6))
    await order.signal("state_changed", StateChanged("mapping"))

    await shop.status("in_fulfilment")
    assert await shop.row("SELECT quantity FROM shipment_line") == (6,)


async def test_short_stock_queues_and_a_receipt_sends_it_on(shop: Company) -> None:
    line = {"line_no": "1", "sku": "X-B", "title": "B", "quantity": 4, "payable": "9.00"}
    order = await shop.hear(own_order("1005", lines=[line]))
    await shop.status("backordered")

    await shop.receive("B", 5, "GRN-B")
    await order.signal("state_changed", StateChanged("backorder"))

    await shop.status("in_fulfilment")
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance WHERE sku='B'") == (5, 4)
    await everything_adds_up(shop)


async def plan_hash(shop: Company, order_id: str) -> str:
    from db.orders.cancelling import cancellable
    from db.orders.repository import OrderRepository
    from domain.orders.cancellation import plan_cancellation

    async with shop.sessions.begin() as session:
        return plan_cancellation(await cancellable(OrderRepository(session), order_id)).hash


async def order_id(shop: Company) -> str:
    return str((await shop.row("SELECT id FROM sales_order")).id)


async def test_cancelling_during_picking_gives_the_stock_back(shop: Company) -> None:
    order = await shop.hear(own_order("1006"))
    no = await shop.first_shipment()
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "picking")
    await shop.status("in_fulfilment")

    cancel = Cancel(await plan_hash(shop, await order_id(shop)), "changed my mind", "kefu")
    await order.execute_update("cancel", cancel, result_type=Accepted)

    await shop.status("cancelled")
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance WHERE sku='A'") == (10, 0)
    assert await shop.row("SELECT refund_due_minor FROM sales_order") == (2000,)
    await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", "refund")
    decision = ResolveStep("refund", "done_by_hand", "finance", "paid back by bank")
    await order.execute_update("resolve_step", decision, result_type=Accepted)
    assert await order.result() == "cancelled"
    assert await shop.row("SELECT refunded_minor, refund_due_minor FROM sales_order") == (2000, 0)
    await everything_adds_up(shop)


async def test_a_plan_that_is_not_true_any_more_is_refused(shop: Company) -> None:
    order = await shop.hear(own_order("1007"))
    no = await shop.first_shipment()
    await shop.status("in_fulfilment")
    seen = await plan_hash(shop, await order_id(shop))
    await shop.ship(no)
    await shop.status("shipped")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await order.execute_update("cancel", Cancel(seen, "late", "kefu"), result_type=Accepted)
    assert getattr(refused.value.cause, "type", "") == "ActionNotAllowed"


async def test_a_refused_label_waits_for_a_person_and_goes_on_corrected(shop: Company) -> None:
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    await shop.hear(own_order("1008"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.until("SELECT step_id, cause, code FROM attention", "label", "Rejected", "8057")

    decision = ResolveStep("label", "retry", "admin")
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)

    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")
    await shop.until("SELECT resolution, resolved_by FROM attention", "retry", "admin")


async def test_a_lost_answer_leaves_one_label(shop: Company) -> None:
    shop.outside.sf.lost.append(AnswerLost("no answer"))
    await shop.hear(own_order("1009"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")
    assert shop.outside.sf.creates == 1
    assert await shop.row("SELECT state, attempts FROM effect") == ("confirmed", 2)


async def test_cancelling_while_the_label_is_parked_works(shop: Company) -> None:
    shop.outside.sf.failures.append(Rejected("no", code="8057"))
    order = await shop.hear(own_order("1010"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", "label")

    cancel = Cancel(await plan_hash(shop, await order_id(shop)), "too slow", "kefu")
    await order.execute_update("cancel", cancel, result_type=Accepted)

    await shop.status("cancelled")
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance WHERE sku='A'") == (10, 0)
    await everything_adds_up(shop)


async def test_a_short_pick_sends_the_rest_from_elsewhere_or_queues_it(shop: Company) -> None:
    await shop.hear(own_order("1011"))
    no = await shop.first_shipment()
    await shop.pick(no, picked=1)
    await shop.until("SELECT count(*) FROM shipment", 2)
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance WHERE sku='A'") == (9, 2)
    await everything_adds_up(shop)


async def test_a_hold_by_hand_stops_before_the_label(shop: Company) -> None:
    order = await shop.hear(own_order("1012"))
    no = await shop.first_shipment()
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "picking")
    await shop.status("in_fulfilment")
    hold = PlaceHold("call the buyer", "kefu")
    await order.execute_update("hold", hold, result_type=Accepted)
    await shop.pick(no)
    await shop.pack(no)
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "packed")
    assert shop.outside.sf.creates == 0

    release = ReleaseHold("manual", "buyer agreed", "kefu")
    await order.execute_update("release", release, result_type=Accepted)

    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")


async def test_a_lost_parcel_waits_for_a_person(shop: Company) -> None:
    await shop.hear(own_order("1013"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.deliver(no, "lost")
    await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", "parcel:lost")
    decision = ResolveStep("parcel:lost", "done_by_hand", "kefu", "buyer found it")
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)
    await shop.status("delivered")
