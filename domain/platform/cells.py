"""What a good cell of a file is: the value it stands for, or a code that says what is wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from domain.shared.clock import COMPANY_ZONE

LONGEST_CELL: Final = 2_000
MOST_NUMBER: Final = 1_000_000_000
_YES: Final = frozenset({"yes", "y", "true", "1", "是", "有效", "启用"})
_NO: Final = frozenset({"no", "n", "false", "0", "否", "无效", "停用"})
_TIMES: Final = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_SPREADSHEET_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 (a day, in the file's zone)
_LOG_IN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_BETWEEN: Final = re.compile(r"[\s,;/|，；、]+")
WHOLE_COMPANY: Final = "all"
_GTIN_LENGTHS: Final = (8, 12, 13, 14)

Value = str | int | bool
Read = Callable[[str], Value]


class BadCell(Exception):
    """What is wrong with one cell, as a code."""


def text(longest: int) -> Read:
    """Words of at most so many characters."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise BadCell("too_long")
        if not cell.replace("\n", " ").replace("\t", " ").isprintable():
            raise BadCell("not_printable")
        return cell

    return read


def count(least: int, most: int) -> Read:
    """A whole number between two."""

    def read(cell: str) -> int:
        number = _number(cell)
        if number != number.to_integral_value():
            raise BadCell("not_whole")
        if not least <= number <= most:
            raise BadCell("out_of_range")
        return int(number)

    return read


def amount(least: int = 0) -> Read:
    """Money in main units, with or without a sign of currency."""

    def read(cell: str) -> str:
        number = _number(cell.lstrip("¥￥$€£ "))
        if not least <= number <= MOST_NUMBER:
            raise BadCell("out_of_range")
        return str(number)

    return read


def _number(cell: str) -> Decimal:
    try:
        number = Decimal(cell.replace(",", ""))
    except InvalidOperation:
        raise BadCell("not_a_number") from None
    if not number.is_finite() or len(cell) > 30:
        raise BadCell("not_a_number")
    return number


def gtin(cell: str) -> str:
    """A GTIN with its check digit. Spreadsheets turn long numbers into 6.9E+12; what was lost so
    cannot be found again."""
    if "e+" in cell.lower():
        raise BadCell("shortened_number")
    if not (cell.isascii() and cell.isdigit() and len(cell) in _GTIN_LENGTHS):
        raise BadCell("not_a_gtin")
    weights = (3 if place % 2 == 0 else 1 for place in range(len(cell) - 1))
    total = sum(int(digit) * w for digit, w in zip(reversed(cell[:-1]), weights, strict=True))
    if (10 - total % 10) % 10 != int(cell[-1]):
        raise BadCell("wrong_check_digit")
    return cell


def flag(cell: str) -> bool:
    """Yes or no, in either language."""

    word = cell.lower()
    if word not in _YES | _NO:
        raise BadCell("not_yes_or_no")
    return word in _YES


def currency(cell: str) -> str:
    """Three letters, as ISO 4217 has them."""

    if not (len(cell) == 3 and cell.isascii() and cell.isalpha()):
        raise BadCell("not_a_currency")
    return cell.upper()


def choice(known: Mapping[str, str]) -> Read:
    """One of what is known, by its code or its Chinese word."""

    words = {word: code for code, zh in known.items() for word in (code, zh)}

    def read(cell: str) -> str:
        if (found := words.get(cell.lower())) is None:
            raise BadCell("not_among")
        return found

    return read


def time(cell: str, zone: tzinfo = COMPANY_ZONE) -> str:
    """A time as files write it, or as spreadsheets count it; without a zone it is the company's."""
    found = _read_time(cell)
    if found is None or not 2000 <= found.year < 2200:
        raise BadCell("not_a_time")
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(cell: str) -> str:
    """A day as files write it, or as spreadsheets count it."""
    found = _read_time(cell)
    if found is None or not 2000 <= found.year < 2200:
        raise BadCell("not_a_day")
    return found.date().isoformat()


def _read_time(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        pass
    for form in _TIMES:
        try:
            return datetime.strptime(cell, form)  # noqa: DTZ007
        except ValueError:
            continue
    try:
        return _SPREADSHEET_EPOCH + timedelta(days=float(Decimal(cell)))
    except (InvalidOperation, OverflowError, ValueError):
        return None


def log_in(cell: str) -> str:
    """A name to log in with, in small letters."""

    if not _LOG_IN.fullmatch(cell.lower()):
        raise BadCell("not_a_log_in_name")
    return cell.lower()


def several(read_one: Read) -> Read:
    """Several in one cell, by any sign that people put between them; in order, each once."""

    def read(cell: str) -> str:
        found = {str(read_one(one)) for one in _BETWEEN.split(cell) if one}
        if not found:
            raise BadCell("missing")
        return ",".join(sorted(found))

    return read


def places(cell: str) -> str:
    """Locations, or the whole company."""

    if cell.lower() in (WHOLE_COMPANY, "全公司", "整个公司"):
        return WHOLE_COMPANY
    return str(several(text(64))(cell))
