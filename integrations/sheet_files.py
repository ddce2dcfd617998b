"""Rows as CSV and XLSX that spreadsheets open without running anything in them."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO, Final

import xlsxwriter

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")
_BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel reads Chinese as Latin-1
_MOST_ROWS: Final = 1_048_575  # of a sheet, below its headings
_LONGEST: Final = 32_767
_EXACT: Final = 15  # digits that a spreadsheet keeps of a number

Cell = str | int | Decimal | bool | None


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run; numbers stay numbers."""
    if cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def csv_line(cells: Iterable[Cell]) -> str:
    """One line; every field is quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow([harmless(_text(cell)) for cell in cells])
    return text.getvalue()


def csv_head(headings: Sequence[str]) -> str:
    """How a file begins."""
    return _BYTE_ORDER_MARK + csv_line(headings)


class SheetWriter:
    """An XLSX file that is written row by row in constant memory; a full sheet begins another."""

    def __init__(self, file: BinaryIO, headings: Sequence[str], widths: Sequence[int] = ()) -> None:
        self._book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._bold = self._book.add_format({"bold": True, "bg_color": "#EEF2F6"})
        self._text = self._book.add_format({"num_format": "@"})
        self._headings, self._widths = headings, widths
        self._begin()

    def write(self, cells: Iterable[Cell]) -> None:
        """The next row: numbers as numbers, everything else as text."""
        if self._row > _MOST_ROWS:
            self._begin()
        for place, cell in enumerate(cells):
            if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
                self._sheet.write_number(self._row, place, cell)
            elif text := harmless(_text(cell)):
                self._sheet.write_string(self._row, place, text[:_LONGEST], self._text)
        self._row += 1

    def notes(self, texts: Sequence[str]) -> None:
        """Hints that show when somebody points at a heading."""
        for place, text in enumerate(texts):
            if text:
                self._sheet.write_comment(0, place, text)

    def close(self) -> None:
        """Finish the file."""
        self._book.close()

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet()
        for place, heading in enumerate(self._headings):
            width = self._widths[place] if place < len(self._widths) else 16
            self._sheet.set_column(place, place, width, self._text)
            self._sheet.write_string(0, place, harmless(heading), self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1


def xlsx_of(file: BinaryIO, headings: Sequence[str], rows: Iterable[Iterable[Cell]]) -> None:
    """A whole file."""
    writer = SheetWriter(file, headings)
    for row in rows:
        writer.write(row)
    writer.close()


def csv_of(headings: Sequence[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """A whole file, line by line."""
    yield csv_head(headings)
    for row in rows:
        yield csv_line(row)


async def csv_stream(
    headings: Sequence[str], slices: AsyncIterator[Sequence[Sequence[Cell]]]
) -> AsyncIterator[bytes]:
    """A file that is sent while its rows are read."""
    yield csv_head(headings).encode()
    async for rows in slices:
        yield "".join(csv_line(row) for row in rows).encode()


def number(text: str) -> Cell:
    """A number as a number where a spreadsheet can hold it exactly; else the text."""
    if _is_number(text) and len(text.lstrip("-").replace(".", "")) <= _EXACT:
        return Decimal(text)
    return text


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").replace(".", "", 1).isdecimal()


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
