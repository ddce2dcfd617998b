"""Our Shopify client and the Shopify sandbox: orders, fulfilments, pushes, failures."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.port import Push, Pushed, ShipConfirmation, ShippedLine
from integrations.marketplaces.shopify import ShopifyMarketplace
from integrations.marketplaces.signing import shopify_signature
from tests.integrations.sandbox.world import World

CREATE = "FulfillmentCreate"
TWO_LINES = [
    {"sku": "A", "price": "199.00", "quantity": 1},
    {"sku": "B", "price": "88.50", "quantity": 3},
]


def shopify(world: World, **changes: Any) -> ShopifyMarketplace:
    account = world.sandbox.settings.shopify
    fields: dict[str, Any] = {
        "shop": "shop_1",
        "domain": account.domain,
        "base_url": "http://sandbox/shopify",
        "access_token": account.access_token,
        "webhook_secrets": (account.client_secret,),
        "http": world.vendor_http,
    }
    return ShopifyMarketplace(**{**fields, **changes})


async def sell(world: World, **new: Any) -> dict[str, Any]:
    answer = await world.vendor_http.post("/sandbox/shopify/orders", json=new)
    assert answer.status_code == 201, answer.text
    (order,) = answer.json()
    return dict(order)


def read(shop: ShopifyMarketplace, raw: bytes) -> OrderSnapshot:
    snapshot = shop.snapshot(raw)
    assert snapshot is not None
    return snapshot


async def act(world: World, order: dict[str, Any], action: str, **body: Any) -> None:
    path = f"/sandbox/shopify/orders/{order['id']}/{action}"
    (await world.vendor_http.post(path, json=body)).raise_for_status()


def parcel(
    order: dict[str, Any], quantities: dict[int, int], waybill_no: str = "SF1"
) -> ShipConfirmation:
    """So many pieces of the lines with these positions."""
    lines = tuple(
        ShippedLine(str(order["line_items"][index]["id"]), quantity)
        for index, quantity in quantities.items()
    )
    return ShipConfirmation(str(order["id"]), "pcl_1", "sf", waybill_no, lines, True)


async def state(world: World, order: dict[str, Any]) -> ChannelState:
    shop = shopify(world)
    return read(shop, await shop.fetch_raw(str(order["id"]))).state


async def test_a_pushed_and_a_fetched_order_read_the_same(world: World) -> None:
    world.answer = lambda _: httpx.Response(200)
    order = await sell(world, lines=TWO_LINES, currency="USD", shipping="12.34")
    await world.pass_time(0)
    shop = shopify(world)

    pushed = read(shop, world.received[-1].content)
    fetched = read(shop, await shop.fetch_raw(str(order["id"])))

    assert pushed == fetched
    assert fetched.captured_minor == 19900 + 3 * 8850 + 1234
    assert fetched.freight_minor == 1234
    assert [line.external_sku for line in fetched.lines] == ["A", "B"]


async def test_every_page_of_line_items_is_fetched(world: World) -> None:
    lines = [{"sku": f"S{n}", "price": "1.00"} for n in range(250)]
    order = await sell(world, lines=lines, shipping="0")
    shop = shopify(world)

    snapshot = read(shop, await shop.fetch_raw(str(order["id"])))

    assert [line.external_sku for line in snapshot.lines] == [f"S{n}" for n in range(250)]
    assert len(await world.calls(operation="Order")) == 5


async def test_a_large_order_is_fulfilled_once_over_all_its_pages(world: World) -> None:
    lines = [{"sku": f"S{n}", "price": "1.00", "quantity": 2} for n in range(120)]
    order = await sell(world, lines=lines)
    shop = shopify(world)
    whole = parcel(order, dict.fromkeys(range(120), 2))

    await shop.confirm_shipment(whole)
    await shop.confirm_shipment(whole)

    assert await state(world, order) is ChannelState.SHIPPED
    assert len(await world.calls(operation=CREATE)) == 1


async def test_the_rest_of_a_parcel_is_told_where_half_of_it_is(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    shop = shopify(world)
    await shop.confirm_shipment(parcel(order, {0: 1}, "SF1"))

    await shop.confirm_shipment(parcel(order, {0: 1, 1: 2}, "SF1"))

    second, _ = await world.calls(operation=CREATE)
    (source,) = json.loads(second["request"])["variables"]["fulfillment"][
        "lineItemsByFulfillmentOrder"
    ]
    assert [item["quantity"] for item in source["fulfillmentOrderLineItems"]] == [2]


async def test_a_sale_is_pushed_signed_until_we_acknowledge(world: World) -> None:
    order = await sell(world)
    shop = shopify(world)
    await world.pass_time(0)
    world.answer = lambda _: httpx.Response(200)
    await world.pass_time(2)

    pushes = [
        push
        for request in world.received
        for push in shop.read_pushes(Pushed(request.headers, request.content))
    ]

    assert [push.topic for push in pushes] == [
        *("orders/create", "orders/paid", "orders/updated"),
        *("orders/create", "orders/paid", "orders/updated"),
    ]
    assert {push.external_no for push in pushes} == {str(order["id"])}
    assert [push.message_id for push in pushes[:3]] == [push.message_id for push in pushes[3:]]
    assert len({push.message_id for push in pushes}) == 3


async def test_what_happens_to_an_order_is_pushed_as_newer_versions(world: World) -> None:
    world.answer = lambda _: httpx.Response(200)
    order = await sell(world, paid=False)
    await act(world, order, "update", note="gate code 7")
    await act(world, order, "pay")
    await act(world, order, "cancel")
    await world.pass_time(0)
    shop = shopify(world)

    by_topic = {
        request.headers["x-shopify-topic"]: read(shop, request.content)
        for request in reversed(world.received)
    }

    assert [by_topic[f"orders/{one}"].captured_minor > 0 for one in ("paid", "cancelled")] == [
        True,
        False,
    ]
    told = [by_topic[f"orders/{word}"] for word in ("create", "updated", "paid", "cancelled")]
    assert [one.state for one in told] == [
        ChannelState.UNPAID,
        ChannelState.UNPAID,
        ChannelState.PAID,
        ChannelState.CANCELLED,
    ]
    assert told[1].buyer_remark == "gate code 7"
    assert [one.version for one in told] == sorted({one.version for one in told})


def push(body: bytes, secret: str, **headers: str) -> tuple[dict[str, str], bytes]:
    return {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": "onhand-demo.myshopify.com",
        "X-Shopify-Webhook-Id": "wh-1",
        "X-Shopify-Hmac-SHA256": shopify_signature(secret, body),
        **headers,
    }, body


def pushed(headers: dict[str, str], body: bytes) -> Pushed:
    return Pushed({name.lower(): value for name, value in headers.items()}, body)


async def test_a_genuine_push_without_an_order_number_is_kept_for_a_person(world: World) -> None:
    shop = shopify(world, webhook_secrets=("right",))

    assert shop.read_pushes(pushed(*push(b'{"id": null}', "right"))) == (
        Push("wh-1", "orders/create", ""),
    )


async def test_a_topic_we_do_not_follow_has_no_message(world: World) -> None:
    shop = shopify(world, webhook_secrets=("right",))
    call = push(b'{"id": 1}', "right", **{"X-Shopify-Topic": "products/update"})

    assert shop.read_pushes(pushed(*call)) == ()


async def test_headers_are_found_whatever_their_case(world: World) -> None:
    headers, body = push(b'{"id": 450789469}', "old")
    shop = shopify(world, webhook_secrets=("new", "old"))

    assert shop.read_pushes(pushed(headers, body)) == (Push("wh-1", "orders/create", "450789469"),)


@pytest.mark.parametrize(
    ("body", "secret", "headers", "code"),
    [
        (b'{"id": 1}', "wrong", {}, "invalid_signature"),
        (b'{"id": 1}', "right", {"X-Shopify-Hmac-SHA256": ""}, "invalid_signature"),
        (b'{"id": 1}', "right", {"X-Shopify-Hmac-SHA256": "\udcff签"}, "invalid_signature"),
        (b'{"id": 1}', "right", {"X-Shopify-Shop-Domain": "x.myshopify.com"}, "wrong_shop"),
        (b'{"id": 1}', "right", {"X-Shopify-Webhook-Id": ""}, "unreadable"),
        (b"not json", "right", {}, "unreadable"),
    ],
)
async def test_a_push_that_is_not_for_us_is_refused(
    world: World, body: bytes, secret: str, headers: dict[str, str], code: str
) -> None:
    shop = shopify(world, webhook_secrets=("right",))
    with pytest.raises(Rejected) as caught:
        shop.read_pushes(pushed(*push(body, secret, **headers)))

    assert caught.value.code == code


async def test_a_body_changed_on_the_way_is_refused(world: World) -> None:
    headers, body = push(b'{"id": 1}', "right")

    with pytest.raises(Rejected) as caught:
        shopify(world, webhook_secrets=("right",)).read_pushes(pushed(headers, body + b" "))

    assert caught.value.code == "invalid_signature"


async def test_parcels_fulfil_their_pieces_and_then_the_order(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    shop = shopify(world)

    await shop.confirm_shipment(parcel(order, {0: 1, 1: 1}))
    part = await state(world, order)
    await shop.confirm_shipment(parcel(order, {1: 2}, "SF2"))

    assert (part, await state(world, order)) == (ChannelState.PART_SHIPPED, ChannelState.SHIPPED)
    requests = [json.loads(call["request"]) for call in await world.calls(operation=CREATE)]
    sent = [request["variables"]["fulfillment"] for request in reversed(requests)]
    assert [one["trackingInfo"] for one in sent] == [
        {"company": "SF Express", "number": "SF1"},
        {"company": "SF Express", "number": "SF2"},
    ]


async def test_telling_a_parcel_twice_fulfils_once(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    shop = shopify(world)

    await shop.confirm_shipment(parcel(order, {1: 1}))
    await shop.confirm_shipment(parcel(order, {1: 1}))

    assert len(await world.calls(operation=CREATE)) == 1


async def test_a_lost_answer_can_simply_be_told_again(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    shop = shopify(world)
    await world.fault(vendor="shopify", operation=CREATE, kind="error_after", times=1)

    with pytest.raises(AnswerLost):
        await shop.confirm_shipment(parcel(order, {1: 1}))
    await shop.confirm_shipment(parcel(order, {1: 1}))

    assert len(await world.calls(operation=CREATE)) == 1


async def test_what_somebody_else_fulfilled_needs_no_telling(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    shop = shopify(world)
    await shop.confirm_shipment(parcel(order, {0: 1, 1: 3}, "HAND-1"))

    await shop.confirm_shipment(parcel(order, {0: 1, 1: 3}, "SF1"))

    assert len(await world.calls(operation=CREATE)) == 1


async def test_a_held_order_is_frozen_and_cannot_be_fulfilled(world: World) -> None:
    order = await sell(world, lines=TWO_LINES)
    await act(world, order, "update", held=True)

    with pytest.raises(Rejected) as caught:
        await shopify(world).confirm_shipment(parcel(order, {0: 1}))

    assert caught.value.code == "ON_HOLD"
    assert await state(world, order) is ChannelState.FROZEN
    assert await world.calls(operation=CREATE) == []


async def test_an_unknown_order_is_refused(world: World) -> None:
    shop = shopify(world)
    unknown = ShipConfirmation("404", "pcl_1", "sf", "SF1", (ShippedLine("1", 1),), False)

    with pytest.raises(Rejected) as fetching:
        await shop.fetch_raw("404")
    with pytest.raises(Rejected) as telling:
        await shop.confirm_shipment(unknown)

    assert (fetching.value.code, telling.value.code) == ("not_found", "not_found")


async def test_who_is_not_known_is_not_let_in(world: World) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await shopify(world, access_token="stolen").fetch_raw("1")

    assert caught.value.code == "401"


async def test_when_throttled_we_wait_until_the_bucket_has_room(world: World) -> None:
    await world.fault(vendor="shopify", kind="throttle", times=1)

    with pytest.raises(RateLimited) as caught:
        await shopify(world).fetch_raw("1")

    assert (caught.value.code, caught.value.retry_after_s) == ("THROTTLED", 1.0)


async def test_a_push_can_come_twice_or_be_overtaken(world: World) -> None:
    world.answer = lambda _: httpx.Response(200)
    await world.fault(vendor="shopify", operation="push", kind="out_of_order_push", times=1)
    await world.fault(vendor="shopify", operation="push", kind="duplicate_push", times=1)
    await sell(world)
    await world.pass_time(0)
    await world.pass_time(20)

    topics = [request.headers["x-shopify-topic"] for request in world.received]
    assert topics == ["orders/paid", "orders/updated", "orders/create", "orders/create"]


def errors(code: str, **extensions: Any) -> bytes:
    error = {"message": "m", "extensions": {"code": code}}
    return json.dumps({"errors": [error], "extensions": extensions}).encode()


def throttled(requested: float, available: float, rate: float) -> bytes:
    status = {"currentlyAvailable": available, "restoreRate": rate}
    return errors("THROTTLED", cost={"requestedQueryCost": requested, "throttleStatus": status})


async def fetch_from(world: World, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await shopify(world, http=http).fetch_raw("1")


@pytest.mark.parametrize(
    ("body", "wait_s"),
    [
        (throttled(500, 100, 100), 4.0),
        (throttled(500, 499, 100), 1.0),
        (throttled(1e6, 0, 1), 60.0),
        (throttled(500, 100, 0), 30.0),
        (errors("THROTTLED"), 30.0),
    ],
)
async def test_the_wait_follows_from_the_leaky_bucket(
    world: World, body: bytes, wait_s: float
) -> None:
    with pytest.raises(RateLimited) as caught:
        await fetch_from(world, lambda _: httpx.Response(200, content=body))

    assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, errors("ACCESS_DENIED"), CredentialsRefused, "ACCESS_DENIED"),
        (200, errors("INTERNAL_SERVER_ERROR"), Unavailable, "INTERNAL_SERVER_ERROR"),
        (200, errors("undefinedField"), Rejected, "undefinedField"),
        (200, b'{"errors": "Not Found"}', Rejected, "errors"),
        (200, b"<html>", Unavailable, "unreadable"),
        (200, b'{"data": null}', Unavailable, "unreadable"),
        (403, b"", CredentialsRefused, "403"),
        (402, b"", Rejected, "402"),
        (404, b"", Rejected, "404"),
        (429, b"", RateLimited, "429"),
        (502, b"", Unavailable, "502"),
    ],
)
async def test_every_failure_has_its_family(
    world: World, status: int, body: bytes, kind: type[IntegrationError], code: str
) -> None:
    with pytest.raises(IntegrationError) as caught:
        await fetch_from(world, lambda _: httpx.Response(status, content=body))

    assert (type(caught.value), caught.value.code) == (kind, code)


async def test_pages_without_end_are_given_up(world: World) -> None:
    order = await sell(world)
    page = json.loads(await shopify(world).fetch_raw(str(order["id"])))
    page["data"]["order"]["lineItems"]["pageInfo"] = {"hasNextPage": True, "endCursor": "1"}

    with pytest.raises(Rejected) as caught:
        await fetch_from(world, lambda _: httpx.Response(200, json=page))

    assert caught.value.code == "too_large"
