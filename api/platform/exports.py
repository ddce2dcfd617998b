"""Lists as files, for programs."""

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Context
from api.errors import language_of
from api.platform.exporting import export
from api.strict import XLSX

router = APIRouter(tags=["imports"])

_SHEET: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}, XLSX: {}}, "description": "The file"},
}


@router.get("/exports/{name}", response_class=Response, responses=_SHEET)
async def get_export(
    name: Literal[
        "products", "stock", "suppliers", "supplier_items", "dealers", "users", "customers"
    ],
    request: Request,
    context: Context,
    form: Literal["csv", "xlsx"] = "csv",
) -> Response:
    """A whole list, streamed, with the headings by which it can come in again."""
    return await export(context, name, form, language_of(request))
