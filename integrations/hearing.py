"""What came back over the wire while somebody listens: told beside a failure, never the bodies."""

import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from domain.platform.tries import Heard

# Where vendors say under which number they keep a call: in a header, else in the answer.
_HEADERS: Final = (
    "x-request-id", "request-id", "x-tt-logid", "x-correlation-id", "x-trace-id", "trace-id",
    "eagleeye-traceid", "x-amzn-requestid",
)  # fmt: skip
_IN_BODY: Final = re.compile(
    rb'"(?:request_?id|log_?id|trace_?id)"\s*:\s*"([\w.:/-]{1,100})"', re.IGNORECASE
)
_READ_BYTES: Final = 65_536
_LONGEST: Final = 200
_SECRET: ContextVar[tuple[str, ...]] = ContextVar("onhand_secret", default=())
_HEARD: ContextVar[list[Heard] | None] = ContextVar("onhand_heard", default=None)


@contextmanager
def listening() -> Iterator[list[Heard]]:
    """Every call made inside it, in their order."""
    heard: list[Heard] = []
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


@contextmanager
def keeping_secret(secrets: Collection[str]) -> Iterator[None]:
    """Calls made inside it are told without these: some vendors want keys in their addresses."""
    token = _SECRET.set(tuple(secrets))
    try:
        yield
    finally:
        _SECRET.reset(token)


@dataclass(slots=True)
class Call:
    """One call while it is made."""

    status: int = 0
    request_id: str = ""

    def answered(self, response: httpx.Response, body: bytes) -> None:
        """The whole of it came back."""
        self.status, self.request_id = response.status_code, _request_id(response, body)


@contextmanager
def calling(request: httpx.Request) -> Iterator[Call]:
    """Around one call; whoever listens hears how it ended."""
    call, at, began = Call(), datetime.now(UTC), time.monotonic()
    try:
        yield call
    finally:
        if (heard := _HEARD.get()) is not None:
            took_ms = round((time.monotonic() - began) * 1000)
            heard.append(Heard(at, took_ms, _told(request), call.status, call.request_id))


def _told(request: httpx.Request) -> str:
    path = request.url.path
    for secret in _SECRET.get():
        path = path.replace(secret, "***")
    return f"{request.method} {path}"[:_LONGEST]


def _request_id(response: httpx.Response, body: bytes) -> str:
    for name in _HEADERS:
        if told := response.headers.get(name, ""):
            return str(told)[:_LONGEST]
    found = _IN_BODY.search(body[:_READ_BYTES])
    return found[1].decode() if found else ""
