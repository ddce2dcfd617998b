"""Shops are paused, resumed, pulled again and put right by programs, within their rights."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.platform import pausing
from db.shared.intake import accept
from db.sql import run
from domain.platform.permissions import Role
from tests.api.orders.world import seed_order, seed_shop
from tests.api.served import browser, key_for, served
from tests.shops import own_order, seed_shops

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def client(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shops(sessions)
    async with browser(app, **await key_for(web_sessions, Role.CUSTOMER_SERVICE)) as caller:
        yield caller


async def query(sessions: Sessions, statement: str) -> list[tuple[Any, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


def days(start: float, end: float) -> dict[str, str]:
    """A range that began and ended so many days ago."""
    return {
        "start": (NOW - timedelta(days=start)).isoformat(),
        "end": (NOW - timedelta(days=end)).isoformat(),
    }


async def test_a_shop_is_paused_once_and_resumed_once(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async def post(action: str, **body: Any) -> int:
        return (await client.post(f"/api/v1/shops/top-1/{action}", json=body)).status_code

    assert await post("pause", reason="stock-taking") == 204
    assert await post("pause", reason="again") == 409
    async with sessions.begin() as session:
        assert await pausing.stopped(session, "shop/top-1")
    assert await post("resume") == 204
    assert await post("resume") == 409
    assert await post("pause") == 422
    answer = await client.post("/api/v1/shops/nowhere/pause", json={"reason": "x"})
    assert answer.status_code == 404
    audited = await query(sessions, "SELECT action, reason FROM audit_log ORDER BY id")
    assert audited == [("shop.pause", "stock-taking"), ("gate.resume", "")]


@pytest.mark.parametrize(
    ("shop", "body", "status"),
    [
        ("top-1", days(90, 0), 202),
        ("top-1", days(91, 0), 422),
        ("top-1", days(1, 1), 422),
        ("top-1", days(1, 2), 422),
        ("top-1", days(1, -1), 422),
        ("top-1", {"start": "yesterday", "end": "today"}, 422),
        ("top-1", {"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00"}, 422),
        ("own-1", days(2, 1), 422),
        ("shopify-1", {**days(2, 1), "asked": "after_sales"}, 422),
        ("top-1", {**days(2, 1), "asked": "messages"}, 422),
        ("nowhere", days(2, 1), 404),
    ],
)
async def test_a_range_lies_in_the_past_and_is_at_most_ninety_days(
    client: httpx.AsyncClient, shop: str, body: dict[str, str], status: int
) -> None:
    answer = await client.post(f"/api/v1/shops/{shop}/ranges", json=body)

    assert answer.status_code == status


async def test_one_range_of_a_shop_is_pulled_at_a_time_and_it_can_be_stopped(
    client: httpx.AsyncClient,
) -> None:
    path = "/api/v1/shops/top-1/ranges"
    assert (await client.post(path, json=days(2, 1))).status_code == 202
    assert (await client.post(path, json=days(4, 3))).status_code == 409
    (item,) = (await client.get(path)).json()["items"]
    assert (item["changed"], item["finished_at"]) == (0, None)
    cases = {**days(4, 3), "asked": "after_sales"}
    assert (await client.post(path, json=cases)).status_code == 202
    assert (await client.post(path, json=cases)).status_code == 409
    assert [one["asked"] for one in (await client.get(path)).json()["items"]] == [
        "after_sales",
        "orders",
    ]

    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 409
    assert (await client.post(path, json=days(4, 3))).status_code == 202


async def test_messages_parked_for_one_reason_are_tried_again_together(
    app: FastAPI, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async def park(number: str, raw: bytes, reason: str) -> None:
        async with sessions.begin() as session:
            await accept(
                session, app.state.vault, source="own", shop_id="own-1", channel="own",
                message_id=f"m-{number}", topic="order", external_no=number, raw=raw,
                parked_reason=reason,
            )  # fmt: skip

    await park("1", own_order("1"), "unreadable: KeyError")
    await park("2", b"{", "unreadable: KeyError")
    await park("3", own_order("3"), "another reason")
    async with sessions.begin() as session:
        # reading a message needs the shop's secrets, sealed by this process's own key
        await run(
            session, "UPDATE shop SET secrets = :secrets WHERE id = 'own-1'",
            secrets=app.state.vault.seal_secrets({"secret": "whsec_" + "A" * 32}, "shop/own-1"),
        )  # fmt: skip

    answer = await client.post(
        "/api/v1/messages/reprocessing",
        json={"shop_id": "own-1", "reason": "unreadable: KeyError"},
    )

    assert answer.json() == {"reprocessed": 1, "still_parked": 1}
    parked = await query(sessions, "SELECT external_no FROM inbox WHERE parked_reason <> ''")
    assert sorted(parked) == [("2",), ("3",)]


async def test_unknown_products_come_with_what_they_probably_are(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with sessions.begin() as session:
        await run(session, "UPDATE sku SET name = '西湖龙井 250g' WHERE code = 'B'")
        await run(
            session, "UPDATE order_line SET title = '西湖龙井茶 罐装' WHERE external_sku = 'X-A'"
        )
        await run(
            session,
            "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
            " placed_by, released_by) VALUES ('h', 'ord_1', 'unmapped_sku', '',"
            " jsonb_build_object('items', jsonb_build_array('X-A')), '', '', '', '')",
        )

    (item,) = (await client.get("/api/v1/shops/mini/unmapped")).json()["items"]

    assert (item["external_sku"], item["orders"]) == ("X-A", 1)
    assert [(one["sku"], one["because"]) for one in item["suggestions"]] == [("B", "name")]
