"""What people do about their own log-in: sessions, password, second factor. For routes and pages.

A program with a key has no log-in of its own and is refused.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row

from api.deps import RequestContext
from api.errors import Problem
from api.platform.giving import refuse_stranger
from db.platform.accounts import Accounts, password_matches
from db.platform.attempts import attempt, forget
from db.platform.audit import audit
from db.platform.factors import Enrolment, Factors
from db.platform.login_sessions import LoginSessions
from db.platform.tables import AccountRow
from domain.platform.permissions import Role
from domain.shared.errors import ActionNotAllowed, WrongProof

# A password costs 64 MiB and a tenth of a second: never more than two at a time.
AT_ONCE: Final = asyncio.Semaphore(2)


async def sessions_of(context: RequestContext, account_id: str = "") -> Sequence[Row[Any]]:
    """Where a person is logged in: oneself, or whom an administrator asks for.

    Raises Problem 404.
    """
    async with context.sessions.begin() as session:
        if account_id:
            await refuse_stranger(session, context, "account", account_id)
        wanted = account_id or person(context)
        return await LoginSessions(session).of(wanted, datetime.now(UTC))


async def end_session(context: RequestContext, no: str, account_id: str = "") -> None:
    """End one session; whoever works through it is out at once. Raises Problem 404."""
    whose = account_id or person(context)
    async with context.sessions.begin() as session:
        if account_id:
            await refuse_stranger(session, context, "account", account_id)
        if not await LoginSessions(session).end(whose, no):
            raise Problem("NotFound", 404)
        await audit(
            session, context.actor, "session.ended", f"account/{whose}",
            before={"session": no}, request_id=context.request_id,
        )  # fmt: skip


async def end_sessions(context: RequestContext, account_id: str = "") -> int:
    """End every session of a person; of one's own all but this. Raises Problem 404."""
    whose = account_id or person(context)
    but = context.principal.session_no if whose == context.principal.id else ""
    async with context.sessions.begin() as session:
        if account_id:
            await refuse_stranger(session, context, "account", account_id)
        ended = await LoginSessions(session).end_all(whose, but)
        await audit(
            session, context.actor, "sessions.ended", f"account/{whose}",
            before={"sessions": ended}, request_id=context.request_id,
        )  # fmt: skip
    return ended


async def change_password(context: RequestContext, password: str, new: str) -> None:
    """Another password; every session ends, also this one. Raises WrongProof, WeakPassword."""
    whose = person(context)
    await prove_password(context, password)
    async with context.sessions.begin() as session:
        await Accounts(session).change(whose, password=new)
        await audit(
            session, context.actor, "password.changed", f"account/{whose}",
            request_id=context.request_id,
        )  # fmt: skip


async def prove_password(context: RequestContext, password: str) -> None:
    """A session that was left open is not enough. Raises WrongProof, Problem 429."""
    whose = person(context)
    noted = await attempt(context.sessions, [f"password:{whose}"], datetime.now(UTC))
    if noted is None:
        raise Problem("TooManyAttempts", 429, headers={"Retry-After": "900"})
    async with context.sessions.begin() as session:
        row = await session.get(AccountRow, whose)
    async with AT_ONCE:
        matches = await asyncio.to_thread(password_matches, password, row)
    if not matches:
        raise WrongProof("the password is wrong")
    await forget(context.sessions, noted)


async def start_factor(context: RequestContext) -> Enrolment:
    """A secret for an authenticator; nothing is asked for before its first code is confirmed."""
    whose = person(context)
    async with context.sessions.begin() as session:
        enrolment = await Factors(session, context.vault).start(whose, context.actor)
    if enrolment is None:
        raise ActionNotAllowed("the second factor is set up; remove it first")
    return enrolment


async def confirm_factor(context: RequestContext, code: str) -> list[str]:
    """From now on a code is asked for; returns the recovery codes, shown once.

    Raises WrongProof, Problem 429.
    """
    return await _with_code(context, code, "second_factor.set_up")


async def new_recovery_codes(context: RequestContext, code: str) -> list[str]:
    """Ten new codes; those of before are void. Raises WrongProof, Problem 429."""
    return await _with_code(context, code, "recovery_codes.made")


async def _with_code(context: RequestContext, code: str, action: str) -> list[str]:
    whose, now = person(context), datetime.now(UTC)
    noted = await attempt(context.sessions, [f"code:account:{whose}"], now)
    if noted is None:
        raise Problem("TooManyAttempts", 429, headers={"Retry-After": "900"})
    async with context.sessions.begin() as session:
        factors = Factors(session, context.vault)
        codes: list[str] | None = None
        if action == "second_factor.set_up":
            codes = await factors.confirm(whose, code, now)
        elif await factors.proves(whose, code, now):
            codes = await factors.new_recovery_codes(whose)
        if codes is None:
            raise WrongProof("the code is wrong or was used already")
        await audit(
            session, context.actor, action, f"account/{whose}", request_id=context.request_id
        )
    await forget(context.sessions, noted)
    return codes


async def remove_factor(context: RequestContext, password: str, needed_by: Sequence[Role]) -> None:
    """No code any more. Raises WrongProof, ActionNotAllowed where the role needs one."""
    if context.principal.roles & frozenset(needed_by):
        raise ActionNotAllowed("your role needs a second factor")
    await prove_password(context, password)
    await _removed(context, person(context), "second_factor.removed")


async def reset_factor(context: RequestContext, account_id: str) -> None:
    """For a person who lost device and codes: gone, and every session ends. Raises Problem 404."""
    await _removed(context, account_id, "second_factor.reset")


async def _removed(context: RequestContext, whose: str, action: str) -> None:
    async with context.sessions.begin() as session:
        if whose != context.principal.id:
            await refuse_stranger(session, context, "account", whose)
        if not await Factors(session, context.vault).remove(whose):
            raise Problem("NotFound", 404)
        if action == "second_factor.reset":
            await LoginSessions(session).end_all(whose)
        await audit(
            session, context.actor, action, f"account/{whose}", request_id=context.request_id
        )


def person(context: RequestContext) -> str:
    """The account of whoever asks. Raises Problem 403 for programs."""
    if context.principal.kind != "account":
        raise Problem("NotAllowed", 403, "a key has no log-in of its own")
    return context.principal.id
