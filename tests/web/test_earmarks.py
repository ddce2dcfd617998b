"""Earmarks over API and page: kept, seen on the product's page, kept longer, released."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person, person

V1 = "/api/v1/earmarks"


def wish(**changes: Any) -> dict[str, Any]:
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    lines = [{"sku": "A", "quantity": 1}]
    return {"kept_for": "cart", "reference": "C-1", "until": until, "lines": lines} | changes


@pytest_asyncio.fixture
async def kefu(
    app: FastAPI, web_sessions: Sessions, owner_sessions: Sessions, order: str
) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as staff:
        staff.headers["X-CSRF-Token"] = staff.csrf_token
        async with owner_sessions.begin() as session:
            await run(
                session,
                "INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place,"
                " to_place, document_kind, document_no, idempotency_key, line_no, reason, actor)"
                " VALUES ('receive', 'A', '', 'good', 'own', 5, 'supplier', 'location:HQ', 'grn',"
                " 'X', 'X', 0, '', '')",
            )
            await run(session, "UPDATE stock_balance SET on_hand = on_hand + 5 WHERE sku = 'A'")
        yield staff


async def reserved(sessions: Sessions) -> int:
    [(units,)] = await rows(sessions, "SELECT sum(reserved)::int FROM stock_balance")
    return int(units)


async def test_units_are_kept_seen_extended_and_released(
    kefu: Person, web_sessions: Sessions
) -> None:
    before = await reserved(web_sessions)
    key = {"Idempotency-Key": "cart-1"}
    body = wish(lines=[{"sku": "A", "quantity": 2}])
    first = await kefu.post(V1, json=body, headers=key)
    again = await kefu.post(V1, json=body, headers=key)
    assert first.status_code == 200, first.text
    one = first.json()
    assert again.json()["id"] == one["id"]
    assert (one["state"], await reserved(web_sessions)) == ("kept", before + 2)
    assert one["lines"] == [{"sku": "A", "location": "HQ", "lot": "", "quantity": 2}]

    shown = (await kefu.get("/stock/A")).text
    form = (await kefu.get(f"/earmarks/{one['id']}/do/extend")).text
    longer = await kefu.send_form(f"/earmarks/{one['id']}/do/extend", hours="24")
    moved = (await kefu.get(f"{V1}/{one['id']}")).json()
    announced = await kefu.put(f"{V1}/{one['id']}/order", json={"shop": "mini", "order_no": "N1"})
    released = await kefu.send_form(f"/earmarks/{one['id']}/do/release")

    assert f"/earmarks/{one['id']}/do/release" in shown
    assert "C-1" in form
    assert (longer.status_code, released.status_code) == (303, 303)
    assert moved["until"] > one["until"]
    assert announced.json()["order_no"] == "N1"
    assert await reserved(web_sessions) == before
    assert (await kefu.get(f"{V1}/{one['id']}")).json()["state"] == "released"
    assert (await kefu.get(V1, params={"state": "kept"})).json()["items"] == []
    assert (await kefu.delete(f"{V1}/{one['id']}")).json()["state"] == "released"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"lines": [{"sku": "A", "quantity": 10**6}]}, 409),
        ({"lines": [{"sku": "none", "quantity": 1}]}, 404),
        ({"lines": [{"sku": "A", "quantity": 1, "location": "none"}]}, 404),
        ({"lines": [{"sku": "A", "quantity": 0}]}, 422),
        ({"lines": []}, 422),
        ({"until": "2020-01-01T00:00:00Z"}, 422),
        ({"until": "2999-01-01T00:00:00Z"}, 422),
        ({"kept_for": "fun"}, 422),
        ({"reference": "\u0000"}, 422),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_nothing_is_reserved(
    kefu: Person, web_sessions: Sessions, changes: dict[str, Any], status: int
) -> None:
    before = await reserved(web_sessions)
    answer = await kefu.post(V1, json=wish(**changes))
    assert answer.status_code == status, answer.text
    assert await reserved(web_sessions) == before


async def test_what_is_not_there_is_not_found(kefu: Person) -> None:
    assert (await kefu.delete(f"{V1}/emk_0")).status_code == 404
    assert (await kefu.get("/earmarks/emk_0/do/extend")).status_code == 404
    one = (await kefu.post(V1, json=wish())).json()
    assert (await kefu.get(f"/earmarks/{one['id']}/do/fly")).status_code == 422
    bad = await kefu.send_form(f"/earmarks/{one['id']}/do/extend", hours="x")
    far = await kefu.send_form(f"/earmarks/{one['id']}/do/extend", hours="99999")
    assert (bad.status_code, far.status_code) == (422, 422)
