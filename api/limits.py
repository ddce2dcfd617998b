"""How much a caller may send: refused before it is read, also when it comes in chunks."""

import re
from typing import Final

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Problem, answer
from api.slow_callers import LARGE_BODY_S, PatientForBodies

log = structlog.get_logger()

BODY_LIMIT_BYTES: Final = 1024 * 1024
PHOTOS_LIMIT_BYTES: Final = 26 * 1024 * 1024  # five of 5 MB, and the fields beside them
FILE_LIMIT_BYTES: Final = 21 * 1024 * 1024  # a list of 20 MB, and the fields beside it
_WITH_FILE: Final = re.compile(r"/imports|/api/v1/imports")
_WITH_PHOTOS: Final = re.compile(
    r"/return/(ask|photos)|/returns/[^/]+/do/photos|/api/v1/returns/[^/]+/photos"
)


def limit_bodies(app: FastAPI, limit_bytes: int = BODY_LIMIT_BYTES) -> None:
    """Answer 413 to larger bodies. Bytes without a declared length are counted as they come; the
    answer then has the form of the application's handler for HTTP errors. Photos and lists may be
    larger."""
    app.add_middleware(_Limits, limit_bytes=limit_bytes)


class _Limits:
    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._usual = _limited(PatientForBodies(app), limit_bytes)
        large = PatientForBodies(app, whole_s=LARGE_BODY_S)
        self._photos = _limited(large, max(limit_bytes, PHOTOS_LIMIT_BYTES))
        self._file = _limited(large, max(limit_bytes, FILE_LIMIT_BYTES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._for(scope)(scope, receive, send)

    def _for(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http" or scope["method"] != "POST":
            return self._usual
        if _WITH_PHOTOS.fullmatch(scope["path"]):
            return self._photos
        return self._file if _WITH_FILE.fullmatch(scope["path"]) else self._usual


def _limited(app: ASGIApp, limit_bytes: int) -> ASGIApp:
    return _DeclaredLength(RequestBodyLimitMiddleware(app, limit_bytes), limit_bytes)


class _DeclaredLength:
    """Refuses a body by what its header says, without reading a byte."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if not (length.isascii() and length.isdigit() and int(length[:20]) > self.limit_bytes):
            await self.app(scope, receive, send)
            return
        log.warning("security.body_refused", path=str(scope["path"])[:200], bytes=length[:20])
        # The connection is not used again: nobody reads what still comes.
        problem = Problem(
            "BodyTooLarge", 413, f"At most {self.limit_bytes} bytes are read.",
            {"connection": "close"},
        )  # fmt: skip
        refused = await answer(Request(scope), problem)
        await refused(scope, receive, send)
