from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from domain.shared.errors import Rejected, Unavailable
from integrations.marketplaces.signing import own_genuine
from integrations.webhooks import WebhookSender, check_target, is_public

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Receiver:
    """A subscriber that remembers what it was sent."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status, headers=self.headers)


def _sender(receiver: Receiver, *addresses: str, private: bool = False) -> WebhookSender:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    return WebhookSender(client, private, resolve, lambda: NOW)


async def test_an_event_goes_signed_to_the_address_that_was_judged() -> None:
    receiver = Receiver()

    await _sender(receiver, "93.184.216.34").send(
        "https://shop.example/hooks?a=1", [SECRET], "evt_1", b'{"id":"evt_1"}'
    )

    (request,) = receiver.requests
    assert str(request.url) == "https://93.184.216.34/hooks?a=1"
    assert request.headers["host"] == "shop.example"
    assert request.extensions["sni_hostname"] == "shop.example"
    assert request.headers["webhook-id"] == "evt_1"
    timestamp = int(request.headers["webhook-timestamp"])
    assert timestamp == int(NOW.timestamp())
    given = request.headers["webhook-signature"]
    assert own_genuine(given, [SECRET], "evt_1", timestamp, request.content)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "ff02::1", "not an address",
    ],
)  # fmt: skip
async def test_private_addresses_are_not_called(address: str) -> None:
    receiver = Receiver()
    assert not is_public(address)

    with pytest.raises(Rejected, match="private network"):
        await _sender(receiver, "93.184.216.34", address).send(
            "https://shop.example/", [SECRET], "e", b"{}"
        )

    assert receiver.requests == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"])
def test_public_addresses_are_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "file:///etc/passwd", "gopher://shop.example/", "https://",
        "https://user:pw@shop.example/", "https://shop.example:5432/", "https://shop.example:7233/",
        "//shop.example", "", "https://shop.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_targets_other_than_plain_https_are_refused(url: str) -> None:
    with pytest.raises(Rejected) as refusal:
        check_target(url)

    assert refusal.value.code == "target_refused"


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost"])
async def test_other_spellings_of_this_machine_are_resolved_and_refused(host: str) -> None:
    receiver = Receiver()
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))

    with pytest.raises(Rejected, match="private network"):
        await WebhookSender(client).send(f"https://{host}/", [SECRET], "e", b"{}")

    assert receiver.requests == []


@pytest.mark.parametrize("status", [302, 400, 404, 410])
async def test_any_answer_but_2xx_is_tried_again_and_redirects_are_not_followed(
    status: int,
) -> None:
    receiver = Receiver(status, {"location": "https://10.0.0.1/"})

    with pytest.raises(Unavailable) as error:
        await _sender(receiver, "93.184.216.34").send("https://a.example/", [SECRET], "e", b"{}")

    assert error.value.code == str(status)
    assert len(receiver.requests) == 1


async def test_a_demo_on_one_machine_may_allow_its_own_addresses() -> None:
    receiver = Receiver()

    await _sender(receiver, "127.0.0.1", private=True).send(
        "http://localhost:8010/hooks", [SECRET], "e", b"{}"
    )

    assert [str(request.url) for request in receiver.requests] == ["http://127.0.0.1:8010/hooks"]
