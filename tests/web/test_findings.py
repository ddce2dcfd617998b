"""The nightly audit over page and API: seen by administrators, repaired after a look."""

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.platform import findings
from db.platform.audit_runs import AuditRuns
from db.sql import run
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import person

V1 = "/api/v1/audit/findings"
CHECK = "ledger_equals_balance"


@pytest_asyncio.fixture
async def finding(order: str, sessions: Sessions, owner_sessions: Sessions) -> str:
    """One unit too many stands at HQ; the audit saw it twice. And one that nobody can repair."""
    async with owner_sessions.begin() as session:
        await run(session, "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE sku = 'A'")
    facts = {"sku": "A", "location_id": "HQ", "lot": "", "condition": "good", "owner": "own"}
    async with sessions.begin() as session:
        for _ in range(2):
            [found] = await findings.note(session, CHECK, [facts | {"ledger": 2, "balance": 3}])
        await findings.keep(session, "vouchers_balance", [{"no": "2611-1", "debit": 1}], 4)
    return found


async def test_an_administrator_sees_what_differs_and_repairs_it(
    app: FastAPI, web_sessions: Sessions, finding: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        shown = (await admin.get("/audit/findings")).text
        form = (await admin.get(f"/audit/findings/{finding}/repair")).text
        untouched = await rows(web_sessions, "SELECT on_hand FROM stock_balance WHERE sku = 'A'")
        done = await admin.send_form(f"/audit/findings/{finding}/repair")
        after = (await admin.get("/audit/findings")).text
        gone = (await admin.get("/audit/findings?state=gone")).text

    assert "What the moves add up to is what the balance says" in shown
    assert "Every voucher has two sides" in shown
    assert "/levels/moves?sku=A" in shown
    assert "<dd>3 → 2</dd>" in form
    assert untouched == [(3,)]
    assert done.status_code == 303
    assert finding not in after
    assert "On hand 3 → 2" in gone
    assert await rows(web_sessions, "SELECT on_hand FROM stock_balance WHERE sku = 'A'") == [(2,)]


async def test_programs_repair_it_too(app: FastAPI, web_sessions: Sessions, finding: str) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        admin.headers["X-CSRF-Token"] = admin.csrf_token
        listed = (await admin.get(V1)).json()["items"]
        plan = (await admin.get(f"{V1}/{finding}/repair-plan")).json()
        answer = await admin.post(f"{V1}/{finding}/repair")
        again = await admin.post(f"{V1}/{finding}/repair")
        other = next(one["id"] for one in listed if one["check"] == "vouchers_balance")
        refused = await admin.post(f"{V1}/{other}/repair")
        why = (await admin.get(f"{V1}/{other}/repair-plan")).json()
        none = await admin.post(f"{V1}/fnd_0/repair")
        checks = (await admin.get("/api/v1/audit/checks")).json()["items"]
        [gone] = (await admin.get(V1, params={"state": "gone"})).json()["items"]
        first = (await admin.get(V1, params={"limit": "1"})).json()
        rest = (await admin.get(V1, params={"cursor": first["next_cursor"]})).json()

    assert len(listed) == 2
    assert (plan["possible"], plan["before"]["on_hand"], plan["after"]["on_hand"]) == (True, 3, 2)
    assert (answer.status_code, answer.json()["ending"]) == (200, "repaired")
    assert (again.status_code, again.json()["code"]) == (409, "CannotBeRepaired")
    assert (refused.status_code, why["possible"]) == (409, False)
    assert none.status_code == 404
    assert [one["check"] for one in checks] == ["vouchers_balance"]
    assert gone["after"]["on_hand"] == 2
    assert rest["items"] == []


@pytest.mark.parametrize("query", ["cursor=x", "cursor=2026-01-01|a", "state=all", "limit=0"])
async def test_bad_questions_are_refused(app: FastAPI, web_sessions: Sessions, query: str) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        assert (await admin.get(f"{V1}?{query}")).status_code == 422


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CUSTOMER_SERVICE, Role.FINANCE])
async def test_nobody_else_sees_or_repairs(
    app: FastAPI, web_sessions: Sessions, finding: str, role: Role
) -> None:
    async with await person(app, web_sessions, role) as other:
        other.headers["X-CSRF-Token"] = other.csrf_token
        assert (await other.get("/audit/findings")).status_code == 403
        assert (await other.get(V1)).status_code == 403
        assert (await other.post(f"{V1}/{finding}/repair")).status_code == 403


async def test_everything_is_checked_now_and_not_twice_at_a_time(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        before = (await admin.get("/audit/findings")).text
        asked = await admin.send_form("/audit/findings/now")
        running = (await admin.get("/audit/findings")).text
        again = await admin.send_form("/audit/findings/now")
        admin.headers["X-CSRF-Token"] = admin.csrf_token
        by_program = await admin.post("/api/v1/audit/runs")
        step = await admin.get("/audit/findings/now")
        [row] = (await admin.get("/api/v1/audit/runs")).json()["items"]
        async with sessions.begin() as session:
            [told] = await run(session, "SELECT target, name, payload FROM outbox")
            assert await AuditRuns(session).begin(row["id"], 1)
            await findings.keep(session, "vouchers_balance", [{"no": "2611-1", "debit": 1}], 4)
            await AuditRuns(session).end(row["id"])
        over = await admin.get("/audit/findings/now")
        after = (await admin.get("/audit/findings")).text
        answer = await admin.post("/api/v1/audit/runs")

    assert "Check now" in before
    assert asked.status_code == 303
    assert "The check begins in a moment" in running
    assert "Check now" not in running
    assert (again.status_code, by_program.status_code) == (409, 409)
    assert by_program.json()["code"] == "AuditIsRunning"
    assert "HX-Refresh" not in step.headers
    assert (told.name, told.target, told.payload["run"]) == (
        "audit_asked", f"audit/{row['id']}", row["id"],
    )  # fmt: skip
    assert over.headers["HX-Refresh"] == "true"
    assert "1 check finds differences" in after
    assert "Check now" in after
    assert (answer.status_code, answer.json()["ending"]) == (202, "")


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FINANCE])
async def test_nobody_else_has_everything_checked(
    app: FastAPI, web_sessions: Sessions, role: Role
) -> None:
    async with await person(app, web_sessions, role) as other:
        other.headers["X-CSRF-Token"] = other.csrf_token
        assert (await other.post("/api/v1/audit/runs")).status_code == 403
        assert (await other.send_form("/audit/findings/now")).status_code == 403
        assert "/audit/findings" not in (await other.get("/")).text
    assert await rows(web_sessions, "SELECT count(*) FROM audit_run") == [(0,)]
