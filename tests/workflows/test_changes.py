"""What a channel changes while its order is worked on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from tests.people import receiver_of, said
from tests.workflows.world import Company, company, own_order

MOVED: dict[str, Any] = {
    "name": "李大力", "phone": "13900000002", "province": "浙江省", "city": "宁波市",
    "district": "鄞州区", "detail": "天童南路 700 号",
}  # fmt: skip
HELD = "SELECT kind, reason FROM order_hold WHERE released_at IS NULL"
ONE_LESS = [{"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 1, "payable": "10.00"}]


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        yield shop


async def in_hand(shop: Company) -> str:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    return no


async def labelled(shop: Company, no: str) -> None:
    await shop.pack(no)
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")


async def test_a_new_address_before_the_label_is_taken_over(shop: Company) -> None:
    no = await in_hand(shop)

    await shop.hear(own_order("1", revision=2, receiver=MOVED))
    await shop.until("SELECT city, version FROM receiver", "宁波市", 2)
    assert (await receiver_of(shop.sessions)).name == "李大力"
    await labelled(shop, no)

    assert await shop.row("SELECT count(*) FROM order_hold") == (0,)
    assert await shop.row("SELECT count(*) FROM shipment") == (1,)


async def test_fewer_goods_after_picking_began_wait_for_a_person_once(shop: Company) -> None:
    await in_hand(shop)

    await shop.hear(own_order("1", revision=2, lines=ONE_LESS))

    reason = "the channel changed the lines after work on them had begun: 1: 2 → 1"
    await shop.until(HELD, "manual", reason)
    await shop.row(
        "UPDATE order_hold SET released_at = now(), released_by = 'kefu' RETURNING order_id"
    )
    await shop.hear(own_order("1", revision=3, lines=ONE_LESS, seller_remark="quick"))
    await shop.until("SELECT version_revision FROM sales_order", 3)
    assert (await said(shop.sessions))["seller_remark"] == "quick"
    assert await shop.row("SELECT count(*) FROM order_hold") == (1,)


async def test_before_anybody_works_on_it_an_order_is_planned_anew(shop: Company) -> None:
    await shop.hear(own_order("1", state="unpaid"))
    await shop.until("SELECT reserved FROM stock_balance WHERE sku = 'A'", 2)

    await shop.hear(own_order("1", revision=2, lines=ONE_LESS))

    await shop.until("SELECT reserved FROM stock_balance WHERE sku = 'A'", 1)
