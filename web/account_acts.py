"""Pages that every kind of account has: pause, resume, try, credentials, settings."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.channels import credentials, settings, shops
from api.channels.account_acts import AccountKind
from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf
from api.errors import Problem
from web.input import Text
from web.order_actions import body_of
from web.partners import settings_form
from web.render import page
from web.shop_forms import done_at, new_credentials, new_settings

_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class AccountPages:
    """Where the accounts of one kind are shown. `pausing` says what pausing one means; `overview`
    is the page to go back to where an account has none of its own."""

    kind: AccountKind
    path: str
    rows: Callable[[AsyncSession, str], Awaitable[Sequence[Any]]]
    pausing: str
    overview: str = ""

    def address(self, account_id: str) -> str:
        """Where this account is."""
        return f"{self.path}/{quote(account_id, safe='')}"

    def back(self, account_id: str) -> str:
        """Where one goes on after an act."""
        return self.overview or self.address(account_id)

    async def known(self, sessions: Any, account_id: str) -> Any:
        """The account with its health. Raises Problem 404."""
        found: Sequence[Any] = ()
        if account_id.isprintable():
            async with sessions.begin() as session:
                found = await self.rows(session, account_id)
        if not found:
            raise Problem("NotFound", _NOT_FOUND)
        return found[0]

    async def form(
        self, request: Request, sessions: Any, account_id: str, template: str, **more: Any
    ) -> Response:
        """A form about one account. Raises Problem 404."""
        return page(
            request, template, account=await self.known(sessions, account_id),
            address=self.address(account_id), back=self.back(account_id), **more,
        )  # fmt: skip


def acts_on(pages: AccountPages) -> APIRouter:
    """The pages under the account's address."""
    router = APIRouter(prefix=f"{pages.path}/{{account_id}}", include_in_schema=False)
    kind = pages.kind

    @router.get("/pause")
    async def pause_form(account_id: str, request: Request, sessions: SessionsOf) -> Response:
        """What pausing means, and the reason for it."""
        return await pages.form(
            request, sessions, account_id, "account_pause.html", pausing=pages.pausing
        )

    @router.post("/pause")
    async def pause(
        account_id: str, request: Request, context: Context, reason: Text = ""
    ) -> Response:
        """Call it no more for now."""
        await kind.pause(account_id, body_of(shops.Pause, reason=reason), context)
        return done_at(request, pages.back(account_id))

    @router.post("/resume")
    async def resume(account_id: str, request: Request, context: Context) -> Response:
        """Go on with what waits."""
        await kind.resume(account_id, context)
        return done_at(request, pages.back(account_id))

    if kind.client is not None:

        @router.post("/trial")
        async def trial(account_id: str, outside: OutsideOf) -> Response:
            """Try the connection; the page says what came of it."""
            await kind.attempt(account_id, outside)
            return RedirectResponse(pages.back(account_id), 303)

    @router.get("/credentials")
    async def credentials_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
        """Which secrets are set, and the form to replace them."""
        await pages.known(outside.sessions, account_id)
        secrets = await credentials.view(outside, kind.system(account_id))
        return await pages.form(
            request, outside.sessions, account_id, "account_credentials.html", secrets=secrets
        )

    @router.post("/credentials")
    async def set_credentials(
        account_id: str, request: Request, context: Context, outside: OutsideOf
    ) -> Response:
        """Replace what was filled in; empty fields stay as they are."""
        body = await new_credentials(request)
        await credentials.change(context, outside, kind.system(account_id), body)
        return done_at(request, pages.back(account_id))

    @router.get("/settings")
    async def settings_page(account_id: str, request: Request, outside: OutsideOf) -> Response:
        """What is set of an account, and the form to change it."""
        await pages.known(outside.sessions, account_id)
        return await settings_form(
            request, outside, kind.system(account_id), pages.address(account_id),
            pages.back(account_id),
        )  # fmt: skip

    @router.post("/settings")
    async def set_settings(
        account_id: str, request: Request, context: Context, outside: OutsideOf
    ) -> Response:
        """Set an account's settings anew."""
        system = kind.system(account_id)
        body = await new_settings(request, await settings.schema_of(outside, system))
        await settings.change(request, context, outside, system, body)
        return done_at(request, pages.back(account_id))

    return router
