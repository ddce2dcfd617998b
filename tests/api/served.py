"""The whole application as a process serves it, on a test's own database, without Temporal."""

import base64
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import cache
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from api.app import create_app
from api.rates import Rates
from db.engine import Sessions
from db.platform.accounts import Accounts
from db.platform.scopes import limit
from domain.platform.permissions import Permission, Role
from domain.platform.scopes import Limit
from runtime.settings import Settings

NOBODY_LISTENS = "127.0.0.1:1"
_READY_S = 60.0


def settings_of(database_url: str, **more: Any) -> Settings:
    """Of a process on this database that cannot reach Temporal."""
    return Settings(
        database_url=SecretStr(database_url),
        secret_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        temporal_address=NOBODY_LISTENS,
        **more,
    )


@contextlib.asynccontextmanager
async def served(database_url: str) -> AsyncIterator[FastAPI]:
    """The running application; Temporal cannot be reached."""
    app = application("in the test", settings_of(database_url))
    async with app.router.lifespan_context(app):
        yield app


def application(place: str, settings: Settings) -> FastAPI:
    """The application as a new process has it.

    Its hundreds of routes are put together once for each place where it may run at the same time;
    what a process or a test keeps in it goes, except for its description.
    """
    app, fresh = _put_together(place)
    kept = app.state._state
    description = kept.get("openapi")
    kept.clear()
    kept.update(fresh, settings=settings, rates=Rates(), openapi=description)
    return app


@cache
def _put_together(place: str) -> tuple[FastAPI, dict[str, Any]]:
    app = create_app(Settings())
    return app, dict(app.state._state)


@contextlib.contextmanager
def listening(app: FastAPI, **more: Any) -> Iterator[str]:
    """The address of the application behind a real port, served by a thread of its own."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none",
        lifespan="on", timeout_graceful_shutdown=1, **more,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="served", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _READY_S
        while not server.started:
            assert thread.is_alive(), "the application could not be served"
            assert time.monotonic() < until, "the application was not served in time"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(_READY_S)


def browser(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that keeps cookies; failures of the application are answers, not exceptions."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


async def key_for(
    sessions: Sessions,
    *roles: Role,
    name: str = "test",
    limits: Sequence[Limit] = (),
    only: Sequence[Permission] | None = None,
) -> dict[str, str]:
    """Headers of a program with these roles, or `only` these permissions of them, limited to these
    places."""
    async with sessions.begin() as session:
        key_id, key = await Accounts(session).add_key(name, roles, only)
        await limit(session, "key", key_id, limits)
    return {"Authorization": f"Bearer {key}"}
