"""Cancelling in every state before the carrier has the parcel, and in the moment it takes it."""

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.messages import Accepted, Cancel, ResolveStep
from domain.shared.errors import Rejected
from domain.shared.ids import LocationId, Sku
from tests.workflows.world import Company, own_order

TEA = {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"}
POT = {"line_no": "2", "sku": "X-B", "title": "Pot", "quantity": 1, "payable": "9.00"}
STOCK = "SELECT sku, on_hand, reserved FROM stock_balance WHERE sku = 'B' AND location_id = '{}'"


async def receive_south(shop: Company, sku: str, quantity: int) -> None:
    line = StockLine(StockKey(Sku(sku), LocationId("SOUTH")), quantity)
    async with shop.sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "G-S", "G-S"), [line])


async def shipment_with(shop: Company, sku: str) -> str:
    row = await shop.row(
        "SELECT s.no FROM shipment s JOIN shipment_line l ON l.shipment_no = s.no"
        f" WHERE l.sku = '{sku}' AND s.status <> 'cancelled'"
    )
    return str(row.no)


async def test_an_order_that_waits_for_stock_leaves_the_queue(shop: Company) -> None:
    order = await shop.hear(own_order("1", lines=[POT | {"quantity": 4}]))
    await shop.status("backordered")

    await shop.cancel(order)

    await shop.status("cancelled")
    await shop.receive("B", 5, "GRN-B")
    await shop.until(STOCK.format("HQ"), "B", 5, 0)
    await shop.adds_up()


