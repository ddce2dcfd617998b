"""Lists to take away."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Context
from api.errors import language_of
from api.platform.exporting import export
from web.input import typed

router = APIRouter(include_in_schema=False)


@router.get("/exports/{name}")
async def take_away(
    name: str, request: Request, context: Context, form: Literal["csv", "xlsx"] = "csv"
) -> Response:
    """A list as a file."""
    return await export(context, typed(name), form, language_of(request))
