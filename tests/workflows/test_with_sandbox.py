"""Orders of TOP, JD, Pinduoduo and Shopify, real clients and the sandbox: sold, sent, told back."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from activities.shared.adapters import Adapters
from db.channels.tables import ChannelSkuRow, ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.logistics.tables import CarrierAccountRow, TariffRow
from db.platform.tables import CorrectionRow
from db.shared.intake import accept
from db.vault import carrier_context, shop_context
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.messages import (
    Accepted,
    HandedOver,
    MessageArrived,
    OrderRef,
    ResolveStep,
)
from domain.shared.ids import InboxId, LocationId, OrderId, Sku
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.settings import SandboxSettings
from runtime.temporal import TASK_QUEUE
from tests.people import VAULT
from tests.seeds import seed_network
from tests.workflows.world import NOW, Company, company

TWO_LINES = [
    {"sku": "A", "price": "10.00", "num": 2},
    {"sku": "B", "price": "20.00", "num": 1},
]
SHIPPED = "SELECT count(*) FROM effect WHERE kind = 'ship_confirm' AND state = 'confirmed'"


@dataclass
class Market:
    """A company that sells in the sandbox's shops and sends with its SF."""

    company: Company
    sandbox: httpx.AsyncClient
    adapters: Adapters

    async def stock(self, **places: str) -> None:
        """Ten units of each SKU at its place."""
        for sku, place in places.items():
            line = StockLine(StockKey(Sku(sku), LocationId(place)), 10)
            async with self.company.sessions.begin() as session:
                document = Document("grn", f"G-{sku}", f"G-{sku}")
                await StockRepository(session).receive(document, [line])

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.sandbox.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def hear(self, channel: str, external_no: str) -> None:
        """The order is fetched, kept and handed to its workflow."""
        raw = await (await self.adapters.marketplace(channel)).fetch_raw(external_no)
        async with self.company.sessions.begin() as session:
            taken = await accept(
                session, VAULT, source=channel, shop_id=channel, channel=channel,
                message_id=hashlib.sha256(raw).hexdigest(), topic="pulled", external_no=external_no,
                raw=raw,
            )  # fmt: skip
        assert taken.order_id
        await self.company.client.start_workflow(
            "Order",
            OrderRef(OrderId(taken.order_id)),
            id=f"order/{channel}/{channel}/{external_no}",
            task_queue=TASK_QUEUE,
            start_signal="message_arrived",
            start_signal_args=[MessageArrived(InboxId(taken.inbox_id))],
        )

    async def shipments(self, count: int) -> list[str]:
        await self.company.until("SELECT count(*) FROM shipment", count)
        row = await self.company.row("SELECT array_agg(no ORDER BY no) FROM shipment")
        return list(row[0])

    async def send(self, no: str, boxes: int = 1) -> dict[str, str]:
        """Pick, pack, label, hand over; the boxes' waybill numbers."""
        await self.company.pick(no)
        for n in range(2, boxes + 1):
            await self.company.row(
                "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
                " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
                " VALUES (:id, :no, '', '', '', '', '', 'labelled', 900, 0, 0, 0) RETURNING id",
                id=f"{no}-P{n}", no=no,
            )  # fmt: skip
        await self.company.pack(no)
        await self.company.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")
        await self.company.shipment(no).signal("handed_over", HandedOver())
        row = await self.company.row(
            "SELECT jsonb_object_agg(id, waybill_no) FROM parcel WHERE shipment_no = :no", no=no
        )
        return dict(row[0])


@pytest_asyncio.fixture
async def market(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Market]:
    settings = SandboxSettings()
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    app = create_sandbox(settings, nobody)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        adapters = Adapters(sessions, VAULT, http)
        async with company(temporal_env.client, sessions, real=adapters) as running:
            await _seed(sessions, settings)
            yield Market(running, http, adapters)


