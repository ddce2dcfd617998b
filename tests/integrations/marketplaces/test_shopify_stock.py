"""Shopify's stock and refunds: our client and the sandbox, by the rules of version 2026-04."""

import json
from typing import Any

import httpx
import pytest

from domain.orders.after_sale import AfterSaleKind, AfterSaleStage
from domain.shared.errors import AnswerLost, Rejected, Unavailable
from integrations.marketplaces.port import Listing, Pushed
from integrations.sandbox.shopify_orders import variant_of
from tests.integrations.marketplaces.test_shopify_client import act, sell, shopify
from tests.integrations.sandbox.world import World

SET = "InventorySetQuantities"
BY_SKU = Listing("A")
BY_VARIANT = Listing("A", {"variant_id": str(variant_of("A"))})
LEVEL = {
    "data": {
        "variants": {
            "nodes": [
                {
                    "inventoryItem": {
                        "id": "gid://shopify/InventoryItem/1",
                        "inventoryLevels": {
                            "nodes": [
                                {
                                    "location": {"id": "gid://shopify/Location/1"},
                                    "quantities": [{"name": "available", "quantity": 4}],
                                }
                            ]
                        },
                    }
                }
            ]
        }
    }
}


async def _set_by_hand(world: World, available: int) -> None:
    body = {"available": available}
    (await world.vendor_http.put("/sandbox/shopify/stock/A", json=body)).raise_for_status()


def _sets(world: World) -> list[dict[str, Any]]:
    rows = world.sandbox.store.rows("SELECT request FROM call WHERE operation = ?", SET)
    return [json.loads(row["request"])["variables"] for row in rows]


@pytest.mark.parametrize("listing", [BY_SKU, BY_VARIANT])
async def test_a_count_is_set_read_back_and_not_set_again(world: World, listing: Listing) -> None:
    shop = shopify(world)
    await sell(world, lines=[{"sku": "A", "price": "9.00", "quantity": 2}])
    assert await shop.available(listing) == -2

    for _ in range(2):
        await shop.set_available(listing, 17, "r-1")

    assert await shop.available(listing) == 17
    (variables,) = _sets(world)
    assert variables["input"]["quantities"][0]["changeFromQuantity"] == -2


async def test_what_was_sold_while_we_looked_is_taken_off(world: World) -> None:
    shop = shopify(world)
    await sell(world, lines=[{"sku": "A", "price": "9.00"}])
    await shop.set_available(BY_SKU, 10, "r-1")
    overtaken: list[bool] = []

    async def overtake(request: httpx.Request) -> None:
        if SET.encode() in request.content and not overtaken:
            overtaken.append(True)
            await _set_by_hand(world, 7)  # three were sold just now

    world.vendor_http.event_hooks = {"request": [overtake], "response": []}
    await shop.set_available(BY_SKU, 20, "r-2")

    assert await shop.available(BY_SKU) == 17
    assert len({variables["key"] for variables in _sets(world)}) == 3


async def test_the_same_value_after_a_lost_answer_is_sent_under_the_same_key(world: World) -> None:
    shop = shopify(world)
    await sell(world, lines=[{"sku": "A", "price": "9.00"}])
    switch = {"vendor": "shopify", "operation": SET, "kind": "error_before"}
    (await world.vendor_http.put("/sandbox/faults", json=switch)).raise_for_status()
    with pytest.raises(AnswerLost):
        await shop.set_available(BY_SKU, 5, "r-1")
    (await world.vendor_http.delete("/sandbox/faults")).raise_for_status()

    await shop.set_available(BY_SKU, 5, "r-1")

    keys = [variables["key"] for variables in _sets(world)]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert await shop.available(BY_SKU) == 5


def _answering(*codes: str) -> tuple[httpx.AsyncClient, list[str]]:
    """A shop that answers every change with the next code, empty for done; and the keys it saw."""
    left, keys = list(codes), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if SET not in asked["query"]:
            return httpx.Response(200, json=LEVEL)
        keys.append(asked["variables"]["key"])
        code = left.pop(0) if left else ""
        errors = [{"code": code, "field": ["input"], "message": "no"}] if code else []
        return httpx.Response(
            200, json={"data": {"inventorySetQuantities": {"userErrors": errors}}}
        )

    return httpx.AsyncClient(transport=httpx.MockTransport(handle)), keys


async def _no_pause(seconds: float) -> None:
    assert seconds > 0


async def test_a_request_that_is_being_worked_on_is_sent_again_with_its_key(world: World) -> None:
    http, keys = _answering("IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_CONCURRENT_REQUEST")

    await shopify(world, http=http, pause=_no_pause).set_available(BY_SKU, 9, "r-1")

    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_a_key_used_for_something_else_is_for_a_person(world: World) -> None:
    http, keys = _answering("IDEMPOTENCY_KEY_PARAMETER_MISMATCH")

    with pytest.raises(Rejected) as refused:
        await shopify(world, http=http, pause=_no_pause).set_available(BY_SKU, 9, "r-1")

    assert refused.value.code == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert len(keys) == 1


async def test_a_count_that_never_stands_still_is_tried_later(world: World) -> None:
    http, keys = _answering(*["CHANGE_FROM_QUANTITY_STALE"] * 9)

    with pytest.raises(Unavailable):
        await shopify(world, http=http, pause=_no_pause).set_available(BY_SKU, 9, "r-1")

    assert len(keys) == 5


async def test_a_product_the_shop_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as refused:
        await shopify(world).set_available(Listing("nowhere"), 1, "r-1")
    assert refused.value.code == "listing_unknown"


async def test_a_location_that_is_not_the_shops_is_refused(world: World) -> None:
    await sell(world, lines=[{"sku": "A", "price": "9.00"}])
    with pytest.raises(Rejected) as refused:
        await shopify(world, location_id="77").set_available(BY_SKU, 1, "r-1")
    assert refused.value.code == "location_needed"


async def test_a_refund_is_told_as_a_case_of_its_order(world: World) -> None:
    shop = shopify(world)
    order = await sell(world, lines=[{"sku": "A", "price": "9.00", "quantity": 2}], shipping="0")
    await act(world, order, "refund", amount="4.50", with_return=True)
    await world.pass_time(1)
    (request,) = [
        one for one in world.received if one.headers["x-shopify-topic"] == "refunds/create"
    ]

    (push,) = shop.read_pushes(Pushed(dict(request.headers), request.content))

    case = push.after_sale
    assert case is not None
    assert (case.external_no, push.external_no) == (str(order["id"]), str(order["id"]))
    assert (case.kind, case.stage, case.amount_minor) == (
        AfterSaleKind.RETURN, AfterSaleStage.DONE, 450,
    )  # fmt: skip
    assert shop.snapshot(request.content) is None
    fetched = shop.snapshot(await shop.fetch_raw(str(order["id"])))
    assert fetched is not None
    assert fetched.captured_minor == 1350
    assert fetched.lines[0].listing_ids == {"variant_id": str(variant_of("A"))}
