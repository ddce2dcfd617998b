"""The books as programs read them."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from db.engine import Sessions
from domain.platform.permissions import Role
from runtime.posting import Posting
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served

EVER = {"from": "2020-01-01", "to": "2999-12-31"}


@pytest_asyncio.fixture
async def client(
    database_url: str, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of finance, the day after an order was paid."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await Posting(sessions).all()
    async with served(database_url) as app:
        headers = await key_for(web_sessions, Role.FINANCE)
        async with browser(app, **headers) as found:
            yield found


async def test_the_trial_balance_is_zero(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/v1/finance/trial-balance", params=EVER)).json()

    (cny,) = answer["currencies"]
    assert cny["difference"] == {"amount": "0.00", "currency": "CNY"}
    assert [(a["account"], a["number"], a["closing"]["amount"]) for a in cny["accounts"]] == [
        ("channel_receivable", "1122.01", "25.50"),
        ("buyer_deposits", "2203", "-25.50"),
    ]
    assert answer["waiting"] == answer["failed"] == 0


async def test_vouchers_lead_to_their_orders_page_by_page(client: httpx.AsyncClient) -> None:
    await client.put("/api/v1/finance/costs/A", json={"cost": "7"})
    first = (await client.get("/api/v1/finance/vouchers", params={**EVER, "limit": "1"})).json()

    assert [item["order_no"] for item in first["items"]] == ["O-1"]
    assert [entry["account"] for entry in first["items"][0]["entries"]] == [
        "channel_receivable",
        "buyer_deposits",
    ]
    one = first["items"][0]
    assert (await client.get(f"/api/v1/finance/vouchers/{one['no']}")).json() == one
    of_order = await client.get("/api/v1/finance/vouchers", params={**EVER, "order": "O-1"})
    assert of_order.json()["items"] == [one]
    of_account = {**EVER, "account": "sales"}
    assert (await client.get("/api/v1/finance/vouchers", params=of_account)).json()["items"] == []
    assert (await client.get("/api/v1/finance/vouchers/202601-1")).status_code == 404


async def test_a_cost_is_set_once_it_is_known_and_written_down(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    missing = await client.get("/api/v1/finance/costs", params={"missing": "true"})
    assert [item["sku"] for item in missing.json()["items"]] == ["A", "B"]

    assert (await client.put("/api/v1/finance/costs/A", json={"cost": "7.25"})).status_code == 204

    (found,) = (await client.get("/api/v1/finance/costs", params={"q": "A"})).json()["items"][:1]
    assert found["cost"] == {"amount": "7.25", "currency": "CNY"}
    await Posting(sessions).all()
    answer = (await client.get("/api/v1/finance/trial-balance")).json()
    accounts = {a["account"]: a["closing"]["amount"] for a in answer["currencies"][0]["accounts"]}
    assert accounts["inventory"] == "14.50"


@pytest.mark.parametrize("cost", ["-1", "7.255", "NaN", "1e400", True, None, "x", 10**9])
async def test_a_strange_cost_is_refused(client: httpx.AsyncClient, cost: object) -> None:
    answer = await client.put("/api/v1/finance/costs/A", json={"cost": cost})

    assert answer.status_code == 422


async def test_an_unknown_sku_has_no_cost(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/v1/finance/costs/NO/SUCH", json={"cost": "1"})

    assert (answer.status_code, answer.json()["code"]) == (404, "UnknownSku")


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-02-30"},
        {"from": "x"},
        {"from": "2026-03-01", "to": "2026-02-01"},
        {"to": "99999-01-01"},
        {"cursor": "2026-13-01_202601-000001"},
        {"cursor": "%00"},
        {"limit": "0"},
        {"limit": "1000000000"},
        {"account": "no_such"},
        {"order": "\x00"},
    ],
)
async def test_strange_questions_are_refused(
    client: httpx.AsyncClient, params: dict[str, str]
) -> None:
    assert (await client.get("/api/v1/finance/vouchers", params=params)).status_code == 422


async def test_the_earliest_and_the_last_day_there_is_can_be_asked_for(
    client: httpx.AsyncClient,
) -> None:
    for days in ({"from": "0001-01-01"}, {"to": "9999-12-31"}, {"to": "0001-01-01"}):
        answer = await client.get("/api/v1/finance/trial-balance", params=days)
        assert answer.status_code == 200, days
