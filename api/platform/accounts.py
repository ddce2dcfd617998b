"""Who may log in, and the keys of programs: for administrators."""

from datetime import datetime
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from api.deps import Context, Who
from api.errors import Problem
from api.strict import Code, Line, StrictBody
from db.platform.accounts import Accounts
from db.platform.audit import audit
from db.platform.tables import AccountRow
from domain.platform.permissions import Role

log = structlog.get_logger()

router = APIRouter(tags=["accounts"])

Login = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9._@-]{1,63}$")]
Password = Annotated[str, StringConstraints(strict=True, min_length=8, max_length=200)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Language = Literal["zh", "en"]


class NewAccount(StrictBody):
    login: Login
    name: Line
    password: Password
    roles: Roles
    language: Language = "zh"


class AccountChange(StrictBody):
    """Only what is given changes. Another password or role ends the person's sessions."""

    name: Line | None = None
    password: Password | None = None
    roles: Roles | None = None
    language: Language | None = None
    active: bool | None = Field(default=None, strict=True)


class AccountView(StrictBody):
    id: str
    login: str
    name: str
    roles: list[str]
    language: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, row: AccountRow) -> "AccountView":
        return cls(
            id=row.id, login=row.login, name=row.name, roles=row.roles, language=row.language,
            active=row.active, created_at=row.created_at,
        )  # fmt: skip


class AccountsView(StrictBody):
    items: list[AccountView]


class Me(StrictBody):
    """Who the caller is to us."""

    kind: Literal["account", "key"]
    name: str
    roles: list[Role]


class NewKey(StrictBody):
    name: Line
    roles: Roles


class CreatedKey(StrictBody):
    """`key` is shown this once; only its hash is kept."""

    id: str
    key: str


class KeyView(StrictBody):
    id: str
    name: str
    roles: list[str]
    active: bool
    created_at: datetime


class KeysView(StrictBody):
    items: list[KeyView]


@router.get("/me")
async def me(who: Who) -> Me:
    """Who the caller is, and which roles they have."""
    kind: Literal["account", "key"] = "account" if who.kind == "account" else "key"
    return Me(kind=kind, name=who.name, roles=sorted(who.roles))


@router.get("/accounts")
async def list_accounts(context: Context) -> AccountsView:
    """Everybody who may log in."""
    async with context.sessions.begin() as session:
        rows = await Accounts(session).list()
    return AccountsView(items=[AccountView.of(row) for row in rows])


@router.post("/accounts", status_code=201)
async def add_account(body: NewAccount, context: Context) -> AccountView:
    """Let somebody log in."""
    async with context.sessions.begin() as session:
        accounts = Accounts(session)
        account_id = await accounts.add(
            body.login, body.name, body.password, body.roles, body.language
        )
        row = await session.get(AccountRow, account_id)
        assert row is not None
        await audit(
            session, context.actor, "account.added", f"account/{account_id}",
            after={"login": body.login, "roles": list(body.roles)}, request_id=context.request_id,
        )  # fmt: skip
    return AccountView.of(row)


@router.patch("/accounts/{account_id}")
async def change_account(account_id: Code, body: AccountChange, context: Context) -> AccountView:
    """Change a name, password, roles or language, or close the account."""
    values = body.model_dump(exclude_none=True)
    if account_id == context.principal.id and ("roles" in values or "active" in values):
        raise Problem("ActionNotAllowed", 409, "you cannot change your own roles or close yourself")
    async with context.sessions.begin() as session:
        row = await Accounts(session).change(account_id, **values)
        if row is None:
            raise Problem("NotFound", 404)
        told = {name: value for name, value in values.items() if name != "password"}
        told |= {"password": "changed"} if "password" in values else {}
        await audit(
            session, context.actor, "account.changed", f"account/{account_id}",
            after=told, request_id=context.request_id,
        )  # fmt: skip
    return AccountView.of(row)


@router.get("/api-keys")
async def list_keys(context: Context) -> KeysView:
    """Every key that was ever made, without the keys themselves."""
    async with context.sessions.begin() as session:
        rows = await Accounts(session).keys()
    return KeysView(
        items=[
            KeyView(
                id=row.id, name=row.name, roles=row.roles, active=row.active,
                created_at=row.created_at,
            )
            for row in rows
        ]
    )  # fmt: skip


@router.post("/api-keys", status_code=201)
async def add_key(body: NewKey, context: Context) -> CreatedKey:
    """Make a key for a program."""
    async with context.sessions.begin() as session:
        key_id, key = await Accounts(session).add_key(body.name, body.roles)
        await audit(
            session, context.actor, "key.added", f"key/{key_id}",
            after={"name": body.name, "roles": list(body.roles)}, request_id=context.request_id,
        )  # fmt: skip
    return CreatedKey(id=key_id, key=key)


@router.delete("/api-keys/{key_id}", status_code=204)
async def withdraw_key(key_id: Code, context: Context) -> None:
    """End a key at once."""
    async with context.sessions.begin() as session:
        if not await Accounts(session).withdraw_key(key_id):
            raise Problem("NotFound", 404)
        await audit(
            session, context.actor, "key.withdrawn", f"key/{key_id}",
            request_id=context.request_id,
        )  # fmt: skip
