"""Douyin as only it has it: signed JSON, pushes in arrays, parcels with their units."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.snapshot import ChannelState
from domain.shared.errors import CredentialsRefused, Rejected, Unavailable
from integrations.access import Limit
from integrations.marketplaces.douyin import LIMITS, DouyinMarketplace
from integrations.marketplaces.port import Listing, Pushed, ShipConfirmation, ShippedLine
from integrations.marketplaces.signing import douyin_event_sign
from tests.integrations.marketplaces.shops import (
    act,
    answering,
    at_the_door,
    douyin,
    parcel,
    sell,
)
from tests.integrations.sandbox.world import World

SHIP, PACKS, SEARCH = "/order/logisticsAdd", "/order/logisticsAddMultiPack", "/order/searchList"
TWO_LINES = [
    {"sku": "A", "price": "10.00", "num": 2},
    {"sku": "B", "price": "20.00", "num": 1},
]


async def asked(world: World, operation: str) -> list[dict[str, Any]]:
    """What was asked for, oldest first."""
    calls = await world.calls(operation=operation)
    return [json.loads(call["request"]) for call in reversed(calls)]


async def state(shop: DouyinMarketplace, number: str) -> ChannelState:
    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    return snapshot.state


def message(shop: DouyinMarketplace, body: bytes, **headers: str) -> Pushed:
    """A push signed as Douyin signs it."""
    key, secret = shop.access.secrets["app_key"], shop.access.secrets["app_secret"]
    given = {"app-id": key, "event-sign": douyin_event_sign(key, body, secret)}
    return Pushed({**given, **headers}, body)


async def test_what_is_sent_is_what_is_signed(world: World) -> None:
    now = world.clock
    await douyin(world).changed_page_count(now - timedelta(minutes=5), now)

    (call,) = await world.calls(operation=SEARCH)
    assert call["request"] == (
        '{"order_asc":false,"order_by":"update_time","page":0,"size":100,'
        f'"update_time_end":{int(now.timestamp())},'
        f'"update_time_start":{int(now.timestamp()) - 300}}}'
    )


async def test_an_app_that_still_signs_with_md5_is_let_in(world: World) -> None:
    (number,) = await sell(world, "douyin")

    assert await state(douyin(world, settings={"sign_method": "md5"}), number) is ChannelState.PAID


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("app_secret", "isv.signature-invalid"),
        ("access_token", "isv.access-token-no-existed"),
        ("app_key", "isv.app-id-invalid"),
    ],
)
async def test_who_is_not_known_is_not_let_in(world: World, secret: str, code: str) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await douyin(world, **{secret: "wrong"}).fetch_raw("1")
    assert caught.value.code == code

    with pytest.raises(CredentialsRefused, match=f"douyin-1 has no {secret}"):
        await douyin(world, **{secret: ""}).fetch_raw("1")


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_a_clock_that_is_wrong_is_tried_again(world: World, minutes: int) -> None:
    skewed = world.clock + timedelta(minutes=minutes)

    with pytest.raises(Unavailable) as caught:
        await douyin(world, now=lambda: skewed).fetch_raw("1")

    assert caught.value.code == "isv.timestamp-invalid"


async def test_each_parcel_of_several_is_told_with_its_units_once(world: World) -> None:
    (number,) = await sell(world, "douyin", lines=TWO_LINES)
    shop = douyin(world)
    a, b = str(int(number) + 1), str(int(number) + 2)
    first = ShipConfirmation(
        number, "P1", "zto", "Z1", (ShippedLine(a, 1), ShippedLine(b, 1)), True
    )
    second = ShipConfirmation(number, "P2", "sf", "S2", (ShippedLine(a, 1),), True)

    await shop.confirm_shipment(first)
    between = await state(shop, number)
    await shop.confirm_shipment(first)
    await shop.confirm_shipment(second)
    await shop.confirm_shipment(second)

    assert (between, await state(shop, number)) == (
        ChannelState.PART_SHIPPED,
        ChannelState.SHIPPED,
    )
    told = await asked(world, PACKS)
    assert told[0] == {
        "order_id": number,
        "request_id": "P1",
        "pack_list": [
            {
                "company_code": "zhongtong",
                "logistics_code": "Z1",
                "shipped_order_info": [
                    {"shipped_order_id": a, "shipped_num": 1},
                    {"shipped_order_id": b, "shipped_num": 1},
                ],
            }
        ],
    }
    (kept,) = (await world.vendor_http.get("/sandbox/douyin/orders")).json()
    assert [one["tracking_no"] for one in kept["logistics_info"]] == ["Z1", "S2"]
    assert kept["sent"] == {a: 2, b: 1}


async def test_more_than_there_is_cannot_be_told(world: World) -> None:
    (number,) = await sell(world, "douyin", lines=TWO_LINES)
    line = ShippedLine(str(int(number) + 1), 3)

    with pytest.raises(Rejected) as caught:
        await douyin(world).confirm_shipment(
            ShipConfirmation(number, "P1", "sf", "S1", (line,), True)
        )

    assert caught.value.code == "isv.business-failed:12001"


@pytest.mark.parametrize(
    ("carrier", "code"),
    [("sf", "shunfeng"), ("yto", "yuantong"), ("sto", "shentong"), ("jdl", "jd"), ("ems", "ems")],
)
async def test_the_carriers_code_is_known_or_looked_up(
    world: World, carrier: str, code: str
) -> None:
    (number,) = await sell(world, "douyin")

    await douyin(world).confirm_shipment(parcel(number, "W1", carrier))

    told = {"order_id": number, "company_code": code, "logistics_code": "W1"}
    assert await asked(world, SHIP) == [told]


async def test_a_paid_order_is_pushed_acknowledged_and_then_asked_for(world: World) -> None:
    shop = douyin(world)
    world.answer = answering(shop)
    (number,) = await sell(world, "douyin")

    await world.pass_time(0)

    created, paid = world.received
    (push,) = shop.read_pushes(at_the_door(paid))
    (told,) = json.loads(paid.content)
    assert (push.topic, push.external_no, push.message_id) == ("110", number, told["msg_id"])
    assert json.loads(push.raw) == told
    assert shop.snapshot(push.raw) is None
    assert shop.read_pushes(at_the_door(created))[0].topic == "100"
    assert shop.acknowledge(at_the_door(paid)).body == b'{"code":0,"msg":"success"}'
    pushes = (await world.vendor_http.get("/sandbox/pushes")).json()
    assert [push["delivered"] for push in pushes] == [True, True]


async def test_a_push_is_sent_again_until_the_exact_words_come(world: World) -> None:
    await sell(world, "douyin", paid=False)

    for body in (b"", b"success", b'{"code":1,"msg":"fail"}'):
        world.answer = lambda _, body=body: httpx.Response(200, content=body)  # type: ignore[misc]
        await world.pass_time(60)
    world.answer = lambda _: httpx.Response(200, content=b'{"code": 0, "msg": "success"}')
    await world.pass_time(60)
    await world.pass_time(600)

    assert len(world.received) == 4


async def test_several_messages_come_in_one_body(world: World) -> None:
    shop = douyin(world)
    body = json.dumps(
        [
            {"tag": "100", "msg_id": "m1", "data": {"p_id": 11, "shop_id": 4463798}},
            {"tag": "110", "msgId": "m2", "data": '{"p_id":12}'},
            {"tag": "400", "msg_id": "m3", "data": '{"product_id":1}'},
            {"tag": "100", "msg_id": "m4", "data": '{"p_id":13,"shop_id":99}'},
            {"tag": "106", "data": '{"p_id":14}'},
        ]
    ).encode()

    pushes = shop.read_pushes(message(shop, body))

    assert [(one.topic, one.external_no) for one in pushes] == [
        ("100", "11"),
        ("110", "12"),
        ("106", "14"),
    ]
    assert [one.message_id for one in pushes[:2]] == ["m1", "m2"]
    assert pushes[2].message_id.startswith("sha256:")
    assert len({one.raw for one in pushes}) == 3


@pytest.mark.parametrize("data", [None, "x", "[]", "{}", 7, {"p_id": None}])
async def test_a_message_that_names_no_order_is_kept_for_a_person(world: World, data: Any) -> None:
    shop = douyin(world)
    body = json.dumps([{"tag": "110", "msg_id": "m1", "data": data}]).encode()

    (push,) = shop.read_pushes(message(shop, body))

    assert (push.message_id, push.external_no) == ("m1", "")


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({"event-sign": "0" * 32}, "invalid_signature", 401),
        ({"event-sign": ""}, "invalid_signature", 401),
        ({"app-id": "other"}, "wrong_app", 401),
    ],
)
async def test_a_message_that_is_not_genuine_is_not_taken(
    world: World, headers: dict[str, str], code: str, status: int
) -> None:
    shop = douyin(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(message(shop, b"[]", **headers))

    assert caught.value.code == code
    assert shop.refuse(caught.value).status == status


async def test_while_the_secret_is_replaced_the_old_one_counts(world: World) -> None:
    body = b'[{"tag":"100","msg_id":"m","data":{"p_id":1}}]'
    old = message(douyin(world), body)

    assert len(
        douyin(world, app_secret="new", app_secret_old="demo-douyin-secret").read_pushes(old)
    )
    with pytest.raises(Rejected):
        douyin(world, app_secret="new").read_pushes(old)


@pytest.mark.parametrize("body", [b"", b"x", b"7", b"[]", b"[7]", b'"x"'])
async def test_a_genuine_body_that_is_no_array_is_unreadable(world: World, body: bytes) -> None:
    shop = douyin(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(message(shop, body))

    assert shop.refuse(caught.value).status == 400


async def test_a_refund_is_pushed_and_listed_with_the_same_facts(world: World) -> None:
    shop = douyin(world)
    start, world.answer = world.clock, answering(shop)
    (number,) = await sell(world, "douyin", lines=TWO_LINES, post_fee="0")
    await act(world, "douyin", number, "refund")
    world.clock += timedelta(minutes=1)
    await world.pass_time(0)

    (push,) = shop.read_pushes(at_the_door(world.received[-1]))
    (listed,) = await shop.changed_after_sales(start, world.clock)

    assert (push.topic, push.external_no) == ("200", number)
    assert listed == AfterSale(
        external_no=number,
        after_sale_no="7100001",
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.REQUESTED,
        vendor_status="6",
        modified=start + timedelta(seconds=1),
        amount_minor=2000,
        reason="不想要了",
        external_line_nos=(str(int(number) + 1),),
    )
    assert push.after_sale == replace(listed, reason="")
    waiting = shop.snapshot(await shop.fetch_raw(number))
    assert waiting is not None
    assert [line.refund_in_progress for line in waiting.lines] == [True, False]

    await act(world, "douyin", number, "refund", refund_status="12")
    (done,) = await shop.changed_after_sales(start, world.clock + timedelta(minutes=1))
    back = shop.snapshot(await shop.fetch_raw(number))
    assert back is not None
    assert done.stage is AfterSaleStage.DONE
    assert [line.cancelled for line in back.lines] == [True, False]
    assert (back.state, back.captured_minor) == (ChannelState.PAID, 2000)


async def test_cases_of_several_pages_are_all_read(world: World) -> None:
    start = world.clock
    numbers = await sell(world, "douyin", count=102)
    for number in numbers:
        await act(world, "douyin", number, "refund")

    cases = await douyin(world).changed_after_sales(start, start + timedelta(minutes=1))

    assert sorted(case.external_no for case in cases) == sorted(numbers)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ({"create_time": 1777609800, "success_time": 1777609805}, 1777609805),
        ({"update_time": "2026-05-01T12:30:05+08:00"}, 1777609805),
        ({"agree_time": "x", "apply_time": 0}, None),
    ],
)
async def test_each_topic_names_its_time_otherwise(
    world: World, told: dict[str, Any], moment: int | None
) -> None:
    shop = douyin(world)
    data = {"p_id": 1, "aftersale_id": 2, "aftersale_status": 12, "aftersale_type": 0, **told}
    body = json.dumps([{"tag": "206", "msg_id": "m", "data": json.dumps(data)}]).encode()

    (push,) = shop.read_pushes(message(shop, body))

    assert push.after_sale is not None
    expected = world.clock if moment is None else datetime.fromtimestamp(moment, UTC)
    assert push.after_sale.modified == expected
    assert (push.after_sale.kind, push.after_sale.stage) == ("return", "done")


async def test_stock_is_set_once_per_reference(world: World) -> None:
    shop = douyin(world)
    listing = Listing("TEA-1", {"product_id": "350", "sku_id": "170"})

    await shop.set_available(listing, 7, "r1")
    await shop.set_available(listing, 3, "r2")
    await shop.set_available(listing, 7, "r1")  # our answer was lost: it was set long ago

    (kept,) = (await world.vendor_http.get("/sandbox/douyin/stock")).json()
    assert kept == {"sku": "170", "quantity": 3}
    assert (await asked(world, "/sku/syncStock"))[0] == {
        "idempotent_id": "r1",
        "incremental": False,
        "product_id": "350",
        "sku_id": "170",
        "stock_num": 7,
    }
    assert await shop.available(listing) is None


async def test_a_listing_without_numbers_goes_by_our_own_code(world: World) -> None:
    await douyin(world).set_available(Listing("TEA-1"), 7, "r1")

    (told,) = await asked(world, "/sku/syncStock")
    assert told["out_sku_id"] == "TEA-1"


async def test_a_deposit_leaves_a_presale_unpaid_and_the_rest_makes_it_wait(world: World) -> None:
    (number,) = await sell(world, "douyin", paid=False, presale=True)
    shop = douyin(world)
    await act(world, "douyin", number, "pay", deposit_only=True)
    deposit = await state(shop, number)
    await act(world, "douyin", number, "pay")
    whole = shop.snapshot(await shop.fetch_raw(number))

    assert whole is not None
    assert (deposit, whole.state) == (ChannelState.UNPAID, ChannelState.PAID)
    assert whole.presale_until == world.clock + timedelta(days=7, seconds=2)


def test_the_vendors_limits_are_declared() -> None:
    assert {
        SEARCH: Limit(600, 1),
        "/order/orderDetail": Limit(900, 1),
        "/afterSale/List": Limit(500, 1),
    } == LIMITS
