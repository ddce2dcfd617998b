"""What a good cell of a list is, and what is said about a bad one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.platform.sheet_reading import Fault, SheetRow, UnfitHeader, read_sheet
from domain.platform.sheets import SHEETS, Kind

HEADER = ["sku", "name", "gtin", "weight_g", "price"]


def read(
    *rows: list[str], header: list[str] = HEADER, kind: Kind = Kind.PRODUCTS
) -> list[SheetRow]:
    return list(read_sheet(SHEETS[kind], header, list(enumerate(rows, 2))))


def test_cells_mean_what_they_say_and_empty_ones_nothing() -> None:
    (row,) = read(["007", "茶", "6901234567892", "300", "12.50"])

    assert row.values == {
        "sku": "007", "name": "茶", "gtin": "6901234567892", "weight_g": 300, "price": "12.50",
    }  # fmt: skip
    assert read(["007", "", "", "", ""])[0].values == {"sku": "007"}


@pytest.mark.parametrize(
    "header",
    [["商品编码", "商品名称"], ["SKU", "Name"], [" sku ", "NAME"], ["Name", "price", "S.K.U"]],
)
def test_columns_are_known_by_their_code_or_heading_in_any_order(header: list[str]) -> None:
    (row,) = read(["x"] * len(header), header=header)

    assert row.values["sku"] == "x"


def test_a_list_without_its_key_or_with_a_column_twice_is_refused() -> None:
    with pytest.raises(UnfitHeader) as missing:
        read(["x"], header=["Name"])
    with pytest.raises(UnfitHeader) as twice:
        read(["x", "y"], header=["SKU", "商品编码"])

    assert (missing.value.missing, twice.value.twice) == (("sku",), ("sku",))


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("sku", "", "missing"), ("sku", "x" * 65, "too_long"), ("sku", "a\u202eb", "not_printable"),
        ("weight_g", "1.5", "not_whole"), ("weight_g", "-1", "out_of_range"),
        ("weight_g", "many", "not_a_number"), ("weight_g", "NaN", "not_a_number"),
        ("weight_g", "9" * 40, "not_a_number"), ("price", "1e400", "out_of_range"),
        ("price", "-0.01", "out_of_range"), ("price", "=1+1", "not_a_number"),
        ("gtin", "6.90123E+12", "shortened_number"), ("gtin", "690123456789", "wrong_check_digit"),
        ("gtin", "123", "not_a_gtin"), ("gtin", "６９０１２３４５", "not_a_gtin"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_its_column(column: str, cell: str, code: str) -> None:
    good = {"sku": "A", "name": "n", "gtin": "", "weight_g": "", "price": ""}

    (row,) = read([{**good, column: cell}[name] for name in HEADER])

    assert row.faults == (Fault(column, code),)


def test_the_same_product_or_barcode_stands_in_one_row_only() -> None:
    rows = read(
        ["A", "", "6901234567892", "", ""], ["B", "", "6901234567892", "", ""],
        ["A", "", "", "", ""],
    )  # fmt: skip

    assert [row.faults for row in rows] == [
        (), (Fault("gtin", "twice", "2"),), (Fault("", "twice", "2"),),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("2026-03-01 10:30", "2026-03-01T02:30:00Z"), ("2026/3/1", "2026-02-28T16:00:00Z"),
        ("46082.4375", "2026-03-01T02:30:00Z"),
        ("2026-03-01T10:30:00+00:00", "2026-03-01T10:30:00Z"),
    ],
)  # fmt: skip
def test_times_are_read_as_people_and_spreadsheets_write_them(cell: str, time: str) -> None:
    header = ["shop", "order_no", "placed_at", "paid", "sku", "quantity", "payable", "receiver",
              "phone", "address"]  # fmt: skip
    cells = ["mini", "1", cell, "是", "A", "1", "1", "张三", "13800000000", "x"]

    (row,) = read(cells, header=header, kind=Kind.ORDERS)

    assert row.values["placed_at"] == time
    assert row.values["paid"] is True


def test_an_apostrophe_that_our_exports_put_there_is_taken_off() -> None:
    assert read(["'=A", "'quoted'", "", "", ""])[0].values == {"sku": "=A", "name": "'quoted'"}


@given(st.lists(st.lists(st.text(), max_size=8), max_size=20))
def test_whatever_the_cells_hold_every_row_is_judged(rows: list[list[str]]) -> None:
    for kind, sheet in SHEETS.items():
        header = [column.name for column in sheet.columns]
        judged = read(*rows, header=header, kind=kind)
        assert [row.row for row in judged] == list(range(2, len(rows) + 2))
        assert all(row.faults or row.key for row in judged)
