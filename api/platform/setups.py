"""Codes by which people set their own password: made by administrators, shown once."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter

from api.deps import Context, RequestContext, SettingsOf
from api.platform.giving import own_reach, refuse_stranger
from api.strict import Code, StrictBody
from db.platform.audit import audit
from db.platform.scopes import limits_of
from db.platform.setups import make_setup, without_password
from db.platform.tables import AccountRow
from domain.shared.errors import ActionNotAllowed
from runtime.settings import Settings

router = APIRouter(tags=["accounts"])

_PAGE: Final = "/set-up"


class SetupCode(StrictBody):
    """`link` opens the page with both filled in; what follows its # never leaves the browser."""

    login: str
    name: str
    code: str
    link: str
    expires_at: datetime


class SetupCodes(StrictBody):
    items: list[SetupCode]


@router.post("/accounts/{account_id}/setup-code", status_code=201)
async def make_code(account_id: Code, context: Context, settings: SettingsOf) -> SetupCode:
    """A code for somebody who is new or forgot the password, good once and for seven days."""
    if account_id == context.principal.id:
        raise ActionNotAllowed("your own password you change on your own page")
    async with context.sessions.begin() as session:
        await refuse_stranger(session, context, "account", account_id)
        row = await session.get(AccountRow, account_id)
        assert row is not None
    [made] = await _made(context, settings, [(row.id, row.login, row.name)])
    return made


@router.post("/setup-codes", status_code=201)
async def make_codes(context: Context, settings: SettingsOf) -> SetupCodes:
    """A code for everybody who has no password yet, as after an import; earlier ones are void."""
    async with context.sessions.begin() as session:
        rows = await without_password(session)
        limits = await limits_of(session, "account")
        reach = await own_reach(session, context)
    people = [(row.id, row.login, row.name) for row in rows if reach.covers(limits.get(row.id, ()))]
    return SetupCodes(items=await _made(context, settings, people))


async def _made(
    context: RequestContext, settings: Settings, people: list[tuple[str, str, str]]
) -> list[SetupCode]:
    made = []
    async with context.sessions.begin() as session:
        for account_id, login, name in people:
            one = await make_setup(session, account_id, datetime.now(UTC))
            filled = f"login={quote(login)}&code={one.code}"
            link = f"{settings.base_url}{_PAGE}#{filled}"
            made.append(SetupCode(login=login, name=name, code=one.code, link=link,
                                  expires_at=one.expires_at))  # fmt: skip
            await audit(
                session, context.actor, "account.setup_code", f"account/{account_id}",
                request_id=context.request_id,
            )  # fmt: skip
    return made
