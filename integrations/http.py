"""One call to an outside system: every way it can go wrong, told as an IntegrationError."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from domain.shared.errors import AnswerLost, RateLimited, Rejected, Unavailable
from integrations.hearing import calling

TIMEOUT_S: Final = 10.0
ANSWER_LIMIT_BYTES: Final = 4 * 1024 * 1024
DEFAULT_RETRY_AFTER_S: Final = 30.0
_LONGEST_RETRY_AFTER_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer with a status below 500 that is not 429, unless the caller reads errors
    itself; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    system: str,
    changes: bool,
    timeout_s: float = TIMEOUT_S,
    limit_bytes: int = ANSWER_LIMIT_BYTES,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    reads_errors: bool = False,
) -> Answer:
    """Send a request and read the whole answer within `timeout_s`.

    Raises Unavailable when nothing was sent; RateLimited for 429; Rejected for a request that
    cannot be sent at all. When it was sent and no usable answer came (time-out, reset, 5xx,
    cut off, too large), AnswerLost if the request `changes` something over there, else Unavailable.
    A caller that `reads_errors` gets answers of any status: its vendor's errors say more.
    """
    async with _translated(system, changes, timeout_s):
        with calling(request) as call:
            response = await client.send(request, stream=True)
            try:
                body = await _read(response, limit_bytes)
            finally:
                await response.aclose()
            call.answered(response, body or b"")
    if body is None:
        raise _no_answer(changes, f"answer is larger than {limit_bytes} bytes", "too_large", system)
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not reads_errors:
        _raise_for_status(response.status_code, headers, changes, system, now())
    return Answer(response.status_code, headers, body)


def _raise_for_status(
    status: int, headers: Mapping[str, str], changes: bool, system: str, now: datetime
) -> None:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait_s = retry_after_s(headers.get("retry-after", ""), now)
        raise RateLimited("too many requests", retry_after_s=wait_s, code="429", system=system)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _no_answer(changes, f"answered HTTP {status}", str(status), system)


async def _read(response: httpx.Response, limit_bytes: int) -> bytes | None:
    """The body, or None when it is too large."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)


@asynccontextmanager
async def _translated(system: str, changes: bool, timeout_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise Unavailable(f"no connection: {error}", code="connect", system=system) from error
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise Rejected(f"cannot be sent: {error}", code="unsendable", system=system) from error
    except (TimeoutError, httpx.TimeoutException) as error:
        text = f"no answer within {timeout_s:g} s"
        raise _no_answer(changes, text, "timeout", system) from error
    except httpx.RequestError as error:
        text = f"connection broke: {error}"
        raise _no_answer(changes, text, "broken", system) from error


def _no_answer(changes: bool, text: str, code: str, system: str) -> Unavailable:
    return (AnswerLost if changes else Unavailable)(text, code=code, system=system)


def retry_after_s(value: str, now: datetime) -> float:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); our default when absent or unreadable."""
    if value.isascii() and value.isdigit():
        seconds = float(value)
    else:
        try:
            at = parsedate_to_datetime(value)
            seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return DEFAULT_RETRY_AFTER_S
    return min(max(seconds, 1.0), _LONGEST_RETRY_AFTER_S)
