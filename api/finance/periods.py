"""Days and pages of the books, as callers name them."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from fastapi import Depends, Query
from pydantic import BeforeValidator

from db.finance.queries import After, Days
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput

_CURSOR: Final = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{6}-\d{6,9})")


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_none_if_empty)]
Currency = Annotated[str, Query(pattern=r"^[A-Z]{3}$")]
Cursor = Annotated[str, Query(max_length=40, pattern=r"^[0-9_-]*$")]


def _days(
    first: Annotated[Day, Query(alias="from", description="The first day")] = None,
    last: Annotated[Day, Query(alias="to", description="The last day, included")] = None,
) -> Days:
    today = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
    last = last or max(today, first or today)
    first = first or last.replace(day=1)
    if first > last:
        raise InvalidInput("the first day comes after the last")
    return Days(first, last)


DaysOf = Annotated[Days, Depends(_days)]


def read_after(cursor: str) -> After:
    """Raises InvalidInput for a cursor that is not ours."""
    if not cursor:
        return After()
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is None:
            raise ValueError
        return After(date.fromisoformat(found[1]), found[2])
    except ValueError:
        raise InvalidInput("the cursor is not one of ours") from None


def write_after(day: date, no: str) -> str:
    """Where the next page begins."""
    return f"{day.isoformat()}_{no}"
