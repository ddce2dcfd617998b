"""What a scope sees is what Postgres gives it, tried with the role of the web process."""

from typing import Any, Final

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from db.engine import Sessions
from db.inventory.partner_tables import SupplierRow
from db.inventory.repository import StockRepository
from db.migrations.row_security import POLICIES
from db.orders.queries import OrderFilter, OrderQueries
from db.platform.attention import open_attention
from db.platform.audit import audit as write
from db.scope import limited
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.permissions import Role
from domain.platform.scopes import NOTHING, WHOLE, Limit, Scope
from domain.shared.errors import InvalidInput
from domain.shared.ids import LocationId, Sku
from tests.companies import scope_for, seed_company
from tests.people import VAULT

EVERYTHING: Final = {"O-1", "O-2", "O-3", "O-4", "O-5"}
DEALER_1: Final = Scope(locations=("D1",), shops=("own-d1",))
DEALER_2: Final = Scope(locations=("D2",))


async def _column(sessions: Sessions, statement: str, **parameters: Any) -> set[Any]:
    async with sessions.begin() as session:
        return {row[0] for row in await run(session, statement, **parameters)}


async def _orders(sessions: Sessions) -> set[str]:
    return await _column(sessions, "SELECT no FROM sales_order")


@pytest.mark.parametrize(
    ("role", "limits", "locations", "shops"),
    [
        (Role.DEALER, [Limit("D1")], ("D1",), ("own-d1",)),
        (Role.WAREHOUSE, [Limit("R1", with_below=False)], ("R1",), ()),
        (Role.MANAGER, [Limit("R1")], ("D1", "R1"), ("own-d1",)),
        (Role.MANAGER, [Limit("HQ")], ("D1", "D2", "HQ", "R1", "R2"), ("own-d1",)),
        (Role.WAREHOUSE, [Limit("D2"), Limit("S1")], ("D2", "S1"), ()),
    ],
)
async def test_limits_reach_down_the_tree_and_to_its_shops(
    sessions: Sessions,
    web_sessions: Sessions,
    role: Role,
    limits: list[Limit],
    locations: tuple[str, ...],
    shops: tuple[str, ...],
) -> None:
    await seed_company(sessions)

    assert await scope_for(web_sessions, role, *limits) == Scope(locations=locations, shops=shops)


async def test_without_limits_a_colleague_sees_the_company_and_a_dealer_nothing(
    web_sessions: Sessions,
) -> None:
    assert await scope_for(web_sessions, Role.BUYER) == WHOLE
    assert await scope_for(web_sessions, Role.DEALER, *()) == NOTHING


async def test_nobody_is_limited_to_a_place_that_is_not_there(web_sessions: Sessions) -> None:
    with pytest.raises(InvalidInput):
        await scope_for(web_sessions, Role.DEALER, Limit("NOWHERE"))


@pytest.mark.parametrize(
    ("scope", "orders", "shipments", "stock"),
    [
        # his shop's order leaves from headquarters: he sees its shipment, not what lies there
        (DEALER_1, {"O-2", "O-4"}, {"O-2-1", "O-4-1"}, {"D1"}),
        (DEALER_2, {"O-3"}, {"O-3-1"}, {"D2"}),
        (Scope(locations=("R1",)), {"O-5"}, {"O-5-1"}, {"R1"}),
        (
            Scope(locations=("R1", "D1"), shops=("own-d1",)),
            {"O-2", "O-4", "O-5"},
            {"O-2-1", "O-4-1", "O-5-1"},
            {"R1", "D1"},
        ),
        (NOTHING, set(), set(), set()),
    ],
)
async def test_a_scope_sees_its_orders_shipments_and_stock_alone(
    sessions: Sessions,
    limited_sessions: Sessions,
    scope: Scope,
    orders: set[str],
    shipments: set[str],
    stock: set[str],
) -> None:
    await seed_company(sessions)
    theirs = limited(limited_sessions, scope)

    assert await _orders(theirs) == orders
    assert await _column(theirs, "SELECT no FROM shipment") == shipments
    assert await _column(theirs, "SELECT shipment_no FROM shipment_line") == shipments
    for table in ("stock_balance", "reservation"):
        assert await _column(theirs, f"SELECT location_id FROM {table}") == stock, table
    moved = {f"location:{place}" for place in stock}
    assert await _column(theirs, "SELECT to_place FROM stock_move") == moved
    numbers = {f"ord_{no.removeprefix('O-')}" for no in orders}
    for table in ("receiver", "order_line", "fulfilment_line"):
        assert await _column(theirs, f"SELECT order_id FROM {table}") == numbers, table
    async with theirs.begin() as session:
        page = await OrderQueries(session).page(OrderFilter(), VAULT)
        counts = await OrderQueries(session).counts()
        places = {place.location_id for place in await StockRepository(session).places()}
    assert {row.no for row in page.rows} == orders
    assert sum(counts.values()) == len(orders)
    assert places == set(scope.locations)


