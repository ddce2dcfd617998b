"""Rows out of CSV, CSV.xz and XLSX files that strangers made: bounded, and plain about faults."""

import codecs
import csv
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook

MOST_BYTES: Final = 100 * 1024 * 1024  # unpacked, counted while reading: headers may lie
_MOST_PARTS: Final = 1_000
_MOST_RATIO: Final = 100  # no honest table packs better
_NO_BOMB: Final = 4 * 1024 * 1024  # unpacked: whatever its ratio
_MEMORY: Final = 256 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_DELIMITERS: Final = ",;\t|"
_OTHERS: Final = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (XLS): save it as XLSX",
    b"\x1f\x8b": "packed with gzip: unpack it, or pack it with xz",
    b"BZh": "packed with bzip2: unpack it, or pack it with xz",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_BYTE_ORDER_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

# Where a row stands in the file, and its cells as text.
Row = tuple[int, list[str]]


class UnreadableFile(Exception):
    """The file cannot be read at all; the text is one sentence for a person."""


class BrokenRow(Exception):
    """One row cannot be read; `row` says where it stands."""

    def __init__(self, row: int, cause: str) -> None:
        super().__init__(cause)
        self.row = row


def read_rows(path: Path, encoding: str = "", sheet: str = "") -> Iterator[Row | BrokenRow]:
    """All rows from the header on, without blank ones. Raises UnreadableFile, also on the way."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            file.seek(0)
            if head.startswith(b"PK"):
                yield from _sheet_rows(path, file, sheet)
                return
            if head.startswith(b"\xfd7zXZ\x00"):
                _refuse_too_much(path.name, _unpacked(path.name, file))
                file.seek(0)
                yield from _text_rows(path.name, _unpacked(path.name, file), encoding)
            else:
                _refuse_too_much(path.name, iter(lambda: file.read(_CHUNK), b""))
                file.seek(0)
                chunks = iter(lambda: file.read(_CHUNK), b"")
                yield from _text_rows(path.name, chunks, encoding)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error


def _refuse_too_much(name: str, chunks: Iterator[bytes], most: int | None = None) -> None:
    """Count before reading: a bomb is refused at once, not when its rows have filled memory."""
    most = MOST_BYTES if most is None else most
    left = most
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise UnreadableFile(f"{name} holds more than {most // 1024**2} MB unpacked.")


def _unpacked(name: str, file: BinaryIO) -> Iterator[bytes]:
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)
    try:
        while not unpacker.eof:
            packed = file.read(_CHUNK) if unpacker.needs_input else b""
            if unpacker.needs_input and not packed:
                raise UnreadableFile(f"{name} ends in the middle: it was cut off.")
            yield unpacker.decompress(packed, _CHUNK)
    except lzma.LZMAError as error:
        raise UnreadableFile(f"{name} is damaged: {str(error).lower()}.") from error


def _text_rows(name: str, chunks: Iterator[bytes], encoding: str) -> Iterator[Row | BrokenRow]:
    first = next((chunk for chunk in chunks if chunk), b"")
    _refuse_others(name, first)
    lines = _lines(name, chain([first], chunks), encoding or _encoding_of(name, first))
    above, header = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, ""))
    if not header:
        raise UnreadableFile(f"{name} is empty.")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(chain([header], lines), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BrokenRow(above + reader.line_num, f"is not CSV: {error}")
            continue
        if any(cell.strip() for cell in cells):
            yield above + reader.line_num, [cell.strip() for cell in cells]


def _lines(name: str, chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Decoded line by line; the rest of a line waits for its end, within bounds."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError as error:
        raise UnreadableFile(f"There is no encoding {encoding}.") from error
    number, rest = 0, ""
    for chunk in chain(chunks, [b""]):
        try:
            rest += decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line = number + 1 + error.object[: error.start].count(b"\n")
            raise UnreadableFile(
                f"{name} is not {encoding.removesuffix('-sig')} in line {line}: "
                "name its encoding with --encoding, such as gb18030 or cp1252."
            ) from error
        *whole, rest = rest.split("\n")
        for text in whole:
            number += 1
            yield text + "\n"
        if len(rest) > _CHUNK * 4:
            raise UnreadableFile(f"{name} has a line of more than a million characters.")
    yield rest


def _encoding_of(name: str, first: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if first.startswith(mark):
            return encoding
    if b"\x00" in first[:4096]:
        raise UnreadableFile(f"{name} is neither CSV, CSV.xz nor XLSX.")
    return "utf-8-sig"


def _refuse_others(name: str, first: bytes) -> None:
    for magic, what in _OTHERS.items():
        if first.startswith(magic):
            raise UnreadableFile(f"{name} is {what}; CSV, CSV.xz and XLSX can be read.")


def _sheet_rows(path: Path, file: BinaryIO, sheet: str) -> Iterator[Row | BrokenRow]:
    _refuse_bombs(path.name, file)
    try:
        file.seek(0)
        book = CalamineWorkbook.from_filelike(file)
        names = book.sheet_names
        if sheet and sheet not in names:
            raise UnreadableFile(f"{path.name} has no sheet {sheet}; it has {', '.join(names)}.")
        found = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
        for number, cells in enumerate(found.iter_rows(), 1):
            texts = [_text(cell) for cell in cells]
            if any(texts):
                yield number, texts
    except CalamineError as error:
        raise UnreadableFile(f"{path.name} cannot be read as XLSX: {error}.") from error


def _refuse_bombs(name: str, file: BinaryIO) -> None:
    """Unpack everything once and count: what a ZIP says about its own sizes proves nothing."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise UnreadableFile(f"{name} has more than {_MOST_PARTS} parts.")
            for part in parts:
                _refuse_strange(name, archive, part)
            packed = max(sum(part.compress_size for part in parts), 1)
            most = min(max(packed * _MOST_RATIO, _NO_BOMB), MOST_BYTES)
            _refuse_too_much(name, _contents(archive, parts), most)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnreadableFile(f"{name} is damaged or locked: {error}.") from error
    except (lzma.LZMAError, zlib.error) as error:
        raise UnreadableFile(f"{name} is damaged: {error}.") from error


def _refuse_strange(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Archives in archives, and XML that declares entities of its own, are in no honest table."""
    with archive.open(part) as content:
        head = content.read(4096)
    if head.startswith(b"PK\x03\x04"):
        raise UnreadableFile(f"{name} has an archive inside.")
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise UnreadableFile(f"{name} declares XML entities of its own.")


def _contents(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[bytes]:
    for part in parts:
        with archive.open(part) as content:
            yield from iter(lambda: content.read(_CHUNK), b"")


def _text(cell: object) -> str:
    """A cell as it would stand in a CSV file."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell).strip()
