"""What an outside system's silence, refusal or noise means."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from domain.shared.errors import AnswerLost, RateLimited, Rejected, Unavailable
from integrations.http import Answer, exchange

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


async def ask(
    handler: Callable[[httpx.Request], httpx.Response],
    *,
    changes: bool = True,
    timeout_s: float = 10,
    url: str = "http://carrier.test/",
) -> Answer:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        request = client.build_request("POST", url, content=b"{}")
        return await exchange(
            client,
            request,
            system="sf",
            changes=changes,
            timeout_s=timeout_s,
            limit_bytes=1000,
            now=lambda: NOW,
        )


def raising(error: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("boom", request=request)

    return handler


async def test_a_good_answer_comes_back_whole_with_lower_case_headers() -> None:
    answer = await ask(lambda _: httpx.Response(200, headers={"X-Id": "7"}, content=b"hello"))

    assert (answer.status, answer.headers["x-id"], answer.body) == (200, "7", b"hello")


async def test_a_client_error_is_left_to_the_vendor_client() -> None:
    assert (await ask(lambda _: httpx.Response(404, content=b"no"))).status == 404


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_without_a_connection_nothing_was_sent(error: type[httpx.RequestError]) -> None:
    with pytest.raises(Unavailable) as caught:
        await ask(raising(error))

    assert type(caught.value) is Unavailable
    assert (caught.value.code, caught.value.system) == ("connect", "sf")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ReadTimeout, "timeout"),
        (httpx.WriteTimeout, "timeout"),
        (httpx.ReadError, "broken"),
        (httpx.WriteError, "broken"),
        (httpx.RemoteProtocolError, "broken"),
        (httpx.DecodingError, "broken"),
    ],
)
async def test_a_change_that_was_sent_and_not_answered_may_have_happened(
    error: type[httpx.RequestError], code: str
) -> None:
    with pytest.raises(AnswerLost) as caught:
        await ask(raising(error))

    assert caught.value.code == code


async def test_a_question_that_was_not_answered_is_only_unavailable() -> None:
    with pytest.raises(Unavailable) as caught:
        await ask(raising(httpx.ReadTimeout), changes=False)

    assert type(caught.value) is Unavailable


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_may_have_come_after_the_change(status: int) -> None:
    with pytest.raises(AnswerLost) as caught:
        await ask(lambda _: httpx.Response(status))

    assert caught.value.code == str(status)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "Fri, 01 May 2026 12:02:00 GMT"}, 120.0),
        ({"Retry-After": "soon"}, 30.0),
        ({"Retry-After": "99999999"}, 86400.0),
        ({"Retry-After": "9" * 5000}, 86400.0),
        ({}, 30.0),
    ],
)
async def test_too_many_requests_says_when_to_come_back(
    header: dict[str, str], seconds: float
) -> None:
    with pytest.raises(RateLimited) as caught:
        await ask(lambda _: httpx.Response(429, headers=header))

    assert caught.value.retry_after_s == seconds


async def test_an_answer_that_is_too_large_is_not_read_to_the_end() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 600

    with pytest.raises(AnswerLost) as caught:
        await ask(lambda _: httpx.Response(200, content=endless()))

    assert caught.value.code == "too_large"
    assert read == 2


async def test_a_dripping_answer_does_not_outlast_the_time_out() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    with pytest.raises(AnswerLost) as caught:
        await ask(lambda _: httpx.Response(200, content=dripping()), timeout_s=0.1)

    assert caught.value.code == "timeout"


async def test_an_address_that_is_no_web_address_is_refused() -> None:
    async with httpx.AsyncClient() as client:
        request = client.build_request("POST", "gopher://carrier.test/")
        with pytest.raises(Rejected) as caught:
            await exchange(client, request, system="sf", changes=True)

    assert caught.value.code == "unsendable"
