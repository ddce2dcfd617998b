"""Selling ahead of stock: what shops are offered, and to whom the units to come are promised."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest_asyncio

from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from api.channels.sell_rules import OfferView, offers_of
from db.audit import audit
from db.channels.tables import ChannelSkuRow
from db.engine import Sessions
from db.inventory.expecting import delays_over, expect_again
from db.inventory.partner_tables import SupplierRow
from db.inventory.preorders import Preorders
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.sql import run
from domain.inventory.preorders import PreorderMode, PreorderRule
from tests.activities.orders.network import rows, seed_company, seed_order, stock

DAY = datetime.now(UTC).date() + timedelta(days=20)
WAITING = "SELECT order_id, expected_on FROM backorder WHERE state = 'waiting' ORDER BY 1"
LIVE = "SELECT order_id, cause FROM attention WHERE resolved_at IS NULL"


@pytest_asyncio.fixture
async def purchase(sessions: Sessions) -> str:
    """Ten A are to come to the place of first priority; the shop sells A as T-A, ahead as well."""
    await seed_company(sessions)
    async with sessions.begin() as session:
        session.add(SupplierRow(code="acme", name="Acme", lead_time_days=7))
        session.add(ChannelSkuRow(shop_id="shop", external_sku="T-A", sku="A", factor=1))
        await session.flush()
        draft = PurchaseDraft("acme", "EAST", [DraftLine("A", 10, 100)], actor="buyer")
        no = await PurchaseOrders(session).draft(draft)
        await Preorders(session).save("A", "", PreorderRule(PreorderMode.INBOUND), "li")
    return no


async def _is(sessions: Sessions, no: str, state: str, day: date = DAY) -> None:
    async with sessions.begin() as session:
        await run(
            session, "UPDATE purchase_order SET state = CAST(:state AS text), expected_on = :day,"
            " closed_at = CASE WHEN CAST(:state AS text) = 'cancelled' THEN now() END"
            " WHERE no = :no",
            no=no, state=state, day=day,
        )  # fmt: skip
        await expect_again(session, no, datetime.now(UTC))


async def _offer(sessions: Sessions) -> OfferView:
    async with sessions.begin() as session:
        [found] = await offers_of(session, "A")
    return found


async def _asks(sessions: Sessions, number: str, units: int) -> Any:
    batcher = AllocationBatcher(sessions, OrderRules())
    return await batcher.allocate(await seed_order(sessions, number, {"A": units}))


async def test_a_listing_switches_itself_on_with_the_order_at_the_supplier_and_off_when_it_is_sold(
    sessions: Sessions, purchase: str
) -> None:
    await stock(sessions, {("EAST", "A"): 2})
    assert (await _offer(sessions)).preorder == 0  # a draft promises nothing
    await _is(sessions, purchase, "sent")

    found = await _offer(sessions)
    assert (found.offered, found.stock, found.preorder, found.preorder_day) == (12, 2, 10, DAY)
    assert [(step.why, step.units) for step in found.steps] == [("free", 2), ("ahead", 12)]

    await _asks(sessions, "1", 2)
    await _asks(sessions, "2", 7)
    found = await _offer(sessions)
    assert (found.stock, found.preorder, found.preorder_day) == (0, 3, DAY)
    await _asks(sessions, "3", 3)
    found = await _offer(sessions)
    assert (found.offered, found.preorder_day) == (0, None)
    assert await rows(sessions, WAITING) == [("ord_2", DAY), ("ord_3", DAY)]
    told = "SELECT kind, data->>'day' FROM order_event WHERE order_id = 'ord_2' AND source <> ''"
    assert ("goods_expected", DAY.isoformat()) in await rows(sessions, told)


async def test_a_shops_own_rule_counts_before_the_rule_for_all(
    sessions: Sessions, purchase: str
) -> None:
    await _is(sessions, purchase, "sent")
    async with sessions.begin() as session:
        await Preorders(session).save("A", "shop", PreorderRule(PreorderMode.FIXED, 3), "li")
    assert (await _offer(sessions)).preorder == 3
    async with sessions.begin() as session:
        await Preorders(session).save("A", "shop", PreorderRule(), "li")
    assert (await _offer(sessions)).preorder == 0


async def test_of_two_orders_at_once_one_is_promised_the_last_unit_to_come(
    sessions: Sessions, purchase: str
) -> None:
    await _is(sessions, purchase, "sent")
    await _asks(sessions, "1", 9)
    asked = [await seed_order(sessions, number, {"A": 1}) for number in ("2", "3", "4")]

    await asyncio.gather(
        *(AllocationBatcher(sessions, OrderRules()).allocate(one) for one in asked)
    )

    days = [day for _, day in await rows(sessions, WAITING)]
    assert sorted(days, key=str) == [DAY, DAY, None, None]
    assert (await _offer(sessions)).offered == 0
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_goods_that_come_later_or_never_move_the_promise_and_somebody_tells_the_buyer(
    sessions: Sessions, purchase: str
) -> None:
    await _is(sessions, purchase, "sent")
    await _asks(sessions, "1", 4)
    assert await rows(sessions, LIVE) == []

    later = DAY + timedelta(days=5)
    await _is(sessions, purchase, "acknowledged", later)
    assert await rows(sessions, WAITING) == [("ord_1", later)]
    assert await rows(sessions, LIVE) == [("ord_1", "GoodsDelayed")]

    await _is(sessions, purchase, "acknowledged", DAY)
    assert await rows(sessions, LIVE) == []

    await _is(sessions, purchase, "cancelled")
    assert await rows(sessions, WAITING) == [("ord_1", None)]
    assert await rows(sessions, LIVE) == [("ord_1", "GoodsDelayed")]
    assert (await _offer(sessions)).preorder == 0

    await stock(sessions, {("EAST", "A"): 4})  # from somebody else
    async with sessions.begin() as session:
        assert await delays_over(session) == 1
    assert await rows(sessions, LIVE) == []
