"""The attention inbox: what waits for people, grouped by cause, and what to do about one."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.errors import Problem
from api.orders.routes import Resolution, resolve
from api.platform import attention
from api.platform.attention import Narrowed, detail_of
from api.platform.tried import tried
from db.orders.detail import order_detail
from db.orders.queries import OrderQueries
from db.platform.choosing import AT_RISK_HOURS
from db.platform.inbox import AttentionInbox
from domain.platform.campaigns import Chosen
from domain.shared.errors import InvalidInput
from web.input import typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

GROUPS: Final = 50
ROWS: Final = 50
_AGES: Final = (1, 4, 24, 72)
_NAMES: Final = ("fingerprint", "cause", "system", "shop", "step", "assignee")


@router.get("/attention")
async def groups(
    request: Request,
    sessions: SessionsOf,
    wanted: Narrowed,
    group: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
    than: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    beyond: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Causes with how many orders each stops and how that grows; one opened shows its orders."""
    async with sessions.begin() as session:
        inbox = AttentionInbox(session)
        found = await inbox.groups(GROUPS, wanted, than, beyond)
        trend = await inbox.trend([one.fingerprint for one in found])
        opened = Chosen(**(asdict(wanted) | {"fingerprint": group}))
        items = await inbox.items(opened, after, ROWS) if group else []
        choices = await inbox.choices()
        shops = await OrderQueries(session).shops()
    return page(
        request, "attention.html", groups=found, trend=trend, group=group, items=items,
        following=items[-1].id if len(items) == ROWS else "", wanted=wanted, choices=choices,
        shops=shops, ages=_AGES, at_risk_hours=AT_RISK_HOURS,
        address=lambda **more: address(wanted, **more),
        further=found[-1] if len(found) == GROUPS else None,
    )  # fmt: skip


@router.get("/attention/count")
async def count(request: Request, sessions: SessionsOf) -> Response:
    """How many steps wait for people; shown beside the menu of every page."""
    async with sessions.begin() as session:
        waiting = await AttentionInbox(session).open_count()
    return page(request, "parts/count.html", waiting=waiting)


@router.get("/attention/{item_id}")
async def item(item_id: str, request: Request, context: Context) -> Response:
    """One step that waits: what happened, what was tried, and what can be done."""
    detail = await detail_of(typed(item_id), context.sessions)
    found = await tried(detail.row, detail.before, detail.given, context)
    if "hx-request" in request.headers:
        return page(request, "attention_item.html", item=detail.row, found=found)
    receiver = None
    if detail.row.order_no:
        async with context.sessions.begin() as session:
            order = await order_detail(session, context.vault, detail.row.order_no)
        receiver = order.receiver
    return page(
        request, "attention_one.html", item=detail.row, detail=detail, receiver=receiver,
        found=found,
    )  # fmt: skip


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


@router.post("/attention/{item_id}/notes")
async def note(
    item_id: str, context: Context, text: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Write down what was found out."""
    item_id = typed(item_id)
    await attention.add_note(item_id, body_of(attention.NewNote, text=text), context)
    return RedirectResponse(f"/attention/{item_id}", 303)


@router.post("/attention/{item_id}/assignee")
async def assign(
    item_id: str, context: Context, assignee: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Take it over, hand it to somebody, or give it back."""
    item_id = typed(item_id)
    body = body_of(attention.NewAssignee, assignee=assignee)
    await attention.assign(item_id, body, context)
    return RedirectResponse(f"/attention/{item_id}", 303)


def narrowed(given: Mapping[str, str]) -> Chosen:
    """Which steps a form speaks of. Raises InvalidInput."""
    hours = given.get("hours", "0") or "0"
    if not (hours.isascii() and hours.isdigit() and len(hours) <= 4):
        raise InvalidInput("this is no number")
    names: dict[str, Any] = {name: typed(given.get(name, ""))[:300] for name in _NAMES}
    return Chosen(**names, hours=int(hours), at_risk=bool(given.get("at_risk")))


def address(wanted: Chosen, **more: object) -> str:
    """The list, narrowed so, with some of it changed."""
    chosen = {name: value for name, value in (asdict(wanted) | more).items() if value}
    return "/attention" + ("?" + urlencode(chosen) if chosen else "")


async def _item(sessions: Any, item_id: str) -> Any:
    async with sessions.begin() as session:
        found = await AttentionInbox(session).item(item_id)
    if found is None:
        raise Problem("NotFound", 404)
    return found
