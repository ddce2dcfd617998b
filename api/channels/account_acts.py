"""What is done to every account of ours at somebody outside: paused, resumed, tried, renewed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.channels import credentials, settings
from api.channels.credentials import CredentialsView, NewCredentials
from api.channels.ports import Adapters, OutsideOf
from api.channels.settings import NewSettings, SettingsView
from api.channels.shops import Pause, leave_alone, reopen
from api.deps import Context
from api.strict import Code
from db.shared.trials import keep_trial
from domain.shared.errors import IntegrationError

_NOT_FOUND: Final = 404


class Askable(Protocol):
    """A client that can ask something which changes nothing."""

    async def check(self) -> None:
        """Raises IntegrationError."""
        ...


class Trial(BaseModel):
    """What was said to a question that changes nothing; `refusal` is empty when it was answered."""

    works: bool
    code: str
    refusal: str


@dataclass(frozen=True, slots=True)
class AccountKind:
    """One kind of account: the first part of its system's name, its table, and its client where
    it can be tried."""

    kind: str  # payment, erp, invoice
    table: type[SQLModel]
    client: Callable[[Adapters, str], Awaitable[Askable]] | None = None

    def system(self, account_id: str) -> str:
        """The name of its gate and of its credentials."""
        return f"{self.kind}/{account_id}"

    async def known(self, session: AsyncSession, account_id: str) -> Any:
        """The account's row. Raises 404."""
        found = await session.get(self.table, account_id)
        if found is None:
            raise HTTPException(_NOT_FOUND, "there is no such account")
        return found

    async def pause(self, account_id: str, body: Pause, context: Any) -> None:
        """Call it no more until somebody resumes it. Raises 404, ActionNotAllowed."""
        async with context.sessions.begin() as session:
            await self.known(session, account_id)
        await leave_alone(context, self.system(account_id), body, "the account is paused already")

    async def resume(self, account_id: str, context: Any) -> None:
        """Call it again. Raises 404, ActionNotAllowed."""
        async with context.sessions.begin() as session:
            await self.known(session, account_id)
        await reopen(context, self.system(account_id))

    async def attempt(self, account_id: str, outside: Any) -> Trial:
        """Ask something that changes nothing, and keep what is said. Raises 404."""
        assert self.client is not None
        async with outside.sessions.begin() as session:
            await self.known(session, account_id)
        refusal, code = "", ""
        try:
            await (await self.client(outside.adapters, account_id)).check()
        except IntegrationError as error:
            refusal, code = str(error)[:500], error.code
        async with outside.sessions.begin() as session:
            await keep_trial(session, self.system(account_id), refusal)
        return Trial(works=not refusal, code=code, refusal=refusal)


def acts_on(accounts: AccountKind, path: str, *, tag: str, prefix: str = "") -> APIRouter:
    """The routes under `path`/{account_id} that every kind of account has."""
    router = APIRouter(prefix=f"{prefix}{path}/{{account_id}}", tags=[tag])

    @router.post("/pause", status_code=204)
    async def pause_account(account_id: Code, body: Pause, context: Context) -> None:
        """Send nothing there for now: what is meant for it waits. What it tells is still taken."""
        await accounts.pause(account_id, body, context)

    @router.post("/resume", status_code=204)
    async def resume_account(account_id: Code, context: Context) -> None:
        """Go on: one of those that wait first, the others a few at a time."""
        await accounts.resume(account_id, context)

    if accounts.client is not None:

        @router.post("/trial")
        async def try_account(account_id: Code, outside: OutsideOf) -> Trial:
            """Ask something that changes nothing, and keep what is said."""
            return await accounts.attempt(account_id, outside)

    @router.get("/credentials")
    async def account_credentials(account_id: Code, outside: OutsideOf) -> CredentialsView:
        """Which secrets of an account are set."""
        return await credentials.view(outside, accounts.system(account_id))

    @router.put("/credentials", status_code=204)
    async def set_account_credentials(
        account_id: Code, body: NewCredentials, context: Context, outside: OutsideOf
    ) -> None:
        """Replace secrets of an account; what waits because of the old ones goes on."""
        await credentials.change(context, outside, accounts.system(account_id), body)

    @router.get("/settings")
    async def account_settings(
        account_id: Code, request: Request, outside: OutsideOf
    ) -> SettingsView:
        """What is set of an account, and what may be."""
        return await settings.view(request, outside, accounts.system(account_id))

    @router.put("/settings", status_code=204)
    async def set_account_settings(
        account_id: Code, body: NewSettings, request: Request, context: Context, outside: OutsideOf
    ) -> None:
        """Set an account's settings anew."""
        await settings.change(request, context, outside, accounts.system(account_id), body)

    return router
