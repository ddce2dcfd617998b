"""TOP's queue of messages, refunds and stock: our client and the sandbox, by the vendor's rules."""

from datetime import timedelta

import pytest

from domain.orders.after_sale import AfterSaleKind, AfterSaleStage
from domain.shared.errors import RateLimited, Rejected
from integrations.marketplaces.port import Listing, Push
from integrations.marketplaces.top import TopMarketplace
from integrations.marketplaces.top_after_sale import (
    PAGE_SIZE,
    TOPICS,
    ToldRefund,
    told_after_sale,
)
from integrations.marketplaces.top_messages import TmcMessage, queued
from integrations.sandbox.top_stock import listing_of
from tests.integrations.marketplaces.test_top_client import act, parcel, sell, top
from tests.integrations.sandbox.world import World

REFUND_AGAIN_S = 301


async def _pushes(shop: TopMarketplace) -> list[Push]:
    """What the queue gives, followed topics alone; nothing is confirmed."""
    return [message.push for message in await shop.consume() if message.push is not None]


async def test_messages_are_queued_once_permitted_and_come_again_until_confirmed(
    world: World,
) -> None:
    shop = top(world)
    await sell(world)
    assert await shop.consume() == (), "nobody permitted anything yet"
    await shop.permit()
    await shop.permit()
    (trade,) = await sell(world)

    first = await shop.consume()
    assert await shop.consume() == (), "they are given out"
    await world.pass_time(REFUND_AGAIN_S)
    second = await shop.consume()
    await shop.confirm(tuple(message.receipt for message in second), ())
    await world.pass_time(REFUND_AGAIN_S)

    assert first == second
    assert await shop.consume() == ()
    pushes = [message.push for message in second if message.push]
    assert [(push.topic, push.external_no) for push in pushes] == [
        ("taobao_trade_TradeCreate", str(trade["tid"])),
        ("taobao_trade_TradeBuyerPay", str(trade["tid"])),
    ]
    assert [shop.snapshot(push.raw) for push in pushes] == [None, None]


async def test_every_change_of_a_trade_and_its_refund_is_a_message(world: World) -> None:
    shop = top(world)
    await shop.permit()
    (trade,) = await sell(world, lines=[{"sku": "A", "price": "10.00", "num": 2}])
    await act(world, trade, "modify", seller_memo="x")
    await act(world, trade, "refund")
    await act(world, trade, "refund", refund_status="CLOSED")
    await shop.confirm_shipment(parcel(trade))

    pushes = await _pushes(shop)

    assert [push.topic.split("_")[-1] for push in pushes] == [
        "TradeCreate", "TradeBuyerPay", "TradeChanged", "RefundCreated", "RefundClosed",
        "TradeSellerShip",
    ]  # fmt: skip
    cases = [push.after_sale for push in pushes if push.after_sale]
    assert [case.stage for case in cases] == [AfterSaleStage.REQUESTED, AfterSaleStage.CLOSED]
    assert {case.external_no for case in cases} == {str(trade["tid"])}
    assert cases[0].modified < cases[1].modified


async def test_messages_of_another_seller_in_the_group_are_left_for_him(world: World) -> None:
    await top(world).permit()
    await sell(world)

    assert await top(world, seller_nick="someone else").consume() == ()
    await world.pass_time(REFUND_AGAIN_S)
    assert len(await top(world, seller_nick="onhand旗舰店").consume()) == 2


@pytest.mark.parametrize("content", ["", "[]", "null", '{"tid": {}}', '{"oid": 1}', "\x00"])
@pytest.mark.parametrize("topic", ["taobao_trade_TradeClose", "taobao_refund_RefundClosed"])
def test_a_message_that_names_no_trade_is_kept_for_a_person(topic: str, content: str) -> None:
    message = queued(TmcMessage(id="7", topic=topic, content=content))

    assert message.push is not None
    assert (message.push.external_no, bool(message.push.parked_reason)) == ("", True)


