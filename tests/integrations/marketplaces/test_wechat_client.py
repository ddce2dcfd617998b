"""WeChat shops on the wire: tokens, sealed events in JSON and XML, parcels, stock, cases."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest

from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.address import Contact, MaskedReceiver
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.access import Limit
from integrations.marketplaces.port import (
    Listing,
    ShipConfirmation,
    ShippedLine,
)
from integrations.marketplaces.wechat import LIMITS, WechatMarketplace
from integrations.marketplaces.wechat_errors import WechatCodes, WechatHead, wechat_error
from tests.integrations.marketplaces.shops import act, sell, wechat
from tests.integrations.sandbox.world import World

TOKEN = "/cgi-bin/stable_token"
ORDER, SEND = "/channels/ec/order/get", "/channels/ec/order/delivery/send"
TWO_LINES = [
    {"sku": "A", "price": "199.00", "num": 2},
    {"sku": "B", "price": "88.50", "num": 1},
]


async def fetched(shop: WechatMarketplace, number: str) -> OrderSnapshot:
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    return snapshot


async def whole(shop: WechatMarketplace, number: str, waybill_no: str = "SF1") -> ShipConfirmation:
    """One parcel with everything in it."""
    lines = (await fetched(shop, number)).lines
    units = tuple(ShippedLine(line.external_line_no, line.quantity) for line in lines)
    return ShipConfirmation(number, "P1", "sf", waybill_no, units, False)


async def test_an_order_comes_over_with_its_money_exact(world: World) -> None:
    (number,) = await sell(world, "wechat", lines=TWO_LINES, post_fee="12.00")

    snapshot = await fetched(wechat(world), number)

    assert (snapshot.channel, snapshot.external_no) == ("wechat", number)
    assert snapshot.state is ChannelState.PAID
    assert [line.external_sku for line in snapshot.lines] == ["A", "B"]
    assert sum(line.payable_minor for line in snapshot.lines) == 39800 + 8850 - 1000
    assert snapshot.captured_minor == 39800 + 8850 - 1000 + 1200
    assert isinstance(snapshot.receiver, Contact)


async def test_a_masked_receiver_is_accepted(world: World) -> None:
    (number,) = await sell(world, "wechat", masked=True)

    receiver = (await fetched(wechat(world), number)).receiver

    assert isinstance(receiver, MaskedReceiver)
    assert receiver.oaid
    assert receiver.address.detail == "***"


async def test_each_change_on_the_platform_is_a_newer_version(world: World) -> None:
    (number,) = await sell(world, "wechat", paid=False)
    shop = wechat(world)
    seen = [await fetched(shop, number)]
    for action, body in (
        ("pay", {}),
        ("modify", {"receiver_address": "天河路1号", "buyer_message": "快"}),
        ("freeze", {}),
        ("freeze", {"frozen": False}),
        ("close", {}),
    ):
        await act(world, "wechat", number, action, **body)
        seen.append(await fetched(shop, number))

    assert [one.state for one in seen] == ["unpaid", "paid", "paid", "frozen", "paid", "cancelled"]
    assert isinstance(seen[2].receiver, Contact)
    assert (seen[2].receiver.address.detail, seen[2].buyer_remark) == ("天河路1号", "快")
    assert seen[3].receiver is None
    assert [one.version for one in seen] == sorted({one.version for one in seen})


async def test_one_token_serves_all_calls_of_all_clients(world: World) -> None:
    numbers = await sell(world, "wechat", count=3)

    await asyncio.gather(*(wechat(world).fetch_raw(number) for number in numbers))

    assert len(await world.calls(operation=TOKEN)) == 1


async def test_a_token_is_renewed_before_it_is_over(world: World) -> None:
    (number,) = await sell(world, "wechat")
    await wechat(world).fetch_raw(number)
    world.clock += timedelta(seconds=7200 - 299)

    await wechat(world).fetch_raw(number)

    assert len(await world.calls(operation=TOKEN)) == 2
    assert all(call["executed"] for call in await world.calls(operation=ORDER))


async def test_a_refused_token_is_replaced_once_and_the_call_repeated(world: World) -> None:
    (number,) = await sell(world, "wechat")
    shop = wechat(world)
    await shop.fetch_raw(number)
    (await world.vendor_http.post("/sandbox/wechat/token/revoke")).raise_for_status()

    assert (await fetched(shop, number)).external_no == number

    assert [call["executed"] for call in await world.calls(operation=ORDER)] == [True, False, True]
    assert len(await world.calls(operation=TOKEN)) == 2


async def test_where_the_stable_token_itself_is_refused_a_new_one_is_forced(world: World) -> None:
    asked: list[bool] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path.endswith(TOKEN):
            asked.append(body["force_refresh"])
            token = "new" if body["force_refresh"] else "old"
            return httpx.Response(200, json={"access_token": token, "expires_in": 7200})
        fine = request.url.params["access_token"] == "new"
        return httpx.Response(200, json={"errcode": 0 if fine else 40001})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await wechat(world, http=http).fetch_raw("1")
        await wechat(world, http=http).fetch_raw("1")

    assert asked == [False, False, True]


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_stays_refused_stops_the_shop(world: World, code: int) -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if request.url.path.endswith(TOKEN):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 7200})
        return httpx.Response(200, json={"errcode": code, "errmsg": "no"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(CredentialsRefused) as caught:
            await wechat(world, http=http).fetch_raw("1")

    assert caught.value.code == str(code)
    assert sum(path.endswith(ORDER) for path in calls) == 2


async def test_no_error_and_no_client_shows_a_token_or_secret(world: World) -> None:
    shop = wechat(world, app_secret="top-secret")

    with pytest.raises(CredentialsRefused) as caught:
        await shop.fetch_raw("1")

    assert caught.value.code == "40125"
    assert "secret" not in str(caught.value).replace("appsecret", "")
    assert "top-secret" not in repr(shop)


async def test_who_is_not_on_the_list_of_addresses_is_not_let_in(world: World) -> None:
    transport = httpx.MockTransport(
        lambda request: httpx.Response(
            200 if request.url.path.endswith(TOKEN) else 403,
            json={"access_token": "t", "expires_in": 60},
        )
    )
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(CredentialsRefused) as caught:
            await wechat(world, http=http).fetch_raw("1")

    assert caught.value.code == "403"


@pytest.mark.parametrize(
    ("code", "asked", "told"),
    [
        (-1, Unavailable, AnswerLost),
        (45009, RateLimited, RateLimited),
        (45011, RateLimited, RateLimited),
        (40013, CredentialsRefused, CredentialsRefused),
        (40164, CredentialsRefused, CredentialsRefused),
        (48001, CredentialsRefused, CredentialsRefused),
        (10020052, Rejected, Rejected),
    ],
)
def test_every_code_has_its_family(
    code: int, asked: type[IntegrationError], told: type[IntegrationError]
) -> None:
    head = WechatHead(errcode=code, errmsg="m")

    errors = [wechat_error(head, WechatCodes(), changes=changes) for changes in (False, True)]

    assert [type(error) for error in errors] == [asked, told]
    assert (errors[0].code, errors[0].system, str(errors[0])) == (str(code), "wechat", "m")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b'{"errcode":null}'])
async def test_an_answer_that_is_none_leaves_open_what_was_done(world: World, body: bytes) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": 7200}
        if request.url.path.endswith(TOKEN):
            return httpx.Response(200, json=token)
        return httpx.Response(200, content=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        shop = wechat(world, http=http)
        with pytest.raises(Unavailable):
            await shop.fetch_raw("1")
        with pytest.raises(AnswerLost):
            await shop.confirm_shipment(
                ShipConfirmation("1", "P1", "sf", "SF1", (ShippedLine("1:2", 1),), False)
            )


async def test_every_changed_order_is_on_one_of_the_pages_with_its_own_time(world: World) -> None:
    start = world.clock
    numbers = await sell(world, "wechat", count=103)
    world.clock += timedelta(minutes=5)
    await act(world, "wechat", numbers[0], "modify", seller_memo="加急")
    shop = wechat(world)
    end = world.clock + timedelta(minutes=1)

    pages = await shop.changed_page_count(start, end)
    seen = [one for page in range(pages, 0, -1) for one in await shop.changed(start, end, page)]

    assert pages == 2
    assert sorted(one.external_no for one in seen) == sorted(numbers)
    times = {one.external_no: one.modified for one in seen}
    assert (times[numbers[0]], times[numbers[1]]) == (world.clock, start)
    assert await shop.changed_page_count(end, end) == 0
    assert await shop.changed(start, end, 3) == ()


async def test_an_order_that_cannot_be_read_does_not_stop_the_page(world: World) -> None:
    good, odd = await sell(world, "wechat", count=2)
    await act(world, "wechat", odd, "modify", status="77")
    start, end = world.clock - timedelta(minutes=1), world.clock + timedelta(minutes=1)

    found = {one.external_no: one.modified for one in await wechat(world).changed(start, end, 1)}

    assert found == {good: world.clock, odd: end}


async def test_each_parcel_is_told_with_its_units(world: World) -> None:
    (number,) = await sell(world, "wechat", lines=TWO_LINES)
    shop = wechat(world)
    a, b = (line.external_line_no for line in (await fetched(shop, number)).lines)
    first = ShipConfirmation(
        number, "P1", "zto", "Z1", (ShippedLine(a, 1), ShippedLine(b, 1)), True
    )
    second = ShipConfirmation(number, "P2", "sf", "S2", (ShippedLine(a, 1),), True)

    await shop.confirm_shipment(first)
    between = (await fetched(shop, number)).state
    await shop.confirm_shipment(second)
    await shop.confirm_shipment(second)  # refused, for it is known

    assert between is ChannelState.PART_SHIPPED
    assert (await fetched(shop, number)).state is ChannelState.SHIPPED
    calls = await world.calls(operation=SEND)
    assert [call["executed"] for call in calls] == [False, True, True]
    product, sku = a.split(":")
    (told,) = json.loads(calls[1]["request"])["delivery_list"]
    assert told == {
        "delivery_id": "SF",
        "waybill_id": "S2",
        "deliver_type": 1,
        "product_infos": [{"product_id": product, "sku_id": sku, "product_cnt": 1}],
    }
    assert json.loads(calls[2]["request"])["delivery_list"][0]["delivery_id"] == "ZTO"


async def test_two_lines_of_one_product_are_told_as_one(world: World) -> None:
    lines = [{"sku": "A", "price": "9.00"}, {"sku": "A", "price": "0", "num": 2}]
    (number,) = await sell(world, "wechat", lines=lines)
    shop = wechat(world)

    await shop.confirm_shipment(await whole(shop, number))

    (call,) = await world.calls(operation=SEND)
    (info,) = json.loads(call["request"])["delivery_list"][0]["product_infos"]
    assert info["product_cnt"] == 3
    assert (await fetched(shop, number)).state is ChannelState.SHIPPED


@pytest.mark.parametrize("action", ["close", "freeze"])
async def test_what_must_not_leave_cannot_be_shipped(world: World, action: str) -> None:
    (number,) = await sell(world, "wechat")
    shop = wechat(world)
    parcel = await whole(shop, number)
    await act(world, "wechat", number, action)

    with pytest.raises(Rejected) as caught:
        await shop.confirm_shipment(parcel)

    assert caught.value.code == "10020052"


async def test_a_lost_answer_can_simply_be_told_again(world: World) -> None:
    (number,) = await sell(world, "wechat")
    shop = wechat(world)
    parcel = await whole(shop, number)
    await world.fault(vendor="wechat", operation=SEND, kind="error_after", times=1)

    with pytest.raises(AnswerLost):
        await shop.confirm_shipment(parcel)
    await shop.confirm_shipment(parcel)

    assert (await fetched(shop, number)).state is ChannelState.SHIPPED


async def test_a_carrier_without_a_code_is_asked_of_the_shop(world: World) -> None:
    parcel = ShipConfirmation("1", "P1", "ownvan", "V1", (), False)

    with pytest.raises(Rejected) as caught:
        await wechat(world).confirm_shipment(parcel)

    assert caught.value.code == "unknown_carrier"


async def test_stock_is_set_and_read_back(world: World) -> None:
    shop = wechat(world)
    listing = Listing("TEA-1", {"product_id": "10", "sku_id": "20"})

    for units in (7, 3):
        await shop.set_available(listing, units, "r")

    assert await shop.available(listing) == 3
    for ids, code in (({}, "no_product_id"), ({"product_id": "1"}, "no_sku_id")):
        with pytest.raises(Rejected) as caught:
            await shop.set_available(Listing("TEA-1", ids), 7, "r")
        assert caught.value.code == code


async def test_when_throttled_we_wait(world: World) -> None:
    await wechat(world).changed_page_count(world.clock, world.clock)
    await world.fault(vendor="wechat", kind="throttle", times=1)

    with pytest.raises(RateLimited) as caught:
        await wechat(world).fetch_raw("1")

    assert (caught.value.code, caught.value.retry_after_s >= 1) == ("45011", True)


@dataclass
class Recorded:
    methods: list[str] = field(default_factory=list)

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        self.methods.append(method)
        return nullcontext()


async def test_calls_keep_the_shops_pace(world: World) -> None:
    pace = Recorded()
    shop = wechat(world)
    shop = replace(shop, access=replace(shop.access, pace=pace))

    await shop.set_available(Listing("1", {"product_id": "1", "sku_id": "1"}), 5, "r-1")

    assert pace.methods == [call["operation"] for call in reversed(await world.calls())]
    assert set(LIMITS.values()) == {Limit(10_000, 60)}
