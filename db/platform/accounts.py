"""People who log in, their sessions, and the keys of programs. Secrets are kept as hashes only."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.passwords import refuse_weak
from db.platform.scopes import limit
from db.platform.tables import AccountRow, ApiKeyRow
from db.sql import run
from domain.platform.permissions import Permission, Role
from domain.platform.scopes import Limit
from domain.shared.errors import InvalidInput

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=7)
KEY_PREFIX: Final = "ohk_"
DEMO_PASSWORD: Final = "onhand-demo"
# login, name, role: the people of the demo company
DEMO_ACCOUNTS: Final = (
    ("kefu", "陈晓雯", Role.CUSTOMER_SERVICE),
    ("cangku", "李建国", Role.WAREHOUSE),
    ("caigou", "刘洋", Role.BUYER),
    ("caiwu", "周敏", Role.FINANCE),
    ("jingli", "赵文静", Role.MANAGER),
    ("wuhan", "黄志强", Role.DEALER),
    ("xian", "马丽", Role.DEALER),
    ("admin", "王磊", Role.ADMIN),
)
# Whom of them the demo company limits to a place.
DEMO_LIMITS: Final = {"wuhan": "D-WH", "xian": "D-XA"}

_PASSWORDS: Final = PasswordHash.recommended()  # argon2id, 64 MiB, 3 passes
# Verified for logins that do not exist, so that both answers take the same time.
_NOBODY: Final = _PASSWORDS.hash(secrets.token_urlsafe())


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A person with a session that is still good."""

    account_id: str
    login: str
    name: str
    roles: frozenset[Role]
    language: str
    csrf_token: str
    session_no: str


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A program with a key."""

    key_id: str
    name: str
    roles: frozenset[Role]
    only: frozenset[Permission] | None  # of what the roles may do; none = all of it


@dataclass(frozen=True, slots=True)
class Accounts:
    """One transaction's view of accounts, sessions, keys and failed attempts."""

    session: AsyncSession

    async def find(self, login: str) -> AccountRow | None:
        """The active account with this log-in name."""
        query = select(AccountRow).where(col(AccountRow.login) == login, col(AccountRow.active))
        return (await self.session.exec(query)).one_or_none()

    async def list(self) -> Sequence[AccountRow]:
        """All accounts by log-in name."""
        return (await self.session.exec(select(AccountRow).order_by(col(AccountRow.login)))).all()

    async def add(
        self, login: str, name: str, password: str, roles: Sequence[Role], language: str = "zh"
    ) -> str:
        """Create an account; returns its id.

        Raises InvalidInput when the login is taken, WeakPassword.
        """
        await refuse_weak(password, login, name)
        account_id = new_id("acc")
        password_hash = await asyncio.to_thread(_PASSWORDS.hash, password)
        connection = await self.session.connection()
        done = await connection.execute(
            insert(AccountRow)
            .values(
                id=account_id,
                login=login,
                name=name,
                password_hash=password_hash,
                roles=[str(role) for role in roles],
                language=language,
                active=True,
            )
            .on_conflict_do_nothing(index_elements=["login"])
            .returning(col(AccountRow.id))
        )
        if done.scalar_one_or_none() is None:
            raise InvalidInput(f"the log-in name {login} is taken")
        return account_id

    async def change(self, account_id: str, **values: Any) -> AccountRow | None:
        """Set name, roles, language, active or password; None when there is no such account.

        Sessions end when the password or roles change or the account is closed. Raises
        WeakPassword.
        """
        row = await self.session.get(AccountRow, account_id, with_for_update=True)
        if row is None:
            return None
        if password := values.pop("password", None):
            await refuse_weak(password, row.login, row.name)
            row.password_hash = await asyncio.to_thread(_PASSWORDS.hash, password)
        for name, value in values.items():
            setattr(row, name, value)
        if password or "roles" in values or values.get("active") is False:
            await run(
                self.session, "DELETE FROM login_session WHERE account_id = :id", id=account_id
            )
            await run(
                self.session, "DELETE FROM pending_login WHERE account_id = :id", id=account_id
            )
        return row

    async def open_session(
        self,
        account_id: str,
        now: datetime,
        *,
        device: str = "",
        address: str = "",
        how: str = "password",
    ) -> str:
        """A new session; returns the secret for the cookie, which is not kept."""
        secret = secrets.token_urlsafe(32)
        await run(self.session, "DELETE FROM login_session WHERE expires_at < :now", now=now)
        await run(
            self.session,
            "INSERT INTO login_session"
            " (id, account_id, csrf_token, device, address, how, created_at, seen_at, expires_at)"
            " VALUES (:id, :account_id, :csrf, :device, :address, :how, :now, :now, :expires_at)",
            id=digest(secret),
            account_id=account_id,
            csrf=secrets.token_urlsafe(24),
            device=device,
            address=address,
            how=how,
            now=now,
            expires_at=now + ABSOLUTE,
        )
        return secret

    async def session_of(self, secret: str, now: datetime, *, used: bool = True) -> LoggedIn | None:
        """Whose session it is, unless it ended by idling, age, log-out or a closed account.

        A page that only stays open does not count as use.
        """
        rows = await run(
            self.session,
            "SELECT s.id, s.no, s.csrf_token, s.seen_at, a.id AS account_id, a.login,"
            " a.name, a.roles, a.language"
            " FROM login_session s JOIN account a ON a.id = s.account_id"
            " WHERE s.id = :id AND a.active AND s.expires_at > :now AND s.seen_at > :idle",
            id=digest(secret),
            now=now,
            idle=now - IDLE,
        )
        if not rows:
            return None
        row = rows[0]
        if used and now - row.seen_at > timedelta(minutes=1):
            await run(
                self.session,
                "UPDATE login_session SET seen_at = :now WHERE id = :id",
                now=now,
                id=row.id,
            )
        return LoggedIn(
            row.account_id, row.login, row.name, _roles(row.roles), row.language, row.csrf_token,
            row.no,
        )  # fmt: skip

    async def close_session(self, secret: str) -> None:
        """Log out; a session that is over already is no error."""
        await run(self.session, "DELETE FROM login_session WHERE id = :id", id=digest(secret))

    async def set_language(self, account_id: str, language: str) -> None:
        """Remember the language a person reads."""
        await run(
            self.session,
            "UPDATE account SET language = :language WHERE id = :id",
            language=language,
            id=account_id,
        )

    async def add_key(
        self,
        name: str,
        roles: Sequence[Role],
        only: Sequence[Permission] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[str, str]:
        """A new key; returns its id and the key itself, which is shown once and not kept."""
        key_id, key = new_id("key"), KEY_PREFIX + secrets.token_urlsafe(32)
        await self._insert_key(key_id, key, name, roles, only, expires_at)
        return key_id, key

    async def keep_key(self, key: str, name: str, roles: Sequence[Role]) -> None:
        """Know a key that was made elsewhere; knowing it twice is no error."""
        await self._insert_key(new_id("key"), key, name, roles)

    async def _insert_key(
        self,
        key_id: str,
        key: str,
        name: str,
        roles: Sequence[Role],
        only: Sequence[Permission] | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        await (await self.session.connection()).execute(
            insert(ApiKeyRow)
            .values(
                id=key_id,
                name=name,
                key_sha256=digest(key),
                roles=[str(role) for role in roles],
                permissions=None if only is None else [str(one) for one in only],
                expires_at=expires_at,
                active=True,
            )
            .on_conflict_do_nothing(index_elements=["key_sha256"])
        )

    async def key_holder(self, key: str, now: datetime) -> KeyHolder | None:
        """Whose key it is, unless it was withdrawn or its time is over; it was used just now."""
        query = select(ApiKeyRow).where(
            col(ApiKeyRow.key_sha256) == digest(key), col(ApiKeyRow.active)
        )
        row = (await self.session.exec(query)).one_or_none()
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            return None
        if row.used_at is None or now - row.used_at > timedelta(minutes=1):
            await run(
                self.session, "UPDATE api_key SET used_at = :now WHERE id = :id", now=now, id=row.id
            )
        only = None if row.permissions is None else frozenset(map(Permission, row.permissions))
        return KeyHolder(row.id, row.name, _roles(row.roles), only)

    async def keys(self) -> Sequence[ApiKeyRow]:
        """All keys, the latest first."""
        query = select(ApiKeyRow).order_by(col(ApiKeyRow.created_at).desc(), col(ApiKeyRow.id))
        return (await self.session.exec(query)).all()

    async def withdraw_key(self, key_id: str) -> bool:
        """End a key; False when there is none with this id."""
        rows = await run(
            self.session,
            "UPDATE api_key SET active = false WHERE id = :id RETURNING id",
            id=key_id,
        )
        return bool(rows)


async def seed_demo_accounts(session: AsyncSession) -> None:
    """The people of the demo company, once; only ever for a demo. Needs the owner's or web role."""
    accounts = Accounts(session)
    for login, name, role in DEMO_ACCOUNTS:
        if await accounts.find(login) is None:
            account_id = await accounts.add(login, name, DEMO_PASSWORD, [role])
            if login in DEMO_LIMITS:
                await limit(session, "account", account_id, [Limit(DEMO_LIMITS[login])])


def password_matches(password: str, row: AccountRow | None) -> bool:
    """Whether it is the account's password; takes as long for an account that does not exist.

    A good tenth of a second of processor time: call it in a thread.
    """
    typed = password.encode(errors="replace")  # a lone surrogate is nobody's password
    try:
        matches = _PASSWORDS.verify(typed, row.password_hash if row else _NOBODY)
    except UnknownHashError:  # an account that logs in elsewhere has no password here
        _PASSWORDS.verify(typed, _NOBODY)
        return False
    return matches and row is not None


def digest(secret: str) -> str:
    """SHA-256 in hex: secrets of 256 random bits need nothing slower."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names if name in frozenset(Role))
