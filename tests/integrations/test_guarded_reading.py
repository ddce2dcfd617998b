"""Files that strangers made to hurt are refused by a sentence, within bounds."""

import contextlib
import io
import zipfile

import pytest

from integrations import guarded_reading
from integrations.guarded_reading import read_guarded
from integrations.spreadsheet import UnreadableFile
from tests.importing import csv_file, xlsx_file

XLSX = xlsx_file([["sku", "name"], ["001", "茶"], ["002", 12]])


def packed(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def with_part(name: str, part: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(XLSX)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    return packed({**parts, name: part})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_are_read_in_the_encodings_and_forms_that_people_send(
    encoding: str, delimiter: str
) -> None:
    text = f"sku{delimiter}名称\r\n007{delimiter}茶𠮷\r\n"

    assert read_guarded(text.encode(encoding), 10) == [(1, ["sku", "名称"]), (2, ["007", "茶𠮷"])]


def test_leading_zeros_of_text_stay_in_a_workbook() -> None:
    assert read_guarded(XLSX, 10)[1:] == [(2, ["001", "茶"]), (3, ["002", "12"])]


def test_a_broken_row_is_told_by_its_place_and_the_others_are_read() -> None:
    rows = read_guarded(csv_file("sku,name", "A,x", f"B,{'y' * 140_000}", "C,z"), 10)

    assert [row for row, cells in rows if cells is None] == [3]
    assert rows[-1] == (4, ["C", "z"])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel file"),
        (b"PK\x03\x04" + bytes(50), "damaged"),
        (bytes(100), "neither CSV"),
        (with_part("xl/media/a.zip", packed({"x": b"y"})), "archive inside"),
        (with_part("xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc">]>'),
         "entities"),
        (with_part("xl/worksheets/sheet1.xml", b"<a>" + bytes(30 * 1024**2)), "MB unpacked"),
        (packed({str(number): b"" for number in range(1001)}), "1000 parts"),
        (b"sku\n" * 12, "more than 10 rows"),
        (b"sku," + b"x" * 2_000_000, "line of more than a million"),
    ],
)  # fmt: skip
def test_what_is_no_honest_list_is_refused_by_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        read_guarded(content, 10)


def test_a_million_blank_rows_are_no_rows() -> None:
    assert read_guarded(b"sku,name\n" + b",\n" * 1_000_000 + b"A,x\n", 10) == [
        (1, ["sku", "name"]),
        (1_000_002, ["A", "x"]),
    ]


def test_a_file_above_the_limit_is_not_even_opened() -> None:
    with pytest.raises(UnreadableFile, match="larger than 20 MB"):
        read_guarded(bytes(guarded_reading.MOST_BYTES + 1), 10)


def test_reading_that_takes_too_much_memory_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    large = xlsx_file([["sku"], *([f"{number}" * 30] for number in range(20_000))])
    monkeypatch.setattr(
        guarded_reading, "BOUNDS", guarded_reading.Bounds(memory_bytes=1, seconds=60)
    )

    with pytest.raises(UnreadableFile, match="more memory or time"):
        read_guarded(large, 200_000)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_workbooks_are_refused_or_read_but_never_break(seed: int) -> None:
    damaged = bytearray(XLSX)
    for step in range(8):
        place = (seed * 7919 + step * 104729) % len(damaged)
        damaged[place] ^= 0x5A

    with contextlib.suppress(UnreadableFile):
        assert len(read_guarded(bytes(damaged), 10)) <= 3
