"""Vouchers are wanted at an ERP once each, with the voucher's own transaction."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from db.engine import Sessions
from db.finance.erp import (
    codes_of,
    export_facts,
    export_row,
    settle_export,
    start_due,
    want_span,
)
from db.finance.erp_queries import erp_accounts, exports, set_beginning, set_code
from db.finance.erp_tables import ErpAccountRow
from db.platform import pausing
from db.shared.lifecycles import open_matters
from db.sql import run
from domain.finance.exports import AT_ONCE, ExportStatus
from domain.shared.errors import InvalidInput
from runtime.posting import Posting
from tests.api.orders.world import seed_order, seed_shipment, seed_shop

EVER = (date(2000, 1, 1), date(2999, 1, 1))


@pytest_asyncio.fixture(autouse=True)
async def account(sessions: Sessions) -> None:
    """A paid order that is not posted yet, and an account book."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await do(sessions, "UPDATE sku SET cost_minor = 100")
    async with sessions.begin() as session:
        session.add(ErpAccountRow(id="k1", vendor="kingdee", name="K", base_url="http://k"))


async def do(sessions: Sessions, statement: str, **values: Any) -> Any:
    async with sessions.begin() as session:
        return await run(session, statement, **values)


async def begin(sessions: Sessions, day: date | None) -> int:
    async with sessions.begin() as session:
        return await set_beginning(session, "k1", day, "caiwu")


async def wanted(sessions: Sessions) -> int:
    rows = await do(sessions, "SELECT count(*) AS n FROM voucher_export")
    return int(rows[0].n)


async def test_vouchers_of_the_day_and_later_are_wanted_as_they_are_written(
    sessions: Sessions,
) -> None:
    await begin(sessions, date(2000, 1, 1))
    await Posting(sessions).all()

    rows = await do(sessions, "SELECT voucher_no, key, state, wanted_by FROM voucher_export")
    vouchers = await do(sessions, "SELECT no FROM voucher")
    assert {row.voucher_no for row in rows} == {row.no for row in vouchers}
    assert {(row.state, row.wanted_by) for row in rows} == {("wanted", "system")}
    assert all(row.key.startswith(f"OH{row.voucher_no}-") for row in rows)


async def test_earlier_ones_and_those_of_an_account_that_is_off_are_not(
    sessions: Sessions,
) -> None:
    await begin(sessions, date(2999, 1, 1))
    await do(
        sessions,
        "INSERT INTO erp_account (id, vendor, name, base_url, secrets, settings, active,"
        " exports_from) VALUES ('off', 'yonyou', '', '', '', '{}', false, '2000-01-01')",
    )
    await Posting(sessions).all()

    assert await wanted(sessions) == 0


async def test_a_day_in_the_past_takes_along_what_is_written_already_once(
    sessions: Sessions,
) -> None:
    await Posting(sessions).all()
    count = len(await do(sessions, "SELECT no FROM voucher"))

    assert await begin(sessions, date(2000, 1, 1)) == count > 0
    assert await begin(sessions, None) == 0
    assert await begin(sessions, date(2000, 1, 1)) == 0
    assert await wanted(sessions) == count


async def test_nothing_is_wanted_twice_by_many_who_ask_at_once(sessions: Sessions) -> None:
    await Posting(sessions).all()

    async def ask() -> int:
        async with sessions.begin() as session:
            return await want_span(session, "k1", *EVER, "caiwu")

    counts = await asyncio.gather(*(ask() for _ in range(6)))

    assert sum(counts) == await wanted(sessions) == len(await do(sessions, "SELECT FROM voucher"))


async def test_many_who_start_at_once_start_each_export_once(sessions: Sessions) -> None:
    await begin(sessions, date(2000, 1, 1))
    await Posting(sessions).all()

    async def start() -> int:
        async with sessions.begin() as session:
            return await start_due(session, 100)

    counts = await asyncio.gather(*(start() for _ in range(6)))

    started = await do(sessions, "SELECT target FROM outbox WHERE name = 'export_moved'")
    assert sum(counts) == len(started) == len({row.target for row in started})
    assert 0 < sum(counts) <= AT_ONCE


async def test_a_paused_account_starts_nothing(sessions: Sessions) -> None:
    await begin(sessions, date(2000, 1, 1))
    await Posting(sessions).all()
    async with sessions.begin() as session:
        await pausing.pause(session, "erp/k1", "caiwu", "audit")
        assert await start_due(session, 100) == 0
        (seen,) = await erp_accounts(session)

    assert (seen.gate, seen.gate_reason) == ("holding", "audit")
    assert seen.wanted == await wanted(sessions)


async def test_the_first_end_of_an_export_counts(sessions: Sessions) -> None:
    await begin(sessions, date(2000, 1, 1))
    await Posting(sessions).all()
    async with sessions.begin() as session:
        first = (await exports(session, "k1"))[0]
        no = f"k1/{first.voucher_no}"
        await settle_export(session, no, ExportStatus.BY_HAND, "记-1")
        facts = await settle_export(session, no, ExportStatus.CONFIRMED, "V9")
        row = await export_row(session, no)

        assert (facts.status, facts.settled) == ("by_hand", True)
        assert row.number == "记-1"
        assert await open_matters(session, "VoucherExport", "", 10, timedelta(0)) == []
        with pytest.raises(InvalidInput):
            await export_facts(session, "k1/none")


async def test_codes_are_said_changed_and_taken_back(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        await set_code(session, "k1", "bank", "", "1002")
        await set_code(session, "k1", "bank", "", "1002.01")
        await set_code(session, "k1", "bank", "payment/wx", "1002.02")
        assert await codes_of(session, "k1") == {
            ("bank", ""): "1002.01",
            ("bank", "payment/wx"): "1002.02",
        }
        await set_code(session, "k1", "bank", "payment/wx", "")
        assert await codes_of(session, "k1") == {("bank", ""): "1002.01"}
