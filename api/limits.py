"""How much a caller may send: refused before it is read, also when it comes in chunks."""

from typing import Final

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

BODY_LIMIT_BYTES: Final = 1024 * 1024


def limit_bodies(app: FastAPI, limit_bytes: int = BODY_LIMIT_BYTES) -> None:
    """Answer 413 to larger bodies; a route with files of its own may be wrapped with a higher one.

    The answer's form is that of the application's handler for HTTP errors.
    """
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=limit_bytes)