async def test_goods_that_came_for_a_cancelled_order_go_to_the_next_in_line(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1", lines=[POT | {"quantity": 4}]))
    await shop.until("SELECT count(*) FROM backorder", 1)
    await shop.hear(own_order("2", lines=[POT | {"quantity": 3}]))
    await shop.until("SELECT count(*) FROM backorder", 2)
    await shop.receive("B", 4, "GRN-B")  # serves the first; nobody has told its workflow yet
    plan = await plan_of(shop, "1")

    await order.execute_update("cancel", Cancel(plan, "no", "kefu"), result_type=Accepted)

    await shop.until("SELECT status FROM sales_order WHERE external_no = '1'", "cancelled")
    await shop.until("SELECT status FROM sales_order WHERE external_no = '2'", "in_fulfilment")
    await shop.until(STOCK.format("HQ"), "B", 4, 3)
    await shop.adds_up()


async def plan_of(shop: Company, external_no: str) -> str:
    from db.orders.cancelling import cancellable
    from db.orders.repository import OrderRepository
    from domain.orders.cancellation import plan_cancellation

    async with shop.sessions.begin() as session:
        rows = await run(
            session, "SELECT id FROM sales_order WHERE external_no = :no", no=external_no
        )
        return plan_cancellation(await cancellable(OrderRepository(session), rows[0].id)).hash


async def test_an_order_that_waits_at_a_gate_can_be_cancelled(shop: Company) -> None:
    async with shop.sessions.begin() as session:
        await run(
            session, "INSERT INTO gate (system, state, reason, window_started_at, calls, failures,"
            " changed_by) VALUES ('carrier/sf', 'holding', 'down', now(), 9, 9, 'system')",
        )  # fmt: skip
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.until("SELECT count(*) FROM gate_wait", 1)

    await shop.cancel(order)

    await shop.status("cancelled")
    assert shop.outside.sf.creates == 0
    assert await shop.row("SELECT reserved FROM stock_balance") == (0,)
    await shop.adds_up()


async def test_an_order_whose_channel_cannot_be_asked_can_be_cancelled(shop: Company) -> None:
    order = await shop.hear(own_order("1"), "top")
    no = await shop.first_shipment()
    await shop.shipment_is(no, "picking")
    shop.outside.shop.failures.append(Rejected("no permission", code="11"))
    await shop.hear(own_order("1", buyer_remark="other words, same version"), "top")
    await shop.parked("fetch")

    await shop.cancel(order)

    await shop.shipment_is(no, "cancelled")
    await shop.until("SELECT reserved FROM stock_balance", 0)
    await shop.adds_up()


async def test_of_two_shipments_the_one_that_left_stays_and_only_the_other_is_refunded(
    shop: Company,
) -> None:
    await receive_south(shop, "B", 3)
    order = await shop.hear(own_order("1", lines=[TEA, POT]))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    gone, here = await shipment_with(shop, "A"), await shipment_with(shop, "B")
    await shop.ship(gone)
    await shop.shipment_is(gone, "handed_over")
    await shop.pick(here)
    await shop.pack(here)
    await shop.shipment_is(here, "labelled")

    plan = await shop.plan()
    assert not plan.whole_order
    kinds = [effect.kind for effect in plan.effects]
    assert kinds == ["stop_picking", "void_label", "release_stock", "cancel_line", "cannot_stop",
                     "refund_due"]  # fmt: skip
    await shop.cancel(order)

    await shop.shipment_is(here, "cancelled")
    await shop.status("shipped")
    assert shop.outside.sf.cancelled == ["SF000000000002"]
    assert await shop.row("SELECT refund_due_minor FROM sales_order") == (900,)
    assert tuple(await shop.row(STOCK.format("SOUTH"))) == ("B", 3, 0)
    await shop.adds_up()


async def test_a_parcel_scanned_a_moment_before_has_left_and_nothing_is_cancelled(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.shipment_is(no, "labelled")
    await shop.status("in_fulfilment")
    await shop.hand_over_unheard(no)

    await shop.cancel(order)

    await shop.status("shipped")
    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'cancel_too_late'", 1)
    assert shop.outside.sf.cancelled == []
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (8, 0)
    assert await shop.row("SELECT refund_due_minor FROM sales_order") == (0,)
    await shop.adds_up()


async def test_one_line_of_a_started_shipment_is_cancelled_and_the_rest_is_sent(
    shop: Company,
) -> None:
    await shop.receive("B", 3, "GRN-B")
    order = await shop.hear(own_order("1", lines=[TEA, POT]))
    no = await shop.first_shipment()
    await shop.pick(no)

    await shop.cancel(order, "2")

    await shop.shipment_is(no, "cancelled")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    second = await shipment_with(shop, "A")
    assert await shop.row(
        "SELECT sku, quantity FROM shipment_line WHERE shipment_no = :no", no=second
    ) == ("A", 2)
    assert await shop.row("SELECT refund_due_minor FROM sales_order") == (900,)
    await shop.ship(second)
    await shop.status("shipped")
    await shop.adds_up()


async def test_a_plan_seen_before_another_change_is_refused(shop: Company) -> None:
    await shop.receive("B", 3, "GRN-B")
    order = await shop.hear(own_order("1", lines=[TEA, POT]))
    no = await shop.first_shipment()
    await shop.shipment_is(no, "picking")
    await shop.status("in_fulfilment")
    seen = (await shop.plan()).hash
    await shop.cancel(order, "2")
    await shop.shipment_is(no, "cancelled")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await order.execute_update("cancel", Cancel(seen, "no", "kefu"), result_type=Accepted)

    assert code(refused.value) == "PlanChanged"
    assert await shop.row("SELECT count(*) FROM shipment WHERE status = 'picking'") == (1,)


async def test_a_refund_that_is_due_waits_for_whoever_pays_it(shop: Company) -> None:
    order = await shop.hear(own_order("1"))
    await shop.status("in_fulfilment")
    await shop.cancel(order)
    await shop.parked("refund")

    decision = ResolveStep("refund", "done_by_hand", "kefu")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await order.execute_update("resolve_step", decision, result_type=Accepted)
    assert code(refused.value) == "ActionNotAllowed"  # a reason is needed

    paid = ResolveStep("refund", "done_by_hand", "kefu", "bank transfer 4711")
    await order.execute_update("resolve_step", paid, result_type=Accepted)
    assert await order.result() == "cancelled"
    assert await shop.row(
        "SELECT actor, action, reason FROM audit_log WHERE action = 'step.done_by_hand'"
    ) == ("kefu", "step.done_by_hand", "bank transfer 4711")


def code(error: WorkflowUpdateFailedError) -> str:
    cause: Any = error.cause
    while getattr(cause, "type", None) is None and cause.cause is not None:
        cause = cause.cause
    return str(cause.type)
