"""Raw bytes on a real connection: slow ones, ambiguous ones, and more than anybody should send."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import limits
from api.app import create_app
from api.metrics import Requests
from api.slow_callers import PatientForBodies, PatientForHeaders
from tests.api.served import NOBODY_LISTENS, listening, settings_of

HURRIED_S = 0.5
_READ_S = 15.0


class Hurried(PatientForHeaders):
    headers_s = HURRIED_S


class HurriedForBodies(PatientForBodies):
    def __init__(self, app: ASGIApp, **_: float) -> None:
        super().__init__(app, whole_s=2 * HURRIED_S, piece_s=HURRIED_S)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """What is refused here needs no database, so there is none."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "PatientForBodies", HurriedForBodies)
        app = create_app(settings_of(f"postgresql://{NOBODY_LISTENS}/none"))
        with listening(app, http=Hurried) as url:
            parts = urlsplit(url)
            assert parts.hostname
            assert parts.port
            yield parts.hostname, parts.port


def _open(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=_READ_S)


def _all_of(connection: socket.socket) -> bytes:
    """Everything until the other side closes. Raises TimeoutError when it never does."""
    told = b""
    while piece := connection.recv(65536):
        told += piece
    return told


def _post(*headers: bytes) -> bytes:
    lines = (b"POST /api/v1/accounts HTTP/1.1", b"Host: test", b"Content-Type: application/json")
    return b"\r\n".join((*lines, *headers)) + b"\r\n\r\n"


def test_headers_that_never_end_are_not_waited_for(address: tuple[str, int]) -> None:
    with _open(address) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\nX-Slow: ")

        assert _all_of(connection) == b""


def test_headers_of_a_second_request_are_not_waited_for_either(address: tuple[str, int]) -> None:
    with _open(address) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
        first = connection.recv(65536)
        began = time.monotonic()
        for _ in range(8):  # every byte would keep a resting connection open
            time.sleep(HURRIED_S / 4)
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"GET /heal"[:1])

        rest = _all_of(connection)

    assert first.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 200" not in rest
    assert time.monotonic() - began < 4


def test_a_body_that_never_comes_is_answered_with_408(address: tuple[str, int]) -> None:
    with _open(address) as connection:
        connection.sendall(_post(b"Content-Length: 100") + b'{"login"')

        head, _, body = _all_of(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "TooSlow"


def test_whoever_is_not_slow_is_not_cut_off(address: tuple[str, int]) -> None:
    with _open(address) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            told = connection.recv(65536)
            assert told.startswith(b"HTTP/1.1 200")


# A front server and this one must not see two requests where one was sent.
SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n"
AMBIGUOUS = {
    "two lengths": _post(b"Content-Length: 4", b"Content-Length: 40") + b"{}  " + SMUGGLED,
    "length and chunks": _post(b"Content-Length: 4", b"Transfer-Encoding: chunked")
    + b"0\r\n\r\n"
    + SMUGGLED,
    "negative length": _post(b"Content-Length: -1") + SMUGGLED,
    "length in words": _post(b"Content-Length: four") + SMUGGLED,
    "folded header": _post(b"X-One: a\r\n Transfer-Encoding: chunked", b"Content-Length: 2")
    + b"{}",
    "half a chunk": _post(b"Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "bare newline": b"GET /healthz HTTP/1.1\nHost: test\nX: y\r\nGET /metrics HTTP/1.1\r\n\r\n",
    "no method": b"\x00\x01\x02\r\n\r\n",
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_an_ambiguous_request_is_one_refused_request(address: tuple[str, int], case: str) -> None:
    with _open(address) as connection:
        connection.sendall(AMBIGUOUS[case])
        connection.shutdown(socket.SHUT_WR)

        told = _all_of(connection)

    assert told.count(b"HTTP/1.1 ") <= 1
    assert not told.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))


@pytest.mark.parametrize(
    "headers",
    [[b"User-Agent: " + b"a" * 1_000_000], [b"X-%d: " % n + b"a" * 1000 for n in range(100)]],
    ids=["one", "many"],
)
def test_a_flood_of_headers_is_refused(address: tuple[str, int], headers: list[bytes]) -> None:
    with _open(address) as connection:
        told = b""
        with suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(_post(*headers, b"Content-Length: 2"))
            connection.sendall(b"{}")
            told = _all_of(connection)

    assert told == b"" or told.startswith(b"HTTP/1.1 400")


async def test_who_hangs_up_in_the_middle_is_no_failure_of_ours() -> None:
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    app = create_app(settings_of(f"postgresql://{NOBODY_LISTENS}/none"))
    scope = {
        "type": "http", "method": "POST", "scheme": "http", "path": "/", "query_string": b"",
        "server": ("test", 80), "headers": [(b"content-length", b"100")], "app": app,
    }  # fmt: skip
    await Requests(reads)(scope, receive, send)

    assert answers == []
