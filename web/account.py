"""My account: where one is logged in, password, language, second factor; and anybody's sessions."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.auth import COOKIE
from api.cookies import keep_cookie
from api.deps import Context, RequestContext, SettingsOf
from api.devices import address_of, device_of
from api.errors import Problem
from api.platform import own_account
from db.platform.accounts import ABSOLUTE, Accounts
from db.platform.factors import Factors
from db.platform.passwords import ADVISED, SHORTEST
from db.platform.tables import AccountRow
from domain.shared.errors import InvalidInput
from web.qr import qr_code
from web.render import page

router = APIRouter(include_in_schema=False)

Secret = Annotated[str, Form(max_length=200)]
Code = Annotated[str, Form(max_length=64)]


@router.get("/account")
async def my_account(request: Request, context: Context, settings: SettingsOf) -> Response:
    """Everything about one's own log-in."""
    whose = own_account.person(context)
    sessions = await own_account.sessions_of(context)
    async with context.sessions.begin() as session:
        factors = Factors(session, context.vault)
        is_set_up, left = await factors.is_set_up(whose), await factors.codes_left(whose)
    return page(
        request, "account.html", sessions=sessions, is_set_up=is_set_up, codes_left=left,
        needed=bool(context.principal.roles & frozenset(settings.second_factor_roles)),
        shortest=SHORTEST, advised=ADVISED, changed="changed" in request.query_params,
    )  # fmt: skip


@router.post("/account/sessions/end-others")
async def end_others(context: Context) -> Response:
    """Out everywhere but here."""
    await own_account.end_sessions(context)
    return RedirectResponse("/account", 303)


@router.post("/account/sessions/{no}/end")
async def end_one(no: str, context: Context) -> Response:
    """Out there."""
    await own_account.end_session(context, no)
    return RedirectResponse("/account", 303)


@router.post("/account/password")
async def change_password(
    request: Request,
    context: Context,
    password: Secret = "",
    new_password: Secret = "",
    again: Secret = "",
) -> Response:
    """Another password; all other sessions end, and this browser gets a new one."""
    if new_password != again:
        raise InvalidInput("the new password was typed in two ways")
    await own_account.change_password(context, password, new_password)
    async with context.sessions.begin() as session:
        secret = await Accounts(session).open_session(
            context.principal.id, datetime.now(UTC),
            device=device_of(request), address=address_of(request),
        )  # fmt: skip
    response = _went_well(request, "/account?changed")
    keep_cookie(response, request, COOKIE, secret, int(ABSOLUTE.total_seconds()))
    return response


@router.get("/account/second-factor")
async def factor_form(request: Request, context: Context) -> Response:
    """What an authenticator needs, and where its first code goes."""
    enrolment = await own_account.start_factor(context)
    return page(request, "account_factor.html", enrolment=enrolment, picture=qr_code(enrolment.uri))


@router.post("/account/second-factor")
async def confirm_factor(request: Request, context: Context, code: Code = "") -> Response:
    """The first code; recovery codes are shown this once."""
    codes = await own_account.confirm_factor(context, code)
    return page(request, "account_codes.html", codes=codes)


@router.get("/account/recovery-codes")
async def codes_form(request: Request, context: Context) -> Response:
    """New recovery codes ask for a code."""
    own_account.person(context)
    return page(request, "account_new_codes.html")


@router.post("/account/recovery-codes")
async def new_codes(request: Request, context: Context, code: Code = "") -> Response:
    """Ten new codes, shown this once."""
    codes = await own_account.new_recovery_codes(context, code)
    return page(request, "account_codes.html", codes=codes)


@router.get("/account/remove-second-factor")
async def remove_form(request: Request, context: Context) -> Response:
    """Removing asks for the password."""
    own_account.person(context)
    return page(request, "account_remove_factor.html")


@router.post("/account/remove-second-factor")
async def remove_factor(
    request: Request, context: Context, settings: SettingsOf, password: Secret = ""
) -> Response:
    """No code any more."""
    await own_account.remove_factor(context, password, settings.second_factor_roles)
    return _went_well(request, "/account")


@router.get("/people/{account_id}/sessions")
async def sessions_of(account_id: str, request: Request, context: Context) -> Response:
    """Where somebody is logged in, for administrators."""
    sessions = await own_account.sessions_of(context, account_id)
    row, is_set_up = await _person(context, account_id)
    return page(request, "person_sessions.html", person=row, is_set_up=is_set_up, sessions=sessions)


@router.post("/people/{account_id}/sessions/end")
async def end_sessions_of(account_id: str, context: Context, no: Code = "") -> Response:
    """One session of somebody ends, or all of them."""
    if no:
        await own_account.end_session(context, no, account_id)
    else:
        await own_account.end_sessions(context, account_id)
    return RedirectResponse(f"/people/{account_id}/sessions", 303)


@router.post("/people/{account_id}/second-factor/reset")
async def reset_factor(account_id: str, context: Context) -> Response:
    """For somebody who lost device and codes."""
    await own_account.reset_factor(context, account_id)
    return RedirectResponse(f"/people/{account_id}/sessions", 303)


async def _person(context: RequestContext, account_id: str) -> tuple[AccountRow, bool]:
    """The account, and whether it has a second factor. Raises Problem 404."""
    async with context.sessions.begin() as session:
        row = await session.get(AccountRow, account_id)
        if row is None:
            raise Problem("NotFound", 404)
        return row, await Factors(session, context.vault).is_set_up(account_id)


def _went_well(request: Request, address: str) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
