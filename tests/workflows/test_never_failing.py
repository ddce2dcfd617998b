"""Orders and shipments do not fail: what would end them waits for a person."""

from typing import Any

from temporalio.client import WorkflowExecutionStatus

from db.inventory.repository import StockRepository
from db.sql import run
from domain.orders.messages import Accepted, ResolveStep
from tests.workflows.world import Company, own_order


async def decide(handle: Any, step: str, action: str = "retry", reason: str = "") -> None:
    decision = ResolveStep(step, action, "admin", reason)  # type: ignore[arg-type]
    await handle.execute_update("resolve_step", decision, result_type=Accepted)


async def change(shop: Company, statement: str) -> None:
    async with shop.sessions.begin() as session:
        await run(session, statement)


async def test_a_refusal_in_the_middle_of_an_order_waits_and_goes_on(shop: Company) -> None:
    await change(shop, "UPDATE location SET ships = false")
    order = await shop.hear(own_order("1"))
    await shop.parked("run")
    assert await shop.row("SELECT cause, error FROM attention") == (
        "UnknownLocation",
        "no location ships orders",
    )

    await change(shop, "UPDATE location SET ships = true")
    await decide(order, "run")

    await shop.status("in_fulfilment")
    await shop.parked()


async def test_a_refusal_in_the_middle_of_a_shipment_waits_and_a_cancellation_goes_on(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.shipment_is(no, "labelled")
    async with shop.sessions.begin() as session:  # somebody tampered with the books
        await StockRepository(session).release(no)
    await shop.hand_over(no)
    await shop.parked("run")
    assert await shop.row("SELECT cause FROM attention") == ("ReservationResolved",)

    status = (await shop.shipment(no).describe()).status
    assert status is WorkflowExecutionStatus.RUNNING
    await decide(shop.shipment(no), "run")
    await shop.until("SELECT count(*) FROM attention", 2)  # still so: parked once more
    assert (await order.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_way_without_a_tariff_parks_that_step_until_there_is_one(shop: Company) -> None:
    await change(shop, "UPDATE tariff SET valid_to = '2020-01-02'")
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.parked("rate")

    await change(shop, "UPDATE tariff SET valid_to = NULL")
    await decide(shop.shipment(no), "rate")

    await shop.shipment_is(no, "labelled")


async def test_whoever_cancels_in_the_engine_is_told_that_orders_are_cancelled_by_plan(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1", state="unpaid"))
    await shop.status("on_hold")

    await order.cancel()

    await shop.parked("run")
    assert await shop.row("SELECT cause, reserved FROM attention, stock_balance") == (
        "Cancelled",
        2,
    )
    await decide(order, "run")
    await shop.hear(own_order("1", 2))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.adds_up()


async def test_a_shipment_cancelled_in_the_engine_goes_on_where_it_was(shop: Company) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.until("SELECT waits_for FROM shipment", "packing")

    await shop.shipment(no).cancel()

    await shop.parked("run")
    await shop.pack(no)
    await decide(shop.shipment(no), "run")
    await shop.shipment_is(no, "labelled")
    assert shop.outside.sf.creates == 1
