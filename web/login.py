"""Logging in and out. Every failure looks the same and takes as long."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.auth import COOKIE, Principal
from api.cookies import drop_cookie, is_private, keep_cookie, read_cookie
from api.deps import SessionsOf, Who
from api.errors import Problem
from api.language import N_
from db.platform.accounts import (
    ABSOLUTE,
    ATTEMPTS,
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    Accounts,
    password_matches,
)
from web.home import own_path
from web.render import page

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

WRONG: Final = N_("The name or the password is wrong.")
TOO_OFTEN: Final = N_("Too many attempts. Please wait a quarter of an hour.")
# A password costs 64 MiB and a tenth of a second: never more than two at a time.
_AT_ONCE: Final = asyncio.Semaphore(2)


@router.get("/login")
async def form(
    request: Request, who: Who, next: Annotated[str, Query(max_length=2000)] = "/"
) -> Response:
    """The form; whoever is logged in goes on to their page."""
    if who.is_known:
        return RedirectResponse(own_path(next), 303)
    return _form(request, own_path(next))


@router.post("/login")
async def log_in(
    request: Request,
    sessions: SessionsOf,
    login: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Open a session, or say that it was wrong; after ten failures one has to wait."""
    if not is_private(request):
        return _form(request, own_path(next), status=403)
    now, login = datetime.now(UTC), login.strip().lower().replace("\x00", "")
    client = request.client.host if request.client else ""
    subjects = [f"login:{login}", f"ip:{client}"]
    async with sessions.begin() as session:
        accounts = Accounts(session)
        if await accounts.failures(subjects, now) >= ATTEMPTS:
            log.warning("security.login_limited", login=login, client=client)
            return _form(request, own_path(next), TOO_OFTEN, login, 429)
        row = await accounts.find(login)
    async with _AT_ONCE:
        matches = await asyncio.to_thread(password_matches, password, row)
    async with sessions.begin() as session:
        accounts = Accounts(session)
        if not matches or row is None:
            await accounts.note_failure(subjects, now)
            log.warning("security.login_failed", login=login, client=client)
            return _form(request, own_path(next), WRONG, login, 401)
        secret = await accounts.open_session(row.id, now)
    log.info("account.logged_in", login=login, client=client)
    response = RedirectResponse(own_path(next), 303)
    keep_cookie(response, request, COOKIE, secret, int(ABSOLUTE.total_seconds()))
    return response


@router.post("/logout")
async def log_out(request: Request, sessions: SessionsOf, who: Who) -> Response:
    """End the session here and on the server."""
    if who.kind != "account":
        raise Problem("NotAllowed", 403)
    async with sessions.begin() as session:
        await Accounts(session).close_session(read_cookie(request, COOKIE))
    response = RedirectResponse("/login", 303)
    drop_cookie(response, request, COOKIE)
    return response


def _form(
    request: Request, back: str, problem: str = "", login: str = "", status: int = 200
) -> Response:
    if status != 200:
        request.state.principal = Principal("anonymous")
    return page(
        request, "login.html", status=status, back=back, problem=problem, login=login,
        private=is_private(request), demo_accounts=DEMO_ACCOUNTS, demo_password=DEMO_PASSWORD,
    )  # fmt: skip
