"""Returns of marketplaces from the buyer's wish to the money, each answer told in the channel's own
words, with real clients, the sandbox, and answers that get lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.orders.return_decisions import DecidedTerms
from db.shared.after_sales import take_after_sale
from domain.orders.messages import Accepted, ResolveStep
from domain.orders.returns.plan import ReturnAction
from integrations.marketplaces.port import Pushed
from integrations.marketplaces.signing import shopify_signature
from integrations.sandbox.settings import SandboxSettings
from tests.people import VAULT
from tests.workflows.returning import REFUNDS, RESELL, Returns
from tests.workflows.test_with_sandbox import SHIPPED, Market, market

__all__ = ["market"]  # the fixture

LINE = [{"sku": "A", "price": "20.00", "num": 2}]
SETTINGS = "UPDATE shop SET settings = CAST(:settings AS jsonb) WHERE id = :id RETURNING id"


@dataclass(frozen=True, slots=True)
class Platform:
    """`agrees` and `pays` are the calls, `comes` the vendor's status of goods on their way."""

    name: str
    kind: str
    number: str
    agrees: str
    pays: str
    comes: str
    settings: str = '{"return_address_id": "7", "reject_reason_code": 1}'

    async def asks(self, market: Market, number: str, **asked: Any) -> None:
        await market.post(f"/sandbox/{self.name}/{self.kind}/{number}/refund", asked)


TOP = Platform(
    "top",
    "trades",
    "tid",
    "taobao.rp.returngoods.agree",
    "taobao.rp.refunds.agree",
    "WAIT_SELLER_CONFIRM_GOODS",
    '{"return_addresses": {"HQ": "7"}}',  # the goods go back to where they left from
)
DOUYIN = Platform("douyin", "orders", "order_id", "/afterSale/operate", "/afterSale/operate", "11")
PDD = Platform(
    "pdd",
    "orders",
    "order_sn",
    "pdd.refund.returngoods.agree",
    "pdd.refund.agree",
    "7",
    '{"return_address_id": "7"}',
)

SHOPIFY = Platform("shopify", "orders", "id", "ReturnApprove", "ReturnProcess", "")


async def delivered(market: Market, platform: Platform) -> tuple[Returns, str]:
    """An order for two of A, sent by us and delivered."""
    shop = market.company
    await shop.row(SETTINGS, id=platform.name, settings=platform.settings)
    await market.stock(A="HQ")
    path = f"/sandbox/{platform.name}/{platform.kind}"
    (order,) = await market.post(path, {"lines": LINE, "post_fee": "0"})
    number = str(order[platform.number])
    await market.hear(platform.name, number)
    (no,) = await market.shipments(1)
    await market.send(no)
    await shop.status("shipped")
    await shop.deliver(no)
    await shop.status("delivered")
    return await Returns.of(shop), number


