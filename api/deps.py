"""What routes and pages need from the process, and from the request they answer."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, Request
from temporalio.client import Client

from api.auth import Principal, principal_of
from api.errors import temporal_unavailable
from db.engine import Sessions
from db.scope import limited
from db.vault import Vault
from domain.platform.scopes import NOTHING, Scope
from runtime.settings import Settings


class NotConnected:
    """Stands in for the Temporal client until there is one; its users are told to come again."""

    def __getattr__(self, name: str) -> Any:
        raise temporal_unavailable()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks for what, and with what it is done. `request_id` names it in log and audit trail.

    `update_id` is the same for a repeated request, so that a command is carried out once.
    """

    sessions: Sessions
    vault: Vault
    temporal: Client
    principal: Principal
    request_id: str
    update_id: str
    approval_id: str = ""  # of what two people decided and is carried out now

    @property
    def actor(self) -> str:
        """Who it is, as the story of an order and the audit trail name them."""
        return self.principal.actor


def context_of(request: Request) -> RequestContext:
    """The context of this request."""
    principal, request_id = principal_of(request), request.state.request_id
    key = request.headers.get("idempotency-key", "")
    update_id = f"{principal.actor}:{key}" if key else request_id
    state = request.app.state
    return RequestContext(
        sessions_for(request), state.vault, state.temporal, principal, request_id, update_id
    )


def sessions_for(request: Request) -> Sessions:
    """Sessions that see what the guard let the request see; nothing where no guard stood."""
    scope: Scope = getattr(request.state, "scope", NOTHING)
    state = request.app.state
    found: Sessions = state.office if scope.whole else limited(state.sessions, scope)
    return found


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


def _temporal(request: Request) -> Client:
    client: Client = request.app.state.temporal
    return client


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def new_request_id() -> str:
    """A name for one request."""
    return uuid4().hex


Context = Annotated[RequestContext, Depends(context_of)]
SessionsOf = Annotated[Sessions, Depends(sessions_for)]
VaultOf = Annotated[Vault, Depends(_vault)]
Temporal = Annotated[Client, Depends(_temporal)]
SettingsOf = Annotated[Settings, Depends(_settings)]
Who = Annotated[Principal, Depends(principal_of)]
