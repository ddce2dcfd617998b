"""Where people arrive, and the language they read."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import keep_cookie
from api.deps import SessionsOf, Who
from api.language import COOKIE
from db.platform.accounts import Accounts
from domain.platform.permissions import Role

router = APIRouter(include_in_schema=False)

_YEAR_S = 365 * 24 * 3600
_FIRST_PAGE = {
    frozenset({Role.WAREHOUSE}): "/warehouse",
    frozenset({Role.FINANCE}): "/finance",
}


@router.get("/")
async def home(who: Who) -> Response:
    """Everybody begins with their own work."""
    return RedirectResponse(_FIRST_PAGE.get(who.roles, "/orders"), 303)


@router.get("/language/{language}")
async def choose_language(
    language: Literal["zh", "en"],
    request: Request,
    who: Who,
    sessions: SessionsOf,
    back: Annotated[str, Query(max_length=2000)] = "/",
) -> Response:
    """Read on in another language; an account remembers it."""
    if who.kind == "account":
        async with sessions.begin() as session:
            await Accounts(session).set_language(who.id, language)
    response = RedirectResponse(own_path(back), 303)
    keep_cookie(response, request, COOKIE, language, _YEAR_S)
    return response


def own_path(address: str) -> str:
    """The address if it is one of our own pages, else the first page."""
    parts = urlsplit(address)
    ours = not parts.scheme and not parts.netloc and address.startswith("/")
    odd = address.startswith(("//", "/\\")) or any(ord(c) < 33 for c in address)
    return address if ours and not odd else "/"