async def tells(market: Market, platform: Platform) -> None:
    """What the channel says of its cases reaches their returns."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    channel = await market.adapters.after_sales(platform.name)
    for case in await channel.changed_after_sales(now - hour, now + hour):
        async with market.company.sessions.begin() as session:
            await take_after_sale(session, VAULT, platform.name, platform.name, case, asked=True)


async def breaks(market: Market, platform: Platform, operation: str, kind: str) -> None:
    fault = {"vendor": platform.name, "operation": operation, "kind": kind, "times": 1}
    (await market.sandbox.put("/sandbox/faults", json=fault)).raise_for_status()


async def executed(market: Market, platform: Platform, *operations: str) -> list[str]:
    """Which of these calls the vendor carried out."""
    asked = {"vendor": platform.name}
    calls: Sequence[Any] = (await market.sandbox.get("/sandbox/calls", params=asked)).json()
    return [one["operation"] for one in calls if one["operation"] in operations and one["executed"]]


async def number_of(market: Market) -> str:
    await market.company.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
    return str((await market.company.row("SELECT return_no FROM sales_return")).return_no)


@pytest.mark.parametrize("platform", [TOP, DOUYIN, PDD], ids=lambda one: one.name)
async def test_a_return_is_agreed_to_received_and_paid_once_though_answers_are_lost(
    market: Market, platform: Platform
) -> None:
    shop = market.company
    returns, number = await delivered(market, platform)
    await platform.asks(market, number, with_return=True)
    await breaks(market, platform, platform.agrees, "error_after")
    await tells(market, platform)
    no = await number_of(market)
    await returns.decide(no, ReturnAction.APPROVE)
    await shop.until("SELECT decision, to_tell FROM sales_return", "approved", "")
    assert await executed(market, platform, platform.agrees) == [platform.agrees]

    asked = {"with_return": True, "refund_status": platform.comes}
    await platform.asks(market, number, **asked)
    await tells(market, platform)
    await breaks(market, platform, platform.pays, "error_before")
    await returns.receive(no, 2)
    await returns.inspect(no, (2, RESELL))
    await shop.until("SELECT settled_at IS NOT NULL, to_tell FROM sales_return", True, "")
    both = [platform.agrees, platform.pays]
    assert sorted(await executed(market, platform, *both)) == sorted(both)

    await tells(market, platform)
    await returns.is_at("closed", "refunded")
    assert await shop.row(REFUNDS) == (0, 0)  # the platform paid
    assert await shop.row("SELECT refunded_minor FROM sales_order") == (4000,)
    assert await shop.row(
        "SELECT count(*), bool_and(state = 'confirmed') FROM effect WHERE kind = 'case_answer'"
    ) == (2, True)
    await shop.adds_up()


@pytest.mark.parametrize("platform", [TOP, DOUYIN], ids=lambda one: one.name)
async def test_a_return_is_refused_over_there_once(market: Market, platform: Platform) -> None:
    shop = market.company
    returns, number = await delivered(market, platform)
    refuses = platform.pays if platform is DOUYIN else "taobao.refund.refuse"
    await platform.asks(market, number, with_return=True)
    await breaks(market, platform, refuses, "error_after")
    await tells(market, platform)
    no = await number_of(market)
    await returns.decide(no, ReturnAction.REJECT)
    await shop.until("SELECT outcome, to_tell FROM sales_return", "rejected", "")
    assert await executed(market, platform, refuses) == [refuses]


async def test_where_no_call_refuses_a_person_does(market: Market) -> None:
    shop = market.company
    returns, number = await delivered(market, PDD)
    await PDD.asks(market, number, with_return=True)
    await tells(market, PDD)
    no = await number_of(market)
    await returns.decide(no, ReturnAction.REJECT)
    await shop.parked("case_answer")
    done = ResolveStep("case_answer", "done_by_hand", "kefu", "refused over there")
    handle = shop.client.get_workflow_handle(f"return/{no}")
    await handle.execute_update("resolve_step", done, result_type=Accepted)
    await shop.until("SELECT outcome, to_tell FROM sales_return", "rejected", "")


async def test_a_part_of_the_money_is_not_told_to_a_platform_that_pays_all(
    market: Market,
) -> None:
    """One of two units is accepted: a person settles it over there."""
    shop = market.company
    returns, number = await delivered(market, TOP)
    await TOP.asks(market, number, with_return=True)
    await tells(market, TOP)
    no = await number_of(market)
    await returns.decide(no, ReturnAction.APPROVE)
    await shop.until("SELECT decision, to_tell FROM sales_return", "approved", "")
    await TOP.asks(market, number, with_return=True, refund_status=TOP.comes)
    await tells(market, TOP)
    await returns.receive(no, 1)
    await returns.inspect(no, (1, RESELL))
    await shop.parked("case_answer")
    # News may end the waiting for a moment; then it is asked, and refused, once more.
    await shop.until("SELECT cause FROM attention WHERE resolved_at IS NULL", "Rejected")
    assert await executed(market, TOP, TOP.pays) == []


async def test_money_alone_less_a_deduction_is_not_told_either(market: Market) -> None:
    shop = market.company
    returns, number = await delivered(market, DOUYIN)
    await DOUYIN.asks(market, number)
    await tells(market, DOUYIN)
    no = await number_of(market)
    await returns.decide(no, ReturnAction.APPROVE, DecidedTerms(deduction_minor=500))
    await shop.parked("case_answer")
    assert await executed(market, DOUYIN, DOUYIN.pays) == []


async def shopify_tells(market: Market) -> None:
    """The latest webhook of the only return, as our door reads it."""
    (kept,) = (await market.sandbox.get("/sandbox/shopify/returns")).json()
    account = SandboxSettings().shopify
    body = json.dumps(kept).encode()
    headers = {
        "x-shopify-topic": "returns/update",
        "x-shopify-shop-domain": account.domain,
        "x-shopify-webhook-id": f"{kept['id']}-{kept['status']}",
        "x-shopify-triggered-at": kept["updated_at"],
        "x-shopify-hmac-sha256": shopify_signature(account.client_secret, body),
    }
    shop = await market.adapters.pushing("shopify", "shopify")
    (push,) = shop.read_pushes(Pushed(headers, body))
    assert push.after_sale is not None
    async with market.company.sessions.begin() as session:
        await take_after_sale(session, VAULT, "shopify", "shopify", push.after_sale)


async def test_a_shopify_return_is_approved_and_refunded_by_us_once_though_answers_are_lost(
    market: Market,
) -> None:
    shop = market.company
    await market.stock(A="HQ")
    lines = [{"sku": "A", "price": "20.00", "quantity": 2}]
    (order,) = await market.post("/sandbox/shopify/orders", {"lines": lines, "shipping": "0"})
    await market.hear("shopify", str(order["id"]))
    (number,) = await market.shipments(1)
    await market.send(number)
    await shop.until(SHIPPED, 1)
    await shop.deliver(number)
    await shop.status("delivered")
    returns = await Returns.of(shop)
    await market.post(f"/sandbox/shopify/orders/{order['id']}/return", {})
    await shopify_tells(market)
    no = await number_of(market)
    await breaks(market, SHOPIFY, "ReturnApprove", "error_after")
    await returns.decide(no, ReturnAction.APPROVE)
    await shop.until("SELECT decision, to_tell FROM sales_return", "approved", "")
    await shopify_tells(market)

    await breaks(market, SHOPIFY, "ReturnProcess", "error_after")
    await returns.receive(no, 2)
    await returns.inspect(no, (2, RESELL))
    await shop.until("SELECT settled_at IS NOT NULL, to_tell FROM sales_return", True, "")
    said = ("ReturnApprove", "ReturnProcess", "ReturnClose")
    assert sorted(await executed(market, SHOPIFY, *said)) == sorted(said)
    await shopify_tells(market)
    await returns.is_at("closed", "refunded")

    (kept,) = (await market.sandbox.get("/sandbox/shopify/orders")).json()
    assert [one["transactions"][0]["amount"] for one in kept["refunds"]] == ["40.00"]
    money = "SELECT captured_minor, refunded_minor FROM sales_order"
    assert await shop.row(money) == (4000, 4000)
    await market.hear("shopify", str(order["id"]))  # the order tells of the refund as well
    await shop.until("SELECT count(*) FROM inbox WHERE topic = 'pulled' AND applied_at IS NULL", 0)
    assert await shop.row(money) == (4000, 4000)
    await shop.adds_up()
