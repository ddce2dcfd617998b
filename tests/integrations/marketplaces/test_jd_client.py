"""JD's gateway as only JD has it, and what is a setting of the shop."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.snapshot import ChannelState
from domain.shared.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from integrations.marketplaces.port import Listing
from tests.integrations.marketplaces.shops import act, jd, parcel, sell
from tests.integrations.sandbox.world import World

SHIP = "jingdong.pop.order.shipment"
STOCK = "jingdong.ware.stock.sku.set"


async def business(world: World, operation: str) -> Any:
    """The `360buy_param_json` of the latest call."""
    latest, *_ = await world.calls(operation=operation)
    return json.loads(dict(parse_qsl(latest["request"]))["360buy_param_json"])


async def test_the_system_parameters_are_in_the_address_and_the_business_in_the_body(
    world: World,
) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(500)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Unavailable):
            await jd(world, http=http).fetch_raw("1")

    (request,) = sent
    assert set(request.url.params) == {
        *("method", "access_token", "app_key", "timestamp", "v", "sign")
    }
    assert request.url.params["timestamp"] == "2026-05-01 12:00:00"
    assert list(dict(parse_qsl(request.content.decode()))) == ["360buy_param_json"]


@pytest.mark.parametrize("minutes", [-7, 7])
async def test_a_clock_that_is_wrong_is_right_again_later(world: World, minutes: int) -> None:
    skewed = world.clock + timedelta(minutes=minutes)

    with pytest.raises(Unavailable) as caught:
        await jd(world, now=lambda: skewed).confirm_shipment(parcel("1"))

    assert (type(caught.value), caught.value.code) == (Unavailable, "8")


@pytest.mark.parametrize(
    ("secret", "code"), [("app_secret", "12"), ("access_token", "19"), ("app_key", "21")]
)
async def test_who_is_not_known_is_not_let_in(world: World, secret: str, code: str) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await jd(world, **{secret: "wrong"}).fetch_raw("1")
    assert caught.value.code == code

    with pytest.raises(CredentialsRefused, match=f"jd-1 has no {secret}"):
        await jd(world, **{secret: ""}).fetch_raw("1")


async def test_a_method_without_permission_stops_the_shop(world: World) -> None:
    (number,) = await sell(world, "jd")
    path = "/sandbox/jd/forbidden"
    await world.vendor_http.put(path, json={"methods": ["jingdong.pop.order.get"]})

    with pytest.raises(CredentialsRefused) as caught:
        await jd(world).fetch_raw(number)
    assert caught.value.code == "2001"

    await world.vendor_http.put(path, json={})
    assert await jd(world).fetch_raw(number)


async def test_a_window_of_more_than_a_month_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="一个月"):
        await jd(world).changed_page_count(world.clock - timedelta(days=32), world.clock)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"error_response": {"code": "2001", "zh_desc": "无权限"}}, CredentialsRefused, "2001"),
        ({"code": "2", "msg": "限流", "requestId": "r"}, RateLimited, "2"),
        ({"code": 67, "msg": "no"}, Rejected, "67"),
    ],
)
async def test_both_forms_of_failure_are_heard(
    world: World, body: dict[str, Any], kind: type[Exception], code: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(kind) as caught:
            await jd(world, http=http).fetch_raw("1")

    assert (type(caught.value), getattr(caught.value, "code", "")) == (kind, code)


@pytest.mark.parametrize(
    ("carrier", "number"),
    [("sf", "467"), ("zto", "1499"), ("yto", "463"), ("sto", "470"), ("yunda", "1327")],
)
async def test_the_carrier_is_told_by_jds_number(world: World, carrier: str, number: str) -> None:
    (order,) = await sell(world, "jd")

    await jd(world).confirm_shipment(parcel(order, "W1", carrier))

    told = {"orderId": order, "logiCoprId": number, "logiNo": "W1"}
    assert await business(world, SHIP) == told


async def test_installers_and_addresses_of_the_shop_are_told_along(world: World) -> None:
    (order,) = await sell(world, "jd")

    shop = jd(world, settings={"install_id": 7, "address_id": "8", "carrier_ids": {"sf": 99}})
    await shop.confirm_shipment(parcel(order))

    told = await business(world, SHIP)
    assert (told["logiCoprId"], told["installId"], told["venderTaskAddressId"]) == ("99", "7", "8")


async def test_stock_is_set_with_its_reference(world: World) -> None:
    await jd(world).set_available(Listing("100", {"sku_id": "200"}), 7, "stock-1")

    (kept,) = (await world.vendor_http.get("/sandbox/jd/stock")).json()
    assert kept == {"skuId": "200", "stockNum": 7, "stockRfId": "stock-1"}
    assert await jd(world).available(Listing("100")) is None


async def test_a_shop_may_set_stock_in_the_flat_form(world: World) -> None:
    await jd(world, settings={"flat_stock": True}).set_available(Listing("100"), 0, "stock-1")

    assert await business(world, STOCK) == {"skuId": "100", "stockNum": 0}
    (kept,) = (await world.vendor_http.get("/sandbox/jd/stock")).json()
    assert kept["stockNum"] == 0


async def test_stock_of_a_sku_jd_does_not_know_is_refused_in_its_words(world: World) -> None:
    with pytest.raises(Rejected, match="库存参数不正确"):
        await jd(world).set_available(Listing("TEA-1"), 7, "stock-1")


async def test_a_buyer_who_wants_his_money_back_locks_the_order(world: World) -> None:
    start = world.clock
    (number,) = await sell(world, "jd", lines=[{"sku": "A", "price": "9.00"}], post_fee="0")
    shop = jd(world)
    order = await act(world, "jd", number, "refund")
    world.clock += timedelta(minutes=1)

    (slip,) = await shop.changed_after_sales(start, world.clock)

    sku_id = order["itemInfoList"][0]["skuId"]
    assert slip == AfterSale(
        external_no=number,
        after_sale_no="900000001",
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.UNKNOWN,
        vendor_status="10001 待审核",
        modified=start + timedelta(seconds=1),
        amount_minor=900,
        external_line_nos=(sku_id,),
    )
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot.state is ChannelState.FROZEN
    assert [line.external_line_no for line in snapshot.lines] == [sku_id]


async def test_what_a_status_means_is_the_shops_to_say(world: World) -> None:
    start = world.clock
    (number,) = await sell(world, "jd")
    await act(world, "jd", number, "refund", with_return=True, refund_status="10005")
    await act(world, "jd", number, "refund", with_return=True, refund_status="10001")
    world.clock += timedelta(minutes=1)
    settings = {"after_sale_stages": {"10001": "requested", "10002": "no such stage"}}

    slips = await jd(world, settings=settings).changed_after_sales(start, world.clock)

    assert {slip.stage for slip in slips} == {AfterSaleStage.ON_THE_WAY, AfterSaleStage.REQUESTED}
    assert {slip.kind for slip in slips} == {AfterSaleKind.RETURN}


async def test_slips_of_several_pages_are_all_read(world: World) -> None:
    start = world.clock
    numbers = await sell(world, "jd", count=53)
    for number in numbers:
        await act(world, "jd", number, "refund")
    world.clock += timedelta(minutes=1)

    slips = await jd(world).changed_after_sales(start, world.clock)

    assert sorted(slip.external_no for slip in slips) == sorted(numbers)


async def test_slips_of_another_shop_are_refused(world: World) -> None:
    shop = jd(world, settings={"after_sale_begin": "applyTimeBegin"})

    with pytest.raises(Rejected) as caught:
        await shop.changed_after_sales(world.clock, world.clock)

    assert (caught.value.code, caught.value.system) == ("41", "jd")
