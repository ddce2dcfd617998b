"""The second proof of a log-in: a code from the person's own device, each good once."""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.accounts import digest
from db.sql import run
from db.vault import Vault, factor_context

ISSUER: Final = "Onhand"
STEP_S: Final = 30
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_SECRET_BYTES: Final = 20
_RECOVERY_BYTES: Final = 10  # 80 random bits: a plain hash is enough
_STRIPPED: Final = re.compile(r"[\s-]")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs to know, as text and as the address its camera reads."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Factors:
    """One transaction's view of second factors."""

    session: AsyncSession
    vault: Vault

    async def is_set_up(self, account_id: str) -> bool:
        """Whether the person has to give a code."""
        rows = await run(
            self.session,
            "SELECT 1 FROM second_factor WHERE account_id = :id AND confirmed_at IS NOT NULL",
            id=account_id,
        )
        return bool(rows)

    async def start(self, account_id: str, login: str) -> Enrolment | None:
        """A new secret, of no effect before it is confirmed; None when one is in use."""
        secret = secrets.token_bytes(_SECRET_BYTES)
        rows = await run(
            self.session,
            "INSERT INTO second_factor AS f (account_id, sealed) VALUES (:id, :sealed)"
            " ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, last_step = 0"
            " WHERE f.confirmed_at IS NULL RETURNING account_id",
            id=account_id,
            sealed=self.vault.seal(secret, factor_context(account_id)),
        )
        if not rows:
            return None
        return _enrolment(secret, login)

    async def started(self, account_id: str, login: str) -> Enrolment | None:
        """The secret that waits for its first code."""
        rows = await run(
            self.session,
            "SELECT sealed FROM second_factor WHERE account_id = :id AND confirmed_at IS NULL",
            id=account_id,
        )
        if not rows:
            return None
        return _enrolment(self.vault.open(rows[0].sealed, factor_context(account_id)), login)

    async def confirm(self, account_id: str, code: str, now: datetime) -> list[str] | None:
        """Take the factor into use by its first code; returns the recovery codes, shown once."""
        if not await self._take(account_id, code, now, confirmed=False):
            return None
        await run(
            self.session,
            "UPDATE second_factor SET confirmed_at = :now WHERE account_id = :id",
            id=account_id,
            now=now,
        )
        return await self.new_recovery_codes(account_id)

    async def proves(self, account_id: str, code: str, now: datetime) -> bool:
        """Whether it is a code of now that was not used, or an unused recovery code."""
        given = _STRIPPED.sub("", code)
        if len(given) == DIGITS and given.isascii() and given.isdecimal():
            return await self._take(account_id, given, now, confirmed=True)
        rows = await run(
            self.session,
            "UPDATE recovery_code SET used_at = :now"
            " WHERE account_id = :id AND sha256 = :sha256 AND used_at IS NULL RETURNING sha256",
            id=account_id,
            sha256=digest(given.upper()),
            now=now,
        )
        return bool(rows)

    async def new_recovery_codes(self, account_id: str) -> list[str]:
        """Ten codes for a lost device; those of before are void."""
        codes = [
            base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
            for _ in range(RECOVERY_CODES)
        ]
        await run(self.session, "DELETE FROM recovery_code WHERE account_id = :id", id=account_id)
        await run(
            self.session,
            "INSERT INTO recovery_code (account_id, sha256)"
            " SELECT :id, unnest(CAST(:sha256 AS text[]))",
            id=account_id,
            sha256=[digest(code) for code in codes],
        )
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]

    async def codes_left(self, account_id: str) -> int:
        """How many recovery codes are unused."""
        rows = await run(
            self.session,
            "SELECT count(*) AS n FROM recovery_code WHERE account_id = :id AND used_at IS NULL",
            id=account_id,
        )
        return int(rows[0].n)

    async def remove(self, account_id: str) -> bool:
        """No second proof any more; False when there was none."""
        await run(self.session, "DELETE FROM recovery_code WHERE account_id = :id", id=account_id)
        rows = await run(
            self.session,
            "DELETE FROM second_factor WHERE account_id = :id RETURNING confirmed_at",
            id=account_id,
        )
        return bool(rows and rows[0].confirmed_at)

    async def _take(self, account_id: str, code: str, now: datetime, *, confirmed: bool) -> bool:
        """Whether the code is of now, a step before or after, and later than the last one used."""
        rows = await run(
            self.session,
            "SELECT sealed, last_step FROM second_factor"
            " WHERE account_id = :id AND (confirmed_at IS NOT NULL) = :confirmed FOR UPDATE",
            id=account_id,
            confirmed=confirmed,
        )
        if not rows:
            return False
        secret = self.vault.open(rows[0].sealed, factor_context(account_id))
        present = int(now.timestamp()) // STEP_S
        given = _STRIPPED.sub("", code).encode()
        good = [
            step
            for step in (present - 1, present, present + 1)
            if step > rows[0].last_step and secrets.compare_digest(_code(secret, step), given)
        ]
        if not good:
            return False
        await run(
            self.session,
            "UPDATE second_factor SET last_step = :step WHERE account_id = :id",
            id=account_id,
            step=good[0],
        )
        return True


def code_of(secret: str, now: datetime) -> str:
    """What an authenticator shows at this moment."""
    return _code(base64.b32decode(secret), int(now.timestamp()) // STEP_S).decode()


def _code(secret: bytes, step: int) -> bytes:
    return _totp(secret).generate(step * STEP_S)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # what every authenticator knows


def _enrolment(secret: bytes, login: str) -> Enrolment:
    uri = _totp(secret).get_provisioning_uri(login, ISSUER)
    return Enrolment(base64.b32encode(secret).decode(), uri)
