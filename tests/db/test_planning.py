"""A night of the planner on real tables: what is learned, what is suggested, what people decide."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from db.engine import Sessions
from db.inventory import approving, demand, planner, policies, suggestions
from db.inventory.approving import Approver
from db.inventory.buying_limits import purse_of, set_rate
from db.inventory.lot_register import LotRegister
from db.inventory.planning_settings import Season, ServiceOf, add_season, change_service
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import (
    InvalidInput,
    PlanChanged,
    RateUnknown,
    SuggestionDecided,
    UnknownPolicy,
)
from domain.shared.ids import LocationId, Lot, Sku
from tests.locks import somebody_waits
from tests.planning import NIGHT, plan_all, seed_company, sells

BUYER = Approver("buyer", 10**9, "account/acc_1", frozenset({Role.BUYER}))


@pytest_asyncio.fixture
async def company(sessions: Sessions, owner_sessions: Sessions) -> Sessions:
    await seed_company(owner_sessions, sessions)
    return sessions


async def open_ones(sessions: Sessions) -> dict[tuple[str, str], tuple[str, int]]:
    async with sessions.begin() as session:
        rows = await suggestions.suggestions(session, suggestions.Wanted(), NIGHT, 100)
    return {(r.location_id, r.kind): (r.source_id or r.supplier, r.quantity) for r in rows}


async def test_a_shop_is_filled_from_above_and_headquarters_buys_in_whole_cases(
    company: Sessions,
) -> None:
    await plan_all(company)

    found = await open_ones(company)
    source, moved = found["S-1", "transfer"]
    assert (source, set(found)) == ("R-1", {("S-1", "transfer"), ("HQ", "purchase")})
    supplier, bought = found["HQ", "purchase"]
    assert (supplier, bought % 12, bought >= 24) == ("SUP", 0, True)
    async with company.begin() as session:
        shop = await policies.policy_of(session, "S-1", "tea")
        headquarters = await policies.policy_of(session, "HQ", "tea")
    assert 3 + moved == shop.order_up_to
    assert (shop.lead_source, shop.lead_mean) == ("setting", 2)
    assert (headquarters.lead_source, headquarters.lead_mean) == ("terms", 9)
    assert headquarters.demand_mean == pytest.approx(5.5)
    assert headquarters.class_ == "A"
    assert headquarters.reorder_point >= headquarters.expected


async def test_a_night_that_is_planned_twice_suggests_the_same_once_and_keeps_what_people_said(
    company: Sessions,
) -> None:
    await plan_all(company)
    async with company.begin() as session:
        (row,) = await run(session, "SELECT id FROM suggestion WHERE location_id = 'HQ'")
        await suggestions.edit(session, row.id, 60, "buyer")
    first = await open_ones(company)
    await plan_all(company)

    assert await open_ones(company) == first
    assert first["HQ", "purchase"][1] == 60
    await plan_all(company, NIGHT + timedelta(days=1))
    assert (await open_ones(company))["HQ", "purchase"][1] != 60


async def test_what_is_ordered_counts_and_a_second_approval_makes_no_second_order(
    company: Sessions,
) -> None:
    await plan_all(company)
    async with company.begin() as session:
        ids = [row.id for row in await run(session, "SELECT id FROM suggestion")]
        plan = await approving.plan_of(session, ids, BUYER)
    assert [one.kind for one in plan.documents] == ["purchase", "transfer"]
    async with company.begin() as session:
        with pytest.raises(PlanChanged):
            await approving.approve(session, ids, "0" * 64, BUYER)
    async with company.begin() as session:
        made = await approving.approve(session, ids, plan.hash, BUYER)
    async with company.begin() as session:
        again = await approving.approve(session, ids, plan.hash, BUYER)
        orders = await run(session, "SELECT no FROM purchase_order")
        moves = await run(session, "SELECT no FROM stock_transfer")

    assert [one.no for one in again.documents] == [one.no for one in made.documents]
    assert {one.no for one in made.documents} == {orders[0].no, moves[0].no}
    assert (len(orders), len(moves)) == (1, 1)
    await plan_all(company)
    assert await open_ones(company) == {}
    async with company.begin() as session:
        with pytest.raises(SuggestionDecided):
            await suggestions.dismiss(session, ids[0], "late", "buyer")


async def test_what_nobody_above_can_spare_is_bought_by_whoever_buys(company: Sessions) -> None:
    async with company.begin() as session:
        await sells(session, "R-1", 6, 90)
    await plan_all(company)

    found = await open_ones(company)
    assert ("S-1", "transfer") not in found
    async with company.begin() as session:
        shop = await policies.policy_of(session, "S-1", "tea")
        region = await policies.policy_of(session, "R-1", "tea")
        (bought,) = await run(session, "SELECT numbers FROM suggestion WHERE location_id = 'R-1'")
    assert shop.passed_up == shop.order_up_to - 3
    assert bought.numbers["promised"] == shop.passed_up
    assert found["R-1", "purchase"][1] >= region.order_up_to - 40 + shop.passed_up


async def test_a_dealer_is_asked_first(company: Sessions) -> None:
    async with company.begin() as session:
        await sells(session, "D-1", 1, 90)
    await plan_all(company)
    async with company.begin() as session:
        (row,) = await run(session, "SELECT id, kind FROM suggestion WHERE location_id = 'D-1'")
        plan = await approving.plan_of(session, [row.id], BUYER)
        with pytest.raises(InvalidInput):
            await approving.approve(session, [row.id], plan.hash, BUYER)
    async with company.begin() as session:
        made = await approving.approve(session, [row.id], plan.hash, BUYER, "Mr Wang, by phone")

    assert (row.kind, made.documents[0].location_id) == ("dealer", "D-1")


async def test_days_without_stock_and_promotions_are_no_habit(company: Sessions) -> None:
    async with company.begin() as session:
        await run(
            session,
            "UPDATE demand_day SET units = 0, out = true"
            " WHERE location_id = 'HQ' AND day < CAST(:night AS date) - 50", night=NIGHT,
        )  # fmt: skip
        await run(
            session,
            "UPDATE demand_day SET units = units * 4"
            " WHERE location_id = 'HQ' AND day >= CAST(:night AS date) - 10", night=NIGHT,
        )  # fmt: skip
        past = Season("6.18", NIGHT - timedelta(days=10), NIGHT, 4, sku="tea")  # type: ignore[arg-type]
        await add_season(session, past, "buyer")
    await plan_all(company)

    async with company.begin() as session:
        row = await policies.policy_of(session, "HQ", "tea")
    assert row.demand_mean == pytest.approx(5.5, abs=0.1)
    assert (row.days_used, row.days_out) == (50, 40)
    assert row.factor == pytest.approx(1 + 3 / 10)  # one of the ten days that are covered


async def test_a_person_fixes_what_is_kept_until_a_day(company: Sessions) -> None:
    await plan_all(company)
    until = NIGHT + timedelta(days=3)
    async with company.begin() as session:
        await policies.fix(session, "HQ", "tea", 77, until, "new shop", "buyer", NIGHT)
    await plan_all(company)
    async with company.begin() as session:
        held = await policies.policy_of(session, "HQ", "tea")
    await plan_all(company, until + timedelta(days=1))
    async with company.begin() as session:
        over = await policies.policy_of(session, "HQ", "tea")
        with pytest.raises(UnknownPolicy):
            await policies.unfix(session, "HQ", "nothing")

    assert held.reorder_point == -int(-(held.expected + 77) // 1)
    assert over.reorder_point < held.reorder_point


async def test_an_order_up_to_the_limit_goes_out_and_one_above_it_asks_a_second_person(
    company: Sessions,
) -> None:
    await plan_all(company)
    async with company.begin() as session:
        [row] = await run(session, "SELECT id, quantity * unit_minor AS value FROM suggestion"
                          " WHERE kind = 'purchase'")  # fmt: skip
        alone = (await approving.plan_of(session, [row.id], BUYER)).documents[0]
        above = replace(BUYER, alone_minor=row.value - 1)
        shown = await approving.plan_of(session, [row.id], above)
    assert (alone.state, shown.documents[0].state) == ("approved", "awaiting_approval")
    async with company.begin() as session:
        with pytest.raises(PlanChanged):  # the limit moved since it was shown
            await approving.approve(session, [row.id], shown.hash, BUYER)
        [made] = (await approving.approve(session, [row.id], shown.hash, above)).documents
        [order] = await run(session, "SELECT no, state FROM purchase_order")
        [asked] = await run(session, "SELECT subject, asked_by, amount_minor FROM approval")
        signals = await run(session, "SELECT target FROM outbox WHERE kind = 'signal'")

    assert (made.no, order.state) == (order.no, "awaiting_approval")
    assert tuple(asked) == (f"purchase/{order.no}", "buyer", row.value)
    assert {one.target for one in signals} == {f"purchase/{order.no}"}


async def test_whoever_dies_before_the_commit_leaves_nothing_and_the_next_one_does_all_of_it(
    company: Sessions,
) -> None:
    await plan_all(company)
    counts = (
        "SELECT (SELECT count(*) FROM purchase_order WHERE state = 'approved')::int,"
        " (SELECT count(*) FROM stock_transfer WHERE state = 'approved')::int,"
        " (SELECT count(DISTINCT target) FROM outbox WHERE kind = 'signal')::int,"
        " (SELECT count(*) FROM suggestion WHERE state = 'approved')::int"
    )
    async with company.begin() as session:
        ids = [row.id for row in await run(session, "SELECT id FROM suggestion")]
    async with company() as session:
        await approving.approve(session, ids, None, BUYER)
        await session.rollback()  # the machine is gone
    async with company.begin() as session:
        assert tuple((await run(session, counts))[0]) == (0, 0, 0, 0)
        await approving.approve(session, ids, None, BUYER)
    async with company.begin() as session:
        await approving.approve(session, ids, None, BUYER)
        assert tuple((await run(session, counts))[0]) == (1, 1, 2, 2)


async def test_small_orders_go_out_at_night_in_the_planners_name_where_that_is_set(
    company: Sessions,
) -> None:
    await plan_all(company)
    async with company.begin() as session:
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 0  # switched off
        await run(session, "UPDATE planning_setting SET auto_approve_minor = 10000000")
        assert await approving.approve_small(session, "HQ", NIGHT, 100) == 0  # two people's
        await run(session, "UPDATE supplier SET minimum_minor = 100000000")
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 0  # only people may
        await run(session, "UPDATE supplier SET minimum_minor = 0")
    async with company.begin() as session:
        snooze = "UPDATE suggestion SET snoozed_until = :day WHERE location_id = 'HQ'"
        await run(session, snooze, day=NIGHT + timedelta(days=1))
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 0  # not before its day
        await run(session, snooze, day=NIGHT)  # which has come
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 1
        assert await approving.approve_small(session, "S-1", NIGHT, 10**9) == 1
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 0
        decided = await run(session, "SELECT DISTINCT state, decided_by FROM suggestion")
        [order] = await run(session, "SELECT state, approved_by FROM purchase_order")
        [move] = await run(session, "SELECT state, approved_by FROM stock_transfer")
        told = await run(session, "SELECT actor, action FROM audit_log ORDER BY action")

    assert [tuple(row) for row in decided] == [("approved", "planner")]
    assert tuple(order) == tuple(move) == ("approved", "planner")
    assert [tuple(row) for row in told] == [
        ("planner", "purchase.submit"), ("planner", "suggestion.approved"),
        ("planner", "suggestion.approved"), ("planner", "transfer.approved"),
    ]  # fmt: skip


async def test_budgets_are_kept_in_each_money_and_compared_by_a_rate_a_person_wrote_down(
    company: Sessions, owner_sessions: Sessions
) -> None:
    async with company.begin() as session:
        await run(session, "UPDATE supplier SET currency = 'USD'")
        await run(session, "UPDATE planning_setting SET month_budget_minor = 100000000")
    await plan_all(company)
    async with company.begin() as session:
        [row] = await run(session, "SELECT * FROM suggestion WHERE kind = 'purchase'")
        assert (row.currency, row.numbers["limits"]) == ("USD", ["no_rate"])
        with pytest.raises(RateUnknown):
            await approving.plan_of(session, [row.id], BUYER)
        await run(session, "UPDATE planning_setting SET auto_approve_minor = 100000000")
        assert await approving.approve_small(session, "HQ", NIGHT, 10**9) == 0
        await set_rate(session, "USD", Decimal("7.2"), "buyer")
    value = row.quantity * row.unit_minor  # 9.00 USD each
    async with company.begin() as session:
        at_limit = replace(BUYER, alone_minor=value * 72 // 10)
        below = replace(BUYER, alone_minor=value * 72 // 10 - 8)
        assert [(await approving.plan_of(session, [row.id], who)).documents[0].why
                for who in (at_limit, below)] == ["", "limit"]  # fmt: skip
        await run(session, "UPDATE supplier SET budget_minor = :left", left=value - 1)
        [shown] = (await approving.plan_of(session, [row.id], BUYER)).documents
        assert (shown.state, shown.why) == ("awaiting_approval", "budget")
        await approving.approve(session, [row.id], None, BUYER)
        [order] = await run(session, "SELECT state, currency FROM purchase_order")
        purse = await purse_of(session)

    assert tuple(order) == ("awaiting_approval", "USD")
    assert purse.left("SUP", "USD") == 0  # what waits for a yes is as good as bought
    assert purse.month_minor == 100000000 - value * 72 // 10


async def test_a_day_is_read_out_of_the_ledger_once_and_says_when_nothing_was_left(
    company: Sessions, owner_sessions: Sessions
) -> None:
    yesterday = NIGHT - timedelta(days=1)
    noon = datetime.combine(yesterday, datetime.min.time(), COMPANY_ZONE) + timedelta(hours=12)
    async with owner_sessions.begin() as session:
        await run(session, "DELETE FROM demand_day")
        await run(session, "DELETE FROM demand_rolled")
        await run(
            session, "UPDATE stock_move SET at = :at", at=noon - timedelta(days=2)
        )  # the opening stock
        await run(
            session,
            "INSERT INTO stock_move (at, verb, sku, lot, condition, owner, quantity, from_place,"
            " to_place, document_kind, document_no, reason, actor, idempotency_key, line_no)"
            " VALUES (:at, 'issue', 'tea', '', 'good', 'own', 3, 'location:S-1', 'customer',"
            " 'order', 'O-1', '', 'test', 'k', 0),"
            " (:at, 'transfer', 'tea', '', 'good', 'own', 9, 'location:HQ', 'location:R-1',"
            " 'transfer', 'T-1', '', 'test', 'l', 0)", at=noon,
        )  # fmt: skip
        await run(session, "UPDATE stock_balance SET on_hand = 0 WHERE location_id = 'S-1'")
    async with company.begin() as session:
        days = await demand.days_to_roll(session, NIGHT, 90)
    for day in days * 2:
        async with company.begin() as session:
            await demand.roll_up(session, day)

    async with company.begin() as session:
        assert await demand.days_to_roll(session, NIGHT, 90) == []
        rows = await run(session, "SELECT location_id, day, units, out FROM demand_day")
    assert days == [yesterday - timedelta(days=2) + timedelta(days=n) for n in range(3)]
    assert [tuple(row) for row in rows] == [("S-1", yesterday, 3, True)]


async def test_a_service_of_nothing_is_refused(sessions: Sessions) -> None:
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        async with sessions.begin() as session:
            await change_service(session, "A", ServiceOf("fill", 0.0, 7))


async def test_goods_that_nobody_may_sell_are_none_to_plan_with(company: Sessions) -> None:
    await plan_all(company)
    first = await open_ones(company)
    async with company.begin() as session:
        lines = [
            StockLine(StockKey(Sku("tea"), LocationId(place), Lot(lot), owner=owner), 500)
            for place in ("HQ", "S-1", "R-1")
            for lot, owner in (("OLD", "own"), ("BAD", "own"), ("", "D-1"))
        ]
        await StockRepository(session).receive(Document("grn", "G", "G"), lines)
        register = LotRegister(session, "li")
        await register.know("tea", "OLD", None, NIGHT - timedelta(days=1))
        await register.keep_back("tea", "BAD", None, "glass in it", request_id="r")
    await plan_all(company)

    assert await open_ones(company) == first


async def test_what_somebody_approves_while_it_is_planned_is_not_suggested_again(
    company: Sessions,
) -> None:
    await plan_all(company)

    async def again() -> None:
        async with company.begin() as session:
            await planner.suggest(session, "HQ", NIGHT)

    async with company.begin() as session:
        (row,) = await run(session, "SELECT id FROM suggestion WHERE location_id = 'HQ'")
        await approving.approve(session, [row.id], None, BUYER)
        planning = asyncio.create_task(again())
        await somebody_waits(company)
    await planning

    assert ("HQ", "purchase") not in await open_ones(company)


async def test_what_costs_another_currency_is_never_small_without_a_rate(company: Sessions) -> None:
    await plan_all(company)
    async with company.begin() as session:
        await run(session, "UPDATE planning_setting SET auto_approve_minor = 10000000")
        await run(session, "UPDATE suggestion SET currency = 'USD'")
        for place in ("HQ", "S-1"):
            assert await approving.approve_small(session, place, NIGHT, 10**9) == 0
        money = (await suggestions.counts(session, NIGHT)).money
        assert [one.currency for one in money] == ["USD"]


async def test_no_quantity_is_too_large_to_be_counted(company: Sessions) -> None:
    await plan_all(company)
    async with company.begin() as session:
        (row,) = await run(
            session, "UPDATE suggestion SET unit_minor = 10000000 WHERE location_id = 'HQ'"
                     " RETURNING id",
        )  # fmt: skip
        with pytest.raises(InvalidInput):
            await suggestions.edit(session, row.id, 10**9, "buyer")


async def test_a_day_is_read_when_it_is_over_everywhere(
    company: Sessions, owner_sessions: Sessions
) -> None:
    west = ZoneInfo("Etc/GMT+12")
    async with owner_sessions.begin() as session:
        session.add(LocationRow(id="W", name="W", kind="store", parent_id="HQ", zone=str(west)))
        await run(session, "DELETE FROM demand_rolled")
        await run(session, "UPDATE stock_move SET at = at - interval '5 days'")
    async with company.begin() as session:
        days = await demand.days_to_roll(session, NIGHT, 90)

    assert max(days) < datetime.now(west).date()
