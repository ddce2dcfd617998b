"""After-sales of a WeChat shop: told, listed, and answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import (
    Rejected,
)
from integrations.marketplaces.port import (
    CaseVerdict,
    Verdict,
)
from tests.integrations.marketplaces.shops import act, answering, at_the_door, sell, wechat
from tests.integrations.marketplaces.test_wechat_client import TWO_LINES, fetched
from tests.integrations.sandbox.world import World


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


async def test_receipt_is_not_said_before_agreement_nor_while_it_is_paid(world: World) -> None:
    (number,) = await sell(world, "wechat")
    await act(world, "wechat", number, "refund", with_return=True)
    received = CaseVerdict("2000000001", number, Verdict.RECEIVED, "", True)
    with pytest.raises(Rejected) as refused:
        await wechat(world, settings=SAYS).answer_case(received)
    assert refused.value.code == "other_stage"
    await act(world, "wechat", number, "refund", with_return=True, refund_status="7")
    await wechat(world, settings=SAYS).answer_case(received)
    assert await world.calls(operation="/channels/ec/aftersale/acceptapply") == []
