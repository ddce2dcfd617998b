"""One box: every number of an order finds it, alone or with the others it belongs to."""

from datetime import UTC, datetime

import pytest

from db.engine import Sessions
from db.finance.invoice_tables import InvoiceRow
from db.orders.queries import MOST_COUNTED, NOT_LEFT, OrderFilter, OrderQueries, Position
from db.orders.search import MOST_FOUND, Found, find_orders
from db.orders.tables import FulfilmentLineRow
from db.sql import run
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.people import VAULT, buyer, change_receiver
from tests.web.world import seed_parcel

_MANY = """
INSERT INTO sales_order (id, no, channel, shop_id, external_no, workflow_id, status, seq, waits_for,
    version_revision, version_modified_us, applied_sha256, channel_state, fetch_needed,
    stock_given_back, currency, goods_minor, discount_minor, freight_minor, tax_minor,
    payable_minor, captured_minor, refunded_minor, refund_due_minor, cash_on_delivery, test_order,
    gift, buyer_digest)
SELECT 'x' || n, 'M-' || n, 'own', 'mini', 'x' || n, 'order/x' || n, 'received', 0, '', 0, 0, '',
       '', false, false, 'CNY', 0, 0, 0, 0, 0, 0, 0, 0, false, false, false, CAST(:buyer AS text)
FROM generate_series(1, CAST(:count AS integer)) n
"""


async def _found(sessions: Sessions, search: str) -> Found:
    async with sessions.begin() as session:
        return await find_orders(session, VAULT, search)


@pytest.fixture
async def two(sessions: Sessions) -> None:
    """Orders 1 and 2 of the same buyer; 1 has a parcel, an invoice and another phone."""
    await seed_shop(sessions)
    for number in ("1", "2"):
        await seed_order(sessions, number)
    await seed_shipment(sessions)
    await seed_parcel(sessions)
    await change_receiver(sessions, "ord_1", phone="13911112222")
    async with sessions.begin() as session:
        await run(session, "UPDATE sales_order SET external_no = '6920' || external_no")
        await run(
            session,
            "UPDATE sales_order SET no = '261126-' || no, buyer_digest = :b",
            b=buyer("tb_li"),
        )
        session.add(
            InvoiceRow(
                no="INV-1", order_id="ord_1", currency="CNY", number="24312000",
                created_at=datetime.now(UTC),
            )
        )  # fmt: skip


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("search", "kinds", "numbers"),
    [
        ("261126-o-1", ("order",), (1,)),
        ("69201", ("external",), (1,)),
        ("O-1-1", ("shipment",), (1,)),
        ("sf1234567890123", ("waybill",), (1,)),
        ("inv-1", ("invoice",), (1,)),
        ("24312000", ("invoice",), (1,)),
        ("13911112222", ("phone",), (1,)),
        ("2222", ("phone",), (1,)),
        ("+86 139-1111-2222", ("phone",), (1,)),
        ("tb_li", ("buyer",), (1, 2)),
        ("B", ("sku",), (1, 2)),
        ("261126-", ("order",), (1, 2)),
        ("SF12345", ("waybill",), (1,)),
        ("692", (), ()),  # too short to begin a number with
        ("6920", ("external",), (1, 2)),
        ("SF12345%", (), ()),
        ("nothing", (), ()),
        ("  ", (), ()),
    ],
)
async def test_any_number_finds_what_it_belongs_to(
    sessions: Sessions, search: str, kinds: tuple[str, ...], numbers: tuple[int, ...]
) -> None:
    found = await _found(sessions, search)

    assert found.kinds == kinds
    assert sorted(found.ids) == [f"ord_{number}" for number in numbers]
    assert not found.more


@pytest.mark.usefixtures("two")
async def test_a_number_that_is_whole_finds_no_others_that_begin_so(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE sales_order SET no = no || '0' WHERE id = 'ord_2'")
        await run(session, "UPDATE sales_order SET no = '261126-O-' WHERE id = 'ord_1'")

    assert (await _found(sessions, "261126-O-")).ids == ("ord_1",)


async def test_what_fits_too_many_says_so(sessions: Sessions) -> None:
    await seed_shop(sessions)
    async with sessions.begin() as session:
        await run(session, _MANY, count=MOST_FOUND + 5, buyer=buyer("many"))

    found = await _found(sessions, "many")

    assert (len(found.ids), found.more) == (MOST_FOUND, True)


async def test_counting_stops_where_nobody_reads_on(sessions: Sessions) -> None:
    await seed_shop(sessions)
    async with sessions.begin() as session:
        await run(session, _MANY, count=MOST_COUNTED + 5, buyer=buyer("many"))
    async with sessions.begin() as session:
        page = await OrderQueries(session).page(OrderFilter(statuses=NOT_LEFT), VAULT)
        counts = await OrderQueries(session).counts()

    assert page.total == MOST_COUNTED
    assert counts == {"received": MOST_COUNTED}


async def test_the_list_to_ship_is_one_walk_along_an_index(sessions: Sessions) -> None:
    """Whatever else there is: neither sorted nor filtered out of something longer."""
    await seed_shop(sessions)
    async with sessions.begin() as session:
        await run(session, _MANY, count=5000, buyer=buyer("many"))
        await run(session, "UPDATE sales_order SET status = 'completed' WHERE id > 'x2'")
        await run(session, "UPDATE sales_order SET ship_by = now() - length(id) * interval '1 h'")
        await run(session, "ANALYZE sales_order")
    async with sessions.begin() as session:
        first = await OrderQueries(session).page(OrderFilter(statuses=NOT_LEFT), VAULT, limit=50)
        await run(session, "SET LOCAL enable_seqscan = off")
        plan = await run(
            session,
            "EXPLAIN SELECT id FROM sales_order WHERE status IN ('received','on_hold',"
            "'backordered','allocated','in_fulfilment') ORDER BY ship_by, id LIMIT 50",
        )

    assert len(first.rows) == 50
    assert first.following == Position(first.rows[-1].ship_by, first.rows[-1].id)
    told = "\n".join(row[0] for row in plan)
    assert "sales_order_to_ship" in told, told
    assert "Sort" not in told, told


async def test_a_kit_finds_its_order_by_what_is_in_it(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with sessions.begin() as session:
        session.add(
            FulfilmentLineRow(
                id="f", order_line_id="ord_1.2", order_id="ord_1", sku="A", quantity=1
            )
        )

    assert (await _found(sessions, "a")).ids == ("ord_1",)
