"""What a buyer owes for an exchange came in: told by those who see the bank or the till."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context
from api.orders import exchanges
from domain.orders.actions import Doing
from domain.orders.previews import effects_of
from web.order_actions import body_of, done
from web.orders import order_context
from web.render import page

router = APIRouter(include_in_schema=False)


@router.get("/orders/{no}/do/difference")
async def difference_form(no: str, request: Request, context: Context) -> Response:
    """How much is owed, and where it is written down."""
    about = await order_context(context, no)
    effects = effects_of(Doing.DIFFERENCE, about["current"])
    return page(request, "difference.html", effects=effects, **about)


@router.post("/orders/{no}/do/difference")
async def difference(
    no: str,
    request: Request,
    context: Context,
    amount: Annotated[str, Form(max_length=20)] = "",
    reference: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Write it down; the same number counts once."""
    body = body_of(exchanges.DifferencePaid, amount=amount.strip(), reference=reference)
    await exchanges.difference_paid(no, body, context)
    return done(request, no)
