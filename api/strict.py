"""Strict input: bodies that say one thing once, text without control characters, small numbers."""

import json
import unicodedata
from datetime import date, time
from typing import Annotated, Any, Final

from fastapi import Query, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from api.errors import Problem

_WITH_BODY: Final = ("POST", "PUT", "PATCH", "DELETE")
_ALLOWED_CONTROLS: Final = "\n\t"
FIRST_STRONG, POP = "\u2068", "\u2069"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Whose body is a file, and of which kinds.
FILES: Final = {"/api/v1/imports": ("text/csv", XLSX, "application/octet-stream")}


def clean(text: str) -> str:
    """NFC without control characters and lone surrogates, and without the isolation that a page put
    around it. Raises ValueError."""
    if text.startswith(FIRST_STRONG) and text.endswith(POP):
        text = text[1:-1]
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _ALLOWED_CONTROLS:
            raise ValueError("must not contain control characters")
    return unicodedata.normalize("NFC", text)


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line")
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _written(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("must be written as text")  # not seconds since 1970
    return value


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(
        strict=True, min_length=shortest, max_length=longest, strip_whitespace=True
    )


# What an address asks for, empty where it does not: a filter, a place, a cursor.
Asked = Annotated[str, Query(max_length=100), AfterValidator(clean)]
SafeStr = Annotated[str, _text(200), AfterValidator(clean)]
Line = Annotated[str, _text(200, 1), AfterValidator(clean), AfterValidator(_one_line)]
Reason = Annotated[str, _text(500, 1), AfterValidator(clean)]
Code = Annotated[str, _text(100, 1), AfterValidator(clean), AfterValidator(_one_line)]
Count = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
Weight = Annotated[StrictInt, Field(ge=1, le=1_000_000)]  # grams
Millimetres = Annotated[StrictInt, Field(ge=0, le=100_000)]

_HOUR: Final = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
}
SUM: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})?$"
Sum = Annotated[str, Field(pattern=SUM)]  # of money, in the currency's major unit
Switch = StrictBool
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]  # ISO 8601 with its offset
Day = Annotated[date, BeforeValidator(_written)]
# On a place's own clock.
Hour = Annotated[time, BeforeValidator(_written), WithJsonSchema(_HOUR)]


class StrictBody(BaseModel):
    """A body of ours: unknown fields and other types than said are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


async def strict_json(request: Request) -> None:
    """Refuse bodies that are not JSON (415), name a field twice, hold NaN or control characters.

    For every route under /api/; webhooks prove their bodies themselves.
    """
    if request.method not in _WITH_BODY or not request.url.path.startswith("/api/"):
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kinds := FILES.get(request.url.path):
        if kind not in kinds:
            raise Problem("UnsupportedMediaType", 415)
        return
    body = await request.body()
    if not body:
        return
    if kind != "application/json":
        raise Problem("UnsupportedMediaType", 415)
    try:
        _refuse_controls(
            json.loads(body, object_pairs_hook=_once_each, parse_constant=_refuse_constant), "body"
        )
    except _Refused as error:
        fields = [{"field": error.field, "problem": str(error)}] if error.field else []
        raise Problem("ValidationFailed", 422, str(error), fields=fields) from None
    except (ValueError, RecursionError):
        raise Problem("MalformedBody", 422) from None


class _Refused(Exception):
    def __init__(self, problem: str, field: str = "") -> None:
        super().__init__(problem)
        self.field = field


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("a field is given twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise _Refused(f"{name} is not a number")


def _refuse_controls(value: Any, field: str) -> None:
    """Whatever a body is for: no text of it has what no column and no log can hold."""
    if isinstance(value, str) and not value.isprintable():
        try:
            clean(value.replace("\r\n", "\n"))  # keys are pasted from anywhere
        except ValueError as error:
            raise _Refused(str(error), field) from None
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _refuse_controls(one, f"{field}.{number}")
    elif isinstance(value, dict):
        for name, one in value.items():
            _refuse_controls(name, field)
            _refuse_controls(one, f"{field}.{name}")
