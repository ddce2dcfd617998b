"""Facts become vouchers once each, on real tables, whoever tells them and however often."""

import asyncio
import importlib
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from db.audit import audit
from db.engine import Sessions
from db.finance.checks import BOOK_CHECKS
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.ids import LocationId, Sku
from runtime.posting import Posting
from tests.api.orders.world import seed_order, seed_shipment, seed_shop

OF_BOOKS = {check.name for check in BOOK_CHECKS}
A = StockKey(Sku("A"), LocationId("HQ"))


@pytest_asyncio.fixture(autouse=True)
async def order(sessions: Sessions) -> None:
    """A paid order of 2 A and 1 B in one shipment; A costs 7.00, B 1.00."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await _do(sessions, "UPDATE sku SET cost_minor = CASE code WHEN 'A' THEN 700 ELSE 100 END")


async def _do(sessions: Sessions, statement: str, **values: Any) -> Any:
    async with sessions.begin() as session:
        return await run(session, statement, **values)


async def _balances(sessions: Sessions) -> dict[str, int]:
    rows = await _do(
        sessions,
        "SELECT account, sum(debit_minor - credit_minor)::bigint AS minor FROM voucher_entry"
        " GROUP BY account HAVING sum(debit_minor - credit_minor) <> 0 ORDER BY account",
    )
    return {row.account: row.minor for row in rows}


async def _ship(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await StockRepository(session).issue("O-1-1", Document("shipment", "O-1-1", "issue:O-1-1"))
        await run(session, "UPDATE shipment SET status = 'handed_over', handed_over_at = now()")


async def _holds(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        found = [finding for finding in await audit(session) if finding.check in OF_BOOKS]
    assert found == []


async def test_a_paid_order_that_ships_is_sales_and_cost(sessions: Sessions) -> None:
    await _ship(sessions)

    await Posting(sessions).all()

    assert await _balances(sessions) == {
        "channel_receivable": 2550,
        "cost_of_goods_sold": 1500,
        "goods_received": -1500,
        "sales": -2550,
    }
    rows = await _do(sessions, "SELECT no, document, order_id FROM voucher WHERE kind = 'stock'")
    assert ("O-1-1", "ord_1") in {(row.document, row.order_id) for row in rows}
    await _holds(sessions)


async def test_nothing_is_posted_twice_by_many_who_post_at_once(sessions: Sessions) -> None:
    await _ship(sessions)
    posting = Posting(sessions)

    await asyncio.gather(*(posting.once(2) for _ in range(8)))
    await posting.all()
    before = await _do(sessions, "SELECT count(*) AS n FROM voucher")
    assert await posting.all() == 0

    assert await _do(sessions, "SELECT count(*) AS n FROM voucher") == before
    numbers = await _do(sessions, "SELECT number FROM voucher ORDER BY number")
    assert [row.number for row in numbers] == list(range(1, len(numbers) + 1))
    await _holds(sessions)


async def test_a_fact_posted_again_by_hand_is_refused(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await Posting(sessions).all()
    await _do(owner_sessions, "UPDATE book_fact SET posted_at = NULL WHERE kind = 'captured'")

    with pytest.raises(IntegrityError, match="voucher_once_per_fact"):
        await Posting(sessions).all()


async def test_a_voucher_that_does_not_balance_cannot_be_committed(sessions: Sessions) -> None:
    await Posting(sessions).all()

    with pytest.raises(DBAPIError, match="does not balance"):
        await _do(
            sessions,
            "INSERT INTO voucher_entry SELECT no, 9, 'sales', '', 5, 0 FROM voucher LIMIT 1",
        )
    with pytest.raises(DBAPIError, match="does not balance"):
        await _do(
            sessions,
            "INSERT INTO voucher SELECT period || '-999999', period, 999999, booked_on, fact_id,"
            " 'made up', kind, currency, '', '', '' FROM voucher LIMIT 1",
        )
    await _holds(sessions)


async def test_whoever_serves_pages_cannot_write_vouchers(web_sessions: Sessions) -> None:
    for table in ("voucher", "voucher_entry", "recognised", "stock_value"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await _do(web_sessions, f"INSERT INTO {table} SELECT * FROM {table}")


async def test_refunds_and_closing_are_told_whichever_code_changes_the_order(
    sessions: Sessions,
) -> None:
    await Posting(sessions).all()
    await _do(sessions, "UPDATE order_line SET cancelled = true")
    await _do(
        sessions, "UPDATE sales_order SET refunded_minor = 550, status = 'cancelled' WHERE true"
    )
    await _do(sessions, "UPDATE sales_order SET refunded_minor = 2550")

    await Posting(sessions).all()

    balances = await _balances(sessions)
    assert "buyer_deposits" not in balances
    assert "channel_receivable" not in balances
    await _holds(sessions)


async def test_goods_and_money_that_come_back_take_sales_and_cost_back(sessions: Sessions) -> None:
    await _ship(sessions)
    quarantine = StockKey(Sku("A"), LocationId("HQ"), condition="quarantine")
    async with sessions.begin() as session:
        stock = StockRepository(session)
        back = StockLine(quarantine, 1)
        await stock.take_back(Document("return", "RT1", "return:RT1"), [back])
        await stock.sort_out(Document("return", "RT1", "inspect:RT1"), back, A)
        await run(session, "UPDATE sales_order SET refunded_minor = 1000")

    await Posting(sessions).all()

    assert await _balances(sessions) == {
        "channel_receivable": 1550,
        "cost_of_goods_sold": 800,
        "goods_received": -1500,
        "inventory": 700,
        "refunds": 1000,
        "sales": -2550,
    }
    await _holds(sessions)


async def test_a_new_cost_revalues_what_lies_there(sessions: Sessions) -> None:
    await Posting(sessions).all()
    await _do(sessions, "UPDATE sku SET cost_minor = 900 WHERE code = 'A'")
    async with sessions.begin() as session:
        stock = StockRepository(session)
        await stock.receive(Document("grn", "G9", "G9"), [StockLine(A, 3)])
        count = Document("count", "C9", "C9")
        await stock.adjust(count, [StockLine(A, -1)], AdjustmentReason.DAMAGED)

    await Posting(sessions).all()

    balances = await _balances(sessions)
    assert balances["cost_differences"] == -400
    assert balances["stock_differences"] == 900
    assert balances["inventory"] == 2 * 900 + 100 + 2 * 900
    await _holds(sessions)


async def test_a_fact_nobody_understands_waits_for_a_person_and_holds_nobody_up(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _do(owner_sessions, "INSERT INTO book_fact (kind, subject) VALUES ('payment', 'gone')")
    await _ship(sessions)

    await Posting(sessions).all()

    assert (await _balances(sessions))["sales"] == -2550
    waiting = await _do(sessions, "SELECT subject, error FROM book_fact WHERE posted_at IS NULL")
    assert [(row.subject, row.error) for row in waiting] == [
        ("gone", "payment gone: KeyError: 'gone'")
    ]
    items = await _do(sessions, "SELECT cause FROM attention WHERE resolved_at IS NULL")
    assert [item.cause for item in items] == ["NotPosted"]


async def test_a_till_s_cash_lies_in_the_till(sessions: Sessions) -> None:
    await _do(sessions, "INSERT INTO till_payment VALUES ('ord_1', 1, 'cash', 2000, '')")
    await _do(sessions, "INSERT INTO till_payment VALUES ('ord_1', 2, 'card', 550, '')")

    await Posting(sessions).all()

    balances = await _balances(sessions)
    assert (balances["cash_on_hand"], balances["cash_at_provider"]) == (2000, 550)
    assert "channel_receivable" not in balances
    await _holds(sessions)


async def test_a_courier_who_collects_owes_the_money(sessions: Sessions) -> None:
    await _do(sessions, "UPDATE sales_order SET cash_on_delivery = true, captured_minor = 0")
    await _do(sessions, "UPDATE shipment SET carrier = 'sf'")
    await _ship(sessions)
    await _do(sessions, "UPDATE shipment SET status = 'delivered'")

    await Posting(sessions).all()

    assert (await _balances(sessions))["carrier_collected"] == 2550
    rows = await _do(
        sessions, "SELECT DISTINCT party FROM voucher_entry WHERE account = 'carrier_collected'"
    )
    assert [row.party for row in rows] == ["carrier/sf"]
    await _holds(sessions)


async def test_what_happened_before_there_were_books_is_told_by_migrating(
    sessions: Sessions, database_url: str
) -> None:
    """The facts that migrating tells are posted to the balances those told one by one have."""
    await _ship(sessions)
    await _do(sessions, "UPDATE sales_order SET status = 'completed', refunded_minor = 50")
    await Posting(sessions).all()
    as_it_happened = await _balances(sessions)

    await asyncio.to_thread(_begin_books_now, database_url)
    await _do(sessions, "UPDATE sku SET cost_minor = CASE code WHEN 'A' THEN 700 ELSE 100 END")
    await Posting(sessions).all()

    balances = await _balances(sessions)
    for account in ("sales", "refunds", "channel_receivable", "buyer_deposits", "inventory"):
        assert balances.get(account) == as_it_happened.get(account), account
    await _holds(sessions)


def _begin_books_now(url: str) -> None:
    """As if the books had come after everything in the tables: what their migration tells then."""
    books = importlib.import_module("db.migrations.versions.0020_books")
    with psycopg.connect(url) as connection:
        connection.execute(
            "TRUNCATE book_fact, voucher, voucher_entry, recognised, stock_value CASCADE"
        )
        for statement in books._UNTIL_NOW:
            connection.execute(statement)
