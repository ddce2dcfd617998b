"""The routes of orders in a process of their own, used by somebody with every right."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Request

from api import errors
from api.auth import Principal
from api.deps import NotConnected, new_request_id
from api.strict import strict_json
from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import WHOLE
from runtime.settings import Settings
from tests.people import VAULT


async def _somebody(request: Request) -> None:
    request.state.principal = Principal(
        "key", "k", "key:test", "test", frozenset(Role), scope=WHOLE
    )
    request.state.scope = WHOLE
    request.state.request_id = new_request_id()


@asynccontextmanager
async def client_of(
    sessions: Sessions, *routers: APIRouter, temporal: Any = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of these routers on this database; without `temporal` it cannot be reached."""
    app = FastAPI(dependencies=[Depends(_somebody), Depends(strict_json)])
    errors.install(app)
    for router in routers:
        app.include_router(router, prefix="/api/v1")
    app.state.sessions = app.state.office = sessions
    app.state.vault = VAULT
    app.state.settings = Settings()
    app.state.temporal = temporal or NotConnected()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
