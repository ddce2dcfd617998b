"""The reference library of Standard Webhooks against our own channel: both ways, both refuse."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.shared.errors import Rejected
from integrations.marketplaces.own import OwnMarketplace
from integrations.marketplaces.own_events import build_shipped_event
from integrations.marketplaces.port import Pushed, ShipConfirmation, ShippedLine
from integrations.marketplaces.signing import own_headers
from integrations.webhooks import WebhookSender
from tests.shops import OWN_SECRET, own_order

OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
UNPADDED = OWN_SECRET.rstrip("=")


def signed_by_library(secret: str, body: bytes, at: datetime, message_id: str = "m-1") -> Pushed:
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
    return Pushed(headers, body)


@pytest.mark.parametrize("secret", [OWN_SECRET, UNPADDED, OWN_SECRET.removeprefix("whsec_")])
def test_our_door_takes_what_the_library_signs(secret: str) -> None:
    now = datetime.now(UTC)
    shop = OwnMarketplace("own-1", (OTHER_SECRET, secret), lambda: now)

    (push,) = shop.read_pushes(signed_by_library(secret, own_order("A-1"), now))

    assert (push.message_id, push.external_no) == ("m-1", "A-1")


@pytest.mark.parametrize(
    ("secret", "age", "code"),
    [
        (OTHER_SECRET, timedelta(0), "invalid_signature"),
        (OWN_SECRET, timedelta(minutes=6), "stale_timestamp"),
        (OWN_SECRET, timedelta(minutes=-6), "stale_timestamp"),
    ],
)
def test_our_door_and_the_library_refuse_the_same(secret: str, age: timedelta, code: str) -> None:
    now = datetime.now(UTC)
    pushed = signed_by_library(secret, own_order("A-1"), now - age)

    with pytest.raises(Rejected) as refusal:
        OwnMarketplace("own-1", (OWN_SECRET,), lambda: now).read_pushes(pushed)
    with pytest.raises(WebhookVerificationError):
        Webhook(OWN_SECRET).verify(pushed.body, dict(pushed.headers))
    assert refusal.value.code == code


@given(body=st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_the_library_takes_what_we_sign_whatever_it_says(body: dict[str, str]) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    headers = own_headers(OWN_SECRET, "m-1", int(datetime.now(UTC).timestamp()), raw)

    assert Webhook(OWN_SECRET).verify(raw, headers) == json.loads(raw)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(raw, headers)


async def test_the_library_takes_the_events_that_we_send_to_subscribers() -> None:
    received: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return httpx.Response(200)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ("93.184.216.34",)

    parcel = ShipConfirmation(
        "A-1", "par_1", "sf", "SF1000000001", (ShippedLine("1", 2),), partial=False
    )
    event = build_shipped_event("own-1", parcel, datetime.now(UTC))
    body = event.body
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        sender = WebhookSender(client, resolve=resolve)
        await sender.send("https://shop.example/hooks", [OWN_SECRET], event.id, body)

    (request,) = received
    assert request.headers["content-type"] == "application/cloudevents+json"
    told = Webhook(OWN_SECRET).verify(request.content, dict(request.headers))
    assert (told["id"], told["type"]) == (event.id, event.type)
    tampered = request.content.replace(b"SF1000000001", b"SF1000000002")
    assert tampered != request.content
    with pytest.raises(WebhookVerificationError):
        Webhook(OWN_SECRET).verify(tampered, dict(request.headers))
