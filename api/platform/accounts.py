"""Who may log in, with which roles and where: for administrators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import structlog
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from api.deps import Context, Who
from api.errors import Problem
from api.platform.giving import own_reach, refuse_more_than_own, refuse_stranger
from api.strict import Code, Line, StrictBody
from db.platform.accounts import Accounts
from db.platform.audit import audit
from db.platform.scopes import limit, limits_of
from db.platform.tables import AccountRow
from domain.platform.permissions import Role
from domain.platform.scopes import Limit, refuse_unlimited_dealer

log = structlog.get_logger()

router = APIRouter(tags=["accounts"])

Login = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9._@-]{1,63}$")]
Password = Annotated[str, StringConstraints(strict=True, min_length=8, max_length=200)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Language = Literal["zh", "en"]
_TOLD: Final = {"login", "roles", "limits"}


class LimitBody(StrictBody):
    """A location somebody is limited to, alone or with everything below it."""

    location_id: Code
    with_below: bool = Field(default=True, strict=True)

    def limit(self) -> Limit:
        return Limit(self.location_id, self.with_below)


Limits = Annotated[list[LimitBody], Field(max_length=100)]


class NewAccount(StrictBody):
    """Without `limits` they see the whole company; a dealer needs one."""

    login: Login
    name: Line
    password: Password
    roles: Roles
    language: Language = "zh"
    limits: Limits = Field(default_factory=list)


class AccountChange(StrictBody):
    """Only what is given changes; `limits` replaces all of them, an empty list lifts them. Another
    password or role ends the person's sessions."""

    name: Line | None = None
    password: Password | None = None
    roles: Roles | None = None
    language: Language | None = None
    active: bool | None = Field(default=None, strict=True)
    limits: Limits | None = None


class AccountView(StrictBody):
    id: str
    login: str
    name: str
    roles: list[str]
    language: str
    active: bool
    limits: list[LimitBody]
    created_at: datetime

    @classmethod
    def of(cls, row: AccountRow, limits: Sequence[Limit]) -> "AccountView":
        return cls(
            id=row.id, login=row.login, name=row.name, roles=row.roles, language=row.language,
            active=row.active, created_at=row.created_at, limits=bodies_of(limits),
        )  # fmt: skip


def bodies_of(limits: Sequence[Limit]) -> list[LimitBody]:
    """Limits as they are shown."""
    return [LimitBody(location_id=one.location_id, with_below=one.with_below) for one in limits]


class AccountsView(StrictBody):
    items: list[AccountView]


class Me(StrictBody):
    """Who the caller is to us."""

    kind: Literal["account", "key"]
    name: str
    roles: list[Role]


@router.get("/me")
async def me(who: Who) -> Me:
    """Who the caller is, and which roles they have."""
    kind: Literal["account", "key"] = "account" if who.kind == "account" else "key"
    return Me(kind=kind, name=who.name, roles=sorted(who.roles))


@router.get("/accounts")
async def list_accounts(context: Context) -> AccountsView:
    """Everybody who may log in; whoever is limited sees those who are limited to places of his."""
    async with context.sessions.begin() as session:
        rows = await Accounts(session).list()
        limits = await limits_of(session, "account")
        reach = await own_reach(session, context)
    items = [AccountView.of(row, limits.get(row.id, ())) for row in rows]
    return AccountsView(items=[one for one in items if reach.covers(limits.get(one.id, ()))])


@router.post("/accounts", status_code=201)
async def add_account(body: NewAccount, context: Context) -> AccountView:
    """Let somebody log in."""
    limits = [one.limit() for one in body.limits]
    refuse_unlimited_dealer(body.roles, limits)
    async with context.sessions.begin() as session:
        await refuse_more_than_own(session, context, body.roles, limits)
        accounts = Accounts(session)
        account_id = await accounts.add(
            body.login, body.name, body.password, body.roles, body.language
        )
        await limit(session, "account", account_id, limits)
        row = await session.get(AccountRow, account_id)
        assert row is not None
        await audit(
            session, context.actor, "account.added", f"account/{account_id}",
            after=body.model_dump(mode="json", include=_TOLD, exclude_defaults=True),
            request_id=context.request_id,
        )  # fmt: skip
    return AccountView.of(row, limits)


@router.patch("/accounts/{account_id}")
async def change_account(account_id: Code, body: AccountChange, context: Context) -> AccountView:
    """Change a name, password, roles, limits or language, or close the account."""
    values = body.model_dump(exclude_none=True, exclude={"limits"})
    own = account_id == context.principal.id
    if own and ({"roles", "active"} & set(values) or body.limits is not None):
        raise Problem("ActionNotAllowed", 409, "you cannot change your own roles or close yourself")
    async with context.sessions.begin() as session:
        if not own:
            await refuse_stranger(session, context, "account", account_id)
        before = await session.get(AccountRow, account_id)
        was = {"roles": list(before.roles), "active": before.active} if before else {}
        row = await Accounts(session).change(account_id, **values)
        if row is None:
            raise Problem("NotFound", 404)
        if body.limits is not None:
            await limit(session, "account", account_id, [one.limit() for one in body.limits])
        limits = (await limits_of(session, "account")).get(account_id, [])
        roles = [Role(role) for role in row.roles]
        refuse_unlimited_dealer(roles, limits)
        if not own:
            await refuse_more_than_own(session, context, roles, limits)
        told = body.model_dump(mode="json", exclude_none=True, exclude={"password"})
        told |= {"password": "changed"} if "password" in values else {}
        await audit(
            session, context.actor, "account.changed", f"account/{account_id}",
            before=was, after=told, request_id=context.request_id,
        )  # fmt: skip
    return AccountView.of(row, limits)
