"""Pinduoduo's router as only it has it: half-hour windows, carriers, hidden receivers, refunds."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.snapshot import ChannelState
from domain.shared.address import MaskedReceiver
from domain.shared.errors import CredentialsRefused, Rejected
from integrations.access import Limit
from integrations.marketplaces.pdd import LIMITS
from integrations.marketplaces.pdd_after_sale import STAGES, Case, after_sale_of
from integrations.marketplaces.port import Listing
from tests.integrations.marketplaces.shops import act, parcel, pdd, sell
from tests.integrations.sandbox.world import World

SEND = "pdd.logistics.online.send"
COMPANIES = "pdd.logistics.companies.get"
LIST = "pdd.order.number.list.increment.get"
LISTING = Listing("TEA-1", {"goods_id": "100"})


async def forms(world: World, operation: str) -> list[dict[str, str]]:
    """The parameters of the calls, oldest first."""
    calls = await world.calls(operation=operation)
    return [dict(parse_qsl(call["request"])) for call in reversed(calls)]


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_a_clock_that_is_wrong_is_refused(world: World, minutes: int) -> None:
    skewed = world.clock + timedelta(minutes=minutes)

    with pytest.raises(CredentialsRefused) as caught:
        await pdd(world, now=lambda: skewed).fetch_raw("1")

    assert caught.value.code == "20004"


@pytest.mark.parametrize(
    ("secret", "kind", "code"),
    [
        ("client_secret", CredentialsRefused, "20004"),
        ("access_token", CredentialsRefused, "10019"),
        ("client_id", Rejected, "10001"),
    ],
)
async def test_who_is_not_known_is_not_let_in(
    world: World, secret: str, kind: type[Rejected], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        await pdd(world, **{secret: "wrong"}).fetch_raw("1")
    assert (type(caught.value), caught.value.code) == (kind, code)

    with pytest.raises(CredentialsRefused, match=f"pdd-1 has no {secret}"):
        await pdd(world, **{secret: ""}).fetch_raw("1")


async def test_a_long_window_is_asked_for_in_half_hours(world: World) -> None:
    start = world.clock
    numbers: list[str] = []
    for _ in range(3):
        numbers += await sell(world, "pdd", count=2)
        world.clock += timedelta(minutes=25)
    shop = pdd(world)

    pages = await shop.changed_page_count(start, world.clock)
    seen = [
        changed.external_no
        for page in range(pages, 0, -1)
        for changed in await shop.changed(start, world.clock, page)
    ]

    assert pages == 2  # 0-30 has two of them, 30-60 the last, 60-75 none
    assert sorted(seen) == sorted(numbers)
    spans = [
        int(form["end_updated_at"]) - int(form["start_updated_at"])
        for form in await forms(world, LIST)
    ]
    assert max(spans) == 1800
    assert all(call["executed"] for call in await world.calls(operation=LIST))


async def test_a_usual_window_costs_one_call_a_page(world: World) -> None:
    await sell(world, "pdd")
    shop = pdd(world)
    start, end = world.clock - timedelta(minutes=29), world.clock + timedelta(minutes=1)

    await shop.changed(start, end, await shop.changed_page_count(start, end))

    assert len(await forms(world, LIST)) == 2


@pytest.mark.parametrize(
    ("carrier", "number"), [("sf", "44"), ("zto", "115"), ("yto", "85"), ("sto", "1")]
)
async def test_the_carriers_number_is_looked_up(world: World, carrier: str, number: str) -> None:
    (order,) = await sell(world, "pdd")

    await pdd(world).confirm_shipment(parcel(order, "W1", carrier))

    (form,) = await forms(world, SEND)
    told = {name: form[name] for name in ("logistics_id", "tracking_number", "redelivery_type")}
    assert told == {"logistics_id": number, "tracking_number": "W1", "redelivery_type": "1"}


async def test_a_number_of_the_shops_own_spares_the_question(world: World) -> None:
    (order, other) = await sell(world, "pdd", count=2)
    shop = pdd(world, settings={"carrier_ids": {"sf": 85}, "refund_address_id": 5})

    await shop.confirm_shipment(parcel(order))
    await shop.confirm_shipment(parcel(other, "Y1", "yunda"))  # known from the vendor's document

    told = [(form["logistics_id"], form["refund_address_id"]) for form in await forms(world, SEND)]
    assert told == [("85", "5"), ("121", "5")]
    assert await forms(world, COMPANIES) == []


async def test_carriers_that_are_out_of_use_are_passed_over(world: World) -> None:
    listed = [
        {"id": 1, "logistics_company": "顺丰快递", "code": "SF", "available": 0},
        {"id": 2, "logistics_company": "顺丰同城", "code": "SFTC", "available": 1},
        {"id": 3, "logistics_company": "顺丰速运", "code": "sf", "available": 1},
    ]
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        asked.append(form)
        body: dict[str, Any] = {"logistics_online_send_response": {"is_success": True}}
        if form["type"] == COMPANIES:
            body = {"logistics_companies_get_response": {"logistics_companies": listed}}
        return httpx.Response(200, json=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await pdd(world, http=http).confirm_shipment(parcel("1"))
        listed.pop()
        await pdd(world, http=http).confirm_shipment(parcel("1"))
        listed.pop()
        with pytest.raises(Rejected, match="not in the shop's carrier_ids"):
            await pdd(world, http=http).confirm_shipment(parcel("1"))

    assert [form["logistics_id"] for form in asked if form["type"] == SEND] == ["3", "2"]


async def test_where_the_shop_says_so_our_number_takes_the_place_of_another(world: World) -> None:
    (number,) = await sell(world, "pdd")
    await pdd(world).confirm_shipment(parcel(number, "SF1"))

    await pdd(world, settings={"change_waybills": True}).confirm_shipment(parcel(number, "SF2"))

    told = [form["redelivery_type"] for form in await forms(world, SEND)]
    assert told == ["1", "1", "2"]
    (order,) = (await world.vendor_http.get("/sandbox/pdd/orders")).json()
    assert order["tracking_number"] == "SF2"


async def test_shipping_that_was_not_accepted_is_not_taken_for_done(world: World) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        if form["type"] == SEND:
            return httpx.Response(200, json={"logistics_online_send_response": {"is_success": 0}})
        return httpx.Response(200, json={"error_response": {"error_code": 50001}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Rejected):
            await pdd(world, http=http, settings={"carrier_ids": {"sf": 1}}).confirm_shipment(
                parcel("1")
            )


async def test_the_receiver_is_told_only_while_there_is_something_to_send(world: World) -> None:
    (number,) = await sell(world, "pdd", masked=True)
    shop = pdd(world)
    receivers = [shop.snapshot(await shop.fetch_raw(number)).receiver]
    await act(world, "pdd", number, "freeze")
    receivers.append(shop.snapshot(await shop.fetch_raw(number)).receiver)
    await act(world, "pdd", number, "freeze", frozen=False)
    await shop.confirm_shipment(parcel(number))
    receivers.append(shop.snapshot(await shop.fetch_raw(number)).receiver)

    assert [type(one) for one in receivers] == [MaskedReceiver, type(None), type(None)]


async def test_a_deposit_leaves_a_presale_unpaid_and_the_rest_makes_it_wait(world: World) -> None:
    (number,) = await sell(
        world, "pdd", lines=[{"sku": "A", "price": "50.00"}], post_fee="0", paid=False, presale=True
    )
    shop = pdd(world)
    await act(world, "pdd", number, "pay", deposit_only=True)
    deposit = shop.snapshot(await shop.fetch_raw(number))
    await act(world, "pdd", number, "pay")
    whole = shop.snapshot(await shop.fetch_raw(number))

    assert (deposit.state, deposit.captured_minor) == (ChannelState.UNPAID, 1000)
    assert (whole.state, whole.captured_minor) == (ChannelState.PAID, 5000)
    assert whole.presale_until == world.clock + timedelta(days=7, seconds=2)


async def test_stock_is_set_in_full(world: World) -> None:
    shop = pdd(world)

    for quantity in (7, 3):
        await shop.set_available(LISTING, quantity, "stock-1")

    (kept,) = (await world.vendor_http.get("/sandbox/pdd/stock")).json()
    assert kept == {"goods_id": "100", "sku": "TEA-1", "quantity": 3}
    assert await shop.available(LISTING) is None


async def test_the_platforms_own_sku_goes_before_ours(world: World) -> None:
    await pdd(world).set_available(Listing("TEA-1", {"goods_id": "1", "sku_id": "2"}), 7, "r")

    (kept,) = (await world.vendor_http.get("/sandbox/pdd/stock")).json()
    assert kept["sku"] == "2"


async def test_a_listing_without_its_goods_id_is_a_persons_business(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await pdd(world).set_available(Listing("TEA-1"), 7, "stock-1")

    assert (caught.value.code, caught.value.system) == ("no_goods_id", "onhand")


async def test_a_refund_is_told_from_asking_to_money_back(world: World) -> None:
    start = world.clock
    (number,) = await sell(world, "pdd", lines=[{"sku": "A", "price": "9.00"}], post_fee="0")
    shop = pdd(world)
    order = await act(world, "pdd", number, "refund")
    world.clock += timedelta(minutes=1)
    (asked,) = await shop.changed_after_sales(start, world.clock)
    waiting = shop.snapshot(await shop.fetch_raw(number))
    await act(world, "pdd", number, "refund", refund_status="10")
    (done,) = await shop.changed_after_sales(start, world.clock)

    line_no = str(order["item_list"][0]["sku_id"])
    assert asked == AfterSale(
        external_no=number,
        after_sale_no="7000001",
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.REQUESTED,
        vendor_status="2",
        modified=start + timedelta(seconds=1),
        amount_minor=900,
        reason="不想要了",
        external_line_nos=(line_no,),
    )
    assert [line.external_line_no for line in waiting.lines] == [line_no]
    assert waiting.lines[0].refund_in_progress
    assert (done.after_sale_no, done.stage) == (asked.after_sale_no, AfterSaleStage.DONE)
    assert shop.snapshot(await shop.fetch_raw(number)).state is ChannelState.CANCELLED


async def test_refunds_of_a_long_time_are_all_read(world: World) -> None:
    start = world.clock
    numbers = await sell(world, "pdd", count=102)
    for number in numbers:
        await act(world, "pdd", number, "refund")
    world.clock += timedelta(minutes=40)
    numbers += (late := await sell(world, "pdd"))
    await act(world, "pdd", late[0], "refund", with_return=True)

    cases = await pdd(world).changed_after_sales(start, world.clock + timedelta(minutes=1))

    assert sorted(case.external_no for case in cases) == sorted(numbers)


@pytest.mark.parametrize(
    ("told", "kind", "stage"),
    [
        ({"after_sales_type": 2, "after_sales_status": 4}, AfterSaleKind.REFUND, "agreed"),
        ({"after_sales_type": 3, "after_sales_status": 7}, AfterSaleKind.RETURN, "agreed"),
        (
            {"after_sales_type": 3, "after_sales_status": 7, "tracking_number": "R1"},
            AfterSaleKind.RETURN,
            "on_the_way",
        ),
        ({"after_sales_type": 3, "after_sales_status": 6}, AfterSaleKind.RETURN, "refused"),
        ({"after_sales_type": 4, "after_sales_status": 14}, AfterSaleKind.EXCHANGE, "requested"),
        ({"after_sales_type": 4, "after_sales_status": 16}, AfterSaleKind.EXCHANGE, "done"),
        ({"after_sales_type": 5, "after_sales_status": 32}, AfterSaleKind.OTHER, "agreed"),
        ({"after_sales_type": 6, "after_sales_status": 21}, AfterSaleKind.REPAIR, "requested"),
        ({"after_sales_type": 2, "after_sales_status": 11}, AfterSaleKind.REFUND, "closed"),
        ({"after_sales_type": 2, "after_sales_status": 99}, AfterSaleKind.REFUND, "unknown"),
        ({"after_sales_type": None, "after_sales_status": None}, AfterSaleKind.OTHER, "unknown"),
    ],
)
def test_every_case_has_its_kind_and_stage(
    world: World, told: dict[str, Any], kind: AfterSaleKind, stage: str
) -> None:
    case = after_sale_of(Case.model_validate({"id": 1, "order_sn": "1", **told}), world.clock)

    assert (case.kind, case.stage) == (kind, AfterSaleStage(stage))
    assert case.modified == world.clock


def test_every_status_of_the_vendors_list_has_a_stage() -> None:
    assert set(STAGES) == {*range(2, 19), 21, 22, 24, 25, 27, 31, 32}


@pytest.mark.parametrize("told", ["2026-05-01 12:18:03", "1777609083", 1777609083])
def test_the_time_of_a_case_comes_in_two_forms(world: World, told: object) -> None:
    case = Case.model_validate({"id": 1, "order_sn": "1", "updated_time": told})

    expected = world.clock + timedelta(minutes=18, seconds=3)
    assert after_sale_of(case, world.clock).modified == expected


def test_the_vendors_limits_are_declared() -> None:
    assert LIMITS["pdd.logistics.online.send"] == Limit(30_000, 10)
    assert LIMITS["pdd.refund.list.increment.get"] == Limit(600, 60)
    assert LIMITS["pdd.order.list.get"] == Limit(6000, 60)


async def test_the_router_takes_json_as_well(world: World) -> None:
    answer = await world.vendor_http.post("/pdd/api/router", json={"type": SEND, "page": 1})

    assert answer.json()["error_response"]["error_code"] == 10001
