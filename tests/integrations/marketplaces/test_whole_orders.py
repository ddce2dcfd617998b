"""What JD, Pinduoduo and Douyin have in common: pulled, paid, frozen, shipped, closed."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.address import Contact, MaskedReceiver
from domain.shared.errors import (
    AnswerLost,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.douyin import DouyinMarketplace
from integrations.marketplaces.jd import JdMarketplace
from integrations.marketplaces.pdd import PddMarketplace
from integrations.marketplaces.port import Listing
from tests.integrations.marketplaces.shops import act, douyin, jd, parcel, pdd, sell
from tests.integrations.sandbox.world import World

Shop = JdMarketplace | PddMarketplace | DouyinMarketplace
Open = Callable[..., Shop]
VENDORS = [
    pytest.param("jd", jd, id="jd"),
    pytest.param("pdd", pdd, id="pdd"),
    pytest.param("douyin", douyin, id="douyin"),
]
SEND = {
    "jd": "jingdong.pop.order.shipment",
    "pdd": "pdd.logistics.online.send",
    "douyin": "/order/logisticsAdd",
}
NUMBERS: dict[str, Any] = {"jd": 121, "pdd": 121, "douyin": "yunda"}
THREE_LINES = [
    {"sku": "A", "price": "199.00", "num": 1},
    {"sku": "B", "price": "88.50", "num": 2},
    {"sku": "C", "price": "0.01", "num": 3},
]


@dataclass
class Recorded:
    methods: list[str] = field(default_factory=list)

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        self.methods.append(method)
        return nullcontext()


pytestmark = pytest.mark.parametrize(("vendor", "open_shop"), VENDORS)


async def state(shop: Shop, number: str) -> ChannelState:
    return (await fetched(shop, number)).state


async def fetched(shop: Shop, number: str) -> OrderSnapshot:
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    return snapshot


async def test_an_order_comes_over_with_its_money_exact(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor, lines=THREE_LINES, post_fee="12.00")
    shop = open_shop(world)
    reduced = {"jd": 2000, "pdd": 500, "douyin": 1500}[vendor]

    snapshot = await fetched(shop, number)

    assert (snapshot.channel, snapshot.shop) == (vendor, f"{vendor}-1")
    assert snapshot.external_no == number
    assert snapshot.state is ChannelState.PAID
    assert [line.external_sku for line in snapshot.lines] == ["A", "B", "C"]
    assert [line.list_minor for line in snapshot.lines] == [19900, 17700, 3]
    assert sum(line.discount_minor for line in snapshot.lines) == reduced
    assert snapshot.freight_minor == 1200
    assert snapshot.captured_minor == 19900 + 17700 + 3 - reduced + 1200
    assert isinstance(snapshot.receiver, Contact)


async def test_a_masked_receiver_is_accepted(world: World, vendor: str, open_shop: Open) -> None:
    (number,) = await sell(world, vendor, masked=True)
    shop = open_shop(world)

    receiver = (await fetched(shop, number)).receiver

    assert isinstance(receiver, MaskedReceiver)
    assert receiver.oaid
    assert receiver.address.city
    assert "*" in receiver.phone_mask
    assert receiver.address.detail == "***"


async def test_every_changed_order_is_on_one_of_the_pages(
    world: World, vendor: str, open_shop: Open
) -> None:
    start = world.clock
    numbers = await sell(world, vendor, count=103)
    world.clock += timedelta(minutes=5)
    shop = open_shop(world)

    pages = await shop.changed_page_count(start, world.clock)
    seen = [
        changed.external_no
        for page in range(pages, 0, -1)
        for changed in await shop.changed(start, world.clock, page)
    ]

    assert pages == {"jd": 3, "pdd": 2, "douyin": 2}[vendor]
    assert sorted(seen) == sorted(numbers)


async def test_only_what_changed_in_the_window_is_listed_with_its_time(
    world: World, vendor: str, open_shop: Open
) -> None:
    _, new = await sell(world, vendor, count=2)
    later = world.clock = world.clock + timedelta(hours=1)
    await act(world, vendor, new, "modify", seller_memo="加急")
    shop = open_shop(world)

    (changed,) = await shop.changed(later - timedelta(minutes=1), later, 1)

    assert (changed.external_no, changed.modified) == (new, later)
    quiet = later + timedelta(minutes=10)
    assert await shop.changed_page_count(later + timedelta(minutes=1), quiet) == 0


async def test_each_change_on_the_platform_is_a_newer_version(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor, paid=False)
    shop = open_shop(world)
    seen = [await fetched(shop, number)]

    for action, body in (
        ("pay", {}),
        ("modify", {"receiver_address": "天河路1号", "buyer_message": "快"}),
        ("freeze", {}),
        ("freeze", {"frozen": False}),
        ("close", {}),
    ):
        await act(world, vendor, number, action, **body)
        seen.append(await fetched(shop, number))

    assert [one.state for one in seen] == [
        ChannelState.UNPAID,
        ChannelState.PAID,
        ChannelState.PAID,
        ChannelState.FROZEN,
        ChannelState.PAID,
        ChannelState.CANCELLED,
    ]
    assert isinstance(seen[2].receiver, Contact)
    assert (seen[2].receiver.address.detail, seen[2].buyer_remark) == ("天河路1号", "快")
    assert [one.captured_minor > 0 for one in seen] == [False, True, True, True, True, False]
    assert [one.version for one in seen] == sorted({one.version for one in seen})


async def test_a_parcel_ships_the_order(world: World, vendor: str, open_shop: Open) -> None:
    (number,) = await sell(world, vendor)
    shop = open_shop(world)

    await shop.confirm_shipment(parcel(number))

    assert await state(shop, number) is ChannelState.SHIPPED


async def test_telling_a_parcel_twice_is_no_error(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor)
    shop = open_shop(world)

    await shop.confirm_shipment(parcel(number))
    await shop.confirm_shipment(parcel(number))

    executed = [call["executed"] for call in await world.calls(operation=SEND[vendor])]
    assert executed == [False, True]


async def test_a_lost_answer_can_simply_be_told_again(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor)
    shop = open_shop(world)
    await world.fault(vendor=vendor, operation=SEND[vendor], kind="error_after", times=1)

    with pytest.raises(AnswerLost):
        await shop.confirm_shipment(parcel(number))
    await shop.confirm_shipment(parcel(number))

    assert await state(shop, number) is ChannelState.SHIPPED


async def test_an_order_shipped_by_somebody_else_is_told_to_us(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor)
    shop = open_shop(world)
    await shop.confirm_shipment(parcel(number, "SF1"))

    with pytest.raises(Rejected) as caught:
        await shop.confirm_shipment(parcel(number, "SF2"))

    assert caught.value.system == vendor


@pytest.mark.parametrize("action", ["close", "freeze"])
async def test_what_must_not_leave_cannot_be_shipped(
    world: World, vendor: str, open_shop: Open, action: str
) -> None:
    (number,) = await sell(world, vendor)
    await act(world, vendor, number, action)

    with pytest.raises(Rejected):
        await open_shop(world).confirm_shipment(parcel(number))


async def test_a_carrier_without_a_number_is_asked_of_the_shop(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor)

    with pytest.raises(Rejected) as caught:
        await open_shop(world).confirm_shipment(parcel(number, "X1", "ownvan"))
    assert caught.value.code == "unknown_carrier"

    named = open_shop(world, settings={"carrier_ids": {"ownvan": NUMBERS[vendor]}})
    await named.confirm_shipment(parcel(number, "X1", "ownvan"))
    assert await state(named, number) is ChannelState.SHIPPED


async def test_an_unknown_order_is_refused(world: World, vendor: str, open_shop: Open) -> None:
    with pytest.raises(Rejected) as caught:
        await open_shop(world).fetch_raw("404")

    assert type(caught.value) is Rejected
    assert "订单不存在" in str(caught.value)


async def test_when_throttled_we_wait(world: World, vendor: str, open_shop: Open) -> None:
    await world.fault(vendor=vendor, kind="throttle", times=1)

    with pytest.raises(RateLimited) as caught:
        await open_shop(world).fetch_raw("1")

    assert caught.value.retry_after_s >= 1


@pytest.mark.parametrize(
    ("body", "status", "asked", "told"),
    [
        (b"<html>maintenance</html>", 200, Unavailable, AnswerLost),
        (b"", 200, Unavailable, AnswerLost),
        (b"[]", 200, Unavailable, AnswerLost),
        (b"{}", 200, Unavailable, AnswerLost),
        (b'{"error_response":[]}', 200, Unavailable, AnswerLost),
        (b"down", 502, Unavailable, AnswerLost),
        (b"no", 403, Rejected, Rejected),
    ],
)
async def test_an_answer_that_is_none_leaves_open_what_was_done(
    world: World,
    vendor: str,
    open_shop: Open,
    body: bytes,
    status: int,
    asked: type[IntegrationError],
    told: type[IntegrationError],
) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    now = world.clock
    async with httpx.AsyncClient(transport=answer) as http:
        shop = open_shop(world, http=http, settings={"carrier_ids": {"sf": 1}})
        with pytest.raises(IntegrationError) as asking:
            await shop.changed_page_count(now - timedelta(minutes=1), now)
        with pytest.raises(IntegrationError) as telling:
            await shop.confirm_shipment(parcel("1"))

    assert (type(asking.value), type(telling.value)) == (asked, told)


async def test_calls_keep_the_shops_pace(world: World, vendor: str, open_shop: Open) -> None:
    pace = Recorded()
    (number,) = await sell(world, vendor)
    shop = open_shop(world)
    shop = replace(shop, access=replace(shop.access, pace=pace))

    await shop.confirm_shipment(parcel(number, carrier="yunda"))
    await shop.set_available(Listing("1", {"goods_id": "1", "sku_id": "1"}), 5, "r-1")

    assert pace.methods == [call["operation"] for call in reversed(await world.calls())]


async def test_every_operation_of_the_sandbox_can_be_disturbed(
    world: World, vendor: str, open_shop: Open
) -> None:
    operations: dict[str, Any] = (await world.vendor_http.get("/sandbox/operations")).json()

    for operation in operations[vendor]:
        await world.fault(vendor=vendor, operation=operation, kind="delay", delay_s=0)
    assert SEND[vendor] in operations[vendor]
