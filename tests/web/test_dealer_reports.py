"""Dealers' reports as people use them: a dealer's page, the desk of sales, files, programs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from activities.platform.importing import ImportActivities
from db.engine import Sessions
from db.inventory.dealer_reports import DealerReports, ReportDraft
from db.sql import run
from domain.inventory.dealer_reports import DealerLine
from domain.platform.importing import ImportRef
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from domain.shared.clock import COMPANY_ZONE
from tests.api.served import browser, key_for
from tests.companies import seed_company
from tests.people import VAULT
from tests.web.world import person

TODAY = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
LAST = TODAY - timedelta(days=7)
D1, D2 = [Limit("D1")], [Limit("D2")]


@pytest_asyncio.fixture
async def dealers(sessions: Sessions, owner_sessions: Sessions) -> str:
    """D1 had 40 A a week ago; returns that report's number."""
    await seed_company(sessions)
    async with owner_sessions.begin() as session:  # what was sent there was sent long ago
        await run(session, "UPDATE stock_move SET at = at - interval '60 days'")
    async with sessions.begin() as session:
        reports = DealerReports(session)
        told = ReportDraft("k", "D1", LAST, (DealerLine("A", 40),), "api", "li")
        no = (await reports.file(told)).no
        await reports.accept(no, "li", "counted together")
    return no


def typed(units: int, sold: int, act: str, **other: str) -> dict[str, Any]:
    return {
        "location": "D1", "day": TODAY.isoformat(), "sku": "A", "lot": "", "sold": str(sold),
        "stock": str(units), "act": act, "corrects": "", **other,
    }  # fmt: skip


def body(stock: int, sold: int, location: str = "D1", **other: Any) -> dict[str, Any]:
    line = {"sku": "A", "stock": stock, "sold": sold}
    return {"location": location, "day": TODAY.isoformat(), "lines": [line], **other}


