"""Simulated buyers send goods back by the consumer's page, and the simulated bench takes them."""

import zlib
from typing import Any

import httpx

from db.engine import Sessions
from db.orders.return_decisions import DecidedTerms, decide, plan_of
from db.sql import run
from domain.orders.returns.plan import ReturnAction
from domain.platform.permissions import Role
from integrations.sandbox.returning import LOOKED_AT, SendingBack
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served

PLACED: dict[str, Any] = {
    "order_no": "O-1", "state": "paid",
    "receiver": {"phone": "13800000001"},
}  # fmt: skip


def shop_with(*orders: dict[str, Any]) -> httpx.AsyncClient:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=list(orders)))
    return httpx.AsyncClient(transport=answer, base_url="http://sandbox")


async def test_a_buyer_asks_sends_and_the_bench_puts_it_on_the_shelf(
    database_url: str, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="delivered")
    headers = await key_for(web_sessions, Role.WAREHOUSE, name="simulated warehouse")
    unknown = {**PLACED, "order_no": "O-2"}
    async with (
        served(database_url) as app, browser(app) as pages, browser(app, **headers) as bench,
        shop_with(PLACED, unknown) as shop,
    ):  # fmt: skip
        world = SendingBack(shop, pages, bench, 1.0, 1e9, "S1")
        nobody = SendingBack(shop, pages, bench, 0.0, 1e9, "S1")
        await nobody.send_back()
        assert await rows(sessions, "SELECT 1 FROM sales_return") == []
        for _ in range(3):
            await world.send_back()
        assert world.patience_s["O-1"] < world.patience_s["O-2"]
        (opened,) = await rows(sessions, "SELECT return_no, origin FROM sales_return")
        assert opened[1] == "consumer"
        async with sessions.begin() as session:  # customer service, and the return's workflow
            plan = await plan_of(session, opened[0], ReturnAction.APPROVE, DecidedTerms())
            await decide(
                session, opened[0], ReturnAction.APPROVE, plan.hash, DecidedTerms(), "ok", "kefu"
            )
            await run(session, "UPDATE sales_return SET status = 'approved',"
                      " waits_for = 'buyer_parcel'")  # fmt: skip
        await world.send_back()
        async with sessions.begin() as session:
            await run(session, "UPDATE sales_return SET status = 'in_transit',"
                      " waits_for = 'parcel' WHERE waybill_no LIKE 'SFDEMO%'")  # fmt: skip
        await world.take_back()
        async with sessions.begin() as session:
            await run(session, "UPDATE sales_return SET status = 'received',"
                      " waits_for = 'inspection' WHERE received_at IS NOT NULL")  # fmt: skip
        for _ in range(2):
            await world.take_back()

    lines = "SELECT quantity, received_quantity, inspected_quantity FROM sales_return_line"
    left_for_people = zlib.crc32(opened[0].encode()) % 4 == LOOKED_AT
    assert await rows(sessions, lines) == [(1, 1, 0 if left_for_people else 1)]
