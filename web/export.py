"""Lists as files that a spreadsheet opens without running anything in them."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from sqlalchemy.engine import Row

from api.errors import language_of
from api.language import N_, translate
from domain.shared.clock import COMPANY_ZONE
from domain.shared.money import Money
from web import words

# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")
_BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel reads Chinese as Latin-1
_HEADINGS: Final = (
    N_("Order"), N_("Channel"), N_("Shop"), N_("Channel's number"), N_("Status"), N_("Holds"),
    N_("Waits for a person"), N_("Sum"), N_("Currency"), N_("Ordered"), N_("Paid"), N_("Ship by"),
)  # fmt: skip


def csv_of(request: Request, rows: Sequence[Row[Any]]) -> str:
    """Orders as CSV in the reader's language; every field is quoted."""
    language = language_of(request)
    text = io.StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([translate(language, heading) for heading in _HEADINGS])
    for row in rows:
        holds = ", ".join(translate(language, words.HOLD.get(hold, hold)) for hold in row.holds)
        cells = [
            row.no,
            translate(language, words.CHANNEL.get(row.channel, row.channel)),
            row.shop,
            row.external_no,
            translate(language, words.ORDER_STATUS.get(row.status, row.status)),
            holds,
            str(row.attention),
            str(Money(row.payable_minor, row.currency).major),
            row.currency,
            *(_local(at) for at in (row.placed_at, row.paid_at, row.ship_by)),
        ]
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run; numbers stay numbers."""
    if cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").replace(".", "", 1).isdecimal()


def _local(at: Any) -> str:
    return at.astimezone(COMPANY_ZONE).strftime("%Y-%m-%d %H:%M:%S") if at else ""
