"""A repeated request with the same `Idempotency-Key` gets the first answer and does nothing."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import authenticate
from api.errors import Problem, answer, refusal
from db.engine import Sessions
from db.platform import idempotency

HEADER: Final = "Idempotency-Key"
_LONGEST_KEY: Final = 200
# Answers to something else than the request's content: the same request may fare better later.
_NOT_KEPT: Final = frozenset({401, 403, 408, 413, 415, 429})

# Answers that hold a secret or a person's data are never stored.
SHOWN_ONCE: Final = (
    "/api/v1/api-keys", "/api/v1/accounts/{no}/setup-code", "/api/v1/setup-codes",
    "/api/v1/orders/{no}/receiver-disclosures",
    "/api/v1/subscribers", "/api/v1/subscribers/{no}/secret",
    "/api/v1/me/second-factor", "/api/v1/me/second-factor/removal", "/api/v1/me/recovery-codes",
)  # fmt: skip
_SHOWN_ONCE: Final = re.compile("|".join(path.replace("{no}", "[^/]+") for path in SHOWN_ONCE))


class Idempotency:
    """Keeps answers of POST requests under /api/ per caller and key.

    Same key, other request: 422. First request still being answered: 409. Failures are not kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get(HEADER.lower(), "")
        if not key or not scope["path"].startswith("/api/") or _SHOWN_ONCE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        principal = await authenticate(request)
        if not principal.is_known:
            await self._app(scope, receive, send)
            return
        if len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
            problem = refusal("InvalidInput", f"{HEADER} must be at most 200 printable characters")
            await (await answer(request, problem))(scope, receive, send)
            return
        messages = [message async for message in _body(receive)]
        digest = _digest(scope, messages)
        sessions: Sessions = scope["app"].state.sessions
        async with sessions.begin() as session:
            known = await idempotency.claim(session, principal.actor, key, digest)
        if known is not None:
            await (await _known(request, known, digest))(scope, receive, send)
            return
        kept = _Kept(send)
        try:
            await self._app(scope, _replay(messages, receive), kept)
        finally:
            async with sessions.begin() as session:
                if 200 <= kept.status < 500 and kept.status not in _NOT_KEPT:
                    await idempotency.keep(session, principal.actor, key, kept.status, kept.text())
                else:
                    await idempotency.forget(session, principal.actor, key)


async def _known(request: Request, known: idempotency.Known, digest: str) -> Response:
    if known.request_sha256 != digest:
        return await answer(request, refusal("IdempotencyMismatch"))
    if known.status is None:
        problem = Problem("RequestInProgress", 409, headers={"Retry-After": "1"})
        return await answer(request, problem)
    media_type, _, body = known.body.partition("\n")
    headers = {"Idempotent-Replayed": "true"}
    return Response(body, known.status, headers, media_type=media_type or None)


class _Kept:
    """Passes an answer on and remembers it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self._media_type = ""
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._media_type = MutableHeaders(raw=message["headers"]).get("content-type", "")
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))
        await self._send(message)

    def text(self) -> str:
        return f"{self._media_type}\n{b''.join(self._body).decode()}"


async def _body(receive: Receive) -> Any:
    while True:
        message = await receive()
        yield message
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def _replay(messages: Iterable[Message], receive: Receive) -> Receive:
    left = iter(tuple(messages))

    async def again() -> Message:
        for message in left:
            return message
        return await receive()

    return again


def _digest(scope: Scope, messages: Iterable[Message]) -> str:
    digest = hashlib.sha256(scope["path"].encode() + b"?" + scope["query_string"] + b"\n")
    for message in messages:
        digest.update(message.get("body", b""))
    return digest.hexdigest()
