"""Our TOP client and the TOP sandbox, each by the vendor's rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

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
from integrations.marketplaces.port import ShipConfirmation, ShippedLine
from integrations.marketplaces.signing import TopSignMethod
from integrations.marketplaces.top import PAGE_SIZE, TopMarketplace
from tests.integrations.sandbox.world import World

SEND = "taobao.logistics.offline.send"


def top(world: World, **changes: Any) -> TopMarketplace:
    account = world.sandbox.settings.top
    fields: dict[str, Any] = {
        "shop": "shop_1",
        "url": "http://sandbox/top/router/rest",
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "session": account.sessions[0],
        "http": world.vendor_http,
        "now": world.now,
    }
    return TopMarketplace(**{**fields, **changes})


async def sell(world: World, **new: Any) -> list[dict[str, Any]]:
    answer = await world.vendor_http.post("/sandbox/top/trades", json=new)
    assert answer.status_code == 201, answer.text
    trades: list[dict[str, Any]] = answer.json()
    return trades


async def read(shop: TopMarketplace, number: str) -> OrderSnapshot:
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    return snapshot


async def act(world: World, trade: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    path = f"/sandbox/top/trades/{trade['tid']}/{action}"
    answer = (await world.vendor_http.post(path, json=body)).raise_for_status()
    changed: dict[str, Any] = answer.json()
    return changed


def parcel(trade: dict[str, Any], waybill_no: str = "SF1", *lines: int) -> ShipConfirmation:
    """The whole trade, or the lines with these positions."""
    orders = trade["orders"]["order"]
    chosen = [orders[index] for index in lines] or orders
    shipped = tuple(ShippedLine(str(order["oid"]), order["num"]) for order in chosen)
    return ShipConfirmation(str(trade["tid"]), "pcl_1", "sf", waybill_no, shipped, bool(lines))


THREE_LINES = [
    {"sku": "A", "price": "199.00", "num": 1},
    {"sku": "B", "price": "88.50", "num": 2},
    {"sku": "C", "price": "0.01", "num": 3},
]


@pytest.mark.parametrize("sign_method", list(TopSignMethod))
async def test_an_order_comes_over_with_its_money_exact(
    world: World, sign_method: TopSignMethod
) -> None:
    (trade,) = await sell(world, lines=THREE_LINES, post_fee="12.00")
    shop = top(world, sign_method=sign_method)

    snapshot = await read(shop, str(trade["tid"]))

    assert snapshot.external_no == str(trade["tid"])
    assert snapshot.state is ChannelState.PAID
    assert [line.external_sku for line in snapshot.lines] == ["A", "B", "C"]
    assert [line.list_minor for line in snapshot.lines] == [19900, 17700, 3]
    assert sum(line.discount_minor for line in snapshot.lines) == 3000
    assert snapshot.freight_minor == 1200
    assert snapshot.captured_minor == 19900 + 17700 + 3 - 3000 + 1200
    assert isinstance(snapshot.receiver, Contact)
    assert snapshot.ship_by == world.clock + timedelta(hours=48)


async def test_a_masked_receiver_comes_with_his_oaid(world: World) -> None:
    (trade,) = await sell(world, masked=True)
    shop = top(world)

    receiver = (await read(shop, str(trade["tid"]))).receiver

    assert isinstance(receiver, MaskedReceiver)
    assert receiver.oaid == trade["oaid"]
    assert receiver.address.district == trade["receiver_district"]


async def test_every_changed_order_is_on_one_of_the_pages(world: World) -> None:
    start = world.clock
    trades = await sell(world, count=PAGE_SIZE + 3)
    world.clock += timedelta(minutes=5)
    shop = top(world)

    pages = await shop.changed_page_count(start, world.clock)
    seen = [
        changed.external_no
        for page in range(pages, 0, -1)
        for changed in await shop.changed(start, world.clock, page)
    ]

    assert pages == 2
    assert sorted(seen) == sorted(str(trade["tid"]) for trade in trades)


async def test_only_what_changed_in_the_window_is_listed_with_its_time(world: World) -> None:
    _, new = await sell(world, count=2)
    later = world.clock + timedelta(hours=1)
    world.clock = later
    await act(world, new, "modify", seller_memo="加急")
    shop = top(world)

    (changed,) = await shop.changed(later - timedelta(minutes=1), later, 1)

    assert (changed.external_no, changed.modified) == (str(new["tid"]), later)
    assert await shop.changed_page_count(later + timedelta(1), later + timedelta(2)) == 0


async def test_a_window_of_more_than_a_day_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await top(world).changed_page_count(world.clock - timedelta(days=2), world.clock)

    assert caught.value.code == "isv.invalid-parameter:end_modified"


async def test_each_change_on_the_platform_is_a_newer_version(world: World) -> None:
    (trade,) = await sell(world, paid=False)
    shop = top(world)
    number = str(trade["tid"])
    seen = [await read(shop, number)]

    for action, body in (
        ("pay", {}),
        ("modify", {"receiver_address": "天河路1号"}),
        ("refund", {"refund_status": "WAIT_SELLER_AGREE"}),
        ("close", {}),
    ):
        await act(world, trade, action, **body)
        seen.append(await read(shop, number))

    assert [one.state for one in seen] == [
        ChannelState.UNPAID,
        ChannelState.PAID,
        ChannelState.PAID,
        ChannelState.PAID,
        ChannelState.CANCELLED,
    ]
    assert seen[2].receiver is not None
    assert seen[2].receiver.address.detail == "天河路1号"
    assert [all(line.refund_in_progress for line in one.lines) for one in seen] == [
        False,
        False,
        False,
        True,
        False,
    ]
    assert [one.version for one in seen] == sorted({one.version for one in seen})


async def test_a_deposit_leaves_a_presale_unpaid(world: World) -> None:
    (trade,) = await sell(world, lines=THREE_LINES[:1], post_fee="0", paid=False, presale=True)
    shop = top(world)
    await act(world, trade, "pay", deposit_only=True)
    deposit = await read(shop, str(trade["tid"]))
    await act(world, trade, "pay")
    whole = await read(shop, str(trade["tid"]))

    assert (deposit.state, deposit.captured_minor) == (ChannelState.UNPAID, 3980)
    assert (whole.state, whole.captured_minor) == (ChannelState.PAID, 19900)


async def test_a_whole_parcel_ships_the_trade(world: World) -> None:
    (trade,) = await sell(world, lines=THREE_LINES)
    shop = top(world)

    await shop.confirm_shipment(parcel(trade))

    assert (await read(shop, str(trade["tid"]))).state is ChannelState.SHIPPED
    (call,) = await world.calls(operation=SEND)
    assert "company_code=SF" in call["request"]
    assert "is_split" not in call["request"]


async def test_a_part_ships_its_lines_only(world: World) -> None:
    (trade,) = await sell(world, lines=THREE_LINES)
    shop = top(world)

    await shop.confirm_shipment(parcel(trade, "SF1", 0, 2))
    part = await read(shop, str(trade["tid"]))
    await shop.confirm_shipment(parcel(trade, "SF2", 1))
    whole = await read(shop, str(trade["tid"]))

    assert (part.state, whole.state) == (ChannelState.PART_SHIPPED, ChannelState.SHIPPED)


async def test_telling_a_parcel_twice_is_no_error(world: World) -> None:
    (trade,) = await sell(world, lines=THREE_LINES)
    shop = top(world)

    for confirmation in (parcel(trade, "SF1", 0), parcel(trade, "SF2", 1, 2)):
        await shop.confirm_shipment(confirmation)
        await shop.confirm_shipment(confirmation)

    executed = [call["executed"] for call in await world.calls(operation=SEND)]
    assert sorted(executed) == [False, False, True, True]


async def test_a_lost_answer_can_simply_be_told_again(world: World) -> None:
    (trade,) = await sell(world)
    shop = top(world)
    await world.fault(vendor="top", operation=SEND, kind="error_after", times=1)

    with pytest.raises(AnswerLost):
        await shop.confirm_shipment(parcel(trade))
    await shop.confirm_shipment(parcel(trade))

    assert (await read(shop, str(trade["tid"]))).state is ChannelState.SHIPPED


async def test_a_trade_shipped_by_somebody_else_is_told_to_us(world: World) -> None:
    (trade,) = await sell(world)
    shop = top(world)
    await shop.confirm_shipment(parcel(trade, "SF1"))

    with pytest.raises(Rejected) as caught:
        await shop.confirm_shipment(parcel(trade, "SF2"))

    assert caught.value.code == "isv.logistics-offline-service-error:B04"


async def test_a_closed_trade_cannot_be_shipped(world: World) -> None:
    (trade,) = await sell(world)
    await act(world, trade, "close")

    with pytest.raises(Rejected) as caught:
        await top(world).confirm_shipment(parcel(trade))

    assert caught.value.code == "isv.logistics-offline-service-error:B04"


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"app_secret": "wrong"}, CredentialsRefused, "25"),
        ({"session": "expired"}, CredentialsRefused, "invalid-sessionkey"),
        ({"session": ""}, CredentialsRefused, "26"),
        ({"app_key": "87654321"}, Rejected, "29"),
    ],
)
async def test_who_is_not_known_is_not_let_in(
    world: World, changes: dict[str, str], kind: type[Rejected], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        await top(world, **changes).fetch_raw("1")

    assert (type(caught.value), caught.value.code) == (kind, code)


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_a_clock_that_is_wrong_is_refused(world: World, minutes: int) -> None:
    skewed = world.clock + timedelta(minutes=minutes)

    with pytest.raises(Rejected) as caught:
        await top(world, now=lambda: skewed).fetch_raw("1")

    assert caught.value.code == "31"


async def test_an_unknown_trade_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await top(world).fetch_raw("404")

    assert caught.value.code == "isv.trade-not-exist"


async def test_when_throttled_we_hear_for_how_long(world: World) -> None:
    await world.fault(vendor="top", kind="throttle", times=1)

    with pytest.raises(RateLimited) as caught:
        await top(world).fetch_raw("1")

    assert caught.value.retry_after_s == 1.0
    assert caught.value.code == "accesscontrol.limited-by-app-access-count"


def answering(body: bytes, status: int = 200) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, content=body)


@pytest.mark.parametrize(
    ("body", "status", "asked", "told"),
    [
        (b"<html>maintenance</html>", 200, Unavailable, AnswerLost),
        (b"", 200, Unavailable, AnswerLost),
        (b"[]", 200, Unavailable, AnswerLost),
        (b'{"error_response":{"code":"a"}}', 200, Unavailable, AnswerLost),
        (b"no", 403, Rejected, Rejected),
    ],
)
async def test_an_answer_that_is_none_leaves_open_what_was_done(
    world: World,
    body: bytes,
    status: int,
    asked: type[IntegrationError],
    told: type[IntegrationError],
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering(body, status))) as http:
        shop = top(world, http=http)
        with pytest.raises(IntegrationError) as fetching:
            await shop.fetch_raw("1")
        with pytest.raises(IntegrationError) as telling:
            await shop.confirm_shipment(
                ShipConfirmation("1", "pcl_1", "sf", "SF1", (ShippedLine("1", 1),), False)
            )

    assert (type(fetching.value), type(telling.value)) == (asked, told)


async def test_shipping_that_was_not_accepted_is_not_taken_for_done(world: World) -> None:
    body = b'{"logistics_offline_send_response":{"shipping":{"is_success":false}}}'
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering(body))) as http:
        with pytest.raises(Rejected, match="shipping was not accepted"):
            await top(world, http=http).confirm_shipment(
                ShipConfirmation("1", "pcl_1", "sf", "SF1", (ShippedLine("1", 1),), False)
            )
