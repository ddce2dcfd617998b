"""The gates of outside systems: which are called, how they fail, and opening and shutting them."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.errors import Problem
from api.platform import gates
from db.platform import gate_queries
from domain.shared.errors import InvalidInput
from web.input import typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

_DEEDS: Final = ("close", "drain", "open", "rate")
_USUAL: Final = 5


@router.get("/gates")
async def overview(request: Request, sessions: SessionsOf) -> Response:
    """Every outside system, those that are not called freely first."""
    async with sessions.begin() as session:
        found = await gate_queries.gates(session, datetime.now(UTC))
    return page(request, "gates.html", gates=found)


@router.get("/gates/{kind}/{name}/do/{action}")
async def form(kind: str, name: str, action: str, request: Request, context: Context) -> Response:
    """What a deed would do, said before it is done."""
    if action not in _DEEDS:
        raise InvalidInput("there is no such action")
    system = f"{typed(kind)}/{typed(name)}"
    async with context.sessions.begin() as session:
        found = await gate_queries.gates(session, datetime.now(UTC), system)
    if not found:
        raise Problem("NotFound", 404)
    if not context.principal.tends(system):
        raise Problem("NotAllowed", 403)
    return page(
        request, "gate_form.html", gate=found[0], action=action, kind=kind,
        address=f"/gates/{kind}/{name}/do/{action}", usual=_USUAL,
    )  # fmt: skip


@router.post("/gates/{kind}/{name}/do/{action}")
async def act(
    kind: str,
    name: str,
    action: str,
    request: Request,
    context: Context,
    reason: Annotated[str, Form(max_length=500)] = "",
    at_once: Annotated[str, Form(max_length=6)] = "",
) -> Response:
    """Shut it, open it, or say how fast those that wait are woken."""
    kind, name = typed(kind), typed(name)
    if not context.principal.tends(f"{kind}/{name}"):
        raise Problem("NotAllowed", 403)
    body = body_of(gates.GateReason, reason=reason)
    match action:
        case "close":
            await gates.close_gate(kind, name, body, context)
        case "drain":
            await gates.drain_gate(kind, name, body, context)
        case "open":
            await gates.open_gate(kind, name, body, context)
        case "rate" if at_once.isascii() and at_once.isdigit():
            rate = body_of(gates.GateRate, at_once=int(at_once), reason=reason)
            await gates.set_rate(kind, name, rate, context)
        case "rate":
            raise InvalidInput("this is no number")
        case _:
            raise InvalidInput("there is no such action")
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse("/gates", 303)
