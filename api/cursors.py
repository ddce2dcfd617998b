"""Where the next page of a list begins, opaque to the caller, whatever the parts of it hold."""

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator

from api.strict import clean
from domain.shared.errors import InvalidInput

Cursor = Annotated[str, Query(max_length=2000), AfterValidator(clean)]


def cursor_of(*parts: str) -> str:
    """The cursor behind a row that has these parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def parts_of(cursor: str, count: int) -> tuple[str, ...] | None:
    """The parts of a cursor; none for the first page. Raises InvalidInput for one that is not
    ours."""
    if not cursor:
        return None
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor))
        if not isinstance(found, list) or len(found) != count:
            raise ValueError
        return tuple(clean(part) for part in found)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise InvalidInput("the cursor is none of ours") from None
