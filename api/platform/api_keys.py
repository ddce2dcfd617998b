"""The keys of programs: what each may do and where, and until when. For administrators."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.deps import Context
from api.errors import Problem
from api.platform.accounts import LimitBody, Limits, Roles, bodies_of
from api.platform.giving import own_reach, refuse_more_than_own, refuse_stranger
from api.strict import Code, Line, Moment, StrictBody
from db.platform.accounts import Accounts
from db.platform.audit import audit
from db.platform.scopes import limit, limits_of
from domain.platform.permissions import ROLES_OF, Permission, may
from domain.platform.scopes import refuse_unlimited_dealer
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["accounts"])

Permissions = Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]


class NewKey(StrictBody):
    """`permissions` leaves of what the roles may do these alone; without `limits` it sees the
    whole company; after `expires_at` it is no key any more."""

    name: Line
    roles: Roles
    permissions: Permissions | None = None
    limits: Limits = Field(default_factory=list)
    expires_at: Moment | None = None


class CreatedKey(StrictBody):
    """`key` is shown this once; only its hash is kept."""

    id: str
    key: str


class KeyView(StrictBody):
    """`used_at` is true to the minute."""

    id: str
    name: str
    roles: list[str]
    permissions: list[str] | None
    limits: list[LimitBody]
    active: bool
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class KeysView(StrictBody):
    items: list[KeyView]


@router.get("/api-keys")
async def list_keys(context: Context) -> KeysView:
    """Every key that was ever made, without the keys themselves; whoever is limited sees those that
    are limited to places of his."""
    async with context.sessions.begin() as session:
        rows = await Accounts(session).keys()
        limits = await limits_of(session, "key")
        reach = await own_reach(session, context)
    return KeysView(
        items=[
            KeyView(
                id=row.id, name=row.name, roles=row.roles, permissions=row.permissions,
                limits=bodies_of(limits.get(row.id, ())), active=row.active,
                created_at=row.created_at, expires_at=row.expires_at, used_at=row.used_at,
            )
            for row in rows
            if reach.covers(limits.get(row.id, ()))
        ]
    )  # fmt: skip


@router.post("/api-keys", status_code=201)
async def add_key(body: NewKey, context: Context) -> CreatedKey:
    """Make a key for a program."""
    limits = [one.limit() for one in body.limits]
    refuse_unlimited_dealer(body.roles, limits)
    roles = frozenset(body.roles)
    for permission in body.permissions or ():
        if permission not in ROLES_OF or not may(roles, permission):
            raise InvalidInput(f"its roles do not have the permission {permission}")
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise InvalidInput("a key must end in the future")
    async with context.sessions.begin() as session:
        await refuse_more_than_own(session, context, roles, limits, body.permissions)
        key_id, key = await Accounts(session).add_key(
            body.name, body.roles, body.permissions, body.expires_at
        )
        await limit(session, "key", key_id, limits)
        await audit(
            session, context.actor, "key.added", f"key/{key_id}",
            after=body.model_dump(mode="json", exclude_none=True), request_id=context.request_id,
        )  # fmt: skip
    return CreatedKey(id=key_id, key=key)


@router.delete("/api-keys/{key_id}", status_code=204)
async def withdraw_key(key_id: Code, context: Context) -> None:
    """End a key at once."""
    async with context.sessions.begin() as session:
        await refuse_stranger(session, context, "key", key_id)
        if not await Accounts(session).withdraw_key(key_id):
            raise Problem("NotFound", 404)
        await audit(
            session, context.actor, "key.withdrawn", f"key/{key_id}",
            request_id=context.request_id,
        )  # fmt: skip
