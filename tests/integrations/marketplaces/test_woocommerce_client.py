"""WooCommerce on the wire: signed webhooks, pages, parcels in meta data, stock, refunds."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.address import Contact
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.port import Listing, Pushed, ShipConfirmation, ShippedLine
from integrations.marketplaces.woocommerce import WooMarketplace
from integrations.signing import base64_hmac_sha256
from tests.integrations.marketplaces.shops import act, answering, at_the_door, sell, woocommerce
from tests.integrations.sandbox.world import World

TWO_LINES = [
    {"sku": "A", "price": "199.00", "num": 2},
    {"sku": "B", "price": "88.50", "num": 1},
]
SHOP = "woocommerce"


async def fetched(shop: WooMarketplace, number: str) -> OrderSnapshot:
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    return snapshot


async def kept(world: World, number: str) -> dict[str, Any]:
    orders = (await world.vendor_http.get("/sandbox/woocommerce/orders")).json()
    return next(order for order in orders if str(order["id"]) == number)


def parcel(number: str, *units: int, no: int = 1, partial: bool = False) -> ShipConfirmation:
    """So many units of the first line, the second …"""
    lines = tuple(
        ShippedLine(str(int(number) * 100 + index), count)
        for index, count in enumerate(units, start=1)
        if count
    )
    return ShipConfirmation(number, f"P{no}", "sf", f"SF{no}", lines, partial)


def message(body: bytes, topic: str = "order.updated", **headers: str) -> Pushed:
    given = {
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-delivery-id": "d1",
        "x-wc-webhook-signature": base64_hmac_sha256("demo-woo-webhook", body),
    }
    return Pushed({**given, **headers}, body)


async def test_a_pushed_and_a_fetched_order_read_the_same(world: World) -> None:
    shop = woocommerce(world)
    world.answer = answering(shop)
    (number,) = await sell(world, SHOP, lines=TWO_LINES, post_fee="12.00")
    await world.pass_time(0)

    (request,) = world.received
    (push,) = shop.read_pushes(at_the_door(request))
    snapshot = await fetched(shop, number)

    assert (push.topic, push.external_no, push.raw) == ("order.created", number, b"")
    assert shop.snapshot(request.content) == snapshot
    assert snapshot.state is ChannelState.PAID
    assert [line.payable_minor for line in snapshot.lines] == [39800, 8850, -2500]
    assert snapshot.captured_minor == 39800 + 8850 - 2500 + 1200
    assert isinstance(snapshot.receiver, Contact)
    assert snapshot.receiver.address.province.endswith(("省", "市", "区"))


async def test_each_change_in_the_shop_is_a_newer_version(world: World) -> None:
    (number,) = await sell(world, SHOP, paid=False)
    shop = woocommerce(world)
    seen = [await fetched(shop, number)]
    for action, body in (
        ("pay", {}),
        ("modify", {"receiver_address": "天河路1号", "buyer_message": "快"}),
        ("freeze", {}),
        ("freeze", {"frozen": False}),
        ("close", {}),
    ):
        await act(world, SHOP, number, action, **body)
        seen.append(await fetched(shop, number))

    assert [one.state for one in seen] == ["unpaid", "paid", "paid", "frozen", "paid", "cancelled"]
    assert isinstance(seen[2].receiver, Contact)
    assert seen[2].receiver.address.detail == "天河路1号"
    assert [one.version for one in seen] == sorted({one.version for one in seen})


async def test_every_changed_order_is_on_one_of_the_pages(world: World) -> None:
    start = world.clock
    numbers = await sell(world, SHOP, count=103)
    world.clock += timedelta(minutes=5)
    shop = woocommerce(world)

    pages = await shop.changed_page_count(start, world.clock)
    seen = [
        one for page in range(pages, 0, -1) for one in await shop.changed(start, world.clock, page)
    ]

    assert pages == 2
    assert sorted(one.external_no for one in seen) == sorted(numbers)
    assert {one.modified for one in seen} == {start}
    assert await shop.changed_page_count(start + timedelta(minutes=1), world.clock) == 0


async def test_the_ping_of_a_new_webhook_is_answered(world: World) -> None:
    shop = woocommerce(world)
    world.answer = answering(shop)
    (await world.vendor_http.post("/sandbox/woocommerce/ping")).raise_for_status()

    await world.pass_time(0)

    (request,) = world.received
    assert shop.read_pushes(at_the_door(request)) == ()
    (push,) = (await world.vendor_http.get("/sandbox/pushes")).json()
    assert push["delivered"]


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({"x-wc-webhook-signature": "no"}, "invalid_signature", 401),
        ({"x-wc-webhook-signature": ""}, "invalid_signature", 401),
    ],
)
async def test_a_message_that_is_not_genuine_is_not_taken(
    world: World, headers: dict[str, str], code: str, status: int
) -> None:
    shop = woocommerce(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(message(b"{}", **headers))

    assert caught.value.code == code
    assert shop.refuse(caught.value).status == status


async def test_a_genuine_body_that_is_no_json_is_unreadable(world: World) -> None:
    shop = woocommerce(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(message(b"<html>"))

    assert shop.refuse(caught.value).status == 400


async def test_topics_we_do_not_follow_are_left(world: World) -> None:
    assert woocommerce(world).read_pushes(message(b'{"id":1}', topic="product.updated")) == ()


async def test_a_deleted_order_is_asked_for(world: World) -> None:
    shop = woocommerce(world)

    (push,) = shop.read_pushes(message(b'{"id":727}', topic="order.deleted"))

    assert push.external_no == "727"
    assert shop.snapshot(b'{"id":727}') is None


async def test_two_deliveries_of_one_second_are_two_messages(world: World) -> None:
    shop = woocommerce(world)

    (first,) = shop.read_pushes(message(b'{"id":727,"status":"pending"}'))
    (again,) = shop.read_pushes(message(b'{"id":727,"status":"pending"}'))
    (other,) = shop.read_pushes(message(b'{"id":727,"status":"processing"}'))

    assert first.message_id == again.message_id != other.message_id


async def test_a_message_that_names_no_order_is_kept_for_a_person(world: World) -> None:
    (push,) = woocommerce(world).read_pushes(message(b'{"status":"pending"}'))

    assert push.external_no == ""


async def test_a_whole_parcel_completes_the_order_once(world: World) -> None:
    (number,) = await sell(world, SHOP, lines=TWO_LINES)
    shop = woocommerce(world)

    await shop.confirm_shipment(parcel(number, 2, 1))
    await shop.confirm_shipment(parcel(number, 2, 1))

    assert (await fetched(shop, number)).state is ChannelState.SHIPPED
    metas = {one["key"]: one["value"] for one in (await kept(world, number))["meta_data"]}
    (tracked,) = metas["_wc_shipment_tracking_items"]
    assert (tracked["tracking_number"], tracked["tracking_id"]) == ("SF1", "P1")
    assert json.loads(metas["_onhand_parcel_P1"])["waybill_no"] == "SF1"
    assert len(await world.calls(operation="orders.update")) == 2  # the parcel, the status


async def test_an_order_is_complete_with_the_last_of_its_parcels(world: World) -> None:
    (number,) = await sell(world, SHOP, lines=TWO_LINES)
    shop = woocommerce(world)

    await shop.confirm_shipment(parcel(number, 1, 1, no=1, partial=True))
    between = (await fetched(shop, number)).state
    await shop.confirm_shipment(parcel(number, 1, 0, no=2, partial=True))

    assert (between, (await fetched(shop, number)).state) == (
        ChannelState.PAID,
        ChannelState.SHIPPED,
    )
    metas = {one["key"]: one["value"] for one in (await kept(world, number))["meta_data"]}
    numbers = [one["tracking_number"] for one in metas["_wc_shipment_tracking_items"]]
    assert numbers == ["SF1", "SF2"]


async def test_what_was_given_back_is_not_waited_for(world: World) -> None:
    (number,) = await sell(world, SHOP, lines=TWO_LINES)
    await act(world, SHOP, number, "refund")
    shop = woocommerce(world)

    await shop.confirm_shipment(parcel(number, 0, 1, partial=True))

    assert (await fetched(shop, number)).state is ChannelState.SHIPPED


async def test_a_shop_names_its_own_status_and_plug_in(world: World) -> None:
    (number,) = await sell(world, SHOP)
    settings = {"shipped_status": "sent", "tracking_meta": "", "states": {"sent": "shipped"}}
    shop = woocommerce(world, settings=settings)

    await shop.confirm_shipment(parcel(number, 1))

    order = await kept(world, number)
    assert (order["status"], len(order["meta_data"])) == ("sent", 1)
    assert (await fetched(shop, number)).state is ChannelState.SHIPPED


@pytest.mark.parametrize("action", ["close", "freeze"])
async def test_what_must_not_leave_cannot_be_shipped(world: World, action: str) -> None:
    (number,) = await sell(world, SHOP)
    await act(world, SHOP, number, action)

    with pytest.raises(Rejected) as caught:
        await woocommerce(world).confirm_shipment(parcel(number, 1))

    assert caught.value.code == "not_open"
    assert await world.calls(operation="orders.update") == []


@pytest.mark.parametrize("kind", ["error_after", "error_before"])
async def test_a_lost_answer_can_simply_be_told_again(world: World, kind: str) -> None:
    (number,) = await sell(world, SHOP, lines=TWO_LINES)
    shop = woocommerce(world)
    await world.fault(vendor=SHOP, operation="orders.update", kind=kind, times=1)

    with pytest.raises(AnswerLost):
        await shop.confirm_shipment(parcel(number, 2, 1))
    await shop.confirm_shipment(parcel(number, 2, 1))

    order = await kept(world, number)
    assert order["status"] == "completed"
    assert len(order["meta_data"]) == 2


async def test_stock_is_set_by_number_or_found_by_sku_and_read_back(world: World) -> None:
    shop = woocommerce(world)
    listings = [
        Listing("A", {"product_id": "7"}),
        Listing("B", {"product_id": "7", "variation_id": "8"}),
        Listing("C"),
    ]

    before = [await shop.available(listing) for listing in listings]
    for units, listing in enumerate(listings, start=5):
        await shop.set_available(listing, units, "r")

    assert before == [None, None, None]  # not counted yet
    assert [await shop.available(listing) for listing in listings] == [5, 6, 7]
    with pytest.raises(Rejected) as caught:
        await shop.set_available(Listing(""), 1, "r")
    assert caught.value.code == "no_product_id"


async def test_refunds_are_pushed_and_listed_with_their_lines(world: World) -> None:
    shop = woocommerce(world)
    start, world.answer = world.clock, answering(shop)
    (number,) = await sell(world, SHOP, lines=TWO_LINES, post_fee="0")
    await act(world, SHOP, number, "refund")
    await world.pass_time(60)

    request = world.received[-1]
    (push,) = shop.read_pushes(at_the_door(request))
    (listed,) = await shop.changed_after_sales(start, world.clock)
    snapshot = await fetched(shop, number)

    assert listed == AfterSale(
        external_no=number,
        after_sale_no="900001",
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.DONE,
        vendor_status="refunded",
        modified=start + timedelta(seconds=1),
        amount_minor=39800,
        reason="不想要了",
        external_line_nos=(str(int(number) * 100 + 1),),
    )
    assert push.after_sale is not None
    assert (push.after_sale.after_sale_no, push.after_sale.amount_minor) == ("900001", 39800)
    assert push.after_sale.modified < listed.modified  # what the list tells counts
    assert shop.snapshot(request.content) is None  # only the shop can tell what is left
    assert [line.cancelled for line in snapshot.lines[:2]] == [True, False]
    assert snapshot.captured_minor == 8850 - 2500


@pytest.mark.parametrize("secret", ["consumer_key", "consumer_secret"])
async def test_who_is_not_known_is_not_let_in(world: World, secret: str) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await woocommerce(world, **{secret: "wrong"}).fetch_raw("1")
    assert caught.value.code == "woocommerce_rest_cannot_view"

    with pytest.raises(CredentialsRefused, match=f"woocommerce-1 has no {secret}"):
        await woocommerce(world, **{secret: ""}).fetch_raw("1")


async def test_an_unknown_order_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await woocommerce(world).fetch_raw("404")

    assert type(caught.value) is Rejected
    assert caught.value.code == "woocommerce_rest_shop_order_invalid_id"


async def test_when_throttled_we_wait(world: World) -> None:
    await world.fault(vendor=SHOP, kind="throttle", times=1)

    with pytest.raises(RateLimited) as caught:
        await woocommerce(world).fetch_raw("1")

    assert caught.value.retry_after_s == 1


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>maintenance</html>", 200, Unavailable),
        (b"", 200, Unavailable),
        (b"[]", 200, Unavailable),
        (b"{}", 200, Unavailable),
        (b"down", 502, Unavailable),
        (b"no", 403, CredentialsRefused),
        (b'{"code":"x","message":"m"}', 400, Rejected),
        (b"", 301, Rejected),
    ],
)
async def test_an_answer_that_is_none_is_told_as_what_it_is(
    world: World, body: bytes, status: int, kind: type[IntegrationError]
) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    now = world.clock
    async with httpx.AsyncClient(transport=answer) as http:
        shop = woocommerce(world, http=http)
        with pytest.raises(IntegrationError) as fetching:
            await shop.fetch_raw("1")
        with pytest.raises(IntegrationError) as counting:
            await shop.changed_page_count(now - timedelta(minutes=1), now)

    assert (type(fetching.value), type(counting.value)) == (kind, kind)
