"""Who sends slowly is not waited for: a connection is cheap to hold open and dear to keep."""

import asyncio
from typing import Any, Final

import structlog
from httptools import HttpParserError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

HEADERS_S: Final = 10.0
HEADERS_BYTES: Final = 64 * 1024
BETWEEN_PIECES_S: Final = 10.0
BODY_S: Final = 60.0  # a megabyte at 17 kB/s; photos of a phone, twenty-six of them, get longer
LARGE_BODY_S: Final = 300.0


class PatientForHeaders(HttpToolsProtocol):
    """Uvicorn's connection, which ends when a request's headers are not there after a while.

    Uvicorn itself gives up only on connections that rest between two requests.
    """

    headers_s: float = HEADERS_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request's headers are waited for from now on."""
        super().connection_made(transport)
        self._giving_up: asyncio.TimerHandle | None = None
        self._unread_bytes = self._told_bytes = 0
        self._wait()

    def on_message_begin(self) -> None:
        """A request begins with no headers."""
        self._told_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One more header. Raises HttpParserError, answered with 400, when they are too many."""
        self._told_bytes += len(name) + len(value)
        if self._told_bytes > HEADERS_BYTES:
            raise HttpParserError("the headers are too long")
        super().on_header(name, value)

    def data_received(self, data: bytes) -> None:
        """What comes may complete the headers; if it does not, the time goes on running."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()
        elif self.cycle is None or self.cycle.response_complete:
            self._wait()
            self._unread_bytes += len(data)
            if self._unread_bytes > HEADERS_BYTES:  # one header that does not end
                self._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._giving_up is None:
            self._giving_up = self.loop.call_later(self.headers_s, self._give_up)

    def _stop_waiting(self) -> None:
        self._unread_bytes = 0
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        log.warning("security.headers_refused", client=self.client[0] if self.client else "")
        self.transport.close()


class PatientForBodies:
    """Answers 408 when the next piece of a body, or all of it, takes too long to come."""

    def __init__(
        self, app: ASGIApp, *, whole_s: float = BODY_S, piece_s: float = BETWEEN_PIECES_S
    ) -> None:
        self.app = app
        self.whole_s = whole_s
        self.piece_s = piece_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        until = clock() + self.whole_s
        complete = False

        async def patiently() -> Message:
            nonlocal complete
            if complete:  # what is awaited now is the end of the connection
                return await receive()
            try:
                left = max(0.0, min(self.piece_s, until - clock()))
                message: Any = await asyncio.wait_for(receive(), left)
            except TimeoutError:
                log.warning("security.slow_body", path=str(scope["path"])[:200])
                raise HTTPException(408, headers={"Connection": "close"}) from None
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            return dict(message)

        await self.app(scope, patiently, send)
