"""Claims over the API: opened on a parcel, decided with the plan that was shown, each once."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from db.audit import audit
from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from runtime.posting import Posting
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served

PARCEL = "/api/v1/parcels/O-1-1-P1/claims"
LOST = {"kind": "lost"}


@pytest_asyncio.fixture
async def app(database_url: str, sessions: Sessions) -> AsyncIterator[FastAPI]:
    """Order O-1 (2 A for 20.00, 1 B for 5.50) is on its way in one parcel, freight 8.00."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="in_transit")
    async with sessions.begin() as session:
        await run(
            session,
            "UPDATE shipment SET handed_over_at = now() - interval '1 day', freight_minor = 800",
        )
        await run(
            session,
            "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
            " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
            " SELECT no || '-P1', no, 'sf', '2', 'SF100', '', '', 'in_transit', 900, 0, 0, 0"
            " FROM shipment",
        )
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def service(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    headers = await key_for(web_sessions, Role.CUSTOMER_SERVICE)
    async with browser(app, **headers) as client:
        yield client


@pytest_asyncio.fixture
async def finance(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    headers = await key_for(web_sessions, Role.FINANCE, name="finance")
    async with browser(app, **headers) as client:
        yield client


async def opened(client: httpx.AsyncClient, **more: Any) -> str:
    answer = await client.post(PARCEL, json=LOST | more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["claim_no"])


async def decide(
    client: httpx.AsyncClient, no: str, action: str, amount: str = "0", **more: Any
) -> httpx.Response:
    """Preview and confirm."""
    path = f"/api/v1/claims/{no}"
    plan = await client.get(f"{path}/plan", params={"action": action, "amount": amount})
    if plan.status_code != 200:
        return plan
    body = {"action": action, "amount": amount, "plan_hash": plan.json()["plan_hash"], **more}
    return await client.post(f"{path}/decision", json=body)


async def test_a_parcel_is_claimed_filed_accepted_and_paid_in_parts(
    service: httpx.AsyncClient, finance: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(service, remark="buyer says it never came")
    seen = (await service.get(f"/api/v1/claims/{no}")).json()
    assert (seen["claimed"]["amount"], seen["freight"]["amount"]) == ("33.50", "8.00")
    assert [(x["sku"], x["units"], x["value"]["amount"]) for x in seen["lines"]] == [
        ("A", 2, "20.00"), ("B", 1, "5.50"),
    ]  # fmt: skip

    plan = await service.get(f"/api/v1/claims/{no}/plan", params={"action": "file"})
    assert plan.json()["effects"] == [
        {"kind": "asks_carrier", "amount": {"amount": "33.50", "currency": "CNY"}}
    ]
    assert (await decide(service, no, "file")).status_code == 422  # the carrier's number
    assert (await decide(service, no, "file", reference="C-77")).status_code == 200
    assert (await decide(service, no, "accept", "30.00")).status_code == 200
    assert (await decide(finance, no, "pay", "10.00", reference="B1")).status_code == 200
    assert (await decide(finance, no, "pay", "10.00", reference="B2")).status_code == 200
    late = {"on": "2099-01-01"}
    assert (await decide(finance, no, "pay", "1.00", **late)).status_code == 422
    refused = await decide(service, no, "write_off", reason="enough")
    assert (refused.status_code, refused.json()["code"]) == (409, "ActionNotAllowed")
    assert (await decide(finance, no, "write_off", reason="enough")).status_code == 200

    seen = (await service.get(f"/api/v1/claims/{no}")).json()
    assert [(x["kind"], x["amount"]["amount"]) for x in seen["money"]] == [
        ("accepted", "30.00"), ("received", "10.00"), ("received", "10.00"),
        ("written_off", "10.00"),
    ]  # fmt: skip
    assert (seen["received"]["amount"], seen["written_off"]["amount"]) == ("20.00", "13.50")
    (sums,) = (await finance.get("/api/v1/claims/sums")).json()
    assert (sums["carrier"], sums["received"]["amount"], sums["owed"]["amount"]) == (
        "sf", "20.00", "0.00",
    )  # fmt: skip
    await Posting(sessions).all()
    async with sessions.begin() as session:
        assert await audit(session) == []
    deeds = await rows(sessions, "SELECT action FROM audit_log WHERE subject LIKE 'claim/%'")
    assert [deed for (deed,) in deeds] == [
        "claim.opened", "claim.file", "claim.accept", "claim.pay", "claim.pay", "claim.write_off",
    ]  # fmt: skip


async def test_a_parcel_has_one_claim_and_only_known_lines_are_claimed(
    service: httpx.AsyncClient,
) -> None:
    strange = {"lines": [{"line_id": "ord_9.1/A", "quantity": 1}]}
    assert (await service.post(PARCEL, json=LOST | strange)).status_code == 422
    part = {"kind": "damaged", "lines": [{"line_id": "ord_1.1/A", "quantity": 1}]}
    no = await opened(service, **part)
    again = (await service.post(PARCEL, json=LOST)).json()
    assert again == {"claim_no": no, "opened": False}
    seen = (await service.get(f"/api/v1/claims/{no}")).json()
    assert (seen["kind"], seen["goods"]["amount"]) == ("damaged", "10.00")
    assert [x["claim_no"] for x in (await service.get("/api/v1/claims?q=SF100")).json()] == [no]
    assert (await service.get("/api/v1/claims?queue=closed")).json() == []
    assert len((await service.get("/api/v1/claims?queue=file&carrier=sf")).json()) == 1
    assert (await service.get("/api/v1/claims?queue=file&carrier=zto")).json() == []


async def test_what_is_not_there_or_never_left_is_refused(
    service: httpx.AsyncClient, sessions: Sessions
) -> None:
    answer = await service.post("/api/v1/parcels/nothing/claims", json=LOST)
    assert (answer.status_code, answer.json()["code"]) == (404, "ParcelNotFound")
    answer = await service.get("/api/v1/claims/CL-9")
    assert (answer.status_code, answer.json()["code"]) == (404, "ClaimNotFound")
    assert (await service.post(PARCEL, json={"kind": "stolen"})).status_code == 422
    async with sessions.begin() as session:
        await run(session, "UPDATE shipment SET status = 'packed'")
    answer = await service.post(PARCEL, json=LOST)
    assert (answer.status_code, answer.json()["code"]) == (409, "ActionNotAllowed")


async def test_a_plan_that_was_shown_before_something_else_happened_is_refused(
    service: httpx.AsyncClient,
) -> None:
    no = await opened(service)
    path = f"/api/v1/claims/{no}"
    plan = (await service.get(f"{path}/plan", params={"action": "file"})).json()
    body = {"action": "file", "plan_hash": plan["plan_hash"], "reference": "C-1"}
    assert (await service.post(f"{path}/decision", json=body)).status_code == 200
    answer = await service.post(f"{path}/decision", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "PlanChanged")
    same = {"Idempotency-Key": "money"}
    plan = (await service.get(f"{path}/plan", params={"action": "pay", "amount": "5"})).json()
    body = {"action": "pay", "amount": "5", "plan_hash": plan["plan_hash"]}
    for _ in range(2):
        answer = await service.post(f"{path}/decision", json=body, headers=same)
        assert answer.status_code == 200
    assert (await service.get(path)).json()["received"]["amount"] == "5.00"