async def _seed(sessions: Sessions, accounts: SandboxSettings) -> None:
    await seed_network(sessions, locations=("HQ", "SOUTH"), skus=("A", "B"))
    top, jd, pdd = accounts.top, accounts.jd, accounts.pdd
    shopify, sf, douyin = accounts.shopify, accounts.sf, accounts.douyin
    shops = {
        "top": ("tmall", "http://sandbox/top/router/rest", {
            "app_key": top.app_key, "app_secret": top.app_secret, "session": top.sessions[0]}),
        "jd": (jd.vender_id, "http://sandbox/jd/routerjson", {
            "app_key": jd.app_key, "app_secret": jd.app_secret,
            "access_token": jd.access_tokens[0]}),
        "pdd": (pdd.mall_id, "http://sandbox/pdd/api/router", {
            "client_id": pdd.client_id, "client_secret": pdd.client_secret,
            "access_token": pdd.access_tokens[0]}),
        "douyin": (douyin.shop_id, "http://sandbox/douyin", {
            "app_key": douyin.app_key, "app_secret": douyin.app_secret,
            "access_token": douyin.access_tokens[0]}),
        "shopify": (shopify.domain, "http://sandbox/shopify", {
            "access_token": shopify.access_token, "webhook_secret": shopify.client_secret}),
    }  # fmt: skip
    async with sessions.begin() as session:
        for channel, (external_id, url, secrets) in shops.items():
            sealed = VAULT.seal_secrets(secrets, shop_context(channel))
            session.add(
                ShopRow(
                    id=channel, channel=channel, external_id=external_id, name=channel,
                    base_url=url, secrets=sealed,
                )
            )  # fmt: skip
        secrets = {
            "partner_id": sf.partner_id, "checkword": sf.checkword, "monthly_card": sf.monthly_card,
        }  # fmt: skip
        session.add(
            CarrierAccountRow(
                code="sf", name="顺丰速运", base_url="http://sandbox/sf/std/service",
                secrets=VAULT.seal_secrets(secrets, carrier_context("sf")),
            )
        )  # fmt: skip
        await session.flush()
        for shop in shops:
            for sku in ("A", "B"):
                session.add(ChannelSkuRow(shop_id=shop, external_sku=sku, sku=sku))
        session.add(
            TariffRow(
                id="sf-1", carrier="sf", product="2", first_g=1000, first_minor=1200,
                step_g=500, step_minor=300, valid_from=date(2020, 1, 1),
            )
        )  # fmt: skip


async def _trade(market: Market, tid: str) -> dict[str, Any]:
    trades = (await market.sandbox.get("/sandbox/top/trades")).json()
    return next(trade for trade in trades if str(trade["tid"]) == tid)


async def test_a_split_trade_is_told_to_top_line_by_line(market: Market) -> None:
    await market.stock(A="HQ", B="SOUTH")
    (trade,) = await market.post("/sandbox/top/trades", {"lines": TWO_LINES})
    tid = str(trade["tid"])
    await market.hear("top", tid)
    first, second = await market.shipments(2)

    sent = await market.send(first)
    await market.company.until(SHIPPED, 1)
    assert (await _trade(market, tid))["status"] == "SELLER_CONSIGNED_PART"
    sent |= await market.send(second)
    await market.company.until(SHIPPED, 2)

    trade = await _trade(market, tid)
    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    told = {line["invoice_no"] for line in trade["orders"]["order"]}
    assert told == set(sent.values())
    assert len(told) == 2


async def test_a_masked_trade_goes_with_the_platform_s_waybill(market: Market) -> None:
    await market.stock(A="HQ", B="HQ")
    (trade,) = await market.post("/sandbox/top/trades", {"lines": TWO_LINES, "masked": True})
    tid = str(trade["tid"])
    await market.hear("top", tid)
    (no,) = await market.shipments(1)
    await market.company.pick(no)
    await market.company.pack(no)
    await market.company.until(
        "SELECT cause FROM attention WHERE resolved_at IS NULL", "NeedsPlatformWaybill"
    )
    assert (await market.sandbox.get("/sandbox/parcels")).json() == []

    values = {"waybill_no": "SF8000000000077"}
    async with market.company.sessions.begin() as session:
        session.add(
            CorrectionRow(
                id="cor_1", workflow_id=f"shipment/{no}", step_id="label", data=values,
                actor="admin", at=NOW,
            )
        )  # fmt: skip
    by_hand = ResolveStep("label", "done_by_hand", "admin", "platform", "cor_1")
    handle = market.company.shipment(no)
    await handle.execute_update("resolve_step", by_hand, result_type=Accepted)
    await market.company.until("SELECT status FROM shipment", "labelled")
    await handle.signal("handed_over", HandedOver())
    await market.company.until(SHIPPED, 1)

    trade = await _trade(market, tid)
    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert {line["invoice_no"] for line in trade["orders"]["order"]} == {"SF8000000000077"}


