"""The attention inbox: what waits for people, grouped by cause, and what to do about one."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.errors import Problem
from api.orders.routes import Resolution, resolve
from db.platform.inbox import AttentionInbox
from web.input import typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)


@router.get("/attention")
async def groups(
    request: Request,
    sessions: SessionsOf,
    group: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Causes with how many orders each stops; one opened shows its orders."""
    async with sessions.begin() as session:
        inbox = AttentionInbox(session)
        found = await inbox.groups()
        items = await inbox.items(group, after, 50) if group else []
    return page(
        request, "attention.html", groups=found, group=group, items=items,
        following=items[-1].id if len(items) == 50 else "",
    )  # fmt: skip


@router.get("/attention/count")
async def count(request: Request, sessions: SessionsOf) -> Response:
    """How many steps wait for people; shown beside the menu of every page."""
    async with sessions.begin() as session:
        waiting = await AttentionInbox(session).open_count()
    return page(request, "parts/count.html", waiting=waiting)


@router.get("/attention/{item_id}")
async def item(item_id: str, request: Request, sessions: SessionsOf) -> Response:
    """One step that waits: what happened, and what can be done."""
    return page(request, "attention_item.html", item=await _item(sessions, item_id))


@router.post("/attention/{item_id}")
async def act(
    item_id: str,
    request: Request,
    context: Context,
    action: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Do one of the things that are offered."""
    found = await _item(context.sessions, item_id)
    if not context.principal.decides(found.system):
        raise Problem("NotAllowed", 403)
    form = await request.form()
    values = {name: typed(str(form.get(f"value.{name}", ""))) for name in found.input_fields}
    takes_values = action in ("retry_with", "done_by_hand")
    body = body_of(Resolution, action=action, reason=reason, values=values if takes_values else {})
    await resolve(item_id, body, context)
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse(f"/orders/{found.order_no}" if found.order_no else "/attention", 303)


async def _item(sessions: Any, item_id: str) -> Any:
    async with sessions.begin() as session:
        found = await AttentionInbox(session).item(item_id)
    if found is None:
        raise Problem("NotFound", 404)
    return found
