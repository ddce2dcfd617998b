"""Receiving on a tablet: from what is expected to stock on its shelf, and cases about the rest."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.purchases import sent_purchase
from tests.web.world import Person, person


@pytest_asyncio.fixture
async def purchase(sessions: Sessions) -> str:
    """Acme sends 100 A and 10 B to HQ."""
    return await sent_purchase(sessions)


@pytest_asyncio.fixture
async def buyer(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.BUYER, language="zh") as client:
        yield client


async def _begin(staff: Person, purchase: str) -> str:
    answer = await staff.send_form(
        "/receiving", location="HQ", source_kind="purchase", source_no=purchase
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _count(staff: Person, page: str, code: str, units: int, **told: str) -> None:
    no = page.rpartition("/")[2]
    scan = {"key": f"{no}-{code}-{units}", "at": "2026-03-01T09:00:00Z", "code": code,
            "units": units, **told}  # fmt: skip
    answer = await staff.post(f"/api/v1/goods-receipts/{no}/scans", json={"scans": [scan]},
                              headers={"X-CSRF-Token": staff.csrf_token})  # fmt: skip
    assert answer.status_code == 200, answer.text


async def test_goods_go_from_the_list_of_today_into_stock(
    staff: Person, purchase: str, sessions: Sessions
) -> None:
    board = (await staff.get("/receiving")).text
    assert purchase in board
    page = await _begin(staff, purchase)
    assert await _begin(staff, purchase) == page
    await _count(staff, page, "A", 12)
    shown = (await staff.get(page)).text
    assert re.search(r"<b>12</b> / 100", shown)

    assert (await staff.send_form(f"{page}/do/finish")).status_code == 303
    looked_at = (await staff.get(page)).text
    plan_hash = looked_at.partition('name="plan_hash" value="')[2][:64]
    answer = await staff.send_form(f"{page}/do/post", plan_hash=plan_hash)

    assert answer.status_code == 303, answer.text
    assert await rows(sessions, "SELECT sku, on_hand FROM stock_balance") == [("A", 12)]
    again = await staff.send_form(f"{page}/do/post", plan_hash=plan_hash)
    assert again.status_code == 409
    assert "was posted by" in again.text
    assert "A" in (await staff.get(f"{page}/labels")).text


async def test_a_case_is_ended_by_a_buyer_in_his_language(
    staff: Person, buyer: Person, purchase: str, sessions: Sessions
) -> None:
    page = await _begin(staff, purchase)
    await _count(staff, page, "A", 3, verdict="rejected")
    assert (await staff.send_form(f"{page}/do/post")).status_code == 303
    [(no,)] = await rows(sessions, "SELECT no FROM receipt_case")
    assert no in (await buyer.get("/receiving/cases")).text
    form = (await buyer.get(f"/receiving/cases/{no}")).text
    assert "供应商折让" in form

    empty = await buyer.send_form(f"/receiving/cases/{no}", decision="returned", reason="")
    done = await buyer.send_form(f"/receiving/cases/{no}", decision="returned", reason="碎了")

    assert (empty.status_code, done.status_code) == (422, 303)
    assert await rows(sessions, "SELECT sum(on_hand)::int FROM stock_balance") == [(0,)]
    assert "碎了" in (await buyer.get(f"/receiving/cases/{no}")).text


async def test_a_case_shows_and_takes_the_numbers_of_its_units(
    staff: Person, buyer: Person, purchase: str, sessions: Sessions
) -> None:
    await rows(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'A' RETURNING 1")
    page = await _begin(staff, purchase)
    for n, serial in enumerate(("S1", "S2")):
        await _count(staff, page, "A", 1, verdict="rejected", serial=serial, key=f"scan-key-{n}")
    assert (await staff.send_form(f"{page}/do/post")).status_code == 303
    [(no,)] = await rows(sessions, "SELECT no FROM receipt_case")
    assert "S1, S2" in (await buyer.get(f"/receiving/cases/{no}")).text
    assert (await buyer.get(f"/api/v1/receipt-cases/{no}")).json()["serials"] == ["S1", "S2"]
    [listed] = (await buyer.get("/api/v1/receipt-cases")).json()["cases"]
    assert listed["serials"] == ["S1", "S2"]

    end = {"decision": "returned", "reason": "碎了"}
    strange = await buyer.send_form(f"/receiving/cases/{no}", **end, numbers="S9\nS1")
    assert strange.status_code == 422
    assert "S9" in strange.text
    assert (await buyer.send_form(f"/receiving/cases/{no}", **end)).status_code == 303
    assert await rows(sessions, "SELECT DISTINCT state FROM serial") == [("gone",)]


@pytest.mark.usefixtures("purchase")
async def test_a_receipt_is_cancelled_or_taken_back_for_a_reason(
    staff: Person, sessions: Sessions
) -> None:
    answer = await staff.send_form("/receiving", location="HQ")
    page = str(answer.headers["location"])
    assert (await staff.send_form(f"{page}/do/cancel", reason="")).status_code == 422
    assert (await staff.send_form(f"{page}/do/cancel", reason="twice")).status_code == 303
    page = str((await staff.send_form("/receiving", location="HQ")).headers["location"])
    await _count(staff, page, "A", 2)
    assert (await staff.send_form(f"{page}/do/post")).status_code == 303
    assert (await staff.send_form(f"{page}/do/correct", reason="wrong dock")).status_code == 303
    assert await rows(sessions, "SELECT state, why FROM goods_receipt ORDER BY opened_at") == [
        ("cancelled", "twice"), ("corrected", "wrong dock"),
    ]  # fmt: skip
    assert (await staff.send_form(f"{page}/do/nonsense")).status_code == 422


async def test_who_telephones_is_taken_down_once_seen_received_and_taken_back(
    staff: Person, buyer: Person, purchase: str, sessions: Sessions
) -> None:
    form = (await staff.get(f"/ship-notices/new?order=purchase/{purchase}")).text
    assert f'value="purchase/{purchase}" selected' in form
    told = {
        "external_no": "DN-7", "order": f"purchase/{purchase}", "expected_on": "2026-12-01",
        "lines": "A 24 L2611 2027-10-31\n\nB, 2",
    }  # fmt: skip
    answer = await staff.send_form("/ship-notices/new", **told)
    assert answer.status_code == 303, answer.text
    page = answer.headers["location"]
    assert (await staff.send_form("/ship-notices/new", **told)).headers["location"] == page

    shown = (await buyer.get(page)).text
    for said in ("DN-7", "acme", "L2611", "2027-10-31", "运输中", purchase):
        assert said in shown, said
    assert "DN-7" in (await buyer.get("/ship-notices")).text
    [one] = (await buyer.get("/api/v1/ship-notices?state=expected")).json()["notices"]
    assert (one["external_no"], one["location"], one["units"]) == ("DN-7", "HQ", 26)
    assert (await buyer.send_form(f"{page}/cancel")).status_code == 403

    assert (await staff.send_form(f"{page}/cancel")).status_code == 303
    assert "DN-7" not in (await staff.get("/ship-notices")).text
    assert "DN-7" in (await staff.get("/ship-notices?state=cancelled")).text


@pytest.mark.usefixtures("purchase")
@pytest.mark.parametrize(
    "wrong",
    [
        {"external_no": ""}, {"expected_on": "soon"}, {"lines": ""}, {"lines": "A"},
        {"lines": "A many"}, {"lines": "A 1 L 2027-13-01"}, {"lines": "NONE 1"}, {"location": ""},
        {"order": "purchase/PO-NONE"},
    ],
)  # fmt: skip
async def test_a_ship_notice_that_cannot_be_is_refused(
    staff: Person, sessions: Sessions, wrong: dict[str, str]
) -> None:
    told = {
        "external_no": "DN-8", "location": "HQ", "sender": "walk in", "expected_on": "2026-12-01",
        "lines": "A 1", **wrong,
    }  # fmt: skip
    answer = await staff.send_form("/ship-notices/new", **told)
    assert answer.status_code in (404, 422), answer.text
    assert await rows(sessions, "SELECT 1 FROM ship_notice") == []