def test_a_topic_we_do_not_follow_is_confirmed_without_being_kept() -> None:
    assert queued(TmcMessage(id="7", topic="taobao_item_ItemUpdate", content="{}")).push is None


async def test_every_refund_of_a_window_comes_over_whatever_its_page(world: World) -> None:
    shop, start = top(world), world.now()
    trades = await sell(world, count=PAGE_SIZE + 5, lines=[{"sku": "A", "price": "9.90"}])
    for trade in trades:
        await act(world, trade, "refund", with_return=True)
    await act(world, trades[0], "refund", refund_status="WAIT_BUYER_RETURN_GOODS", with_return=True)

    found = await shop.changed_after_sales(start, world.now() + timedelta(minutes=5))

    assert len({case.after_sale_no for case in found}) == PAGE_SIZE + 5
    agreed = next(case for case in found if case.external_no == str(trades[0]["tid"]))
    assert (agreed.kind, agreed.stage, agreed.amount_minor) == (
        AfterSaleKind.RETURN, AfterSaleStage.AGREED, 990,
    )  # fmt: skip
    assert agreed.external_line_nos == (str(trades[0]["orders"]["order"][0]["oid"]),)


async def test_a_refund_status_we_do_not_know_decides_nothing(world: World) -> None:
    shop, start = top(world), world.now()
    (trade,) = await sell(world, lines=[{"sku": "A", "price": "9.90"}])
    await act(world, trade, "refund", refund_status="SOMETHING_NEW")

    (case,) = await shop.changed_after_sales(start, world.now() + timedelta(minutes=5))

    assert (case.stage, case.vendor_status) == (AfterSaleStage.UNKNOWN, "SOMETHING_NEW")


async def _stock(world: World) -> dict[str, int]:
    rows = (await world.vendor_http.get("/sandbox/top/stock")).json()
    return {row["outer_sku_id"]: row["quantity"] for row in rows}


async def test_the_count_is_set_by_sku_or_by_listing_and_again_changes_nothing(
    world: World,
) -> None:
    shop = top(world)
    await sell(world, lines=[{"sku": "A", "price": "1.00"}, {"sku": "B", "price": "1.00"}])
    ids = {sku: listing_of(sku) for sku in ("A", "B")}

    for _ in range(2):
        a = {"num_iid": str(ids["A"][0]), "sku_id": ids["A"][1]}
        await shop.set_available(Listing("A", a), 17, "r-1")
        await shop.set_available(Listing("B", {"num_iid": str(ids["B"][0])}), 0, "r-2")

    assert await _stock(world) == {"A": 17, "B": 0}
    assert await shop.available(Listing("A", a)) is None


async def test_a_listing_whose_number_is_not_known_yet_is_refused_before_a_call(
    world: World,
) -> None:
    with pytest.raises(Rejected, match="num_iid") as refused:
        await top(world).set_available(Listing("A"), 1, "r")
    assert refused.value.code == "listing_unknown"


async def test_a_listing_the_channel_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as refused:
        await top(world).set_available(Listing("A", {"num_iid": "1"}), 1, "r")
    assert refused.value.code == "isv.item-not-exist"


async def test_the_queue_that_is_throttled_says_when_to_come_again(world: World) -> None:
    switch = {"vendor": "top", "operation": "taobao.tmc.messages.consume", "kind": "throttle"}
    answer = await world.vendor_http.put("/sandbox/faults", json=switch)
    assert answer.status_code < 300, answer.text

    with pytest.raises(RateLimited):
        await top(world).consume()


def test_a_message_of_a_new_refund_does_not_say_whether_goods_come_back() -> None:
    """So it opens no return yet: one for money alone would pay for goods that are to come."""
    told = ToldRefund.model_validate(
        {"tid": "1", "refund_id": "2", "modified": "2026-05-01 12:00:00", "refund_fee": "3.00"}
    )
    kinds = [told_after_sale(topic, told).kind for topic in TOPICS]
    other, returned = AfterSaleKind.OTHER, AfterSaleKind.RETURN
    assert kinds == [other, returned, returned, other, other]
