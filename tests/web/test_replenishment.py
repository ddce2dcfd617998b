"""The suggestions desk in both languages, and its API."""

import re

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from tests.planning import NIGHT, plan_all, seed_company
from tests.web.world import person


@pytest_asyncio.fixture
async def planned(sessions: Sessions, owner_sessions: Sessions) -> Sessions:
    """HQ should buy tea, and the shop get some from its region."""
    await seed_company(owner_sessions, sessions)
    await plan_all(sessions)
    return sessions


async def ids(sessions: Sessions) -> dict[str, str]:
    async with sessions.begin() as session:
        return {row.kind: row.id for row in await run(session, "SELECT id, kind FROM suggestion")}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("To decide", "Why so?", "can spare")), ("zh", ("待决定", "为什么", "可调出"))],
)
async def test_the_desk_says_what_to_order_and_why(
    app: FastAPI, web_sessions: Sessions, planned: Sessions, language: str, words: tuple[str, ...]
) -> None:
    async with await person(app, web_sessions, Role.BUYER, language=language) as buyer:
        desk = (await buyer.get("/replenishment")).text
        assert all(word in desk for word in words), desk
        assert "Tea Co ·" in (await buyer.get("/replenishment?kind=purchase&sort=money")).text
        assert "Tea Co ·" not in (await buyer.get("/replenishment?location=S-1")).text
        one = (await ids(planned))["transfer"]
        assert "<svg" in (await buyer.get(f"/replenishment/{one}")).text
        policy = (await buyer.get("/replenishment/policy?location=HQ&sku=tea")).text
    assert "5.5" in policy
    assert ("Class A: 98.0 %" if language == "en" else "A 类：98.0 %") in policy


async def test_a_buyer_orders_what_was_shown_once(
    app: FastAPI, web_sessions: Sessions, planned: Sessions
) -> None:
    chosen = await ids(planned)
    async with await person(app, web_sessions, Role.BUYER, language="en") as buyer:
        asked = "&".join(f"id={one}" for one in chosen.values())
        shown = (await buyer.get(f"/replenishment/approve?{asked}")).text
        plan_hash = re.findall('name="plan_hash" value="([0-9a-f]{64})"', shown)[0]
        told = {"id": list(chosen.values()), "plan_hash": plan_hash}
        done = await buyer.send_form("/replenishment/approve", **told)
        again = await buyer.send_form("/replenishment/approve", **told)
    async with planned.begin() as session:
        (order,) = await run(session, "SELECT no FROM purchase_order")
        (transfer,) = await run(session, "SELECT no FROM stock_transfer")

    for answer in (done, again):
        assert answer.status_code == 200
        assert order.no in answer.text
        assert transfer.no in answer.text
    assert "Approved at once" in shown
    assert "Above the limit" not in shown


async def test_above_the_limit_the_desk_says_who_has_to_approve_and_then_it_goes_out(
    app: FastAPI, web_sessions: Sessions, planned: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"purchase_auto_approve_minor": 1})
    one = (await ids(planned))["purchase"]
    async with planned.begin() as session:
        asked = "SELECT k.name FROM suggestion s JOIN sku k ON k.code = s.sku WHERE s.id = :id"
        [product] = await run(session, asked, id=one)
    async with await person(app, web_sessions, Role.BUYER, name="Cai", language="en") as buyer:
        shown = (await buyer.get(f"/replenishment/approve?id={one}")).text
        assert "Above the limit" in shown
        assert product.name in shown
        plan_hash = re.findall('name="plan_hash" value="([0-9a-f]{64})"', shown)[0]
        done = await buyer.send_form("/replenishment/approve", id=one, plan_hash=plan_hash)
        assert "To be approved" in done.text
        assert product.name in done.text
        assert "To be approved" in (await buyer.get("/replenishment?tab=approved")).text
    async with await person(app, web_sessions, Role.MANAGER, name="Wang", language="en") as boss:
        page = (await boss.get("/approvals")).text
        approval = re.findall('href="/approvals/(apr_[^"]+)"', page)[0]
        headers = {"X-CSRF-Token": boss.csrf_token}
        yes = {"decision": "approve", "reason": ""}
        said = await boss.post(f"/api/v1/approvals/{approval}/decision", json=yes, headers=headers)
        assert said.json()["state"] == "done", said.text
        assert "Being sent" in (await boss.get("/replenishment?tab=approved")).text


