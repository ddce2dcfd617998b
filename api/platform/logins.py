"""Log-ins over the API: sessions, password and second factor; administrators end anybody's."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from sqlalchemy.engine import Row

from api.deps import Context, SettingsOf
from api.platform import own_account
from api.strict import Code, StrictBody

router = APIRouter(tags=["accounts"])

Secret = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
Typed = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]


class SessionView(StrictBody):
    """Somewhere a person is logged in. `how`: password or oidc; `this` is the caller's own."""

    no: str
    device: str
    address: str
    how: str
    this: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: Row[Any], own: str) -> "SessionView":
        return cls(**row._mapping, this=row.no == own)


class SessionsView(StrictBody):
    items: list[SessionView]


class Ended(StrictBody):
    """How many sessions ended."""

    ended: int


class PasswordChange(StrictBody):
    password: Secret
    new_password: Secret


class Proof(StrictBody):
    password: Secret


class FactorCode(StrictBody):
    code: Typed


class EnrolmentView(StrictBody):
    """For an authenticator; shown this once."""

    secret: str
    uri: str


class RecoveryCodes(StrictBody):
    """Each is good once; shown this once."""

    codes: list[str]


@router.get("/me/sessions")
async def my_sessions(context: Context) -> SessionsView:
    """Where one is logged in."""
    return _view(await own_account.sessions_of(context), context)


@router.delete("/me/sessions")
async def end_my_other_sessions(context: Context) -> Ended:
    """Out everywhere but here."""
    return Ended(ended=await own_account.end_sessions(context))


@router.delete("/me/sessions/{no}", status_code=204)
async def end_my_session(no: Code, context: Context) -> None:
    """Out there, at once."""
    await own_account.end_session(context, no)


@router.put("/me/password", status_code=204)
async def change_my_password(body: PasswordChange, context: Context) -> None:
    """Another password; every session ends, also this one."""
    await own_account.change_password(context, body.password, body.new_password)


@router.post("/me/second-factor", status_code=201)
async def start_my_second_factor(context: Context) -> EnrolmentView:
    """A secret for an authenticator; it counts once its first code is confirmed."""
    enrolment = await own_account.start_factor(context)
    return EnrolmentView(secret=enrolment.secret, uri=enrolment.uri)


@router.put("/me/second-factor")
async def confirm_my_second_factor(body: FactorCode, context: Context) -> RecoveryCodes:
    """The first code of the authenticator; from now on every log-in asks for one."""
    return RecoveryCodes(codes=await own_account.confirm_factor(context, body.code))


@router.post("/me/second-factor/removal", status_code=204)
async def remove_my_second_factor(body: Proof, context: Context, settings: SettingsOf) -> None:
    """No code any more, unless the role needs one."""
    await own_account.remove_factor(context, body.password, settings.second_factor_roles)


@router.post("/me/recovery-codes", status_code=201)
async def make_my_recovery_codes(body: FactorCode, context: Context) -> RecoveryCodes:
    """Ten new codes for a lost device; those of before are void."""
    return RecoveryCodes(codes=await own_account.new_recovery_codes(context, body.code))


@router.get("/accounts/{account_id}/sessions")
async def sessions_of(account_id: Code, context: Context) -> SessionsView:
    """Where somebody is logged in."""
    return _view(await own_account.sessions_of(context, account_id), context)


@router.delete("/accounts/{account_id}/sessions")
async def end_sessions_of(account_id: Code, context: Context) -> Ended:
    """Out everywhere, at once; one's own session here stays."""
    return Ended(ended=await own_account.end_sessions(context, account_id))


@router.delete("/accounts/{account_id}/sessions/{no}", status_code=204)
async def end_session_of(account_id: Code, no: Code, context: Context) -> None:
    """One session of somebody ends."""
    await own_account.end_session(context, no, account_id)


@router.delete("/accounts/{account_id}/second-factor", status_code=204)
async def reset_second_factor(account_id: Code, context: Context) -> None:
    """For somebody who lost device and recovery codes; sessions end, the audit trail tells."""
    await own_account.reset_factor(context, account_id)


def _view(rows: Any, context: Context) -> SessionsView:
    own = context.principal.session_no
    return SessionsView(items=[SessionView.of(row, own) for row in rows])
