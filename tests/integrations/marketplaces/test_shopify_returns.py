"""Returns of Shopify: told by webhook, approved, declined, refunded and closed once."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import AnswerLost, NotOffered, Rejected
from integrations.marketplaces.port import CaseVerdict, Verdict
from tests.integrations.marketplaces.shops import at_the_door
from tests.integrations.marketplaces.test_shopify_client import act, parcel, sell, shopify
from tests.integrations.sandbox.world import World

LINES = [{"sku": "A", "price": "20.00", "quantity": 3}]


async def asked(world: World) -> tuple[dict[str, Any], CaseVerdict]:
    """Two of three were sent, the buyer wants to send them back; the answer that agrees."""
    world.answer = lambda _: httpx.Response(200)
    order = await sell(world, lines=LINES, shipping="0")
    await shopify(world).confirm_shipment(parcel(order, {0: 2}))
    await act(world, order, "return")
    (kept,) = (await world.vendor_http.get("/sandbox/shopify/returns")).json()
    number = str(kept["id"])
    return order, CaseVerdict(number, str(order["id"]), Verdict.AGREE, "", True, refund_minor=4000)


async def told(world: World) -> AfterSale:
    """The latest return our door heard of."""
    await world.pass_time(60)
    heard = [one for one in world.received if "returns/" in one.headers["x-shopify-topic"]]
    (push,) = shopify(world).read_pushes(at_the_door(heard[-1]))
    assert push.after_sale is not None
    return push.after_sale


async def test_a_return_is_told_with_its_units(world: World) -> None:
    order, agree = await asked(world)
    case = await told(world)
    assert case == AfterSale(
        external_no=str(order["id"]),
        after_sale_no=agree.after_sale_no,
        kind=AfterSaleKind.RETURN,
        stage=AfterSaleStage.REQUESTED,
        vendor_status="requested",
        modified=case.modified,
        reason="不想要了",
        external_line_nos=(str(order["line_items"][0]["id"]),),
        line_units=(2,),
    )
    body = next(one for one in world.received if "returns/" in one.headers["x-shopify-topic"])
    assert shopify(world).snapshot(body.content) is None


async def test_a_return_is_approved_refunded_and_closed_once(world: World) -> None:
    order, agree = await asked(world)
    shop = shopify(world)
    for _ in range(2):
        await shop.answer_case(agree)
    assert (await told(world)).stage is AfterSaleStage.AGREED
    received = replace(agree, verdict=Verdict.RECEIVED)
    for _ in range(2):
        await shop.answer_case(received)
    assert (await told(world)).stage is AfterSaleStage.DONE
    for operation in ("ReturnApprove", "ReturnProcess", "ReturnClose"):
        assert len(await world.calls(operation=operation)) == 1
    (said,) = await world.calls(operation="ReturnProcess")
    transfer = json.loads(said["request"])["variables"]["input"]
    assert transfer["financialTransfer"]["issueRefund"]["orderTransactions"] == [
        {
            "parentId": f"gid://shopify/OrderTransaction/{order['id']}",
            "transactionAmount": {"amount": "40.00", "currencyCode": "CNY"},
        }
    ]
    assert [line["quantity"] for line in transfer["returnLineItems"]] == [2]
    (kept,) = (await world.vendor_http.get("/sandbox/shopify/orders")).json()
    assert [one["transactions"][0]["amount"] for one in kept["refunds"]] == ["40.00"]


@pytest.mark.parametrize("operation", ["ReturnProcess", "ReturnClose"])
async def test_money_goes_back_once_though_the_answer_is_lost(world: World, operation: str) -> None:
    _, agree = await asked(world)
    shop = shopify(world)
    await shop.answer_case(agree)
    await world.fault(vendor="shopify", operation=operation, kind="error_after", times=1)
    received = replace(agree, verdict=Verdict.RECEIVED)
    with pytest.raises(AnswerLost):
        await shop.answer_case(received)
    await shop.answer_case(received)
    assert (await told(world)).stage is AfterSaleStage.DONE
    (kept,) = (await world.vendor_http.get("/sandbox/shopify/orders")).json()
    assert len(kept["refunds"]) == 1


async def test_a_request_is_declined_with_the_shops_reason(world: World) -> None:
    _, agree = await asked(world)
    shop = shopify(world, settings={"decline_reason": "FINAL_SALE"})
    refuse = replace(agree, verdict=Verdict.REFUSE, reason="final sale")
    for _ in range(2):
        await shop.answer_case(refuse)
    assert (await told(world)).stage is AfterSaleStage.REFUSED
    (said,) = await world.calls(operation="ReturnDecline")
    assert json.loads(said["request"])["variables"]["input"] == {
        "id": f"gid://shopify/Return/{agree.after_sale_no}",
        "declineReason": "FINAL_SALE",
        "declineNote": "final sale",
        "notifyCustomer": True,
    }


async def test_what_is_not_awaited_or_cannot_be_paid_is_left_to_a_person(world: World) -> None:
    _, agree = await asked(world)
    shop = shopify(world)
    received = replace(agree, verdict=Verdict.RECEIVED)
    with pytest.raises(Rejected) as refused:
        await shop.answer_case(received)
    assert refused.value.code == "other_stage"
    await shop.answer_case(agree)
    with pytest.raises(Rejected) as refused:
        await shop.answer_case(replace(agree, verdict=Verdict.REFUSE))
    assert refused.value.code == "other_stage"
    with pytest.raises(Rejected) as refused:
        await shop.answer_case(replace(received, partly=True))
    assert refused.value.code == "pays_whole_case"
    with pytest.raises(NotOffered):
        await shop.answer_case(replace(received, refund_minor=600_000))
    assert await world.calls(operation="ReturnProcess") == []


async def test_a_return_that_cannot_be_read_is_kept_for_a_person(world: World) -> None:
    await asked(world)
    await world.pass_time(60)
    heard = [one for one in world.received if "returns/" in one.headers["x-shopify-topic"]]
    pushed = at_the_door(heard[-1])
    timeless = replace(pushed, headers={**pushed.headers, "x-shopify-triggered-at": "soon"})
    (push,) = shopify(world).read_pushes(timeless)
    assert (push.after_sale, push.external_no) == (None, "")
    assert push.parked_reason
