"""Codes by which people set their own password, once: whoever is new, or forgot theirs."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.accounts import Accounts, digest
from db.platform.tables import AccountRow
from db.sql import run

GOOD_FOR: Final = timedelta(days=7)
_MAKE: Final = """
INSERT INTO account_setup (account_id, code_sha256, expires_at)
VALUES (:account_id, :sha256, :expires_at)
ON CONFLICT (account_id) DO UPDATE SET code_sha256 = excluded.code_sha256,
    expires_at = excluded.expires_at
"""
_USE: Final = """
DELETE FROM account_setup s USING account a
WHERE a.id = s.account_id AND a.login = :login AND a.active
  AND s.code_sha256 = :sha256 AND s.expires_at > :now
RETURNING a.id
"""
_WITHOUT: Final = """
SELECT id, login, name FROM account WHERE password_hash = '' AND active ORDER BY login
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """A code that is shown once; its hash is kept."""

    code: str
    expires_at: datetime


async def make_setup(session: AsyncSession, account_id: str, now: datetime) -> Setup:
    """A code for this person; an earlier one is void."""
    code, expires_at = secrets.token_urlsafe(16), now + GOOD_FOR
    await run(session, _MAKE, account_id=account_id, sha256=digest(code), expires_at=expires_at)
    return Setup(code, expires_at)


async def set_up(
    session: AsyncSession, login: str, code: str, password: str, now: datetime
) -> AccountRow | None:
    """The password is this from now on, and the code is used; None when it is no good.

    Raises WeakPassword; the code stays good then.
    """
    rows = await run(session, _USE, login=login, sha256=digest(code), now=now)
    if not rows:
        return None
    return await Accounts(session).change(rows[0].id, password=password)


async def without_password(session: AsyncSession) -> Sequence[Row[Any]]:
    """People with an account and no password yet."""
    return await run(session, _WITHOUT)
