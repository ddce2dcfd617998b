"""The customer book: looked through, and taken out of."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import RedirectResponse, Response

from api.deps import Context
from api.orders import customers
from api.strict import clean
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=64), AfterValidator(clean)]


@router.get("/customers")
async def overview(
    request: Request,
    context: Context,
    q: Search = "",
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Fifty at a time, masked."""
    found = await customers.list_customers(context, q, skip)
    return page(request, "customers.html", found=found, q=q)


@router.post("/customers/erasure")
async def erase(context: Context, code: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Out of the book for good."""
    await customers.erased(context, typed(code))
    return RedirectResponse("/customers", 303)
