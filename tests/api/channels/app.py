"""The routes of channels and carriers in a process of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import Depends, FastAPI, Request

from activities.shared.adapters import Adapters
from api.channels import listings, routes, tickets, webhooks
from api.inventory import supplier_webhooks
from api.limits import limit_bodies
from api.logistics import webhooks as carrier_webhooks
from api.orders import payments
from db.engine import Sessions
from db.vault import Vault
from domain.platform.scopes import WHOLE
from tests.shops import VAULT


async def _the_company(request: Request) -> None:
    request.state.scope = WHOLE


@asynccontextmanager
async def client_of(sessions: Sessions, vault: Vault = VAULT) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the application on this database; there is no Temporal anywhere."""
    app = FastAPI(dependencies=[Depends(_the_company)])
    doors = (
        supplier_webhooks.router,
        payments.router,
        carrier_webhooks.router,
        tickets.router,
        webhooks.router,
    )
    for router in (*doors, routes.router, listings.router):
        app.include_router(router)
    limit_bodies(app)
    async with httpx.AsyncClient() as outside:
        app.state.sessions = app.state.office = sessions
        app.state.vault = vault
        app.state.adapters = Adapters(sessions, vault, outside)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client
