"""The pages on a real port: what streams and browsers need."""

import contextlib
from collections.abc import Callable, Iterator

from fastapi import FastAPI

from tests.api import served


@contextlib.contextmanager
def listening(
    database_url: str, arrange: Callable[[FastAPI], None] = lambda _: None, **more: object
) -> Iterator[str]:
    """The address of a process that serves this database, by a thread with a loop of its own."""
    app = served.application("on a port", served.settings_of(database_url, **more))
    arrange(app)
    with served.listening(app) as address:
        yield address
