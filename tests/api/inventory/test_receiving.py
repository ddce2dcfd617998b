"""Receiving over the API: what a tablet and a supplier's program say, and what they are told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from api.finance.goods_claims import router as claims
from api.inventory.receipt_cases import router as cases
from api.inventory.receiving import router
from api.inventory.ship_notices import router as notices
from db.audit import audit
from db.engine import Sessions
from runtime.posting import Posting
from tests.api.orders.app import client_of
from tests.api.orders.world import rows
from tests.purchases import sent_purchase

V1 = "/api/v1"
TODAY = datetime.now(UTC).date()


@pytest_asyncio.fixture
async def order(sessions: Sessions) -> str:
    """Acme sends 100 A and 10 B to HQ. A has a barcode."""
    no = await sent_purchase(sessions)
    await rows(sessions, "UPDATE sku SET gtin = '06901234567892' WHERE code = 'A' RETURNING 1")
    return no


@pytest_asyncio.fixture
async def client(web_sessions: Sessions, order: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(web_sessions, router, notices, cases, claims) as client:
        yield client


def notice(order: str, **told: Any) -> dict[str, Any]:
    lines = [
        {"sku": "A", "units": 60, "carton": "C1", "lot": "L1"},
        {"sku": "B", "units": 10, "carton": "C2"},
    ]
    return {
        "external_no": "ASN-1", "location": "HQ", "expected_on": str(TODAY - timedelta(days=1)),
        "source_kind": "purchase", "source_no": order, "lines": lines, **told,
    }  # fmt: skip


def scan(key: str, code: str, **told: Any) -> dict[str, Any]:
    return {"key": f"scan-{key}", "at": "2026-03-01T09:00:00Z", "code": code, **told}


async def test_a_ship_notice_is_said_once(client: httpx.AsyncClient, order: str) -> None:
    first = await client.post(f"{V1}/ship-notices", json=notice(order))
    again = await client.post(f"{V1}/ship-notices", json=notice(order))
    other = await client.post(f"{V1}/ship-notices", json=notice(order, carrier="sf"))

    assert first.status_code == 200
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyMismatch")
    shown = (await client.get(f"{V1}/ship-notices/{first.json()['notice_no']}")).json()
    assert (shown["sender"], shown["lines"][0]["lot"]) == ("acme", "L1")
    [due] = (await client.get(f"{V1}/receiving/expected")).json()["expected"]
    assert (due["source_no"], due["units"], due["late"]) == (order, 70, True)


async def test_what_comes_otherwise_than_announced_becomes_cases(
    client: httpx.AsyncClient, order: str, sessions: Sessions
) -> None:
    told = (await client.post(f"{V1}/ship-notices", json=notice(order))).json()
    opening = {"location": "HQ", "notice_no": told["notice_no"]}
    no = (await client.post(f"{V1}/goods-receipts", json=opening)).json()["receipt_no"]
    soon = (TODAY + timedelta(days=300)).strftime("%y%m%d")
    scans = [
        scan("1-a-gs1", f"]C1010690123456789217{soon}10L1", units=58),
        scan("2-other-lot", f"]C1010690123456789217{soon}10L9"),
        scan("3-broken", "A", lot="L1", verdict="rejected"),
        scan("4-unknown", "6909999999993"),
    ]
    answers = (
        await client.post(f"{V1}/goods-receipts/{no}/scans", json={"scans": scans})
    ).json()["answers"]  # fmt: skip
    assert [(x["answer"], x["counted"]) for x in answers] == [
        ("counted", 60), ("counted", 60), ("counted", 60), ("unknown", 0),
    ]  # fmt: skip

    shown = (await client.post(f"{V1}/goods-receipts/{no}/finish")).json()
    assert [(x["sku"], x["units"], x["trouble"]) for x in shown["lines"]] == [
        ("A", 58, ""), ("A", 1, "unknown_lot"), ("A", 1, "damaged"),
    ]  # fmt: skip
    assert shown["missing"] == [{"sku": "B", "units": 10}]
    late = await client.post(
        f"{V1}/goods-receipts/{no}/scans", json={"scans": [scan("5-late-one", "A")]}
    )
    assert late.json()["answers"][0]["answer"] == "late"

    body = {"plan_hash": shown["plan_hash"]}
    posted = await client.post(f"{V1}/goods-receipts/{no}/posting", json=body)
    assert posted.status_code == 200
    assert {**posted.json(), "cases": len(posted.json()["cases"])} == {
        "receipt_no": no, "accepted": 58, "quarantine": 1, "rejected": 1, "missing": 10,
        "cases": 3, "served": 0,
    }  # fmt: skip
    again = await client.post(f"{V1}/goods-receipts/{no}/posting", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "ReceiptPosted")
    open_ones = (await client.get(f"{V1}/receipt-cases?state=open")).json()["cases"]
    assert {(x["trouble"], x["units"]) for x in open_ones} == {
        ("unknown_lot", 1), ("damaged", 1), ("short", 10),
    }  # fmt: skip
    [short] = [x for x in open_ones if x["trouble"] == "short"]
    assert (short["value"]["amount"], short["choices"]) == (
        "9.00", ["accepted", "credited", "replaced"],
    )  # fmt: skip
    ended = await client.post(
        f"{V1}/receipt-cases/{short['case_no']}/decision",
        json={"decision": "credited", "reason": "a carton was missing", "reference": "CN-7"},
    )
    assert (ended.status_code, ended.json()["state"], ended.json()["reference"]) == (
        200, "credited", "CN-7",
    )  # fmt: skip


async def test_what_a_supplier_credits_is_owed_until_it_is_set_off_and_every_line_has_a_voucher(
    client: httpx.AsyncClient, order: str, sessions: Sessions
) -> None:
    opening = {"location": "HQ", "source_kind": "purchase", "source_no": order}
    no = (await client.post(f"{V1}/goods-receipts", json=opening)).json()["receipt_no"]
    scans = {"scans": [scan("1-broken", "A", units=4, verdict="rejected")]}
    await client.post(f"{V1}/goods-receipts/{no}/scans", json=scans)
    [case] = (await client.post(f"{V1}/goods-receipts/{no}/posting", json={})).json()["cases"]
    ending = {"decision": "credited", "reason": "broken", "reference": "CN-8", "amount": "2.50"}
    wrong = ending | {"decision": "returned"}
    address = f"{V1}/receipt-cases/{case}/decision"
    assert (await client.post(address, json=wrong)).status_code == 422
    assert (await client.post(address, json=ending)).status_code == 200
    claim = f"{V1}/goods-claims/{case}"
    moving = {"kind": "set_off", "amount": "1.50", "reference": "S-1"}
    key = {"idempotency-key": "set-off-once"}

    for _ in range(2):
        told = await client.post(f"{claim}/money", json=moving, headers=key)
        assert told.status_code == 200, told.text
    over = await client.post(f"{claim}/money", json=moving | {"amount": "1.01"})
    assert (over.status_code, over.json()["code"]) == (409, "ActionNotAllowed")
    no_reason = {"kind": "written_off", "amount": "1"}
    assert (await client.post(f"{claim}/money", json=no_reason)).status_code == 422
    given_up = no_reason | {"reason": "bankrupt"}
    assert (await client.post(f"{claim}/money", json=given_up)).status_code == 200
    await Posting(sessions).all()

    found = (await client.get(claim)).json()
    assert (found["accepted"]["amount"], found["owed"]["amount"]) == ("2.50", "0.00")
    assert [one["kind"] for one in found["ledger"]] == ["accepted", "set_off", "written_off"]
    assert all(one["voucher_no"] for one in found["ledger"])
    listed = (await client.get(f"{V1}/goods-claims", params={"document": no})).json()["claims"]
    assert [one["claim_no"] for one in listed] == [case]
    assert (await client.get(f"{V1}/goods-claims?waiting=true")).json()["claims"] == []
    assert (await client.get(f"{V1}/goods-claims/RC-none")).status_code == 404
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_more_units_than_one_may_release_alone_wait_for_a_second_person(
    client: httpx.AsyncClient, order: str, sessions: Sessions
) -> None:
    opening = {"location": "HQ"}
    no = (await client.post(f"{V1}/goods-receipts", json=opening)).json()["receipt_no"]
    body = {"scans": [scan("1-quarantine", "A", units=5000, verdict="quarantine")]}
    await client.post(f"{V1}/goods-receipts/{no}/scans", json=body)
    posted = (await client.post(f"{V1}/goods-receipts/{no}/posting", json={})).json()
    assert posted["quarantine"] == 5000

    answer = await client.post(
        f"{V1}/receipt-cases/{posted['cases'][0]}/decision",
        json={"decision": "accepted", "reason": "looked at"},
    )

    assert answer.status_code == 202
    assert await rows(sessions, "SELECT on_hand FROM stock_balance WHERE on_hand > 0") == [(5000,)]
    assert await rows(sessions, "SELECT kind, units, state FROM approval") == [
        ("adjustment", 5000, "open")
    ]


async def test_what_is_not_there_is_404_and_what_is_over_409(
    client: httpx.AsyncClient, order: str
) -> None:
    for path in ("goods-receipts/GR1", "ship-notices/SN1", "receipt-cases/RC1"):
        assert (await client.get(f"{V1}/{path}")).status_code == 404
    for body, status in (
        ({"location": "NOWHERE"}, 404),
        ({"location": "R1", "source_kind": "purchase", "source_no": order}, 422),
        ({"location": "HQ", "source_kind": "purchase", "source_no": "PO-none"}, 404),
        ({"location": "HQ", "source_kind": "transfer", "source_no": "TR-none"}, 404),
        ({"location": "HQ", "notice_no": "SN1"}, 404),
    ):
        assert (await client.post(f"{V1}/goods-receipts", json=body)).status_code == status
    no = (await client.post(f"{V1}/goods-receipts", json={"location": "HQ"})).json()["receipt_no"]
    base = f"{V1}/goods-receipts/{no}"
    assert (await client.post(f"{base}/posting", json={})).status_code == 422
    assert (await client.post(f"{base}/correction", json={"reason": "x"})).status_code == 409
    assert (await client.post(f"{base}/cancellation", json={"reason": "x"})).status_code == 204
    assert (await client.post(f"{base}/finish")).status_code == 409
