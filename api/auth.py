"""Who asks, and whether they may: one guard in front of every route."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection

from api.cookies import own_origins, read_cookie
from api.errors import LoginNeeded, Problem, is_page
from api.rates import refuse_haste
from db.engine import Sessions
from db.platform.accounts import KEY_PREFIX, Accounts
from db.platform.scopes import scope_of
from domain.platform.permissions import (
    OF_THE_COMPANY,
    Permission,
    Role,
    may,
    may_resolve,
    tending,
)
from domain.platform.routes import permission_of
from domain.platform.scopes import NOTHING, WHOLE, Scope

COOKIE: Final = "onhand_session"
CSRF_FIELD: Final = "csrf_token"
CSRF_HEADER: Final = "X-CSRF-Token"
_LONGEST_SECRET: Final = 200
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_ALWAYS: Final = (Permission.PUBLIC, Permission.LOGGED_IN)
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks: a person with a session, a program with a key, or nobody we know."""

    kind: str  # account | key | anonymous
    id: str = ""
    actor: str = "anonymous"
    name: str = ""
    roles: frozenset[Role] = frozenset()
    language: str = ""
    csrf_token: str = ""
    session_no: str = ""
    scope: Scope = NOTHING
    only: frozenset[Permission] | None = None  # a key may have less than its roles

    @property
    def is_known(self) -> bool:
        return self.kind != "anonymous"

    def decides(self, system: str) -> bool:
        """Whether he decides about a step that waits for this system."""
        return self.may(Permission.ANSWER_ATTENTION) and may_resolve(self.roles, system)

    def tends(self, system: str) -> bool:
        """Whether he opens and shuts the gate of this system."""
        return self.may(tending(system))

    def may(self, permission: Permission) -> bool:
        """Whether their roles give them this permission, and their key or limits do not take it
        away."""
        kept = self.only is None or permission in self.only or permission in _ALWAYS
        return (
            kept
            and may(self.roles, permission)
            and (self.scope.whole or permission not in OF_THE_COMPANY)
        )


NOBODY: Final = Principal("anonymous")


async def authenticate(connection: HTTPConnection) -> Principal:
    """Who asks; looked up once per request. A bad key is nobody, not an error of its own."""
    known = getattr(connection.state, "principal", None)
    if known is not None:
        found: Principal = known
        return found
    connection.state.principal = NOBODY
    connection.state.principal = principal = await _look_up(connection)
    if principal.is_known:
        structlog.contextvars.bind_contextvars(actor=principal.actor)
    return principal


async def still_in(request: Request) -> bool:
    """Whether whoever asked would still be let in: an answer that goes on asks now and then."""
    now = await _look_up(request, used=False)
    then = principal_of(request)
    return now.is_known and (now.roles, now.scope) == (then.roles, then.scope)


async def _look_up(connection: HTTPConnection, *, used: bool = True) -> Principal:
    # What he sees is said by the tree of locations, of which nobody sees anything before.
    sessions: Sessions = connection.app.state.office
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    cookie = read_cookie(connection, COOKIE)
    if scheme.lower() == "bearer":
        return await _by_key(sessions, key.strip())
    if cookie and len(cookie) <= _LONGEST_SECRET:
        return await _by_cookie(sessions, cookie, used=used)
    return NOBODY


async def guard(request: Request) -> None:
    """Refuse routes nobody listed, people we do not know, and roles that may not.

    Raises Problem 401, 403, 429; LoginNeeded for pages.
    """
    principal = await authenticate(request)
    path = path_of(request)
    permission = permission_of(request.method, path)
    if permission is None:
        raise Problem("NotAllowed", 403, "this route is not open to anybody")
    refuse_haste(request, f"{principal.kind}/{principal.id}" if principal.is_known else "", path)
    if permission is not Permission.PUBLIC and not principal.is_known:
        if is_page(request):
            raise LoginNeeded
        raise Problem("NotLoggedIn", 401, headers={"WWW-Authenticate": "Bearer"})
    if not principal.may(permission):
        raise Problem("NotAllowed", 403)
    if not principal.scope.whole and not _is_his(request, principal, permission):
        raise Problem("NotFound", 404)
    # What is open to the public proves its callers itself and then acts for the company.
    request.state.scope = WHOLE if permission is Permission.PUBLIC else principal.scope
    if request.method not in _SAFE and not path.startswith("/webhooks/"):
        await _refuse_forgery(request, principal)


def _is_his(request: Request, principal: Principal, permission: Permission) -> bool:
    """A shop is its owners': whoever only works for it sees its name, and changes nothing."""
    shop_id = request.path_params.get("shop_id")
    return permission is Permission.PUBLIC or shop_id is None or shop_id in principal.scope.shops


def name_routes(app: FastAPI) -> None:
    """Remember every route's whole path; called once, after all routers are included."""
    app.state.paths = {
        context.endpoint: context.path
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
    }


def path_of(connection: HTTPConnection) -> str:
    """The template of the route that answers, as the table of permissions names it."""
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute):
        return ""
    path: str = connection.app.state.paths.get(route.endpoint, "")
    return path


def principal_of(request: Request) -> Principal:
    """Who asks, after the guard let them in."""
    principal: Principal = request.state.principal
    return principal


async def _by_key(sessions: Sessions, key: str) -> Principal:
    if not key.startswith(KEY_PREFIX) or len(key) > _LONGEST_SECRET:
        return NOBODY
    async with sessions.begin() as session:
        holder = await Accounts(session).key_holder(key, datetime.now(UTC))
        if holder is None:
            return NOBODY
        scope = await scope_of(session, "key", holder.key_id, holder.roles)
    return Principal(
        "key", holder.key_id, f"key:{holder.name}", holder.name, holder.roles,
        scope=scope, only=holder.only,
    )  # fmt: skip


async def _by_cookie(sessions: Sessions, cookie: str, *, used: bool) -> Principal:
    async with sessions.begin() as session:
        person = await Accounts(session).session_of(cookie, datetime.now(UTC), used=used)
        if person is None:
            return NOBODY
        scope = await scope_of(session, "account", person.account_id, person.roles)
    return Principal(
        "account",
        person.account_id,
        person.login,
        person.name,
        person.roles,
        person.language,
        person.csrf_token,
        session_no=person.session_no,
        scope=scope,
    )


async def _refuse_forgery(request: Request, principal: Principal) -> None:
    """A browser sends the cookie along for every site: only our own pages know the token.

    It also says where a form comes from; a browser that says nothing still needs the token.
    """
    origin = request.headers.get("origin", "")
    if origin and origin not in own_origins(request):
        raise Problem("WrongOrigin", 403)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("WrongOrigin", 403)
    if principal.kind != "account":
        return
    given = request.headers.get(CSRF_HEADER, "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given and kind in _FORMS:
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not secrets.compare_digest(given.encode(), principal.csrf_token.encode()):
        raise Problem("WrongOrigin", 403)