async def test_people_change_put_off_and_refuse_what_is_suggested(
    app: FastAPI, web_sessions: Sessions, planned: Sessions
) -> None:
    one = (await ids(planned))["purchase"]
    async with await person(app, web_sessions, Role.BUYER, language="en") as buyer:
        form = (await buyer.get(f"/replenishment/{one}/do/quantity")).text
        assert "at least 24, in steps of 12" in form
        await buyer.send_form(f"/replenishment/{one}/do/quantity", units="30")
        assert "no whole steps" in (await buyer.get(f"/replenishment/approve?id={one}")).text
        await buyer.send_form(f"/replenishment/{one}/do/snooze", until=f"{NIGHT.year + 1}-01-01")
        assert one not in (await buyer.get("/replenishment")).text
        assert one in (await buyer.get("/replenishment?tab=snoozed")).text
        await buyer.send_form(f"/replenishment/{one}/do/dismiss", reason="we stop tea")
        assert "we stop tea" in (await buyer.get("/replenishment?tab=dismissed")).text
        refused = await buyer.send_form(f"/replenishment/{one}/do/dismiss", reason="again")
        assert refused.status_code == 409


async def test_programs_do_the_same(
    app: FastAPI, web_sessions: Sessions, planned: Sessions
) -> None:
    async with await person(app, web_sessions, Role.BUYER, language="en") as buyer:
        found = (await buyer.get("/api/v1/suggestions?kind=purchase")).json()
        assert (found[0]["source"], found[0]["units"] % 12, found[0]["abc"]) == ("SUP", 0, "A")
        assert (await buyer.get("/api/v1/suggestions/state")).json()["open"] == 2
        policy = (await buyer.get("/api/v1/stock-policies?location=HQ&sku=tea")).json()
        assert (policy["lead_source"], policy["demand_mean"]) == ("terms", 5.5)
        settings = (await buyer.get("/api/v1/planning-settings")).json()
    assert settings["classes"]["A"] == {"measure": "fill", "service": "0.98", "order_days": 7}


async def test_rates_and_budgets_are_written_down_by_people(
    app: FastAPI, web_sessions: Sessions, planned: Sessions
) -> None:
    async with await person(app, web_sessions, Role.BUYER, language="en") as buyer:
        refused = await buyer.send_form("/replenishment/rates", currency="CNY", rate="1")
        assert refused.status_code == 422
        await buyer.send_form("/replenishment/rates", currency="usd", rate="7.1234")
        page = (await buyer.get("/replenishment/settings")).text
        assert "1 USD = 7.1234 CNY" in page
        assert (await buyer.get("/api/v1/exchange-rates")).json()[0]["rate"] == "7.1234"
        terms = {"lead_time_days": "9", "order_days": "1", "budget": "5000"}
        await buyer.send_form("/suppliers/SUP/terms", **terms)
        supplier = (await buyer.get("/api/v1/suppliers/SUP")).json()
        assert supplier["budget"] == {"amount": "5000.00", "currency": "CNY"}
        assert supplier["bought"]["amount"] == "0.00"
        assert "5,000.00" in (await buyer.get("/suppliers/SUP")).text
        assert 'value="5000.00"' in (await buyer.get("/suppliers/SUP/terms")).text
        await buyer.send_form("/replenishment/rates/remove", currency="USD")
        assert (await buyer.get("/api/v1/exchange-rates")).json() == []
