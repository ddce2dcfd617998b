"""Logging in and out. Every failure looks the same and takes as long."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.auth import COOKIE, Principal
from api.cookies import drop_cookie, is_private, keep_cookie, read_cookie
from api.deps import SessionsOf, SettingsOf, VaultOf, Who
from api.devices import address_of, device_of, remember, subjects_of
from api.errors import Problem
from api.language import N_
from db.engine import Sessions
from db.platform.accounts import (
    ABSOLUTE,
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    Accounts,
    password_matches,
)
from db.platform.attempts import attempt, forget
from db.platform.audit import audit
from db.platform.factors import Factors
from db.platform.login_sessions import PENDING_FOR, LoginSessions, Pending
from db.platform.tables import AccountRow
from db.vault import Vault
from runtime.settings import Settings
from web.home import own_path
from web.qr import qr_code
from web.render import page

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

WRONG: Final = N_("The name or the password is wrong.")
TOO_OFTEN: Final = N_("Too many attempts. Please wait a quarter of an hour.")
WRONG_CODE: Final = N_("This code is wrong, or was used already. Wait for the next one.")
PENDING: Final = "onhand_pending"
_LONGEST_CODE: Final = 64
# A password costs 64 MiB and a tenth of a second: never more than two at a time.
_AT_ONCE: Final = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True)
class Door:
    """What every step of a log-in needs."""

    request: Request
    sessions: Sessions
    vault: Vault
    settings: Settings


def _door(request: Request, sessions: SessionsOf, vault: VaultOf, settings: SettingsOf) -> Door:
    return Door(request, sessions, vault, settings)


DoorOf = Annotated[Door, Depends(_door)]


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
    door: DoorOf,
    login: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Open a session, or ask for the second proof, or say that it was wrong."""
    request, back = door.request, own_path(next)
    if not is_private(request):
        return _form(request, back, status=403)
    now, login = datetime.now(UTC), login.strip().lower().replace("\x00", "")
    noted = await attempt(door.sessions, subjects_of(request, door.vault, login), now)
    if noted is None:
        log.warning("security.login_limited", login=login, client=address_of(request))
        return _form(request, back, TOO_OFTEN, login, 429)
    async with door.sessions.begin() as session:
        row = await Accounts(session).find(login)
    async with _AT_ONCE:
        matches = await asyncio.to_thread(password_matches, password, row)
    if not matches or row is None:
        log.warning("security.login_failed", login=login, client=address_of(request))
        return _form(request, back, WRONG, login, 401)
    await forget(door.sessions, noted)
    return await let_in(door, row, back, now)


async def let_in(
    door: Door, row: AccountRow, back: str, now: datetime, how: str = "password"
) -> Response:
    """Whoever proved to be this person: in, or on to the second proof."""
    async with door.sessions.begin() as session:
        factors = Factors(session, door.vault)
        stage = "code" if await factors.is_set_up(row.id) else ""
        if not stage and frozenset(row.roles) & frozenset(door.settings.second_factor_roles):
            stage = "enrol"
        if not stage:
            return await _open(door, session, row.id, row.login, back, now, how)
        secret = await LoginSessions(session).begin(row.id, stage, now)
        if stage == "enrol":
            await factors.start(row.id, row.login)
    response = RedirectResponse("/login/code", 303)
    keep_cookie(response, door.request, PENDING, secret, int(PENDING_FOR.total_seconds()))
    keep_cookie(response, door.request, f"{PENDING}_next", back, int(PENDING_FOR.total_seconds()))
    return response


@router.get("/login/code")
async def code_form(door: DoorOf) -> Response:
    """Ask for the code, or show what an authenticator needs to make one."""
    pending = await _pending(door)
    return RedirectResponse("/login", 303) if pending is None else await _code_form(door, pending)


@router.post("/login/code")
async def give_code(
    door: DoorOf, code: Annotated[str, Form(max_length=_LONGEST_CODE)] = ""
) -> Response:
    """The second proof. Ten failures, and one has to wait here too."""
    pending, now = await _pending(door), datetime.now(UTC)
    if pending is None:
        return RedirectResponse("/login", 303)
    subjects = subjects_of(door.request, door.vault, pending.login)
    noted = await attempt(door.sessions, [f"code:{one}" for one in subjects], now)
    if noted is None:
        return await _code_form(door, pending, TOO_OFTEN, 429)
    codes: list[str] | None = None
    async with door.sessions.begin() as session:
        factors = Factors(session, door.vault)
        if pending.stage == "code":
            good = await factors.proves(pending.account_id, code, now)
        else:
            codes = await factors.confirm(pending.account_id, code, now)
            good = codes is not None
        if good and await LoginSessions(session).settle(pending):
            if codes is not None:
                await audit(
                    session, pending.login, "second_factor.set_up",
                    f"account/{pending.account_id}", request_id=door.request.state.request_id,
                )  # fmt: skip
            back = own_path(read_cookie(door.request, f"{PENDING}_next"))
            response = await _open(
                door, session, pending.account_id, pending.login, back, now, codes=codes
            )
        else:
            good = False
    if not good:
        log.warning("security.code_failed", login=pending.login, client=address_of(door.request))
        return await _code_form(door, pending, WRONG_CODE, 401)
    await forget(door.sessions, noted)
    drop_cookie(response, door.request, PENDING)
    drop_cookie(response, door.request, f"{PENDING}_next")
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


async def _open(
    door: Door,
    session: Any,
    account_id: str,
    login: str,
    back: str,
    now: datetime,
    how: str = "password",
    codes: list[str] | None = None,
) -> Response:
    """A session, and the browser is known from now on; new recovery codes are shown this once."""
    request = door.request
    secret = await Accounts(session).open_session(
        account_id, now, device=device_of(request), address=address_of(request), how=how
    )
    log.info("account.logged_in", login=login, client=address_of(request), how=how)
    response: Response = RedirectResponse(back, 303)
    if codes is not None:
        response = page(request, "login_codes.html", codes=codes, back=back)
    keep_cookie(response, request, COOKIE, secret, int(ABSOLUTE.total_seconds()))
    remember(response, request, door.vault, login)
    return response


async def _pending(door: Door) -> Pending | None:
    secret = read_cookie(door.request, PENDING)
    if not secret or len(secret) > 200:
        return None
    async with door.sessions.begin() as session:
        return await LoginSessions(session).pending(secret, datetime.now(UTC))


async def _code_form(
    door: Door, pending: Pending, problem: str = "", status: int = 200
) -> Response:
    enrolment = None
    if pending.stage == "enrol":
        async with door.sessions.begin() as session:
            factors = Factors(session, door.vault)
            enrolment = await factors.started(pending.account_id, pending.login)
    return page(
        door.request, "login_code.html", status=status, problem=problem, enrolment=enrolment,
        picture=qr_code(enrolment.uri) if enrolment else "",
    )  # fmt: skip


def _form(
    request: Request, back: str, problem: str = "", login: str = "", status: int = 200
) -> Response:
    if status != 200:
        request.state.principal = Principal("anonymous")
    return page(
        request, "login.html", status=status, back=back, problem=problem, login=login,
        private=is_private(request), oidc=bool(request.app.state.settings.oidc_issuer),
        demo_accounts=DEMO_ACCOUNTS, demo_password=DEMO_PASSWORD,
    )  # fmt: skip
