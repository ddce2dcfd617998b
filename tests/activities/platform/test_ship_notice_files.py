"""Ship notices out of files: several rows are one notice, and a bad row keeps its notice out."""

from typing import Any

import pytest

from db.engine import Sessions
from db.sql import run
from domain.platform.sheets import Kind
from tests.importing import csv_file, decided, given, rows_of, states_of, worked, xlsx_file
from tests.purchases import sent_purchase

HEAD = (
    "notice,order,sender,location,expected_on,sku,units,carton,lot,produced_on,expires_on,serials"
)
LINES = (
    "SELECT n.external_no, n.sender, n.source_kind, l.sku, l.units, l.lot, l.serials"
    " FROM ship_notice n JOIN ship_notice_line l ON l.notice_no = n.no ORDER BY 1, l.line_no"
)


async def _all(sessions: Sessions, statement: str, **told: Any) -> list[tuple[Any, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement, **told)]


async def _brought(sessions: Sessions, *rows: str, apply: bool = True) -> str:
    import_id = await given(sessions, Kind.SHIP_NOTICES, csv_file(HEAD, *rows), apply=apply)
    await worked(sessions, import_id)
    return import_id


async def test_rows_of_one_number_are_one_notice_of_its_order_or_of_nobodys(
    sessions: Sessions,
) -> None:
    order = await sent_purchase(sessions)
    rows = (
        f"N1,{order},,HQ,2026-12-01,A,20,1,L1,2026-11-01,2027-11-01,",
        f"N1,{order},,HQ,2026-12-01,B,2,2,,,,S1 S2",
        "N2,,walk in,R1,2026/12/2,A,5,,,,,",
    )
    looked = await _brought(sessions, *rows, apply=False)
    assert await states_of(sessions, looked) == ["new", "new", "new"]
    assert await _all(sessions, LINES) == []

    assert await decided(sessions, looked) == "done"

    wanted = [
        ("N1", "acme", "purchase", "A", 20, "L1", []),
        ("N1", "acme", "purchase", "B", 2, "", ["S1", "S2"]),
        ("N2", "walk in", "none", "A", 5, "", []),
    ]
    assert await _all(sessions, LINES) == wanted
    again = await _brought(sessions, *rows, "N3,,walk in,R1,2026-12-03,A,1,,,,,")
    assert await states_of(sessions, again) == ["same", "same", "same", "applied"]
    assert (await _all(sessions, LINES))[:3] == wanted


async def test_a_bad_row_keeps_its_notice_out_and_says_why(sessions: Sessions) -> None:
    order = await sent_purchase(sessions)
    bad = await _brought(
        sessions,
        "N1,,x,HQ,2026-12-01,A,1,,,,,",  # row 2: good, of a notice with a bad row
        "N1,,x,HQ,2026-12-01,NO,1,,,,,",
        "N2,,x,HQ,2026-12-01,A,1,,,2027-01-01,2026-01-01,",
        "N3,,x,HQ,2026-12-01,A,2,,,,,S1",
        "N4,PO-NONE,,HQ,2026-12-01,A,1,,,,,",
        f"N5,{order},,R1,2026-12-01,A,1,,,,,",  # it goes to HQ
        "N6,,x,HQ,2026-12-01,A,1,,,,,",
        "N6,,x,HQ,2026-12-05,A,1,,,,,",
        "N7,,x,HQ,soon,A,1,,,,,",
        "N8,,x,HQ,2026-12-01,A,1,,,,,",  # row 11: good
    )
    faults = {row.row: [(one.column, one.code) for one in row.faults] for row in
              await rows_of(sessions, bad)}  # fmt: skip
    assert faults == {
        2: [("", "notice_has_faults")],
        3: [("sku", "unknown_sku")],
        4: [("expires_on", "before_produced")],
        5: [("serials", "serials_differ")],
        6: [("order", "unknown_order")],
        7: [("location", "goes_elsewhere")],
        8: [("expected_on", "differs_within_notice")],
        9: [("", "notice_has_faults")],
        10: [("expected_on", "not_a_day")],
        11: [],
    }
    assert await _all(sessions, LINES) == []
    assert await decided(sessions, bad, partial=True) == "done"
    assert [row[0] for row in await _all(sessions, LINES)] == ["N8"]


async def test_a_number_that_came_with_other_goods_is_refused_also_within_a_file(
    sessions: Sessions,
) -> None:
    order = await sent_purchase(sessions)
    first = await _brought(
        sessions, f"N1,{order},,HQ,2026-12-01,A,20,,,,,", "N1,,acme,HQ,2026-12-01,A,7,,,,,"
    )
    assert await states_of(sessions, first) == ["applied", "failed"]
    other = await _brought(sessions, f"N1,{order},,HQ,2026-12-01,A,30,,,,,")
    [row] = await rows_of(sessions, other)
    assert [(one.column, one.code) for one in row.faults] == [("notice", "said_otherwise")]


@pytest.mark.parametrize("day", ["2026-12-01", "2026/12/1", "2026年12月1日", 46357])
async def test_days_are_read_as_files_and_spreadsheets_write_them(
    sessions: Sessions, day: object
) -> None:
    await sent_purchase(sessions)
    head = ["发货通知单号", "发货方", "库位", "预计到货日", "商品编码", "数量"]
    content = xlsx_file([head, ["N1", "x", "HQ", day, "A", 3]])

    import_id = await given(sessions, Kind.SHIP_NOTICES, content, apply=True)

    assert await worked(sessions, import_id) == "done"
    told = await _all(sessions, "SELECT expected_on::text, sender FROM ship_notice")
    assert told == [("2026-12-01", "x")]
