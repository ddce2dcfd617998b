"""Why an order is sent from where it is, told in codes and in words; and orders nobody placed."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

import api.orders.sourcing
from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from db.engine import Sessions
from runtime.settings import Settings
from tests.activities.orders.network import BEIJING, rows, seed_company, seed_order, stock
from tests.api.orders.app import client_of

DRY_RUN = "/api/v1/sourcing/dry-run"
ENGLISH = {"accept-language": "en"}
ORDER = {"lines": [{"sku": "A", "quantity": 2}], "destination": {"division_code": BEIJING}}


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_company(sessions)
    await stock(sessions, {("EAST", "A"): 5, ("NORTH", "A"): 5, ("NORTH", "B"): 1})
    async with client_of(web_sessions, api.orders.sourcing.router) as client:
        client._transport.app.state.settings = Settings()  # type: ignore[attr-defined]
        yield client


async def test_an_order_tells_why_it_is_sent_from_there(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    order = await seed_order(sessions, "1", {"A": 2}, (BEIJING, 116.4, 39.9))
    await AllocationBatcher(sessions, OrderRules()).allocate(order)

    answer = await client.get("/api/v1/orders/SO-1/sourcing", headers=ENGLISH)

    assert answer.status_code == 200
    (told,) = answer.json()["decisions"]
    assert told["comes_out_again"] is True
    assert [place["location"] for place in told["question"]["candidates"]] == ["EAST", "NORTH"]
    decision = told["decision"]
    (parcel,) = decision["parcels"]
    assert (parcel["location"], parcel["carrier"], parcel["cost"]) == (
        "NORTH",
        "zto",
        {"amount": "7.00", "currency": "CNY"},  # 1 for handling, 5 for the first kg, 1 for 0.8 kg
    )
    assert parcel["lines"] == [{"line": "ful_1_1", "sku": "A", "quantity": 2}]
    (other,) = decision["alternatives"]
    assert (other["locations"], other["reason"], other["extra"]) == (
        [{"location": "EAST", "name": "East"}],
        "dearer",
        {"amount": "17.00", "currency": "CNY"},
    )
    assert told["words"] == [
        "Sent from North: freight and handling cost least, CN¥7.00.",
        "North × 2, 8.5 km away: CN¥7.00 with ZTO Express.",
        "Not from East: CN¥17.00 dearer.",
    ]


async def test_it_is_told_in_the_language_of_whoever_asks(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    order = await seed_order(sessions, "1", {"A": 2}, (BEIJING, 116.4, 39.9))
    await AllocationBatcher(sessions, OrderRules()).allocate(order)
    answer = await client.get("/api/v1/orders/SO-1/sourcing", headers={"accept-language": "zh-CN"})
    assert answer.json()["decisions"][0]["words"][2] == "未选East：费用高出 ¥17.00。"


async def test_an_order_that_was_not_allocated_yet_has_no_decisions(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_order(sessions, "1", {"A": 2})
    answer = await client.get("/api/v1/orders/SO-1/sourcing")
    assert answer.json() == {"decisions": []}
    assert (await client.get("/api/v1/orders/SO-2/sourcing")).status_code == 404


async def test_a_hypothetical_order_is_decided_and_nothing_is_reserved(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    answer = await client.post(DRY_RUN, json=ORDER, headers=ENGLISH)

    assert answer.status_code == 200
    assert [p["location"] for p in answer.json()["decision"]["parcels"]] == ["NORTH"]
    assert answer.json()["words"][0].startswith("Sent from North: ")
    assert await rows(sessions, "SELECT sum(reserved)::int FROM stock_balance") == [(0,)]
    assert await rows(sessions, "SELECT * FROM sourcing_decision") == []


async def test_a_hypothetical_order_may_ask_for_a_strategy_a_cap_and_an_address_in_words(
    client: httpx.AsyncClient,
) -> None:
    order = {
        "lines": [{"sku": "A", "quantity": 7}, {"sku": "B", "quantity": 2}],
        "destination": {"province": "浙江省", "city": "杭州市", "detail": "文一西路 969 号"},
        "strategy": "priority",
        "max_parcels": 1,
    }
    answer = await client.post(DRY_RUN, json=order, headers=ENGLISH)
    decision = answer.json()["decision"]
    assert decision["strategy"] == "priority"
    assert [p["location"] for p in decision["parcels"]] == ["NORTH"]
    assert decision["over_parcel_cap"]
    assert {(line["sku"], line["quantity"]) for line in decision["missing"]} == {("A", 2), ("B", 1)}
    assert "no more than 1 parcels are allowed" in " ".join(answer.json()["words"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"lines": []}, 422),
        ({"lines": [{"sku": "A", "quantity": 0}]}, 422),
        ({"lines": [{"sku": "A", "quantity": "2"}]}, 422),
        ({"lines": [{"sku": "A", "quantity": 1, "price": 1}]}, 422),
        ({"lines": [{"sku": "A\x00", "quantity": 1}]}, 422),
        ({"lines": [{"sku": "A", "quantity": 1}] * 201}, 422),
        ({"lines": [{"sku": "Z", "quantity": 1}]}, 404),
        ({"destination": {}}, 422),
        ({"destination": {"division_code": "999999"}}, 422),
        ({"destination": {"division_code": BEIJING, "city": "杭州市"}}, 422),
        ({"destination": {"province": "Atlantis"}}, 422),
        ({"strategy": "luck"}, 422),
        ({"max_parcels": 0}, 422),
        ({"max_parcels": True}, 422),
        ({"shop_id": "nowhere"}, 422),
    ],
)
async def test_an_order_that_cannot_be_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    assert (await client.post(DRY_RUN, json=ORDER | change)).status_code == status


async def test_a_shop_gets_a_rule_and_gives_it_back(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    rule = {"strategy": "priority", "max_parcels": 2}
    answer = await client.put("/api/v1/sourcing/rules/shop", json=rule)
    assert answer.json()["own"] == answer.json()["holds"] == rule
    decided = (await client.post(DRY_RUN, json=ORDER | {"shop_id": "shop"})).json()["decision"]
    assert (decided["strategy"], decided["max_parcels"]) == ("priority", 2)
    assert [p["location"] for p in decided["parcels"]] == ["EAST"]
    written = await rows(sessions, "SELECT actor, action, subject, after FROM audit_log")
    assert written == [("key:test", "sourcing.rule_set", "shop/shop", rule)]

    await client.put("/api/v1/sourcing/rules/shop", json={})

    (told,) = (await client.get("/api/v1/sourcing/rules")).json()["items"]
    assert told["own"] == {"strategy": None, "max_parcels": None}
    assert told["holds"] == {"strategy": "cheapest", "max_parcels": 4}


@pytest.mark.parametrize(
    ("shop", "rule"),
    [
        ("nowhere", {}),
        ("shop", {"strategy": "luck"}),
        ("shop", {"max_parcels": 21}),
        ("shop", {"cap": 1}),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(
    client: httpx.AsyncClient, shop: str, rule: dict[str, Any]
) -> None:
    answer = await client.put(f"/api/v1/sourcing/rules/{shop}", json=rule)
    assert answer.status_code == 422
