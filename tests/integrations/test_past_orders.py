"""Columns are found by their names; every row is a line or says what is wrong with it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.orders.history import PastLine
from integrations import past_orders
from integrations.past_orders import RowError, find_columns, past_lines
from integrations.spreadsheet import BrokenRow, Row, UnreadableFile

ZONE = ZoneInfo("Asia/Shanghai")
UCI = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
       "CustomerID", "Country"]  # fmt: skip
CHINESE = ["订单编号", "商家编码", "商品名称", "数量", "下单时间", "单价", "买家ID", "国家"]
GOOD = ["536365", "85123A", "WHITE HEART", "6", "2010-12-01 08:26:00", "2.55", "17850", "UK"]


def read(*rows: list[str], header: list[str] = UCI) -> list[PastLine | RowError]:
    return list(past_lines(iter(enumerate([header, *rows], 1)), {}, ZONE))


@pytest.mark.parametrize("header", [UCI, CHINESE])
def test_usual_names_are_found_by_themselves(header: list[str]) -> None:
    at = datetime(2010, 12, 1, 0, 26, tzinfo=UTC)
    assert read(GOOD, header=header) == [
        PastLine(2, "536365", "85123A", "WHITE HEART", 6, Decimal("2.55"), at, "17850", "UK")
    ]


def test_a_column_may_be_named() -> None:
    header = [*UCI[:5], "Brutto", "Date"]
    named = {"price": "brutto", "time": "invoice date"}
    assert find_columns(header, named)["price"] == 5
    assert find_columns(header, named)["time"] == 4


@pytest.mark.parametrize(
    ("header", "named", "sentence"),
    [
        (["a", "b"], {}, "No column is recognised as order, sku, quantity, time, price; "
                         'the file has a, b. Say which it is: --column order="…".'),
        (UCI, {"price": "Cost"}, "The file has no column Cost; it has InvoiceNo"),
        (UCI, {"colour": "Cost"}, "There is no column colour; there are order, sku"),
        ([*UCI, "quantity"], {}, "The file has two columns Quantity."),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_found_are_told(
    header: list[str], named: Mapping[str, str], sentence: str
) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        find_columns(header, named)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("place", "value", "cause"),
    [
        (0, "", "order is empty"),
        (0, "x" * 65, "order is longer than 64 characters"),
        (1, "A\x07", "sku has characters that cannot be printed"),
        (3, "six", "quantity is not a number: 'six'"),
        (3, "1.5", "quantity is not a whole number: '1.5'"),
        (3, "NaN", "quantity is not a whole number: 'NaN'"),
        (3, "0", "quantity is zero"),
        (3, "1e30", "quantity is over a million"),
        (4, "yesterday", "time is not a date such as 2011-03-01 08:30:00: 'yesterday'"),
        (4, "0001-01-01", "time is not between the years 2000 and 2199: '0001-01-01'"),
        (5, "free", "price is not a number: 'free'"),
        (5, "Infinity", "price is out of range: 'Infinity'"),
    ],
)
def test_a_row_says_what_is_wrong_with_it(place: int, value: str, cause: str) -> None:
    broken = [*GOOD]
    broken[place] = value
    error, fine = read(broken, GOOD)
    assert isinstance(error, RowError)
    assert (error.row, error.cause) == (2, cause)
    assert isinstance(fine, PastLine)


def test_a_row_of_another_width_and_one_that_is_no_csv_are_errors() -> None:
    rows: list[Row | BrokenRow] = [(1, UCI), (2, GOOD[:7]), BrokenRow(3, "is not CSV")]
    assert list(past_lines(iter(rows), {}, ZONE)) == [
        RowError(2, "has 7 columns instead of 8"),
        RowError(3, "is not CSV"),
    ]


@pytest.mark.parametrize("time", ["2026/3/1 11:00", "2026年3月1日 11:00", "2026-03-01T03:00:00Z"])
def test_times_are_read_as_people_write_them(time: str) -> None:
    (line,) = read([*GOOD[:4], time, *GOOD[5:]])
    assert isinstance(line, PastLine)
    assert line.at == datetime(2026, 3, 1, 3, tzinfo=UTC)


def test_more_rows_than_anybody_sells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_orders, "MOST_ROWS", 2)
    with pytest.raises(UnreadableFile, match="more than 2 rows"):
        read(GOOD, GOOD, GOOD)
