"""Programs subscribe addresses, never private ones, and see how telling them goes."""

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook

from db.engine import Sessions
from domain.platform.permissions import Role
from integrations.webhooks import WebhookSender
from runtime.fan_out import WebhookFanOut
from tests.activities.platform.test_importing import query
from tests.api.served import browser, key_for
from tests.shops import seed_shops

GOOD = "https://93.184.216.34/hooks"
PRIVATE = (
    "https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/", "https://2130706433/",
    "https://0177.0.0.1/", "https://127.1/", "https://localhost/", "https://169.254.169.254/latest",
    "https://100.64.0.1/", "https://10.0.0.8/", "https://172.16.0.1/", "https://192.168.1.1/",
    "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1]/", "https://[fc00::1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "file:///etc/passwd",
    "gopher://93.184.216.34/", "http://93.184.216.34/", "https://93.184.216.34:5432/",
    "https://93.184.216.34:7233/", "https://user:pw@93.184.216.34/", "https://127。0。0。1/",
)  # fmt: skip


async def admin(app: FastAPI, sessions: Sessions, *roles: Role) -> httpx.AsyncClient:
    return browser(app, **await key_for(sessions, *(roles or (Role.ADMIN,))))


@pytest.mark.parametrize("url", PRIVATE)
async def test_no_private_or_strange_address_is_taken(
    app: FastAPI, web_sessions: Sessions, url: str
) -> None:
    async with await admin(app, web_sessions) as client:
        answer = await client.post("/api/v1/subscribers", json={"url": url})

        assert (answer.status_code, answer.json()["code"]) == (422, "TargetRefused")
        assert (await client.get("/api/v1/subscribers")).json() == {"items": []}


async def test_a_subscriber_lives_from_its_secret_to_its_removal(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shops(sessions)
    heard: list[httpx.Request] = []

    def subscriber(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(204, text="not to be kept")

    sender = WebhookSender(httpx.AsyncClient(transport=httpx.MockTransport(subscriber)))
    fan_out = WebhookFanOut(sessions, app.state.vault, sender)
    async with await admin(app, web_sessions) as client:
        body = {"url": GOOD, "shop_id": "own-1", "events": ["shipment.shipped"]}
        made = (await client.post("/api/v1/subscribers", json=body)).json()
        address = f"/api/v1/subscribers/{made['id']}"
        sent = (await client.post(f"{address}/test")).json()
        await fan_out.once(10)
        (request,) = heard
        told = Webhook(made["secret"]).verify(request.content, dict(request.headers))
        assert (told["id"], told["type"]) == (sent["event_id"], "webhook.test")
        (one,) = (await client.get(f"{address}/tries")).json()["items"]
        assert (one["status"], one["error"], one["event_id"]) == (204, "", sent["event_id"])
        assert "not to be kept" not in str(
            await query(sessions, "SELECT t::text FROM webhook_try t")
        )

        other = (await client.post(f"{address}/secret", json={"overlap_hours": 1})).json()
        assert other["secret"] != made["secret"]
        again = await client.post(f"{address}/redelivery", json={"event_ids": [sent["event_id"]]})
        assert again.json() == {"events": 1}
        await fan_out.once(10)
        for secret in (made["secret"], other["secret"]):
            Webhook(secret).verify(heard[1].content, dict(heard[1].headers))

        assert (await client.post(f"{address}/pause")).json()["paused_at"]
        await client.post(f"{address}/test")
        await fan_out.once(10)
        assert len(heard) == 2
        assert (await client.post(f"{address}/resume")).json()["waiting"] == 1
        await fan_out.once(10)
        assert len(heard) == 3
        changed = await client.put(address, json={"url": GOOD, "name": "ERP", "events": []})
        assert (changed.json()["name"], changed.json()["events"]) == ("ERP", [])
        assert (await client.delete(address)).status_code == 204
        assert (await client.get(address)).status_code == 404
    acts = "SELECT action FROM audit_log WHERE subject LIKE 'webhook/%' ORDER BY id"
    assert [row[0].removeprefix("subscriber.") for row in await query(sessions, acts)] == [
        "added", "tested", "secret_replaced", "redelivered", "paused", "tested", "resumed",
        "changed", "removed",
    ]  # fmt: skip


async def test_an_address_that_turns_private_later_is_not_called(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    called: list[httpx.Request] = []
    answers = ["93.184.216.34", "10.0.0.1"]

    def nobody(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(302, headers={"location": "http://127.0.0.1:5432/"})

    async def rebinding(host: str, port: int) -> list[str]:
        return [answers.pop(0)]

    client = httpx.AsyncClient(transport=httpx.MockTransport(nobody))
    fan_out = WebhookFanOut(sessions, app.state.vault, WebhookSender(client, resolve=rebinding))
    async with await admin(app, web_sessions) as admins:
        made = (await admins.post("/api/v1/subscribers", json={"url": GOOD})).json()
        address = f"/api/v1/subscribers/{made['id']}"
        for _ in range(2):
            await admins.post(f"{address}/test")
            await fan_out.once(10)
        tries = (await admins.get(f"{address}/tries")).json()["items"]

    assert [str(request.url) for request in called] == ["https://93.184.216.34/hooks"]
    assert [one["status"] for one in tries] == [None, 302]
    assert "private network" in tries[0]["error"]


async def test_a_secret_is_shown_once_also_to_a_repeated_request(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with await admin(app, web_sessions) as client:
        made = await client.post(
            "/api/v1/subscribers", json={"url": GOOD}, headers={"Idempotency-Key": "k1"}
        )
        secret = made.json()["secret"]
        seen = (await client.get("/api/v1/subscribers")).text

    assert secret not in seen
    assert secret.removeprefix("whsec_") not in str(
        await query(sessions, "SELECT i::text FROM idempotency_key i")
    )


@pytest.mark.parametrize("role", [Role.CUSTOMER_SERVICE, Role.MANAGER, Role.WAREHOUSE])
async def test_only_administrators_subscribe_and_see_secrets(
    app: FastAPI, web_sessions: Sessions, role: Role
) -> None:
    async with await admin(app, web_sessions, role) as client:
        assert (await client.post("/api/v1/subscribers", json={"url": GOOD})).status_code == 403
        assert (await client.post("/api/v1/subscribers/x/secret", json={})).status_code == 403
        seen = await client.get("/api/v1/subscribers")
        assert seen.status_code == (403 if role is Role.WAREHOUSE else 200)


async def test_every_type_of_event_has_an_example(app: FastAPI, web_sessions: Sessions) -> None:
    async with await admin(app, web_sessions) as client:
        items = (await client.get("/api/v1/webhook-events")).json()["items"]

    assert [one["type"] for one in items] == [
        "shipment.shipped", "order.delivered", "lot.recalled", "webhook.test",
    ]  # fmt: skip
    assert all('"specversion":"1.0"' in one["example"] for one in items)
