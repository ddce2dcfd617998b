"""Two orders of one receiver, and what the desk and the warehouse do with them."""

from typing import Any

from temporalio.client import WorkflowHandle

from db.orders.warehouse import Box, Warehouse
from db.shared import regrouping
from domain.orders.merging import MergePlan
from domain.orders.messages import Accepted, ChangeByPlan
from tests.workflows.world import Company, own_order

Handle = WorkflowHandle[Any, Any]


async def order_id(shop: Company, external_no: str) -> str:
    row = await shop.row("SELECT id FROM sales_order WHERE external_no = :no", no=external_no)
    return str(row.id)


async def shipment_of(shop: Company, external_no: str) -> str:
    row = await shop.row(
        "SELECT min(s.no) AS no FROM shipment s JOIN sales_order o ON o.id = s.order_id"
        " WHERE o.external_no = :no AND s.status <> 'cancelled'",
        no=external_no,
    )
    return str(row.no)


async def two_orders(shop: Company) -> tuple[Handle, Handle]:
    """Both on the pick list, each by itself."""
    first = await shop.hear(own_order("1"))
    second = await shop.hear(own_order("2"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    return first, second


async def merge_plan(shop: Company, one: str, *others: str) -> MergePlan:
    async with shop.sessions.begin() as session:
        rows = [await order_id(shop, other) for other in others]
        return await regrouping.merge_plan(session, await order_id(shop, one), rows)


async def merged(shop: Company, first: Handle, change_id: str = "c1") -> MergePlan:
    plan = await merge_plan(shop, "1", "2")
    command = ChangeByPlan(
        "merge", change_id, plan.hash, "asked for", "kefu", (await order_id(shop, "2"),)
    )
    await first.execute_update("change", command, result_type=Accepted)
    await shop.deliver_signals()
    return plan


async def picks(shop: Company, no: str, found: dict[str, int] | None = None) -> None:
    await shop.shipment_is(no, "picking")
    async with shop.sessions.begin() as session:
        await Warehouse(session).pick(no, found)
    await shop.deliver_signals()
    await shop.until(f"SELECT waits_for FROM shipment WHERE no = '{no}'", "packing")


async def packs(shop: Company, no: str) -> None:
    async with shop.sessions.begin() as session:
        await Warehouse(session).pack(no, [Box(2000)])
    await shop.deliver_signals()


async def hands_over(shop: Company, no: str) -> None:
    async with shop.sessions.begin() as session:
        await Warehouse(session).hand_over(no)
    await shop.deliver_signals()


async def statuses(shop: Company, expected: dict[str, str]) -> None:
    for no, status in expected.items():
        await shop.until(f"SELECT status FROM sales_order WHERE external_no = '{no}'", status)


async def sent_together(shop: Company) -> MergePlan:
    """Two orders, put together by a person, all the way to the door."""
    first, second = await two_orders(shop)
    plan = await merged(shop, first)
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    await hands_over(shop, plan.lead)
    await statuses(shop, {"1": "shipped", "2": "shipped"})
    await shop.deliver(plan.lead)
    await statuses(shop, {"1": "delivered", "2": "delivered"})
    assert await first.result() == await second.result() == "completed"
    return plan
