"""Rows come out of every kind of file the same; what cannot be read is told in one sentence."""

import lzma
import zipfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import spreadsheet
from integrations.spreadsheet import BrokenRow, UnreadableFile, read_rows

TEXT = '单号,商品,数量\nA1,"茶,\n罐装",2\n\nA2,杯,3\n'
ROWS = [(1, ["单号", "商品", "数量"]), (3, ["A1", "茶,\n罐装", "2"]), (5, ["A2", "杯", "3"])]


def saved(folder: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def why(path: Path, **options: str) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        list(read_rows(path, **options))
    return str(refusal.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_in_the_encodings_that_say_what_they_are(tmp_path: Path, encoding: str) -> None:
    assert list(read_rows(saved(tmp_path, TEXT.encode(encoding)))) == ROWS


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_recognised(tmp_path: Path, delimiter: str) -> None:
    path = saved(tmp_path, f"a{delimiter}b\r\n1,5{delimiter}2\r\n".encode())
    assert list(read_rows(path)) == [(1, ["a", "b"]), (2, ["1,5", "2"])]


def test_xz_is_unpacked_whatever_the_file_is_called(tmp_path: Path) -> None:
    assert list(read_rows(saved(tmp_path, lzma.compress(TEXT.encode()), "data"))) == ROWS


def test_blank_lines_above_are_counted(tmp_path: Path) -> None:
    assert list(read_rows(saved(tmp_path, b"\n\na,b\n1,2\n"))) == [(3, ["a", "b"]), (4, ["1", "2"])]


def test_a_sheet_gives_what_a_csv_file_would(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明")
        sheet = book.add_worksheet("订单")
        sheet.write_row(2, 0, ["单号", "数量", "时间"])
        sheet.write_row(4, 0, [536365, 2.5])
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime(4, 2, datetime(2011, 3, 1, 8, 30), when)  # noqa: DTZ001
    assert list(read_rows(path, sheet="订单")) == [
        (3, ["单号", "数量", "时间"]),
        (5, ["536365", "2.5", "2011-03-01 08:30:00"]),
    ]
    assert why(path, sheet="x") == "orders.xlsx has no sheet x; it has 说明, 订单."


def test_a_wrong_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = saved(tmp_path, b"a,b\n1,2\n" + "中,文\n".encode("gb18030"))
    assert why(path).startswith("orders.csv is not utf-8 in line 3: name its encoding")
    assert list(read_rows(path, "gb18030"))[2] == (3, ["中", "文"])
    assert why(path, encoding="klingon") == "There is no encoding klingon."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x89PNG\r\n", "is a picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel file"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"ab\x00\x01\x02", "is neither CSV, CSV.xz nor XLSX"),
        (lzma.compress(b"%PDF-1.7"), "is a PDF"),
        (lzma.compress(b"x" * 1000)[:-20], "was cut off"),
        (lzma.compress(b"x" * 1000)[:20] + b"\xff" * 30, "is damaged"),
        (b"PK\x03\x04 not a zip", "is damaged or locked"),
        (b"a,b\n" + b"x" * 1_200_000, "has a line of more than a million characters"),
    ],
)
def test_what_is_no_table_is_told_in_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    told = why(saved(tmp_path, content))
    assert sentence in told
    assert told.endswith(".")
    assert "\n" not in told


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "cannot be read as XLSX" in why(path)


@pytest.mark.parametrize("kind", ["csv", "xz", "xlsx"])
def test_a_bomb_is_stopped_while_it_unpacks(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_BYTES", 3 * 1024**2)
    path, content = tmp_path / "bomb", b"a,b\n" + b"1,2\n" * 2**20
    if kind == "xlsx":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", content)
    else:
        path.write_bytes(lzma.compress(content) if kind == "xz" else content)
    rows = read_rows(path)
    with pytest.raises(UnreadableFile, match="bomb holds more than 3 MB unpacked"):
        next(rows)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "No such file" in why(tmp_path / "none.csv")
    assert "Is a directory" in why(tmp_path)


def test_one_bad_row_does_not_hide_the_others(tmp_path: Path) -> None:
    path = saved(tmp_path, b"a,b\n1," + b"x" * 140_000 + b"\n3,4\n")
    rows = list(read_rows(path))
    assert isinstance(rows[1], BrokenRow)
    assert rows[-1] == (3, ["3", "4"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"", b"\xfd7zXZ\x00", b"PK\x03\x04", b"a,b\n", b"\xff\xfe"]),
    st.binary(max_size=300),
)
def test_nothing_but_a_sentence_comes_of_noise(tmp_path: Path, head: bytes, noise: bytes) -> None:
    with suppress(UnreadableFile):
        list(read_rows(saved(tmp_path, head + noise)))
