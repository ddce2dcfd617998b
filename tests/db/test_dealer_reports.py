"""Dealers' reports on real tables: what they make of the books, of demand and of each other."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import pytest_asyncio

from api.inventory.replenishment_bodies import WhyView
from db.audit import audit
from db.engine import Sessions
from db.inventory import demand, planner, policies, suggestions
from db.inventory.approving import Approver, approve
from db.inventory.dealer_queries import dealer_places, form_rows, suggested_to
from db.inventory.dealer_reminders import remind_dealers
from db.inventory.dealer_reports import DealerReports, Filed, ReportDraft, doubts_of
from db.inventory.dealer_rules import set_rule
from db.inventory.repository import StockRepository
from db.scope import limited
from db.sql import run
from domain.inventory.dealer_reports import DealerLine, Doubt, ReportRule
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.scopes import Scope
from domain.shared.errors import (
    DealerReportDecided,
    IdempotencyMismatch,
    InvalidInput,
    UnknownLocation,
    UnknownSku,
)
from domain.shared.ids import LocationId, Sku
from tests.planning import NIGHT, seed_company

TEA = "tea"


def day(ago: int) -> date:
    return NIGHT - timedelta(days=ago)


@pytest_asyncio.fixture
async def company(sessions: Sessions, owner_sessions: Sessions) -> Sessions:
    """D-1 got 20 tea of ours on consignment forty days ago."""
    await seed_company(owner_sessions, sessions)
    async with sessions.begin() as session:
        key = StockKey(Sku(TEA), LocationId("D-1"))
        paper = Document("opening", "O-D", "opening:D-1", "test")
        await StockRepository(session).receive(paper, [StockLine(key, 20)])
    await _before(owner_sessions, "opening:D-1", 40)
    return sessions


async def _before(owner: Sessions, key: str, ago: int) -> None:
    """The ledger cannot be told when; for a test its owner moves it."""
    async with owner.begin() as session:
        await run(
            session,
            "UPDATE stock_move SET at = at - make_interval(days => :ago)"
            " WHERE idempotency_key = :key",
            ago=ago, key=key,
        )  # fmt: skip


async def consigned(owner: Sessions) -> None:
    async with owner.begin() as session:
        await run(
            session,
            "INSERT INTO dealer (code, name, location_id, on_consignment, credit_limit_minor,"
            " contact, currency, active) VALUES ('Z', 'Z', 'D-1', true, 0, '', 'CNY', true)",
        )


def draft(ago: int, stock: int, sold: int, **other: object) -> ReportDraft:
    told = ReportDraft(
        f"r/{ago}/{stock}/{sold}", "D-1", day(ago), (DealerLine(TEA, stock, sold),), "api", "d"
    )
    return replace(told, **other)  # type: ignore[arg-type]


async def filed(sessions: Sessions, told: ReportDraft) -> Filed:
    async with sessions.begin() as session:
        return await DealerReports(session).file(told)


async def first(sessions: Sessions, ago: int, stock: int) -> str:
    """The first report of all, which a person believes."""
    found = await filed(sessions, draft(ago, stock, 0))
    async with sessions.begin() as session:
        await DealerReports(session).accept(found.no, "li", "counted together")
    return found.no


async def lying(sessions: Sessions) -> dict[str, int]:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT owner, sum(on_hand) AS units FROM stock_balance WHERE location_id = 'D-1'"
            " AND on_hand > 0 GROUP BY 1",
        )
    return {row.owner: int(row.units) for row in rows}


async def asked(sessions: Sessions, since: int) -> int:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT sum(units) AS units FROM demand_day WHERE location_id = 'D-1' AND day >= :day",
            day=day(since),
        )
    return int(rows[0].units or 0)


async def test_a_first_report_waits_and_what_is_believed_is_the_dealers_own(
    company: Sessions,
) -> None:
    found = await filed(company, draft(30, 50, 0))
    assert (found.state, [one.doubt for one in found.doubts]) == ("waiting", [Doubt.FIRST])
    assert await lying(company) == {"own": 20}
    async with company.begin() as session:
        await DealerReports(session).accept(found.no, "li", "counted together")
    # he bought what we sent: it is his now, and what he had besides too
    assert await lying(company) == {"dealer:D-1": 50}
    async with company.begin() as session:
        free = await StockRepository(session).levels([TEA])
        assert [x.available for x in free if x.location_id == "D-1"] in ([], [0])
    next_one = await filed(company, draft(23, 36, 14))
    assert (next_one.state, next_one.doubts) == ("accepted", ())
    assert await lying(company) == {"dealer:D-1": 36}
    assert await asked(company, 29) == 14
    again = await filed(company, draft(23, 36, 14))
    assert again.no == next_one.no
    with pytest.raises(IdempotencyMismatch):
        await filed(company, replace(draft(23, 36, 14), lines=(DealerLine(TEA, 35, 14),)))


async def test_a_form_that_is_sent_twice_is_one_report(company: Sessions) -> None:
    """Each time under another key; what says something else takes its place."""
    once = await filed(company, draft(30, 50, 0))
    twice = await filed(company, draft(30, 50, 0, key="clicked again"))
    other = await filed(company, draft(30, 49, 0))
    back = await filed(company, draft(30, 50, 0, key="as at first"))

    assert twice == once
    assert len({once.no, other.no, back.no}) == 3
    async with company.begin() as session:
        rows = await run(session, "SELECT no, state FROM dealer_report")
    assert {row.no: row.state for row in rows} == {
        once.no: "replaced", other.no: "replaced", back.no: "waiting",
    }  # fmt: skip


async def test_on_consignment_it_is_ours_until_it_is_sold(
    company: Sessions, owner_sessions: Sessions
) -> None:
    await consigned(owner_sessions)
    await first(company, 30, 24)
    assert await lying(company) == {"own": 20, "dealer:Z": 4}
    assert (await filed(company, draft(20, 11, 13))).state == "accepted"
    assert await lying(company) == {"own": 11}
    async with company.begin() as session:
        sold = await run(
            session,
            "SELECT sum(quantity) AS units FROM stock_move WHERE to_place = 'customer'"
            " AND document_kind = 'dealer_report' AND owner = 'own'",
        )
    assert sold[0].units == 9
    async with company.begin() as session:
        assert await audit(session) == []


async def test_what_we_sent_and_got_back_counts_and_what_does_not_fit_waits_for_a_person(
    company: Sessions, owner_sessions: Sessions
) -> None:
    await first(company, 30, 20)
    async with company.begin() as session:
        key = StockKey(Sku(TEA), LocationId("R-1"))
        paper = Document("transfer", "T-1", "sent", "test")
        await StockRepository(session).transfer(paper, [StockLine(key, 30)], LocationId("D-1"))
    await _before(owner_sessions, "sent", 25)
    wrong = await filed(company, draft(20, 60, 5))
    assert wrong.state == "waiting"
    [doubt] = wrong.doubts
    assert (doubt.doubt, doubt.numbers["came"], doubt.numbers["should"]) == (
        Doubt.TOO_MUCH, 30, 45,
    )  # fmt: skip
    async with company.begin() as session:
        reports = DealerReports(session)
        await reports.send_back(wrong.no, "li", "60? you had 50 in all")
        with pytest.raises(DealerReportDecided):
            await reports.accept(wrong.no, "li", "x")
    right = await filed(company, draft(20, 45, 5, corrects=wrong.no))
    assert right.state == "accepted"
    assert await lying(company) == {"dealer:D-1": 45}
    async with company.begin() as session:
        reports = DealerReports(session)
        assert (await reports.report(wrong.no)).state == "replaced"
        lines = (DealerLine(TEA, 44, 6),)
        fixed = await reports.correct(right.no, "k", lines, "li", "counted with him")
        assert fixed == await reports.correct(right.no, "k", lines, "li", "counted with him")
        assert [x.stock for x in await reports.lines(right.no)] == [45]  # as it was given
        assert (await reports.report(right.no)).state == "replaced"
    assert await lying(company) == {"dealer:D-1": 44}
    assert await asked(company, 29) == 6


async def test_a_report_for_an_earlier_day_leaves_the_stock_and_sells_nothing_twice(
    company: Sessions,
) -> None:
    await first(company, 30, 100)
    later = await filed(company, draft(10, 60, 40))
    assert (later.state, await asked(company, 29)) == ("accepted", 40)
    between = await filed(company, draft(20, 90, 10))
    assert between.state == "accepted"
    assert (await lying(company), await asked(company, 29)) == ({"dealer:D-1": 60}, 40)
    async with company.begin() as session:
        assert not (await DealerReports(session).report(later.no)).doubted
    # one that does not fit makes the one behind it doubtful
    odd = await filed(company, draft(15, 70, 2))
    assert odd.state == "waiting"
    async with company.begin() as session:
        await DealerReports(session).accept(odd.no, "li", "he says so")
        row = await DealerReports(session).report(later.no)
        assert (row.state, row.doubted) == ("accepted", True)
        assert await doubts_of(session, later.no)
        await DealerReports(session).accept(later.no, "li", "checked on the phone")
        assert not (await DealerReports(session).report(later.no)).doubted
    assert await lying(company) == {"dealer:D-1": 60}


async def test_what_came_after_the_day_of_the_report_stays_ours(company: Sessions) -> None:
    await first(company, 30, 20)
    async with company.begin() as session:
        key = StockKey(Sku(TEA), LocationId("R-1"))
        paper = Document("transfer", "T-2", "today", "test")
        await StockRepository(session).transfer(paper, [StockLine(key, 12)], LocationId("D-1"))
    assert (await filed(company, draft(5, 15, 5))).state == "accepted"
    assert await lying(company) == {"own": 12, "dealer:D-1": 15}


async def test_what_cannot_be_is_refused(company: Sessions) -> None:
    with pytest.raises(UnknownLocation):
        await filed(company, draft(3, 1, 0, location_id="S-1"))
    unknown = await filed(company, draft(3, 1, 0, lines=(DealerLine("nothing", 1),)))
    below = await filed(company, draft(4, 1, 0, key="b", lines=(DealerLine(TEA, -1),)))
    for found, error in ((unknown, UnknownSku), (below, InvalidInput)):
        async with company.begin() as session:
            with pytest.raises(error):
                await DealerReports(session).accept(found.no, "li", "x")
    with pytest.raises(InvalidInput):
        await filed(company, draft(2, 1, 0, corrects=unknown.no))


async def test_a_dealer_sees_and_reports_his_own_alone(
    company: Sessions, limited_sessions: Sessions, owner_sessions: Sessions
) -> None:
    no = await first(company, 30, 20)
    async with owner_sessions.begin() as session:
        await run(
            session,
            "INSERT INTO location (id, name, kind, parent_id, zone, province, city, district,"
            " detail, division_code, company, contact_name, contact_phone, priority,"
            " handling_minor, ships, active) VALUES ('D-2', 'D-2', 'dealer', 'R-1',"
            " 'Asia/Shanghai', '', '', '', '', '', '', '', '', 1, 0, false, true)",
        )
    own = limited(limited_sessions, Scope(locations=("D-1",)))
    other = limited(limited_sessions, Scope(locations=("D-2",)))
    assert (await filed(own, draft(20, 15, 5))).state == "accepted"
    assert await lying(company) == {"dealer:D-1": 15}
    with pytest.raises(UnknownLocation):
        await filed(other, draft(10, 10, 5))
    async with other.begin() as session:
        assert [row.id for row in await dealer_places(session)] == ["D-2"]
        for table in ("dealer_rule", "dealer_report", "dealer_report_line", "dealer_verdict"):
            assert (await run(session, f"SELECT count(*) AS n FROM {table}"))[0].n == 0, table
    async with own.begin() as session:
        assert (await DealerReports(session).report(no)).no == no
        [row] = await form_rows(session, "D-1", NIGHT)
        assert (row.sku, row.known.lay) == (TEA, 15)


async def test_who_does_not_report_is_reminded_and_then_somebody_has_to_call(
    company: Sessions, owner_sessions: Sessions
) -> None:
    await first(company, 9, 20)

    async def items(state: str) -> int:
        async with company.begin() as session:
            rows = await run(
                session,
                "SELECT count(*) AS n FROM attention WHERE step_id = 'report_late'"
                f" AND resolved_at IS {state}",
            )
        return int(rows[0].n)

    async with company.begin() as session:
        assert await remind_dealers(session) == 1  # two days late
        assert await remind_dealers(session) == 0  # once a day
        assert (await dealer_places(session))[0].reminders == 1
    assert await items("NULL") == 0
    async with owner_sessions.begin() as session:
        await set_rule(session, "D-1", ReportRule(every_days=3))
        await run(session, "UPDATE dealer_rule SET reminded_on = reminded_on - 1")
    async with company.begin() as session:
        assert await remind_dealers(session) == 1  # six days late
    assert await items("NULL") == 1
    await filed(company, draft(0, 18, 2))
    async with company.begin() as session:
        assert await remind_dealers(session) == 0
    assert (await items("NULL"), await items("NOT NULL")) == (0, 1)


async def test_what_a_dealer_sold_is_what_he_should_order_and_he_says_yes_himself(
    company: Sessions, owner_sessions: Sessions
) -> None:
    await _before(owner_sessions, "opening:D-1", 30)
    await first(company, 64, 100)
    for weeks in range(1, 9):
        stock = 100 - 12 * weeks
        told = await filed(company, draft(64 - 7 * weeks, stock, 12 + weeks % 2 - (weeks - 1) % 2))
        assert told.state == "accepted", told
    async with company.begin() as session:
        for gone in await demand.days_to_roll(session, NIGHT, 90):
            await demand.roll_up(session, gone)
        await policies.begin(session, "D-1", NIGHT)
        assert await policies.reckon(session, "D-1", NIGHT, "") == ""
    async with company.begin() as session:
        await planner.suggest(session, "D-1", NIGHT)
        policy = await policies.policy_of(session, "D-1", TEA)
        [one] = await suggested_to(session, "D-1")
    # twelve a week, also of the days that nobody reported yet
    assert policy.demand_mean == pytest.approx(12 / 7, rel=0.15)
    assert (one.source_id, one.agreed_by) == ("R-1", "")
    # 4 in the last report eight days ago: sold by now
    assert one.numbers["free"] == 0
    assert WhyView(**one.numbers).sold_since == 4
    async with company.begin() as session:
        await suggestions.agree(session, one.id, 20, "wang")
        await planner.suggest(session, "D-1", NIGHT + timedelta(days=1))
        [kept] = await suggested_to(session, "D-1")
        assert (kept.id, kept.quantity, kept.agreed_by) == (one.id, 20, "wang")
        made = await approve(session, [one.id], None, Approver("li", 10**9, "account/acc_1"))
    assert [(x.kind, x.lines[0].units) for x in made.documents] == [("dealer", 20)]
