"""Setting up a password with a code: the codes for administrators, the form for their people."""

from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import is_private
from api.deps import Context, SettingsOf
from api.devices import address_of, subjects_of
from api.errors import language_of
from api.language import N_, translate
from api.platform import setups
from db.platform.attempts import attempt, forget
from db.platform.audit import audit
from db.platform.setups import set_up
from domain.shared.errors import WeakPassword
from integrations.sheet_files import CSV, csv_of
from web.login import TOO_OFTEN, DoorOf
from web.render import page

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

_HEADINGS = (N_("Log-in name"), N_("Name"), N_("Link"), N_("Set-up code"))
WRONG = N_("The log-in name or the code is wrong, or the code was used or is too old.")
WEAK = N_("This password is too easy to guess, or shorter than eight characters.")


@router.post("/people/accounts/{account_id}/setup")
async def make_code(
    account_id: str, request: Request, context: Context, settings: SettingsOf
) -> Response:
    """A code for this person; this answer is the only one that shows it."""
    made = await setups.make_code(account_id, context, settings)
    return page(request, "setup_made.html", made=made)


@router.post("/people/setup-codes")
async def make_codes(request: Request, context: Context, settings: SettingsOf) -> Response:
    """Codes for everybody without a password, as a file."""
    made = (await setups.make_codes(context, settings)).items
    headings = [translate(language_of(request), heading) for heading in _HEADINGS]
    rows = [[one.login, one.name, one.link, one.code] for one in made]
    headers = {
        "Content-Disposition": 'attachment; filename="set-up.csv"', "Cache-Control": "no-store",
    }  # fmt: skip
    return Response("".join(csv_of(headings, rows)), media_type=CSV, headers=headers)


@router.get("/set-up")
async def form(request: Request) -> Response:
    """The form; a link fills in who it is, and the code."""
    return _form(request)


@router.post("/set-up")
async def choose(
    door: DoorOf,
    login: Annotated[str, Form(max_length=64)] = "",
    code: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The code is good once; then one logs in as always."""
    request = door.request
    if not is_private(request):
        return _form(request, status=403)
    now = datetime.now(UTC)
    login, code = (typed.strip().replace("\x00", "") for typed in (login.lower(), code))
    noted = await attempt(door.sessions, subjects_of(request, door.vault, login), now)
    if noted is None:
        return _form(request, TOO_OFTEN, login, 429)
    try:
        async with door.sessions.begin() as session:
            row = await set_up(session, login, code, password, now)
            if row is not None:
                await audit(
                    session, row.login, "password.set_up", f"account/{row.id}",
                    request_id=request.state.request_id,
                )  # fmt: skip
    except WeakPassword:
        await forget(door.sessions, noted)
        return _form(request, WEAK, login, 422)
    if row is None:
        log.warning("security.setup_failed", login=login, client=address_of(request))
        return _form(request, WRONG, login, 401)
    await forget(door.sessions, noted)
    return RedirectResponse("/login", 303)


def _form(request: Request, problem: str = "", login: str = "", status: int = 200) -> Response:
    return page(
        request, "setup.html", status=status, problem=problem, login=login,
        private=is_private(request),
    )  # fmt: skip
