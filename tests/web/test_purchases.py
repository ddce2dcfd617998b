"""Purchase orders on their pages and over the API: written, changed, approved by another, answered
by the supplier, printed."""

import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from db.engine import Sessions
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.supplier_terms import Terms, save_terms
from db.sql import run
from domain.platform.permissions import Role
from integrations.marketplaces.signing import own_headers
from tests.api.served import browser
from tests.people import VAULT
from tests.purchases import draft_purchase, seed_supplier
from tests.web.world import Person, person

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def buyer(app: FastAPI, web_sessions: Sessions, sessions: Sessions) -> AsyncIterator[Person]:
    await seed_supplier(sessions, "json", minimum_minor=100_000)
    async with await person(app, web_sessions, Role.BUYER, name="Cai") as client:
        yield client


@pytest.fixture
async def manager(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.MANAGER, name="Wang") as client:
        yield client


async def sent(client: Person, method: str, path: str, body: Any = None) -> httpx.Response:
    headers = {"X-CSRF-Token": client.csrf_token}
    return await client.request(method, f"/api/v1{path}", json=body, headers=headers)


async def decide(client: Person, no: str, action: str, **more: Any) -> httpx.Response:
    """Preview and confirm."""
    wish = {name: more[name] for name in ("units", "expected_on") if name in more}
    plan = await sent(client, "POST", f"/purchase-orders/{no}/plan", {"action": action, **wish})
    if plan.status_code != 200:
        return plan
    body = {"action": action, "plan_hash": plan.json()["plan_hash"], **more}
    return await sent(client, "POST", f"/purchase-orders/{no}/decision", body)


async def is_at_supplier(sessions: Sessions, no: str) -> None:
    async with sessions.begin() as session:
        await PurchaseOrders(session).sent(no, "", (await _now(session)))


async def _now(session: Any) -> Any:
    return (await run(session, "SELECT clock_timestamp() AS at"))[0].at


