"""The page on which an administrator erases a person: look up, look at what goes, confirm."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Context
from api.errors import Problem
from api.language import N_
from api.platform import erasures
from domain.shared.errors import ActionNotAllowed, OrderNotFound, PlanChanged
from web.input import Text
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

_NOBODY = N_("No order knows this phone or number.")
_OPEN = N_("Some of these orders are not over yet. Nobody can be erased before that.")
_OTHERS = N_("Other orders are found now than were shown. Look at them again.")


@router.get("/privacy/erasure")
async def form(request: Request) -> Response:
    """Whom: by phone or by an order."""
    return page(request, "erasure.html", found=None, whom="", problem="", done=None)


@router.post("/privacy/erasure")
async def look_up(request: Request, context: Context, whom: Text = "") -> Response:
    """Which orders that would be. The phone stands in the form alone, never in an address."""
    return await _shown(request, context, whom)


@router.post("/privacy/erasure/confirmation")
async def confirm(
    request: Request, context: Context, whom: Text = "", plan: Text = "", reason: Text = ""
) -> Response:
    """Do it, if it is what was shown."""
    body = body_of(erasures.Erasing, **_named(whom), plan=plan, reason=reason)
    try:
        done = await erasures.erase(body, context)
    except (PlanChanged, ActionNotAllowed):
        return await _shown(request, context, whom, _OTHERS)
    except OrderNotFound:
        return _answer(request, whom, _NOBODY)
    return page(request, "erasure.html", found=None, whom="", problem="", done=done)


async def _shown(request: Request, context: Context, whom: str, problem: str = "") -> Response:
    try:
        body = body_of(erasures.Whom, **_named(whom))
        found = await erasures.plan(body, context.sessions, context.vault)
    except OrderNotFound:
        return _answer(request, whom, _NOBODY)
    if any(one.open for one in found.orders):
        problem = _OPEN
    return page(request, "erasure.html", found=found, whom=whom, problem=problem, done=None)


def _answer(request: Request, whom: str, problem: str) -> Response:
    return page(
        request, "erasure.html", found=None, whom=whom, problem=problem, done=None, status=404
    )


def _named(whom: str) -> dict[str, str]:
    """Order numbers begin with a letter, phones with a digit or a plus."""
    typed = whom.strip()
    if not typed:
        raise Problem("InvalidInput", 422, "a phone or an order number is needed")
    return {"order_no": typed} if typed[0].isalpha() else {"phone": typed}
