"""Who is on the list of buyers to look at, who put them there, and which orders hear of it."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from api.orders.blocked_buyers import router
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import PAID, rows, seed_order, seed_shop, told
from tests.people import buyer

URL = "/api/v1/blocked-buyers"
BUYER = {"channel": "own", "buyer_ref": "b-7", "reason": "returns empty boxes"}


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    async with client_of(web_sessions, router) as client:
        yield client


async def test_a_blocked_buyer_is_listed_and_open_orders_hear_of_it(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_order(sessions, "1", PAID)
    await rows(sessions, f"UPDATE sales_order SET buyer_digest = '{buyer('b-7')}' RETURNING id")

    answer = await client.post(URL, json=BUYER)

    assert (answer.status_code, answer.json()) == (200, {"orders_told": 1})
    assert await told(sessions) == [
        ("order/own/mini/1", "state_changed", {"what": "risk", "ref": ""})
    ]
    (item,) = (await client.get(URL)).json()["items"]
    assert {name: item[name] for name in BUYER} == BUYER
    assert await rows(sessions, "SELECT actor, action, subject, reason FROM audit_log") == [
        ("key:test", "buyer.blocked", f"buyer/own/{buyer('b-7')}", "returns empty boxes")
    ]


async def test_a_buyer_is_trusted_again_for_a_reason(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.post(URL, json=BUYER)

    answer = await client.post(f"{URL}/removal", json=BUYER | {"reason": "it was his brother"})

    assert answer.status_code == 200
    assert (await client.get(URL)).json() == {"items": [], "next_cursor": ""}
    assert (await client.post(f"{URL}/removal", json=BUYER)).status_code == 404
    actions = await rows(sessions, "SELECT action FROM audit_log ORDER BY id")
    assert actions == [("buyer.blocked",), ("buyer.unblocked",)]


async def test_the_list_is_read_page_by_page(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.post(URL, json=BUYER | {"buyer_ref": f"b-{number}"})
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(URL, params={"limit": 2, "cursor": cursor})).json()
        seen += [item["buyer_ref"] for item in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert sorted(seen) == [f"b-{number}" for number in range(5)]


async def test_nonsense_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    for change in ({"reason": ""}, {"buyer_ref": " "}, {"buyer_ref": "x\x00"}, {"phone": "1"}):
        assert (await client.post(URL, json=BUYER | change)).status_code == 422
    assert await rows(sessions, "SELECT count(*) FROM blocked_buyer") == [(0,)]
    assert (await client.get(URL, params={"cursor": "\x00"})).status_code == 200
