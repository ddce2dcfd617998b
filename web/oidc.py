"""Logging in through the company's own identity provider, where one is set."""

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

import httpx
import structlog
from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from api.cookies import drop_cookie, is_private, keep_cookie, read_cookie
from api.errors import Problem
from db.platform.accounts import Accounts
from db.platform.audit import audit
from db.platform.identities import Vouched, account_of
from db.platform.tables import AccountRow
from db.vault import CannotOpen, Vault
from domain.platform.permissions import Role
from integrations.oidc import Attempt, NotProven, Proven, Provider
from runtime.settings import Settings
from web.home import own_path
from web.login import Door, DoorOf, let_in

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

COOKIE: Final = "onhand_oidc"
_LASTS_S: Final = 600
_CONTEXT: Final = "oidc log-in"
_BACK: Final = "/login/oidc/callback"
Text = Annotated[str, Query(max_length=4000)]


@router.get("/login/oidc")
async def begin(door: DoorOf, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """On to the provider; what has to come back is kept sealed by this browser."""
    provider, attempt = _provider(door), Attempt.new()
    if not is_private(door.request):
        raise Problem("NotAllowed", 403)
    try:
        address = await provider.address(attempt, _back(door))
    except (NotProven, httpx.HTTPError, KeyError) as error:
        log.warning("oidc.not_reached", error=type(error).__name__)
        raise Problem("OutsideUnavailable", 503, headers={"Retry-After": "5"}) from error
    response = RedirectResponse(address, 303)
    keep_cookie(
        response, door.request, COOKIE, _kept(door.vault, attempt, own_path(next)), _LASTS_S
    )
    return response


@router.get("/login/oidc/callback")
async def come_back(
    door: DoorOf, code: Text = "", state: Text = "", iss: Text = "", error: Text = ""
) -> Response:
    """The provider sent the browser back: in, if everything is what was asked for."""
    provider = _provider(door)
    attempt, back = _asked(door.vault, read_cookie(door.request, COOKIE))
    try:
        if error or attempt is None or attempt.state != state or (iss and iss != provider.issuer):
            raise NotProven(f"not what was asked for {error[:40]}")
        proven = await provider.prove(attempt, code, _back(door))
    except (NotProven, httpx.HTTPError, KeyError) as failed:
        log.warning("security.oidc_refused", reason=str(failed)[:200])
        raise Problem("LoginNotProven", 403) from failed
    row = await _account(door, proven)
    if row is None:
        log.warning("security.oidc_unknown", subject=proven.subject[:100])
        raise Problem("NoAccount", 403)
    response = await let_in(door, row, back, datetime.now(UTC), "oidc")
    drop_cookie(response, door.request, COOKIE)
    return response


async def _account(door: Door, proven: Proven) -> AccountRow | None:
    """The person's account, with the roles that the groups say, where groups say any."""
    settings = door.settings
    mapping: Mapping[str, Role] = dict(settings.oidc_roles)
    roles = sorted({role for group, role in mapping.items() if group in proven.groups})
    who = Vouched(proven.issuer, proven.subject, proven.login, proven.name)
    async with door.sessions.begin() as session:
        row, done = await account_of(
            session, who, roles, creates=settings.oidc_first_login == "create"
        )
        if row is None or (mapping and not roles):
            return None
        if mapping and sorted(row.roles) != sorted(str(role) for role in roles):
            row = await Accounts(session).change(row.id, roles=[str(role) for role in roles])
            done = "roles_changed"
        if row is not None and done != "known":
            await audit(
                session, f"oidc:{proven.login}", f"oidc.{done}", f"account/{row.id}",
                after={"roles": [str(role) for role in row.roles]},
                request_id=door.request.state.request_id,
            )  # fmt: skip
    return row


def _provider(door: Door) -> Provider:
    """The one of this process, which remembers description and keys. Raises Problem 404."""
    settings: Settings = door.settings
    if not settings.oidc_issuer:
        raise Problem("NotFound", 404)
    state = door.request.app.state
    known: Provider | None = getattr(state, "oidc", None)
    if known is None or known.issuer != settings.oidc_issuer:
        secret = settings.oidc_client_secret
        known = state.oidc = Provider(
            settings.oidc_issuer, settings.oidc_client_id,
            secret.get_secret_value() if secret else "", state.http, settings.oidc_groups_claim,
        )  # fmt: skip
    return known


def _back(door: Door) -> str:
    return door.settings.base_url + _BACK


def _kept(vault: Vault, attempt: Attempt, back: str) -> str:
    told = [attempt.state, attempt.nonce, attempt.verifier, back, time.time()]
    sealed = vault.seal(json.dumps(told).encode(), _CONTEXT)
    return base64.urlsafe_b64encode(sealed).decode()


def _asked(vault: Vault, kept: str) -> tuple[Attempt | None, str]:
    """What this browser asked for within the last ten minutes."""
    try:
        told = json.loads(vault.open(base64.urlsafe_b64decode(kept), _CONTEXT))
    except (ValueError, CannotOpen):
        return None, "/"
    if time.time() - told[4] > _LASTS_S:
        return None, "/"
    return Attempt(*told[:3]), own_path(told[3])
