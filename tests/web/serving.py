"""The pages on a real port: what streams and browsers need."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from tests.api.served import settings_of

READY_S = 60.0


@contextlib.contextmanager
def listening(
    database_url: str, arrange: Callable[[FastAPI], None] = lambda _: None, **more: object
) -> Iterator[str]:
    """The address of a process that serves this database, by a thread with a loop of its own."""
    app = create_app(settings_of(database_url, **more))
    arrange(app)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none",
        lifespan="on", timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="served-pages", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + READY_S
        while not server.started:
            assert thread.is_alive(), "the pages could not be served"
            assert time.monotonic() < until, "the pages were not served in time"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(READY_S)