async def test_without_a_scope_there_are_no_rows_in_any_table(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    assert await _orders(sessions) == EVERYTHING

    for table in POLICIES:
        assert await _column(limited_sessions, f"SELECT 1 FROM {table}") == set(), table


async def test_a_scope_ends_with_its_transaction(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    for _ in range(3):  # the same connection is used again and again
        assert await _orders(limited(limited_sessions, DEALER_2)) == {"O-3"}
        assert await _orders(limited_sessions) == set()


async def test_a_rolled_back_savepoint_leaves_the_scope(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    async with limited(limited_sessions, DEALER_2).begin() as session:
        nested = await session.begin_nested()
        await nested.rollback()
        assert {row.no for row in await run(session, "SELECT no FROM sales_order")} == {"O-3"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sales_order SET waits_for = 'x' WHERE no = 'O-1'",
        "UPDATE shipment SET waits_for = 'x' WHERE no = 'O-1-1'",
        "UPDATE stock_balance SET reserved = 0 WHERE location_id = 'HQ'",
    ],
)
async def test_what_is_not_seen_is_not_changed(
    sessions: Sessions, limited_sessions: Sessions, statement: str
) -> None:
    await seed_company(sessions)
    async with limited(limited_sessions, DEALER_1).begin() as session:
        found = await run(session, f"{statement} RETURNING 1")
    assert found == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
        " placed_by, released_by) VALUES ('h', 'ord_1', 'manual', '', '{}', '', '', 'x', '')",
        "UPDATE shipment SET location_id = 'HQ', order_id = 'ord_1' WHERE no = 'O-2-1'",
    ],
)
async def test_nobody_writes_out_of_his_scope(
    sessions: Sessions, limited_sessions: Sessions, statement: str
) -> None:
    await seed_company(sessions)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with limited(limited_sessions, DEALER_1).begin() as session:
            await run(session, statement)


async def test_a_warehouse_of_its_own_takes_goods_in(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    goods = StockLine(StockKey(Sku("A"), LocationId("R1")), 5)
    async with limited(limited_sessions, Scope(locations=("R1",))).begin() as session:
        await StockRepository(session).receive(Document("grn", "G-9", "G-9"), [goods])

    # the books hear of it, though nobody of a part of the company reads them
    assert await _column(
        sessions, "SELECT subject FROM book_fact WHERE kind = 'stock' AND subject LIKE '%G-9%'"
    )


def test_every_policy_is_there_and_holds_for_the_owner_too(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        secured = connection.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        ).fetchall()
        policies = connection.execute(
            "SELECT tablename FROM pg_policies WHERE policyname = 'scope'"
            " AND roles = '{onhand_web}'"
        ).fetchall()
    assert {name for (name,) in secured} == {name for (name,) in policies} == set(POLICIES)


async def test_whoever_sees_the_company_is_not_slowed_by_policies(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        for table in POLICIES:
            [row] = await run(session, f"EXPLAIN (FORMAT JSON) SELECT * FROM {table}")
            plan = row[0][0]["Plan"]
            assert "Filter" not in plan, table
            assert plan["Node Type"] != "Result", table


@pytest.mark.parametrize(
    ("scope", "places", "shops"),
    [
        # headquarters sends what his shop sold: of that place and of no other he reads the name
        (DEALER_1, {"D1", "HQ"}, {"own-d1", "mini"}),
        (DEALER_2, {"D2"}, {"mini"}),
        (Scope(locations=("S1",)), {"S1"}, set()),
        (NOTHING, set(), set()),
    ],
)
async def test_names_are_seen_of_ones_own_and_of_those_one_works_with(
    sessions: Sessions,
    limited_sessions: Sessions,
    scope: Scope,
    places: set[str],
    shops: set[str],
) -> None:
    await seed_company(sessions)
    theirs = limited(limited_sessions, scope)

    assert await _column(theirs, "SELECT id FROM location") == places
    assert await _column(theirs, "SELECT id FROM shop") == shops


async def test_deeds_are_told_of_what_one_sees_and_written_by_everybody(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    subjects = (
        "order/ord_2", "order/ord_3", "order/O-2", "order/O-3", "shipment/O-2-1", "shipment/O-3-1",
        "location/D1", "location/D2", "shop/own-d1", "shop/mini", "account/a", "carrier/sf", "x",
    )  # fmt: skip
    async with limited(limited_sessions, DEALER_1).begin() as session:
        for subject in subjects:
            await write(session, "li", "deed", subject, request_id=subject)

    seen = await _column(limited(limited_sessions, DEALER_1), "SELECT subject FROM audit_log")
    assert seen == {"order/ord_2", "order/O-2", "shipment/O-2-1", "location/D1", "shop/own-d1"}
    assert await _column(sessions, "SELECT subject FROM audit_log") == set(subjects)


async def test_what_is_stuck_of_a_purchase_is_seen_where_its_goods_come_in(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_company(sessions)
    async with sessions.begin() as session:
        session.add(SupplierRow(code="acme", name="Acme"))
        await session.flush()
        for place in ("R1", "R2"):
            await run(
                session, "INSERT INTO purchase_order (no, supplier, location_id, state, currency,"
                " over_receipt_percent, source, reason, numbers, version, answer, supplier_ref,"
                " notice, waits_for, reminders, approved_by, ended_reason, created_by)"
                " VALUES (:no, 'acme', :place, 'sent', 'CNY', 0, 'hand', '', '{}', 1, '', '', '',"
                " 'answer', 0, '', '', 'buyer')", no=f"PO-{place}", place=place,
            )  # fmt: skip
            await open_attention(
                session, workflow_id=f"purchase/PO-{place}", step_id="purchase_late",
                cause="SupplierSilent", error="silent",
            )  # fmt: skip
        await open_attention(
            session, workflow_id="gate/sf", step_id="gate", cause="Shut", error="the company's"
        )
    stuck = "SELECT workflow_id FROM attention WHERE order_id IS NULL"

    assert len(await _column(sessions, stuck)) == 3
    assert await _column(limited(limited_sessions, Scope(locations=("R1",))), stuck) == {
        "purchase/PO-R1"
    }
    assert await _column(limited(limited_sessions, DEALER_2), stuck) == set()