@pytest.mark.parametrize(
    ("channel", "kind", "number"), [("top", "trades", "tid"), ("pdd", "orders", "order_sn")]
)
async def test_a_platform_that_the_shop_is_set_up_for_labels_its_masked_orders(
    market: Market, channel: str, kind: str, number: str
) -> None:
    await market.stock(A="HQ", B="HQ")
    template = "http://cloudprint.example/template/standard/1"
    await market.company.row(
        "UPDATE shop SET settings = jsonb_build_object('waybill_user_id', '1', 'waybills',"
        " jsonb_build_object('sf', jsonb_build_object('template_url', CAST(:url AS text))))"
        " WHERE id = :id RETURNING id",
        url=template, id=channel,
    )  # fmt: skip
    lost = {
        "vendor": channel,
        "operation": "cainiao.waybill.ii.get" if channel == "top" else "pdd.waybill.get",
        "kind": "error_after",
        "times": 1,
    }
    (await market.sandbox.put("/sandbox/faults", json=lost)).raise_for_status()
    (order,) = await market.post(f"/sandbox/{channel}/{kind}", {"lines": TWO_LINES, "masked": True})
    await market.hear(channel, str(order[number]))
    (no,) = await market.shipments(1)

    sent = await market.send(no)
    await market.company.until(SHIPPED, 1)

    (waybill,) = (await market.sandbox.get(f"/sandbox/{channel}/waybills")).json()
    assert list(sent.values()) == [waybill["waybill_no"]]
    (order,) = (await market.sandbox.get(f"/sandbox/{channel}/{kind}")).json()
    told = (
        {line["invoice_no"] for line in order["orders"]["order"]}
        if channel == "top"
        else {order["tracking_number"]}
    )
    assert told == set(sent.values())


@pytest.mark.parametrize("channel", ["jd", "pdd"])
async def test_where_orders_ship_whole_both_parcels_of_a_split_one_leave(
    market: Market, channel: str
) -> None:
    await market.stock(A="HQ", B="SOUTH")
    (order,) = await market.post(f"/sandbox/{channel}/orders", {"lines": TWO_LINES})
    number = str(order.get("orderId") or order["order_sn"])
    await market.hear(channel, number)
    first, second = await market.shipments(2)

    sent = await market.send(first)
    await market.company.until(SHIPPED, 1)
    await market.hear(channel, number)  # shipped, says the platform, and may hide the receiver
    sent_later = await market.send(second)
    await market.company.until(SHIPPED, 2)

    (order,) = (await market.sandbox.get(f"/sandbox/{channel}/orders")).json()
    assert (order.get("orderState") or order["order_status"]) in ("WAIT_GOODS_RECEIVE_CONFIRM", 2)
    assert (order.get("waybill") or order["tracking_number"]) in sent.values()
    assert len({*sent.values(), *sent_later.values()}) == 2
    assert await market.company.row("SELECT count(*) FROM order_hold WHERE kind = 'address'") == (
        0,
    )


async def test_both_boxes_of_a_shopify_order_are_told_each_with_its_number(market: Market) -> None:
    await market.stock(A="HQ", B="HQ")
    lines = [
        {"sku": "A", "price": "10.00", "quantity": 2},
        {"sku": "B", "price": "20.00", "quantity": 1},
    ]
    (order,) = await market.post("/sandbox/shopify/orders", {"lines": lines})
    await market.hear("shopify", str(order["id"]))
    (no,) = await market.shipments(1)

    sent = await market.send(no, boxes=2)
    await market.company.until(SHIPPED, 2)

    (order,) = (await market.sandbox.get("/sandbox/shopify/orders")).json()
    asked = {"vendor": "shopify", "operation": "FulfillmentCreate"}
    calls = (await market.sandbox.get("/sandbox/calls", params=asked)).json()
    told = [json.loads(call["request"])["variables"]["fulfillment"] for call in calls]
    numbers = [one["trackingInfo"]["number"] for one in told]
    assert sorted(numbers) == sorted(sent.values())
    assert order["fulfillment_status"] == "fulfilled"
