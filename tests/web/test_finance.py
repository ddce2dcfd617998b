"""The books on their pages."""

import csv
import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from runtime.posting import Posting
from tests.web.world import Person, change, person

EVER = "from=2020-01-01&to=2999-12-31"


@pytest_asyncio.fixture
async def finance(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, order: str
) -> AsyncIterator[Person]:
    """Somebody of finance, after the order was posted."""
    await Posting(sessions).all()
    async with await person(app, web_sessions, Role.FINANCE) as client:
        yield client


async def test_finance_begins_with_the_trial_balance_and_gets_down_to_the_order(
    finance: Person,
) -> None:
    assert (await finance.get("/")).headers["location"] == "/finance"
    page = (await finance.get(f"/finance?{EVER}")).text
    assert "Receivable from channels" in page
    assert "Balanced" in page
    assert "2 products have no standard cost" in page

    account = (await finance.get(f"/finance/accounts/buyer_deposits?{EVER}")).text
    assert 'href="/orders/O-1"' in account
    assert "¥25.50" in account

    listed = (await finance.get(f"/finance/vouchers?{EVER}&order=O-1")).text
    number = listed.split('href="/finance/vouchers/')[1].split('"')[0]
    assert "Buyer deposits" in (await finance.get(f"/finance/vouchers/{number}")).text
    of_order = (await finance.get("/orders/O-1")).text.split("/finance/vouchers?")[1].split('"')[0]
    assert number in (await finance.get(f"/finance/vouchers?{of_order.replace('&amp;', '&')}")).text


async def test_files_have_every_entry_and_run_no_formula(
    finance: Person, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await change(owner_sessions, "UPDATE voucher SET document = '=1+1'")

    balance = (await finance.get(f"/finance/trial-balance.csv?{EVER}")).text
    vouchers = await finance.get(f"/finance/vouchers.csv?{EVER}")

    rows = list(csv.reader(io.StringIO(balance.removeprefix("\ufeff"))))
    assert rows[1:] == [
        ["1122.01", "Receivable from channels", "CNY", "0.00", "25.50", "0.00", "25.50"],
        ["2203", "Buyer deposits", "CNY", "0.00", "0.00", "25.50", "-25.50"],
    ]
    assert "attachment" in vouchers.headers["content-disposition"]
    entries = list(csv.reader(io.StringIO(vouchers.text.removeprefix("\ufeff"))))
    assert [entry[7:] for entry in entries[1:]] == [
        ["25.50", "", "CNY", "'=1+1", "O-1"],
        ["", "25.50", "CNY", "'=1+1", "O-1"],
    ]


async def test_a_cost_is_set_on_its_page(finance: Person) -> None:
    answer = await finance.send_form("/finance/costs", sku="A", cost="7.25")

    assert (answer.status_code, answer.headers["location"]) == (303, "/finance/costs?q=A")
    assert 'value="7.25"' in (await finance.get("/finance/costs?q=A")).text
    for bad in ("-1", "x", "", "7.255"):
        assert (await finance.send_form("/finance/costs", sku="A", cost=bad)).status_code == 422
    assert (await finance.send_form("/finance/costs", sku="NO", cost="1")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/finance?from=x",
        "/finance?from=2026-02-02&to=2026-01-01",
        "/finance/accounts/no_such",
        "/finance/accounts/sales?currency=cny",
        "/finance/accounts/sales?cursor=-",
        "/finance/vouchers?order=%00",
        "/finance/vouchers.csv?to=2026-99-99",
        "/finance/costs?q=" + "a" * 101,
        "/finance/costs?after=%00",
    ],
)
async def test_strange_addresses_are_refused(finance: Person, path: str) -> None:
    assert (await finance.get(path)).status_code == 422


@pytest.mark.parametrize("no", ["NO", "%00", "..%2fx", "x" * 500])
async def test_an_unknown_voucher_is_not_found(finance: Person, no: str) -> None:
    assert (await finance.get(f"/finance/vouchers/{no}")).status_code == 404


async def test_empty_fields_of_the_form_mean_this_month(finance: Person) -> None:
    assert (await finance.get("/finance?from=&to=")).status_code == 200


async def test_managers_read_the_books_and_do_not_keep_them(
    finance: Person, app: FastAPI, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        assert "Books" in (await manager.get("/orders")).text
        assert 'name="cost"' not in (await manager.get("/finance/costs")).text
        refused = await manager.send_form("/finance/costs", sku="A", cost="1")
    assert refused.status_code == 403
    async with await person(app, web_sessions, Role.WAREHOUSE) as warehouse:
        assert (await warehouse.get("/finance")).status_code == 403
