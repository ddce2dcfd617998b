"""Promises over the API: what is due soon, per shop and place, and the orders at risk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.orders.promises import say
from domain.orders.promises import Promised, promises, to_say
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served
from tests.web.world import seed_hold

V1 = "/api/v1"


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def kefu(app: FastAPI, sessions: Sessions, web_sessions: Sessions) -> httpx.AsyncClient:
    """Order 1 must leave in three hours and is being picked; order 2 in three days."""
    await seed_shop(sessions)
    for number, hours in (("1", 3), ("2", 72)):
        await seed_order(sessions, number)
        await rows(
            sessions,
            "UPDATE sales_order SET ship_by = now() + make_interval(hours => :hours)"
            " WHERE id = :id RETURNING 1",
            hours=hours, id=f"ord_{number}",
        )  # fmt: skip
    await seed_shipment(sessions)
    return browser(app, **await key_for(web_sessions, Role.CUSTOMER_SERVICE))


async def test_what_is_due_is_listed_and_counted_per_shop_and_place(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    found = (await kefu.get(f"{V1}/promises?hours=6")).json()

    assert [(one["no"], one["clock"], one["state"]) for one in found["items"]] == [
        ("O-1", "pick_by", "late"), ("O-1", "ship_by", "running"),
    ]  # fmt: skip
    [group] = found["groups"]
    assert (group["shop"], group["late"], group["running"]) == ("Mini", 1, 1)
    assert group["place"]
    only = (await kefu.get(f"{V1}/promises?hours=6&clock=ship_by&shop=mini")).json()
    assert len(only["items"]) == 1
    assert not (await kefu.get(f"{V1}/promises?shop=other")).json()["items"]

    await rows(sessions, "UPDATE shipment SET picked_at = now() RETURNING 1")
    kept = (await kefu.get(f"{V1}/promises?hours=6")).json()["items"]
    assert [one["clock"] for one in kept] == ["ship_by"]


async def test_the_shops_settings_and_the_carriers_visits_decide(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    body = {"settings": {"pick_before_min": 60, "warn_before_min": 150}}
    assert (await kefu.put(f"{V1}/shops/mini/settings", json=body)).status_code == 204

    found = (await kefu.get(f"{V1}/promises?hours=6")).json()["items"]

    assert [(one["clock"], one["state"]) for one in found] == [
        ("pick_by", "warned"), ("ship_by", "running"),
    ]  # fmt: skip
    await rows(
        sessions,
        "INSERT INTO carrier_cutoff (location_id, carrier, at) VALUES ('HQ', 'sf', '11:00')"
        " RETURNING 1",
    )
    await rows(sessions, "UPDATE shipment SET carrier = 'sf' RETURNING 1")
    [pick] = (await kefu.get(f"{V1}/promises?hours=30&clock=pick_by")).json()["items"]
    local = datetime.fromisoformat(pick["due"])
    assert (local.hour + 8) % 24 == 11


async def days_to_door(kefu: httpx.AsyncClient) -> int:
    """Of order 1, whole days from its ship-by."""
    items = (await kefu.get(f"{V1}/promises?hours=330")).json()["items"]
    due = {one["clock"]: one["due"] for one in items if one["no"] == "O-1"}
    ship, door = (datetime.fromisoformat(due[name]) for name in ("ship_by", "deliver_by"))
    return (door - ship).days


async def test_days_to_the_door_follow_the_tables_of_shop_carrier_zone_and_province(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    await rows(
        sessions, "UPDATE sales_order SET ship_by = now() + interval '5 h' WHERE no = 'O-1'"
        " RETURNING 1",
    )  # fmt: skip
    await rows(sessions, "UPDATE receiver SET division_code = '650102' RETURNING 1")
    async with sessions.begin() as session:
        for carrier in ("sf", "zto"):
            session.add(CarrierAccountRow(code=carrier, name=carrier, base_url="http://x"))
    await rows(
        sessions, "INSERT INTO tariff_zone (carrier, province_code, zone)"
        " VALUES ('sf', '650000', 'far') RETURNING 1",
    )  # fmt: skip
    await rows(sessions, "UPDATE shipment SET carrier = 'sf' RETURNING 1")

    async def say(**table: object) -> int:
        return (await kefu.put(f"{V1}/delivery-times", json=table)).status_code

    assert await days_to_door(kefu) == 3
    assert await say(days={"": 4}) == 200
    assert await days_to_door(kefu) == 4
    assert await say(carrier="zto", days={"": 1}) == 200
    assert await days_to_door(kefu) == 4
    assert await say(carrier="sf", days={"": 2, "far": 6, "110000": 1}) == 200
    assert await days_to_door(kefu) == 6
    assert await say(carrier="sf", days={"far": 6, "650000": 8}) == 200
    assert await days_to_door(kefu) == 8
    assert await say(shop="mini", days={"": 5}) == 200
    assert await days_to_door(kefu) == 5

    told = (await kefu.get(f"{V1}/delivery-times", params={"shop": ""})).json()["items"]
    assert {(one["carrier"], one["area"]): one["days"] for one in told} == {
        ("", ""): 4, ("sf", "650000"): 8, ("sf", "far"): 6, ("zto", ""): 1,
    }  # fmt: skip
    for wrong in (
        {"days": {"": 0}}, {"days": {"": 61}}, {"days": {"999999": 2}}, {"days": {"far": 2}},
        {"carrier": "nobody", "days": {}}, {"shop": "nobody", "days": {}}, {"days": {"x" * 200: 1}},
    ):  # fmt: skip
        assert await say(**wrong) == 422, wrong
    assert await rows(sessions, "SELECT count(*) FROM audit_log WHERE action LIKE 'delivery%'") == [
        (5,)
    ]


async def test_a_held_order_is_shown_as_stopped(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    await rows(
        sessions, "UPDATE sales_order SET ship_by = now() + interval '5 h' WHERE no = 'O-1'"
        " RETURNING 1",
    )  # fmt: skip
    await seed_hold(sessions)

    found = (await kefu.get(f"{V1}/promises?hours=6")).json()["items"]

    assert ("pick_by", "stopped", None) in [
        (one["clock"], one["state"], one["next_look"]) for one in found
    ]


async def test_others_do_not_see_them(
    app: FastAPI, kefu: httpx.AsyncClient, web_sessions: Sessions
) -> None:
    assert (await kefu.get(f"{V1}/promises")).json()["items"]
    far = await key_for(web_sessions, Role.DEALER, limits=[Limit("S1")])
    async with browser(app, **far) as dealer:
        assert (await dealer.get(f"{V1}/promises")).json()["items"] == []


async def test_orders_at_risk_can_be_listed(kefu: httpx.AsyncClient) -> None:
    found = (await kefu.get(f"{V1}/orders?at_risk=true")).json()["items"]
    assert [one["no"] for one in found] == ["O-1"]
    assert (await kefu.get(f"{V1}/orders?late=true")).json()["items"] == []


async def test_who_reads_it_says_so_and_a_higher_one_for_the_escalation(
    app: FastAPI, kefu: httpx.AsyncClient, sessions: Sessions, web_sessions: Sessions
) -> None:
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        for ship_by in (now, now.replace(year=now.year + 1)):
            order = promises(Promised(ship_by))
            [said, *_] = to_say(order, (), max(now, order[0].warn_at))
            await say(session, "ord_1", "mini", said)
    items = (await kefu.get(f"{V1}/attention")).json()["items"]
    by_role = {one["system"]: one["id"] for one in items}
    assert {one["cause"] for one in items} == {"Late"}
    seen = {"action": "done_by_hand", "reason": "called the warehouse"}

    mine = by_role["promise/customer_service"]
    assert (await kefu.post(f"{V1}/attention/{mine}/resolution", json=seen)).status_code == 200
    theirs = f"{V1}/attention/{by_role['promise/manager']}/resolution"
    assert (await kefu.post(theirs, json=seen)).status_code == 403
    async with browser(app, **await key_for(web_sessions, Role.MANAGER)) as manager:
        assert (await manager.post(theirs, json=seen)).status_code == 200
    assert (await kefu.get(f"{V1}/attention")).json()["items"] == []
