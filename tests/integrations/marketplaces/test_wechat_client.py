"""WeChat shops on the wire: tokens, sealed events in JSON and XML, parcels, stock, cases."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
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
    CaseVerdict,
    Listing,
    Pushed,
    ShipConfirmation,
    ShippedLine,
    Verdict,
)
from integrations.marketplaces.signing import wechat_signature
from integrations.marketplaces.wechat import LIMITS, WechatMarketplace
from integrations.marketplaces.wechat_crypt import seal_message
from integrations.marketplaces.wechat_errors import WechatCodes, WechatHead, wechat_error
from tests.integrations.marketplaces.shops import act, answering, at_the_door, sell, wechat
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


def event(shop: WechatMarketplace, plain: bytes, *, xml: bool = False, **query: str) -> Pushed:
    """A push as WeChat seals it."""
    secrets = shop.access.secrets
    app_id = query.pop("app_id", shop.access.external_id)
    sealed = seal_message(secrets["aes_key"], plain, app_id, b"0123456789abcdef")
    signature = wechat_signature(secrets["push_token"], "1777609805", "n1", sealed)
    body = (
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        if xml
        else json.dumps({"ToUserName": "gh", "Encrypt": sealed})
    )
    given = {"timestamp": "1777609805", "nonce": "n1", "msg_signature": signature}
    return Pushed({}, body.encode(), {**given, **query})


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


async def test_events_are_pushed_acknowledged_and_only_name_the_order(world: World) -> None:
    shop = wechat(world)
    world.answer = answering(shop)
    (number,) = await sell(world, "wechat")
    await world.pass_time(0)

    pushes = [shop.read_pushes(at_the_door(request))[0] for request in world.received]

    assert [push.topic for push in pushes] == ["channels_ec_order_new", "channels_ec_order_pay"]
    assert [push.external_no for push in pushes] == [number, number]  # once a number, once text
    assert len({push.message_id for push in pushes}) == 2
    assert [shop.snapshot(push.raw) for push in pushes] == [None, None]
    log = (await world.vendor_http.get("/sandbox/pushes")).json()
    assert [(one["delivered"], one["last_answer"]) for one in log] == [(True, "200 success")] * 2


async def test_a_push_sent_again_is_the_same_message(world: World) -> None:
    shop = wechat(world)
    plain = b'{"Event":"channels_ec_order_pay","order_info":{"order_id":1}}'

    (first,) = shop.read_pushes(event(shop, plain))
    (again,) = shop.read_pushes(event(shop, plain, xml=True))

    assert first == again


async def test_events_in_xml_say_the_same(world: World) -> None:
    shop = wechat(world)
    plain = (
        b"<xml><ToUserName><![CDATA[gh]]></ToUserName><CreateTime>1777609805</CreateTime>"
        b"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[channels_ec_order_pay]]></Event>"
        b"<order_info><order_id>3705115058471208928</order_id><pay_time>1</pay_time></order_info>"
        b"</xml>"
    )

    (push,) = shop.read_pushes(event(shop, plain, xml=True))

    assert (push.topic, push.external_no) == ("channels_ec_order_pay", "3705115058471208928")
    assert shop.snapshot(push.raw) is None


@pytest.mark.parametrize(
    "plain", [b'{"Event":"channels_ec_order_settle"}', b'{"Event":"x"}', b"{}"]
)
async def test_topics_we_do_not_follow_are_left(world: World, plain: bytes) -> None:
    shop = wechat(world)

    assert shop.read_pushes(event(shop, plain)) == ()


async def test_an_event_that_names_no_order_is_kept_for_a_person(world: World) -> None:
    shop = wechat(world)

    (push,) = shop.read_pushes(event(shop, b'{"Event":"channels_ec_order_pay"}'))

    assert push.external_no == ""


def without_signature(pushed: Pushed) -> Pushed:
    return replace(pushed, query={**pushed.query, "msg_signature": ""})


def with_other_time(pushed: Pushed) -> Pushed:
    return replace(pushed, query={**pushed.query, "timestamp": "1"})


def in_plain_text(pushed: Pushed) -> Pushed:
    return replace(pushed, body=b'{"Event":"channels_ec_order_pay","order_info":{"order_id":1}}')


@pytest.mark.parametrize(
    ("spoil", "code", "status"),
    [
        (without_signature, "invalid_signature", 401),
        (with_other_time, "invalid_signature", 401),
        (in_plain_text, "unreadable", 400),
    ],
)
async def test_a_message_that_is_not_genuine_is_not_taken(
    world: World, spoil: Callable[[Pushed], Pushed], code: str, status: int
) -> None:
    shop = wechat(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(spoil(event(shop, b'{"Event":"channels_ec_order_pay"}')))

    assert caught.value.code == code
    assert shop.refuse(caught.value).status == status


async def test_a_message_for_another_shop_is_not_taken(world: World) -> None:
    shop = wechat(world)

    with pytest.raises(Rejected) as caught:
        shop.read_pushes(event(shop, b"{}", app_id="wx0"))

    assert caught.value.code == "wrong_shop"


async def test_a_look_at_the_address_sees_its_word_again(world: World) -> None:
    shop = wechat(world)
    signature = wechat_signature(shop.access.secrets["push_token"], "1", "n")
    query = {"signature": signature, "timestamp": "1", "nonce": "n", "echostr": "4 8<b>"}
    look = Pushed({}, b"", query, "GET")

    assert shop.read_pushes(look) == ()
    said = shop.acknowledge(look)
    assert (said.status, said.body) == (200, b"4 8<b>")
    assert said.content_type.startswith("text/plain")
    with pytest.raises(Rejected):
        shop.read_pushes(replace(look, query={**query, "nonce": "m"}))


async def test_a_refund_is_pushed_and_the_list_tells_more(world: World) -> None:
    shop = wechat(world)
    start, world.answer = world.clock, answering(shop)
    (number,) = await sell(world, "wechat", lines=TWO_LINES, post_fee="0")
    await act(world, "wechat", number, "refund")
    await world.pass_time(60)

    (push,) = shop.read_pushes(at_the_door(world.received[-1]))
    (listed,) = await shop.changed_after_sales(start, world.clock)
    snapshot = await fetched(shop, number)

    first = snapshot.lines[0]
    assert listed == AfterSale(
        external_no=number,
        after_sale_no="2000000001",
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.REQUESTED,
        vendor_status="MERCHANT_PROCESSING",
        modified=start + timedelta(seconds=1),
        amount_minor=first.payable_minor,
        reason="不想要了",
        external_line_nos=(first.external_line_no,),
    )
    assert push.after_sale is not None
    assert (push.external_no, push.after_sale.stage) == (number, AfterSaleStage.REQUESTED)
    assert push.after_sale.modified < listed.modified  # what the list tells counts
    assert [line.refund_in_progress for line in snapshot.lines] == [True, False]

    await act(world, "wechat", number, "refund", refund_status="6")
    back = await fetched(shop, number)
    (done,) = await shop.changed_after_sales(start, world.clock + timedelta(minutes=1))
    assert done.stage is AfterSaleStage.DONE
    assert [line.cancelled for line in back.lines] == [True, False]
    assert back.captured_minor == back.lines[1].payable_minor


SAYS = {"return_address_id": "7", "reject_reason_type": 1}


async def stage_of(world: World) -> AfterSaleStage:
    cases = await wechat(world).changed_after_sales(
        world.clock - timedelta(days=1), world.clock + timedelta(minutes=1)
    )
    return cases[0].stage


async def test_a_return_is_agreed_to_and_paid_when_the_goods_are_here(world: World) -> None:
    (number,) = await sell(world, "wechat")
    await act(world, "wechat", number, "refund", with_return=True)
    shop = wechat(world, settings=SAYS)
    agree = CaseVerdict("2000000001", number, Verdict.AGREE, "", True)
    for _ in range(2):  # the answer was lost
        await shop.answer_case(agree)
        assert await stage_of(world) is AfterSaleStage.AGREED
    await act(world, "wechat", number, "refund", refund_status="3", with_return=True)
    for _ in range(2):
        await shop.answer_case(replace(agree, verdict=Verdict.RECEIVED))
        assert await stage_of(world) is AfterSaleStage.DONE


async def test_money_alone_is_paid_at_once_or_refused_with_a_reason(world: World) -> None:
    (number,) = await sell(world, "wechat")
    await act(world, "wechat", number, "refund")
    refuse = CaseVerdict("2000000001", number, Verdict.REFUSE, "already sent", False)
    with pytest.raises(Rejected, match="reject_reason_type"):
        await wechat(world).answer_case(refuse)
    await wechat(world, settings=SAYS).answer_case(refuse)
    assert await stage_of(world) is AfterSaleStage.REFUSED

    await act(world, "wechat", number, "refund")
    await wechat(world).answer_case(replace(refuse, verdict=Verdict.AGREE))
    assert await stage_of(world) is AfterSaleStage.DONE


async def test_without_an_address_the_goods_cannot_be_sent(world: World) -> None:
    (number,) = await sell(world, "wechat")
    await act(world, "wechat", number, "refund", with_return=True)
    with pytest.raises(Rejected) as refused:
        await wechat(world).answer_case(CaseVerdict("2000000001", number, Verdict.AGREE, "", True))

    assert refused.value.code == "10021060"


async def test_cases_of_several_days_and_pages_are_all_read(world: World) -> None:
    start = world.clock
    numbers = await sell(world, "wechat", count=51)
    for number in numbers:
        await act(world, "wechat", number, "refund")
    world.clock += timedelta(days=2)
    numbers += (late := await sell(world, "wechat"))
    await act(world, "wechat", late[0], "refund", with_return=True)

    cases = await wechat(world).changed_after_sales(start, world.clock + timedelta(minutes=1))

    assert sorted(case.external_no for case in cases) == sorted(numbers)


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
