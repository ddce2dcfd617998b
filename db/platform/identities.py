"""Accounts of people whom a company's identity provider vouches for."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.accounts import Accounts
from db.platform.tables import AccountRow
from db.sql import run
from domain.platform.permissions import Role

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who the provider says it is; `subject` names a person for ever."""

    issuer: str
    subject: str
    login: str
    name: str


async def account_of(
    session: AsyncSession, who: Vouched, roles: Sequence[Role], *, creates: bool
) -> tuple[AccountRow | None, str]:
    """The active account of this person, and what was done to find it: known, linked, created.

    The first time it is the one of the same log-in name that nobody else is linked with; where
    there is none, one is made if that is wanted and there is a role for it.
    """
    rows = await run(
        session,
        "SELECT account_id FROM oidc_identity WHERE issuer = :issuer AND subject = :subject",
        issuer=who.issuer,
        subject=who.subject,
    )
    if rows:
        row = await session.get(AccountRow, rows[0].account_id)
        return (row if row is not None and row.active else None), "known"
    if not _LOGIN.fullmatch(who.login):
        return None, ""
    taken = await run(session, "SELECT id FROM account WHERE login = :login", login=who.login)
    accounts, done = Accounts(session), "linked"
    if not taken and creates and roles:
        await accounts.add(who.login, who.name, secrets.token_urlsafe(32), roles)
        done = "created"
    row = await accounts.find(who.login)
    if row is None:
        return None, ""
    linked = await run(
        session,
        "INSERT INTO oidc_identity (issuer, subject, account_id) VALUES (:issuer, :subject, :id)"
        " ON CONFLICT DO NOTHING RETURNING account_id",
        issuer=who.issuer,
        subject=who.subject,
        id=row.id,
    )
    return (row, done) if linked else (None, "")
