"""What browsers send: refused for every page in one place, before any page looks at it."""

from typing import Annotated, Final

from fastapi import Form, Request

from api.errors import Problem
from api.strict import clean
from domain.shared.errors import InvalidInput

# What most fields of pages are: a word and a sentence in a form.
Short = Annotated[str, Form(max_length=100)]
Text = Annotated[str, Form(max_length=500)]
Numbers = Annotated[str, Form(max_length=50_000)]

_LONGEST_ID: Final = 200
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


async def readable(request: Request) -> None:
    """Refuse ids that nothing can have, and control characters in the address and the form.

    Raises Problem 404, InvalidInput.
    """
    for value in request.path_params.values():
        if not str(value).isprintable() or len(str(value)) > _LONGEST_ID:
            raise Problem("NotFound", 404)
    given = request.query_params.multi_items()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        form = await request.form()
        given += [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    for name, value in given:
        typed(name)
        typed(value)


def typed(text: str) -> str:
    """What somebody typed, without blanks around it; browsers end lines with two characters.

    Raises InvalidInput.
    """
    try:
        return clean(text.replace("\r\n", "\n").strip())
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def serials_typed(text: str) -> list[str]:
    """Serial numbers as they were scanned, one a line. Raises InvalidInput."""
    return typed(text).split()