async def states(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await run(session, "SELECT state FROM dealer_report ORDER BY given_at")
    return [row.state for row in rows]


async def test_a_dealer_looks_through_what_he_typed_and_sales_decides_what_cannot_be(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, dealers: str
) -> None:
    async with await person(app, web_sessions, Role.DEALER, limits=D1) as dealer:
        form = (await dealer.get("/dealer-reports/new")).text
        assert "last time 40, came 0" in form
        assert 'value="A"' in form
        seen = (await dealer.send_form("/dealer-reports/new", **typed(90, 10, "check"))).text
        assert "40 last time + 0 delivered − 10 sold − 0 returned = 30" in seen
        assert await states(sessions) == ["accepted"]
        sent = await dealer.send_form("/dealer-reports/new", **typed(90, 10, "report"))
        at = sent.headers["location"]
        assert "It does not count yet" in (await dealer.get(at)).text
        assert (await dealer.send_form(f"{at}/do/accept", reason="mine")).status_code == 403
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as sales:
        assert at in (await sales.get("/dealer-reports?tab=waiting")).text
        await sales.send_form(f"{at}/do/send_back", reason="90? please count again")
        assert (await sales.send_form(f"{at}/do/accept", reason="x")).status_code == 409
    async with await person(app, web_sessions, Role.DEALER, limits=D1) as dealer:
        assert "90? please count again" in (await dealer.get(at)).text
        no = at.rpartition("/")[2]
        sent = await dealer.send_form("/dealer-reports/new", **typed(29, 10, "report", corrects=no))
        assert "It counts" in (await dealer.get(sent.headers["location"])).text
    assert await states(sessions) == ["accepted", "replaced", "accepted"]
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        stock = re.sub(r"<[^>]+>", " ", (await manager.get("/stock/A")).text)
        assert f"report of {TODAY}" in stock
        told = (await manager.get("/api/v1/audit?action=dealer_report.send_back")).json()["items"]
        assert told[0]["reason"] == "90? please count again"


async def test_programs_report_with_a_key_of_the_place_and_know_of_no_other(
    app: FastAPI, web_sessions: Sessions, dealers: str
) -> None:
    async with browser(app, **await key_for(web_sessions, Role.DEALER, limits=D1)) as client:
        checked = (await client.post("/api/v1/dealer-reports/check", json=body(90, 0))).json()
        assert [one["code"] for one in checked["doubts"]] == ["too_much"]
        key = {"Idempotency-Key": "w47"}
        sent = [
            await client.post("/api/v1/dealer-reports", json=body(30, 10), headers=key)
            for _ in range(2)
        ]
        assert [(one.status_code, one.json()["state"]) for one in sent] == [(201, "accepted")] * 2
        assert sent[0].json()["no"] == sent[1].json()["no"]
        others = await client.post("/api/v1/dealer-reports", json=body(1, 1, "D2"))
        assert others.status_code == 404
        for wrong in (body(-1, 0), body(1, 0, lines=[]), body(1, 0, day="2099-01-01")):
            assert (await client.post("/api/v1/dealer-reports", json=wrong)).status_code == 422
        [place] = (await client.get("/api/v1/dealer-places")).json()
        assert (place["location"], place["units"], place["days_old"]) == ("D1", 30, 0)
    async with browser(app, **await key_for(web_sessions, Role.DEALER, limits=D2)) as client:
        assert (await client.get("/api/v1/dealer-reports")).json() == []
        assert (await client.get(f"/api/v1/dealer-reports/{dealers}")).status_code == 404


async def test_sales_puts_a_report_right_and_asks_otherwise_than_usual(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, dealers: str
) -> None:
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as sales:
        at = f"/dealer-reports/{dealers}/do/correct"
        assert 'name="stock" value="40"' in (await sales.get(at)).text
        sent = await sales.send_form(at, sku="A", lot="", sold="0", stock="38", reason="counted")
        assert sent.headers["location"] != f"/dealer-reports/{dealers}"
        rule = {
            "every_days": "14", "late_days": "1", "tolerance_percent": "0",
            "tolerance_units": "0", "capacity": "100",
        }  # fmt: skip
        await sales.send_form("/dealer-reports/rule", location="D1", **rule)
        [place, _] = (await sales.get("/api/v1/dealer-places")).json()
        assert (place["rule"]["every_days"], place["units"]) == (14, 38)
        refused = await sales.send_form(at, sku="A", lot="", sold="0", stock="x", reason="y")
        assert refused.status_code == 422
    assert await states(sessions) == ["replaced", "accepted"]


async def test_a_file_is_tried_first_and_says_what_would_wait(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, dealers: str
) -> None:
    day = TODAY.isoformat()
    text = f"库位,日期,商品编码,库存数,上次上报后销量\nD1,{day},A,90,1\nD2,{day},A,5,0\n"
    async with await person(app, web_sessions, Role.DEALER, limits=D1) as dealer:
        sent = await dealer.post(
            "/imports",
            data={"kind": "dealer_stock", "csrf_token": dealer.csrf_token},
            files={"file": ("w.csv", text.encode(), "text/csv")},
        )
        import_id = sent.headers["location"].rpartition("/")[2]
        work = ImportActivities(sessions, VAULT)
        while (await work.work(ImportRef(import_id))).busy:
            pass
        rows = (await dealer.get(f"/api/v1/imports/{import_id}/rows")).json()["items"]
        assert [row["state"] for row in rows] == ["new", "bad"]  # another's place is none of his
        assert "more than should be there" in str(rows[0])
        assert await states(sessions) == ["accepted"]
        await dealer.send_form(f"/imports/{import_id}/decision", decision="apply_partly")
        while (await work.work(ImportRef(import_id))).busy:
            pass
    assert await states(sessions) == ["accepted", "waiting"]


async def test_on_a_form_bad_input_is_refused_in_words(
    app: FastAPI, web_sessions: Sessions, dealers: str
) -> None:
    async with await person(app, web_sessions, Role.DEALER, limits=D1) as dealer:
        for wrong in (
            typed(1, 0, "report", day="yesterday"), typed(1, 0, "report", stock="many"),
            typed(1, 0, "report", sku=""), typed(1, 0, "report", location="HQ"),
        ):  # fmt: skip
            answer: httpx.Response = await dealer.send_form("/dealer-reports/new", **wrong)
            assert answer.status_code in (404, 422), wrong
