import json
from collections.abc import Sequence
from datetime import timedelta

import httpx
from sqlmodel import select
from standardwebhooks.webhooks import Webhook

from db.engine import Sessions
from db.platform.outbox import queue_shop_webhook, redeliver
from db.platform.tables import AttentionRow, OutboxRow, WebhookEndpointRow
from db.platform.webhooks import PAUSE_TRIES, Subscribers
from db.sql import run
from db.vault import endpoint_context
from integrations.marketplaces.signing import own_genuine
from integrations.webhooks import WebhookSender
from runtime.fan_out import MOST_ATTEMPTS, WebhookFanOut, wait_before
from tests.shops import VAULT, seed_shops

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "b3RoZXIgc2VjcmV0IG9mIG91cnM="
BODY = json.dumps({"id": "evt_1", "data": {"order_no": "订单-1"}}, ensure_ascii=False).encode()


class Subscriber:
    """Answers with `statuses` one after the other, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [200]
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])


def _fan_out(
    sessions: Sessions, subscriber: Subscriber, address: str = "93.184.216.34"
) -> WebhookFanOut:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return (address,)

    client = httpx.AsyncClient(transport=httpx.MockTransport(subscriber))
    return WebhookFanOut(sessions, VAULT, WebhookSender(client, resolve=resolve), lambda: 1.0)


async def _queue(sessions: Sessions, event_id: str = "evt_1") -> int:
    async with sessions.begin() as session:
        return await queue_shop_webhook(
            session, shop_id="own-1", event_id=event_id, event_type="shipment.shipped", body=BODY
        )


async def _seed(sessions: Sessions) -> None:
    await seed_shops(sessions)
    async with sessions.begin() as session:
        for name, active in (("e-1", True), ("e-off", False)):
            secret = VAULT.seal(SECRET.encode(), endpoint_context(name))
            session.add(
                WebhookEndpointRow(
                    id=name,
                    shop_id="own-1",
                    url="https://shop.example/hooks",
                    secret=secret,
                    active=active,
                )
            )


async def _row(sessions: Sessions) -> OutboxRow:
    async with sessions.begin() as session:
        return (await session.exec(select(OutboxRow))).one()


async def _make_due(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE outbox SET due_at = clock_timestamp()")


async def test_an_event_reaches_the_active_subscriber_exactly_as_it_was_written(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    subscriber = Subscriber()

    assert await _queue(sessions) == 1
    assert await _fan_out(sessions, subscriber).once(100) == 1

    (request,) = subscriber.requests
    assert request.content == BODY
    assert request.headers["content-type"] == "application/cloudevents+json"
    timestamp = int(request.headers["webhook-timestamp"])
    given = request.headers["webhook-signature"]
    assert own_genuine(given, [SECRET], "evt_1", timestamp, BODY)
    row = await _row(sessions)
    assert (row.sent_at is not None, row.attempts, row.error) == (True, 1, "")


async def test_the_same_event_is_queued_once(sessions: Sessions) -> None:
    await _seed(sessions)

    assert [await _queue(sessions), await _queue(sessions)] == [1, 0]


async def test_a_subscriber_that_fails_is_tried_again_under_the_same_id(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    await _queue(sessions)
    subscriber = Subscriber(500, 302, 200)
    fan_out = _fan_out(sessions, subscriber)

    assert await fan_out.once(100) == 1
    assert await fan_out.once(100) == 0
    assert (await _row(sessions)).error.startswith("Unavailable: answered HTTP 500")
    for _ in range(2):
        await _make_due(sessions)
        assert await fan_out.once(100) == 1

    assert [request.headers["webhook-id"] for request in subscriber.requests] == ["evt_1"] * 3
    row = await _row(sessions)
    assert (row.sent_at is not None, row.attempts, row.error) == (True, 3, "")


async def test_after_about_three_days_it_is_given_up_a_person_hears_and_it_can_be_sent_again(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    await _queue(sessions)
    subscriber = Subscriber(503)
    fan_out = _fan_out(sessions, subscriber)

    for _ in range(MOST_ATTEMPTS):
        assert await fan_out.once(100) == 1
        await _make_due(sessions)
    assert await fan_out.once(100) == 0

    total = sum((wait_before(attempt) for attempt in range(1, MOST_ATTEMPTS)), timedelta())
    assert timedelta(days=2, hours=20) < total < timedelta(days=3, hours=4)
    async with sessions.begin() as session:
        item = (await session.exec(select(AttentionRow))).one()
        assert (item.workflow_id, item.code) == ("webhook/e-1", "not_delivered")
        assert await redeliver(session, "evt_1") == 1
    subscriber.statuses = [200]
    assert await fan_out.once(100) == 1
    assert subscriber.requests[-1].headers["webhook-id"] == "evt_1"


async def test_a_subscriber_in_a_private_network_is_never_called(sessions: Sessions) -> None:
    await _seed(sessions)
    await _queue(sessions)
    subscriber = Subscriber()

    await _fan_out(sessions, subscriber, "169.254.169.254").once(100)

    assert subscriber.requests == []
    assert "private network" in (await _row(sessions)).error


async def test_a_subscriber_that_was_switched_off_hears_nothing_more(sessions: Sessions) -> None:
    await _seed(sessions)
    await _queue(sessions)
    async with sessions.begin() as session:
        await run(session, "UPDATE webhook_endpoint SET active = false")
    subscriber = Subscriber()

    await _fan_out(sessions, subscriber).once(100)

    assert subscriber.requests == []
    assert (await _row(sessions)).error == "the subscriber was removed"


async def test_two_secrets_sign_while_one_is_replaced_and_each_proves_the_message(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    async with sessions.begin() as session:
        await Subscribers(session).rotate(VAULT, "e-1", OTHER, timedelta(hours=24))
    await _queue(sessions)
    subscriber = Subscriber()

    await _fan_out(sessions, subscriber).once(100)

    (request,) = subscriber.requests
    given = request.headers["webhook-signature"]
    timestamp = int(request.headers["webhook-timestamp"])
    assert len(given.split(" ")) == 2
    for secret in (SECRET, OTHER):
        assert own_genuine(given, [secret], "evt_1", timestamp, BODY)
        Webhook(secret).verify(BODY, dict(request.headers))
    async with sessions.begin() as session:
        await run(session, "UPDATE webhook_endpoint SET old_until = clock_timestamp()")
    await _queue(sessions, "evt_2")
    await _fan_out(sessions, subscriber).once(100)
    assert len(subscriber.requests[-1].headers["webhook-signature"].split(" ")) == 1


async def test_every_try_is_written_down_without_what_was_answered(sessions: Sessions) -> None:
    await _seed(sessions)
    await _queue(sessions)
    fan_out = _fan_out(sessions, Subscriber(500, 200))
    await fan_out.once(100)
    await _make_due(sessions)
    await fan_out.once(100)

    async with sessions.begin() as session:
        late, first = await Subscribers(session).tries("e-1")
        row = await Subscribers(session).find("e-1")
    assert (first.status, first.attempt, first.next_at > first.at) == (500, 1, True)
    assert first.error == "Unavailable: answered HTTP 500"
    assert (late.status, late.attempt, late.error, late.next_at) == (200, 2, "", None)
    assert row.failing_since is None


async def test_who_fails_for_a_day_is_paused_once_and_goes_on_when_resumed(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    await _queue(sessions)
    subscriber = Subscriber(503)
    fan_out = _fan_out(sessions, subscriber)
    for _ in range(PAUSE_TRIES - 1):
        await fan_out.once(100)
        await _make_due(sessions)
    await _long_ago(sessions)
    await fan_out.once(100)
    await _make_due(sessions)

    assert await fan_out.once(100) == 1
    assert len(subscriber.requests) == PAUSE_TRIES
    async with sessions.begin() as session:
        item = (await session.exec(select(AttentionRow))).one()
        assert (item.code, item.workflow_id) == ("paused", "webhook/e-1")
        await Subscribers(session).resume("e-1", "account:li")
    subscriber.statuses = [200]
    assert await fan_out.once(100) == 1
    assert (await _row(sessions)).sent_at is not None
    async with sessions.begin() as session:
        assert (await session.exec(select(AttentionRow))).one().resolved_at is not None


async def test_a_subscriber_hears_what_it_chose_of_its_shop_or_of_all(sessions: Sessions) -> None:
    await _seed(sessions)
    async with sessions.begin() as session:
        subscribers = Subscribers(session)
        for shop, events in (("", []), ("", ["order.delivered"]), ("own-1", ["shipment.shipped"])):
            await subscribers.add(VAULT, SECRET, shop, "https://a.example/", "", events)

    assert await _queue(sessions) == 3  # the one that was there, all events, and its own type


async def test_one_subscriber_is_told_an_event_again_without_the_others(
    sessions: Sessions,
) -> None:
    await _seed(sessions)
    async with sessions.begin() as session:
        other = await Subscribers(session).add(VAULT, SECRET, "", "https://b.example/", "", [])
    await _queue(sessions)
    subscriber = Subscriber()
    await _fan_out(sessions, subscriber).once(100)

    async with sessions.begin() as session:
        assert await Subscribers(session).tell_again(other, ["evt_1", "evt_404"]) == 1
    await _fan_out(sessions, subscriber).once(100)

    assert [request.headers["host"] for request in subscriber.requests[2:]] == ["b.example"]


async def _long_ago(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE webhook_endpoint SET failing_since = failing_since - :day",
                  day=timedelta(days=1))  # fmt: skip