async def test_a_purchase_order_is_written_and_changed_by_hand(buyer: Person) -> None:
    blank = await buyer.get("/purchase-orders/new?supplier=acme")
    assert 'value="A"' in blank.text
    form = {"supplier": "acme", "location": "HQ", "sku": ["A", "", "B"], "units": ["95", "", "3"],
            "price": ["", "", "1.05"], "reason": "promotion"}  # fmt: skip
    made = await buyer.post("/purchase-orders/new", data=form | {"csrf_token": buyer.csrf_token})
    assert made.status_code == 303, made.text
    one = await buyer.get(made.headers["location"])
    assert "promotion" in one.text
    no = made.headers["location"].rpartition("/")[2]
    view = (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()
    assert [(line["sku"], line["ordered"], line["price"]["amount"]) for line in view["lines"]] == [
        ("A", 95, "2.50"), ("B", 3, "1.05"),
    ]  # fmt: skip
    assert {one["kind"] for one in view["advice"]} == {
        "not_in_steps", "price_differs", "below_minimum",
    }  # fmt: skip
    lines = {"version": view["version"], "lines": [{"sku": "A", "units": 400}]}
    changed = await sent(buyer, "PUT", f"/purchase-orders/{no}/lines", lines)
    assert changed.json()["total"]["amount"] == "1000.00"
    again = await sent(buyer, "PUT", f"/purchase-orders/{no}/lines", lines)
    assert (again.status_code, again.json()["code"]) == (409, "PlanChanged")
    for page in ("/purchase-orders", f"/purchase-orders/{no}/lines", "/purchase-orders?q=acme",
                 f"/purchase-orders/{no}/do/submit", "/suppliers", "/suppliers/acme",
                 "/suppliers/acme/terms", "/suppliers/acme/items/A", "/suppliers/acme/items/new",
                 ):  # fmt: skip
        assert (await buyer.get(page)).status_code == 200, page
    sheet = await buyer.get(f"/purchase-orders/{no}/sheet")
    assert sheet.content.startswith(b"%PDF")


async def test_above_the_limit_another_person_says_yes_or_no(
    app: FastAPI, buyer: Person, manager: Person, sessions: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"purchase_auto_approve_minor": 900})
    no = await draft_purchase(sessions)
    asked = await decide(buyer, no, "submit")
    assert asked.status_code == 202, asked.text
    approval = asked.headers["location"].rpartition("/")[2]
    yes = {"decision": "approve", "reason": ""}
    own = await sent(buyer, "POST", f"/approvals/{approval}/decision", yes)
    assert own.status_code in (403, 409)
    assert (await manager.get(f"/approvals/{approval}")).status_code == 200
    no_body = {"decision": "refuse", "reason": "too dear"}
    await sent(manager, "POST", f"/approvals/{approval}/decision", no_body)
    assert (await _state(buyer, no)) == "draft"
    again = await decide(buyer, no, "submit")
    approval = again.headers["location"].rpartition("/")[2]
    done = await sent(manager, "POST", f"/approvals/{approval}/decision", yes)
    assert done.json()["state"] == "done", done.text
    view = (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()
    assert view["state"] == "approved"
    assert view["approved_by"] == done.json()["decided_by"]


async def test_what_costs_another_currency_always_needs_another_person(
    buyer: Person, sessions: Sessions
) -> None:
    no = await draft_purchase(sessions, a=1, b=1)
    async with sessions.begin() as session:
        await run(session, "UPDATE purchase_order SET currency = 'USD'")

    assert (await decide(buyer, no, "submit")).status_code == 202


async def _state(client: Person, no: str) -> str:
    return str((await client.get(f"/api/v1/purchase-orders/{no}")).json()["state"])


async def test_the_supplier_answers_once_signed_and_only_about_its_own_orders(
    app: FastAPI, buyer: Person, sessions: Sessions
) -> None:
    no = await draft_purchase(sessions)
    await decide(buyer, no, "submit")
    await is_at_supplier(sessions, no)
    async with sessions.begin() as session:
        await save_terms(
            session, VAULT, "acme",
            Terms(7, "1234567", (), 0, 10, 48, 2, "json", "https://acme.example", SECRET),
        )  # fmt: skip
    data = {"no": no, "reference": "S-1", "expected_on": "2030-05-01",
            "lines": [{"line_no": 1, "units": 40}]}  # fmt: skip
    said = {"type": "purchase_order.acknowledged", "data": data}
    assert (await told(app, said, "m1", secret="whsec_" + "A" * 32)).status_code == 401
    assert (await told(app, said, "m1", code="nobody")).status_code == 404
    assert (await told(app, {"type": "x", "data": {"no": no}}, "m0")).status_code == 422
    assert (await told(app, said | {"data": {**data, "no": "PO-0"}}, "m2")).status_code == 404
    assert (await told(app, said, "m1")).json() == {"status": "kept"}
    assert (await told(app, said, "m1")).json() == {"status": "known"}
    view = (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()
    assert (view["answer"], view["supplier_ref"], view["expected_on"]) == (
        "partly", "S-1", "2030-05-01",
    )  # fmt: skip
    done = await decide(buyer, no, "cancel", reason="too little")
    assert [one["kind"] for one in done.json()["effects"]] == [
        "gives_up", "tells_supplier", "over",
    ]  # fmt: skip
    assert (await told(app, said, "m3")).json() == {"status": "known"}
    page = await buyer.get(f"/purchase-orders/{no}")
    assert "too little" in page.text


async def told(
    app: FastAPI, said: Any, message: str, *, secret: str = SECRET, code: str = "acme"
) -> httpx.Response:
    body = json.dumps(said).encode()
    headers = own_headers(secret, message, int(time.time()), body)
    async with browser(app) as client:
        return await client.post(f"/webhooks/suppliers/{code}", content=body, headers=headers)


async def test_terms_are_kept_and_secrets_never_shown(buyer: Person, sessions: Sessions) -> None:
    form = {"lead_time_days": "9", "order_days": ["2", "4"], "days_off": "2030-01-01, 2030-01-02",
            "minimum": "500", "over_receipt_percent": "5", "acknowledge_hours": "24",
            "remind_days": "3", "port": "json", "address": "https://acme.example/po",
            "secret": SECRET, "csrf_token": buyer.csrf_token}  # fmt: skip
    assert (await buyer.post("/suppliers/acme/terms", data=form)).status_code == 303
    view = (await buyer.get("/api/v1/suppliers/acme")).json()
    assert (view["order_days"], view["minimum"]["amount"], view["days_off"]) == (
        "24", "500.00", ["2030-01-01", "2030-01-02"],
    )  # fmt: skip
    assert SECRET not in (await buyer.get("/suppliers/acme/terms")).text
    item = {"sku": "A", "price": "3.10", "moq": "20", "multiple": "2", "case_pack": "10",
            "preferred": "1", "active": "1", "csrf_token": buyer.csrf_token}  # fmt: skip
    assert (await buyer.post("/suppliers/acme/items", data=item)).status_code == 303
    async with sessions.begin() as session:
        [row] = await run(session, "SELECT * FROM supplier_item WHERE sku = 'A'")
    assert (row.price_minor, row.moq, row.case_pack, row.preferred) == (310, 20, 10, True)


async def test_what_is_changed_after_sending_is_shown_first_and_above_the_limit_asks_another(
    app: FastAPI, buyer: Person, manager: Person, sessions: Sessions
) -> None:
    no = await draft_purchase(sessions)
    await decide(buyer, no, "submit")
    await is_at_supplier(sessions, no)
    form = (await buyer.get(f"/purchase-orders/{no}/do/amend")).text
    assert 'value="100"' in form
    query = "line_no=1&sku=A&units=80&price=2.50&line_no=2&sku=B&units=0&price=0.90"
    shown = (await buyer.get(f"/purchase-orders/{no}/do/amend?{query}")).text
    assert "B is wanted no more" in shown
    plan_hash = re.findall('name="plan_hash" value="([0-9a-f]{64})"', shown)[0]
    told = {"action": "amend", "plan_hash": plan_hash, "line_no": "1", "sku": "A",
            "units": "80", "price": "2.50", "reason": "too many"}  # fmt: skip
    done = await buyer.send_form(f"/purchase-orders/{no}/do/decide", **told)
    assert done.status_code in (200, 303), done.text
    view = (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()
    assert (view["revision"], view["told_revision"], view["total"]["amount"]) == (2, 1, "200.00")
    assert [line["dropped"] for line in view["lines"]] == [False, True]
    assert "80" in (await buyer.get(f"/purchase-orders/{no}")).text

    async with sessions.begin() as session:
        await PurchaseOrders(session).sent(no, "", await _now(session), 2)
    app.state.settings = app.state.settings.model_copy(update={"purchase_auto_approve_minor": 900})
    lines = [{"line_no": 1, "sku": "A", "units": 90}, {"sku": "B", "units": 3}]
    wish = {"action": "amend", "lines": lines}
    plan = await sent(buyer, "POST", f"/purchase-orders/{no}/plan", wish)
    assert "asks_approval" in [one["kind"] for one in plan.json()["effects"]]
    body = wish | {"plan_hash": plan.json()["plan_hash"]}
    asked = await sent(buyer, "POST", f"/purchase-orders/{no}/decision", body)
    assert asked.status_code == 202, asked.text
    assert (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()["revision"] == 2
    approval = asked.headers["location"].rpartition("/")[2]
    assert (await manager.get(f"/approvals/{approval}")).status_code == 200
    yes = {"decision": "approve", "reason": ""}
    said = await sent(manager, "POST", f"/approvals/{approval}/decision", yes)
    assert said.json()["state"] == "done", said.text
    view = (await buyer.get(f"/api/v1/purchase-orders/{no}")).json()
    assert (view["revision"], view["total"]["amount"]) == (3, "227.70")
