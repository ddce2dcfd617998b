"""What a WeChat shop pushes: sealed, signed, and only naming the order."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.shared.errors import (
    Rejected,
)
from integrations.marketplaces.port import (
    Pushed,
)
from integrations.marketplaces.signing import wechat_signature
from integrations.marketplaces.wechat import WechatMarketplace
from integrations.marketplaces.wechat_crypt import seal_message
from tests.integrations.marketplaces.shops import answering, at_the_door, sell, wechat
from tests.integrations.sandbox.world import World


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
