"""How long orders of a shop wait for others of their receiver, on the shop's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context
from api.orders import merge_rules
from db.shared.merge_rules import window_of
from domain.shared.errors import InvalidInput
from web.input import typed
from web.order_actions import body_of
from web.render import page
from web.shop_forms import done

router = APIRouter(include_in_schema=False)


@router.get("/shops/{shop_id}/do/merge")
async def window_form(shop_id: str, request: Request, context: Context) -> Response:
    """The window, or none."""
    async with context.sessions.begin() as session:
        name, minutes = await window_of(session, typed(shop_id))
    return page(request, "shop_merge.html", shop_id=typed(shop_id), name=name, minutes=minutes)


@router.post("/shops/{shop_id}/do/merge")
async def set_window(
    shop_id: str,
    request: Request,
    context: Context,
    minutes: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Empty or 0: orders wait for nobody."""
    told = typed(minutes) or "0"
    if not (told.isascii() and told.isdigit()):
        raise InvalidInput("this is no number")
    if int(told):
        body = body_of(merge_rules.MergeRule, window_minutes=int(told))
        await merge_rules.put_merge_rule(typed(shop_id), body, context)
    else:
        await merge_rules.delete_merge_rule(typed(shop_id), context)
    return done(request, typed(shop_id))
