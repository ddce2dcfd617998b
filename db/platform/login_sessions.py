"""Where somebody is logged in, and ending it; a log-in that still waits for its second proof."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.accounts import IDLE, digest
from db.sql import run

PENDING_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right; `stage` says what is missing: the code, or to set one up."""

    id: str
    account_id: str
    login: str
    stage: str  # code | enrol


@dataclass(frozen=True, slots=True)
class LoginSessions:
    """One transaction's view of who is logged in where."""

    session: AsyncSession

    async def of(self, account_id: str, now: datetime) -> Sequence[Row[Any]]:
        """The sessions that are still good, the last used first."""
        return await run(
            self.session,
            "SELECT no, device, address, how, created_at, seen_at, expires_at FROM login_session"
            " WHERE account_id = :id AND expires_at > :now AND seen_at > :idle"
            " ORDER BY seen_at DESC, no",
            id=account_id,
            now=now,
            idle=now - IDLE,
        )

    async def end(self, account_id: str, no: str) -> bool:
        """End one session of a person; False when there is none of that name."""
        return bool(
            await run(
                self.session,
                "DELETE FROM login_session WHERE account_id = :id AND no = :no RETURNING no",
                id=account_id,
                no=no,
            )
        )

    async def end_all(self, account_id: str, but: str = "") -> int:
        """End every session of a person, except perhaps the one he speaks through."""
        return len(
            await run(
                self.session,
                "DELETE FROM login_session WHERE account_id = :id AND no <> :but RETURNING no",
                id=account_id,
                but=but,
            )
        )

    async def begin(self, account_id: str, stage: str, now: datetime) -> str:
        """The password was right, the rest is to come; returns the secret for the cookie."""
        secret = secrets.token_urlsafe(32)
        await run(self.session, "DELETE FROM pending_login WHERE expires_at < :now", now=now)
        await run(
            self.session,
            "INSERT INTO pending_login (id, account_id, stage, expires_at)"
            " VALUES (:id, :account_id, :stage, :expires_at)",
            id=digest(secret),
            account_id=account_id,
            stage=stage,
            expires_at=now + PENDING_FOR,
        )
        return secret

    async def pending(self, secret: str, now: datetime) -> Pending | None:
        """Whose log-in waits, unless it waited too long or the account was closed."""
        rows = await run(
            self.session,
            "SELECT p.id, p.account_id, a.login, p.stage FROM pending_login p"
            " JOIN account a ON a.id = p.account_id"
            " WHERE p.id = :id AND p.expires_at > :now AND a.active",
            id=digest(secret),
            now=now,
        )
        return Pending(**rows[0]._mapping) if rows else None

    async def settle(self, pending: Pending) -> bool:
        """It waits no more; False when another request was faster."""
        return bool(
            await run(
                self.session, "DELETE FROM pending_login WHERE id = :id RETURNING id", id=pending.id
            )
        )
