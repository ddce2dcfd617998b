"""What tills export becomes tickets; what is wrong is said with its row."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.ticket import Tender
from integrations.spreadsheet import BrokenRow, Row, UnreadableFile, read_rows
from integrations.till_exports import ExportedTicket, read_export

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HEADER = "门店,收银机,小票号,销售时间,商品编码,商品名称,数量,单价,优惠,支付方式,支付金额"


def _read(folder: Path, *lines: str, store: str = "") -> list[ExportedTicket]:
    path = folder / "day.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_export(read_rows(path), ZONE, NOW, store)


def test_rows_of_one_number_are_one_ticket_with_its_payments(tmp_path: Path) -> None:
    [ticket] = _read(
        tmp_path,
        HEADER,
        "S1,2,0001,2026/11/20 18:30,TEA-1,铁观音,2,128.00,6.00,微信支付,200",
        'S1,2,0001,2026/11/20 18:30,CUP-1,盖碗,1,"1,045.50",,微信支付,200',
        "S1,2,0001,,,,,,,现金,1095.50",
    )

    told = ticket.told.ticket
    assert told is not None, ticket.problems
    assert told.external_no == "S1/2/0001"
    assert told.sold_at == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert [(x.sku, x.quantity, x.payable_minor) for x in told.lines] == [
        ("TEA-1", 2, 25000), ("CUP-1", 1, 104550),
    ]  # fmt: skip
    assert told.payments == (Tender("wechat", 20000), Tender("cash", 109550))


def test_one_way_to_pay_without_a_sum_paid_everything(tmp_path: Path) -> None:
    header = "receipt no,date,barcode,qty,price,line total,tender"
    rows = ("7,2026-11-20 09:00:00,690,3,10.00,25.00,Gift card",)

    [ticket] = _read(tmp_path, header, *rows, store="S1")

    assert ticket.told.ticket is not None, ticket.problems
    assert ticket.told.ticket.external_no == "S1/1/7"
    assert ticket.told.ticket.lines[0].discount_minor == 500
    assert ticket.told.ticket.payments == (Tender("other", 2500, "Gift card"),)


def test_what_is_wrong_is_said_with_its_row_and_spoils_only_its_ticket(tmp_path: Path) -> None:
    tickets = _read(
        tmp_path,
        HEADER,
        "S1,1,0001,2026-11-20 18:30,A,,1,1.00,,现金,",
        "S1,1,0002,2026-11-20 18:30,A,,one,1.00,,现金,",
        "S1,1,0003,soon,A,,1,1.00,,现金,",
        "S1,1,0004,2026-11-20 18:30,A,,1,1.00,,现金,2.00",
        "S1,1,0005,2026-11-20 18:30,A,,1,1.005,,现金,",
        "S1,1,0006,2026-11-20 18:30,A,,1,1.00,2.00,现金,1.00",
        "S1,1",
    )

    problems = [problem for one in tickets for problem in one.problems]
    assert sorted(problems) == [
        (3, "quantity is not a number: one"),
        (4, "sold_at is not a time such as 2026-05-01 12:00: soon"),
        (5, "payments add up to 200, the ticket to 100"),
        (6, "unit_price has more than two decimal places: 1.005"),
        (7, "discount_minor is more than the line costs"),
        (8, "has 2 columns instead of 11"),
    ]
    assert [one.told.name for one in tickets if not one.problems] == ["S1/1/0001"]


def test_goods_that_came_back_are_tickets_too(tmp_path: Path) -> None:
    [ticket] = _read(tmp_path, HEADER, "S1,1,9,2026-11-20 18:30,A,,-1,5.00,,现金,-5.00")
    assert ticket.told.ticket is not None, ticket.problems
    assert ticket.told.ticket.brings_goods_back


@pytest.mark.parametrize("header", ["", "a,b,c", "小票号,销售时间,商品编码,数量,单价,支付方式"])
def test_a_file_without_its_columns_is_refused_as_a_whole(tmp_path: Path, header: str) -> None:
    with pytest.raises(UnreadableFile):
        _read(tmp_path, header, "1,2,3")


_CELLS = st.lists(st.text(max_size=12), min_size=11, max_size=11)


@given(st.lists(_CELLS, max_size=4))
def test_whatever_stands_in_cells_is_taken_or_said(rows: list[list[str]]) -> None:
    told: list[Row | BrokenRow] = [(1, HEADER.split(","))]
    told += [(number, cells) for number, cells in enumerate(rows, 2)]
    every: Iterator[Row | BrokenRow] = iter(told)

    for one in read_export(every, ZONE, NOW):
        assert (one.told.ticket is None) <= bool(one.problems)
