"""Cases of TOP, Douyin and Pinduoduo answered in their own words, each answer once."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from domain.orders.after_sale import AfterSale, AfterSaleStage
from domain.shared.address import Address, Contact
from domain.shared.errors import AnswerLost, NotOffered, Rejected, Unavailable
from integrations.marketplaces.port import CaseVerdict, GoodsTo, ShipConfirmation, Verdict
from integrations.sandbox.settings import SandboxSettings, TopAccount
from tests.integrations.marketplaces import shops, test_top_client
from tests.integrations.marketplaces.shops import douyin, pdd
from tests.integrations.marketplaces.test_top_client import top
from tests.integrations.sandbox.world import World, create_world

HQ = GoodsTo(
    "HQ", Contact("仓库", "02188886666", Address("CN", "上海市", "上海市", "青浦区", "一路1号"))
)
SETTINGS: dict[str, Any] = {"return_address_id": "7", "return_addresses": {"SOUTH": "8"}}


@dataclass
class Channel:
    """One shop there, and what its buyer does. `words` are the vendor's statuses of a case that
    comes back, was refused, and is paid; `says` the calls that agree, pay and refuse."""

    name: str
    opens: Callable[..., Any]
    comes: str
    says: tuple[str, str, str]
    settings: dict[str, Any] = field(default_factory=dict)

    def shop(self, world: World, **settings: Any) -> Any:
        given = {**SETTINGS, **self.settings, **settings}
        return self.opens(world, settings=given)

    async def case(self, world: World, *, goods: bool = True, status: str = "") -> CaseVerdict:
        """A sent order whose buyer asks for his money, and the answer that agrees."""
        shop = self.shop(world)
        if self.name == "top":
            (trade,) = await test_top_client.sell(world, lines=LINE, post_fee="0")
            await shop.confirm_shipment(test_top_client.parcel(trade))
            asked = {"refund_status": status} if status else {}
            await test_top_client.act(world, trade, "refund", with_return=goods, **asked)
            number = str(trade["tid"])
        else:
            (number,) = await shops.sell(world, self.name, lines=LINE, post_fee="0")
            await shop.confirm_shipment(ShipConfirmation(number, "pcl_1", "sf", "SF1", (), False))
            await self.ask(world, number, goods=goods, status=status)
        seen = await self.seen(world)
        return CaseVerdict(seen.after_sale_no, number, Verdict.AGREE, "", goods, HQ)

    async def ask(self, world: World, number: str, *, goods: bool, status: str) -> None:
        if self.name == "top":
            trade = {"tid": number}
            await test_top_client.act(
                world, trade, "refund", with_return=goods, refund_status=status
            )
        else:
            await shops.act(
                world, self.name, number, "refund", with_return=goods, refund_status=status
            )

    async def seen(self, world: World) -> AfterSale:
        day, minute = timedelta(hours=1), timedelta(minutes=1)
        shop = self.shop(world)
        (case,) = await shop.changed_after_sales(world.clock - day, world.clock + minute)
        assert isinstance(case, AfterSale)
        return case

    async def calls(self, world: World, said: int) -> list[str]:
        found = await world.calls(vendor=self.name, operation=self.says[said])
        return [one["request"] for one in found]


LINE = [{"sku": "A", "price": "20.00", "num": 2}]
TOP = Channel(
    "top",
    top,
    "WAIT_SELLER_CONFIRM_GOODS",
    ("taobao.rp.returngoods.agree", "taobao.rp.refunds.agree", "taobao.refund.refuse"),
)
DOUYIN = Channel("douyin", douyin, "11", ("/afterSale/operate",) * 3, {"reject_reason_code": 1})
PDD = Channel("pdd", pdd, "7", ("pdd.refund.returngoods.agree", "pdd.refund.agree", ""))
CHANNELS = pytest.mark.parametrize("channel", [TOP, DOUYIN, PDD], ids=lambda one: one.name)
REFUSING = pytest.mark.parametrize("channel", [TOP, DOUYIN], ids=lambda one: one.name)


@CHANNELS
async def test_a_return_is_agreed_to_and_paid_once_the_goods_are_here(
    world: World, channel: Channel
) -> None:
    agree = await channel.case(world)
    shop = channel.shop(world)
    for _ in range(2):  # saying it twice changes nothing
        await shop.answer_case(agree)
        assert (await channel.seen(world)).stage is AfterSaleStage.AGREED
    await channel.ask(world, agree.external_no, goods=True, status=channel.comes)
    received = replace(agree, verdict=Verdict.RECEIVED)
    for _ in range(2):
        await shop.answer_case(received)
        assert (await channel.seen(world)).stage is AfterSaleStage.DONE
    times = 2 if channel is DOUYIN else 1  # one path for both answers
    assert len(await channel.calls(world, 0)) == len(await channel.calls(world, 1)) == times


@CHANNELS
async def test_money_alone_is_paid_when_it_is_agreed_to(world: World, channel: Channel) -> None:
    agree = await channel.case(world, goods=False)
    for _ in range(2):
        await channel.shop(world).answer_case(agree)
        assert (await channel.seen(world)).stage is AfterSaleStage.DONE
    assert len(await channel.calls(world, 1)) == 1


@REFUSING
@pytest.mark.parametrize("goods", [True, False])
async def test_a_case_is_refused_once(world: World, channel: Channel, goods: bool) -> None:
    agree = await channel.case(world, goods=goods)
    refuse = replace(agree, verdict=Verdict.REFUSE, reason="商品已使用")
    for _ in range(2):
        await channel.shop(world).answer_case(refuse)
        assert (await channel.seen(world)).stage is AfterSaleStage.REFUSED
    assert len(await channel.calls(world, 2)) == 1


@REFUSING
async def test_goods_that_came_can_be_refused_too(world: World, channel: Channel) -> None:
    agree = await channel.case(world)
    await channel.shop(world).answer_case(agree)
    await channel.ask(world, agree.external_no, goods=True, status=channel.comes)
    await channel.shop(world).answer_case(replace(agree, verdict=Verdict.REFUSE, reason="已破损"))
    assert (await channel.seen(world)).stage is AfterSaleStage.REFUSED


@CHANNELS
async def test_what_is_not_awaited_is_not_said(world: World, channel: Channel) -> None:
    """Receipt before agreement, refusal after it, money for goods that are to come back."""
    agree = await channel.case(world)
    shop = channel.shop(world)
    for verdict, code in (
        (replace(agree, verdict=Verdict.RECEIVED), "other_stage"),
        (replace(agree, returns_goods=False), "other_kind"),
    ):
        with pytest.raises(Rejected) as refused:
            await shop.answer_case(verdict)
        assert refused.value.code == code
    assert (await channel.seen(world)).stage is AfterSaleStage.REQUESTED

    await shop.answer_case(agree)
    if channel is not PDD:  # there a parcel is awaited in the same status
        with pytest.raises(Rejected) as refused:
            await shop.answer_case(replace(agree, verdict=Verdict.REFUSE))
        assert refused.value.code == "other_stage"
    assert (await channel.seen(world)).stage is AfterSaleStage.AGREED


@CHANNELS
async def test_less_than_the_case_asks_for_is_left_to_a_person(
    world: World, channel: Channel
) -> None:
    agree = await channel.case(world, goods=False)
    with pytest.raises(Rejected) as refused:
        await channel.shop(world).answer_case(replace(agree, partly=True))
    assert refused.value.code == "pays_whole_case"
    assert (await channel.seen(world)).stage is AfterSaleStage.REQUESTED


@CHANNELS
async def test_an_answer_that_was_carried_out_and_lost_is_not_said_again(
    world: World, channel: Channel
) -> None:
    agree = await channel.case(world, goods=False)
    await world.fault(vendor=channel.name, operation=channel.says[1], kind="error_after", times=1)
    with pytest.raises(AnswerLost):
        await channel.shop(world).answer_case(agree)
    assert (await channel.seen(world)).stage is AfterSaleStage.DONE
    await channel.shop(world).answer_case(agree)
    assert len(await channel.calls(world, 1)) == 1


@CHANNELS
async def test_an_answer_that_was_lost_before_it_was_carried_out_is_said_again(
    world: World, channel: Channel
) -> None:
    agree = await channel.case(world)
    await world.fault(vendor=channel.name, operation=channel.says[0], kind="error_before", times=1)
    with pytest.raises((AnswerLost, Unavailable)):
        await channel.shop(world).answer_case(agree)
    assert (await channel.seen(world)).stage is AfterSaleStage.REQUESTED
    await channel.shop(world).answer_case(agree)
    assert (await channel.seen(world)).stage is AfterSaleStage.AGREED


@CHANNELS
async def test_the_goods_go_to_the_address_of_the_place_they_came_from(
    world: World, channel: Channel
) -> None:
    agree = await channel.case(world)
    with pytest.raises(Rejected) as refused:
        await channel.shop(world, return_address_id="").answer_case(agree)
    assert refused.value.code == "no_return_address_id"
    assert await channel.calls(world, 0) == []

    south = replace(agree, goods_to=replace(HQ, location_id="SOUTH"))
    await channel.shop(world).answer_case(south)
    (said,) = await channel.calls(world, 0)
    told = said if channel is DOUYIN else str(dict(parse_qsl(said)))
    wanted = {
        "top": "'seller_address_id': '8'",
        "douyin": '"receiver_address_id":8',
        "pdd": '"return_address_id":"8"',
    }
    assert wanted[channel.name] in told


async def test_what_top_is_told(world: World) -> None:
    agree = await TOP.case(world)
    await TOP.shop(world).answer_case(agree)
    (said,) = await TOP.calls(world, 0)
    told = dict(parse_qsl(said))
    version = told.pop("refund_version")
    assert told.pop("sign")
    assert version.isdigit()
    assert told == {
        "refund_id": agree.after_sale_no,
        "refund_phase": "aftersale",
        "seller_address_id": "7",
        "remark": "同意退货",
        "name": "仓库",
        "address": "上海市上海市青浦区一路1号",
        "tel": "02188886666",
        "mobile": "02188886666",
        "method": "taobao.rp.returngoods.agree",
        "app_key": world.sandbox.settings.top.app_key,
        "session": world.sandbox.settings.top.sessions[0],
        "timestamp": "2026-05-01 12:00:00",
        "format": "json",
        "v": "2.0",
        "sign_method": "md5",
    }
    await TOP.ask(world, agree.external_no, goods=True, status=TOP.comes)
    await TOP.shop(world).answer_case(replace(agree, verdict=Verdict.RECEIVED))
    (paid,) = await TOP.calls(world, 1)
    number, fee, version = dict(parse_qsl(paid))["refund_infos"].split("|")
    assert (number, fee) == (agree.after_sale_no, "4000")
    assert version.isdigit()


async def test_tmall_is_reviewed_before_it_pays_and_refused_by_hand() -> None:
    world = create_world(SandboxSettings(seconds_per_hop=10, top=TopAccount(tmall=True)))
    agree = await TOP.case(world, goods=False)
    with pytest.raises(NotOffered):
        await TOP.shop(world, tmall=True).answer_case(replace(agree, verdict=Verdict.REFUSE))
    await TOP.shop(world, tmall=True).answer_case(agree)
    assert (await TOP.seen(world)).stage is AfterSaleStage.DONE
    (paid,) = await TOP.calls(world, 1)
    assert dict(parse_qsl(paid))["refund_infos"].endswith("|aftersale")


async def test_a_code_to_the_sellers_phone_is_left_to_a_person_unless_the_shop_skips_it(
    world: World,
) -> None:
    (trade,) = await test_top_client.sell(
        world, lines=[{"sku": "A", "price": "9000.00", "num": 1}], post_fee="0"
    )
    await test_top_client.act(world, trade, "refund")
    case = await TOP.seen(world)
    agree = CaseVerdict(case.after_sale_no, str(trade["tid"]), Verdict.AGREE, "", False)
    with pytest.raises(Rejected) as refused:
        await TOP.shop(world).answer_case(agree)
    assert refused.value.code == "sms_code"
    await TOP.shop(world, skip_refund_sms=True).answer_case(agree)
    assert (await TOP.seen(world)).stage is AfterSaleStage.DONE


async def test_what_douyin_is_told(world: World) -> None:
    agree = await DOUYIN.case(world)
    await DOUYIN.shop(world).answer_case(agree)
    await DOUYIN.ask(world, agree.external_no, goods=True, status="11")
    refuse = replace(agree, verdict=Verdict.REFUSE, reason="已破损")
    await DOUYIN.shop(world).answer_case(refuse)
    refused, agreed = [json.loads(one) for one in await DOUYIN.calls(world, 0)]
    at = agreed["items"][0].pop("update_time")
    assert refused["items"][0].pop("update_time") > at
    item = {"aftersale_id": agree.after_sale_no}
    assert agreed == {"type": 101, "items": [{**item, "logistics": {"receiver_address_id": 7}}]}
    said = {"reason": "已破损", "remark": "已破损", "reject_reason_code": 1}
    assert refused == {"type": 112, "items": [{**item, **said}]}


async def test_douyin_wants_a_reason_and_sometimes_a_picture(world: World) -> None:
    refuse = replace(await DOUYIN.case(world), verdict=Verdict.REFUSE)
    for settings, code in (
        ({"reject_reason_code": 0}, "no_reject_reason_code"),
        ({"reject_reason_code": 2}, "isv.parameter-invalid:11000"),
    ):
        with pytest.raises(Rejected) as refused:
            await DOUYIN.shop(world, **settings).answer_case(refuse)
        assert refused.value.code == code
    assert (await DOUYIN.seen(world)).stage is AfterSaleStage.REQUESTED


async def test_pinduoduo_has_no_call_that_refuses(world: World) -> None:
    refuse = replace(await PDD.case(world), verdict=Verdict.REFUSE)
    with pytest.raises(NotOffered):
        await PDD.shop(world).answer_case(refuse)


async def test_what_pinduoduo_is_told(world: World) -> None:
    agree = await PDD.case(world)
    await PDD.shop(world).answer_case(agree)
    (said,) = await PDD.calls(world, 0)
    assert json.loads(dict(parse_qsl(said))["request"]) == {
        "after_sales_id": int(agree.after_sale_no),
        "order_sn": agree.external_no,
        "operate_desc": "同意退货",
        "return_address_id": "7",
    }


@CHANNELS
async def test_a_refusal_is_no_error_where_the_answer_was_given_meanwhile(
    world: World, channel: Channel
) -> None:
    """Somebody agrees in the back office between our look and our word."""
    agree = await channel.case(world)
    shop = channel.shop(world)
    there = channel.shop(world)
    inner = type(shop).call
    raced: list[str] = []

    async def call(self: Any, method: str, parameters: Any, *, changes: bool) -> bytes:
        if method == channel.says[0] and not raced:
            raced.append(method)
            await there.answer_case(agree)
        answer: bytes = await inner(self, method, parameters, changes=changes)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(shop), "call", call)
        await shop.answer_case(agree)
    assert raced
    assert (await channel.seen(world)).stage is AfterSaleStage.AGREED
    assert len(await channel.calls(world, 0)) == 2


async def test_while_pinduoduo_pays_nothing_more_is_said(world: World) -> None:
    agree = await PDD.case(world)
    await PDD.ask(world, agree.external_no, goods=True, status="4")
    await PDD.shop(world).answer_case(replace(agree, verdict=Verdict.RECEIVED))
    assert await PDD.calls(world, 1) == []
