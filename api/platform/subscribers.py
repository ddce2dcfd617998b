"""Who hears our events: subscribing, secrets, and how each try to tell them went."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SettingsOf
from api.strict import Code, SafeStr, StrictBody
from db.ids import new_id
from db.platform.audit import audit
from db.platform.webhooks import Subscribers
from db.sql import run
from domain.shared.errors import IntegrationError, InvalidInput, TargetRefused
from integrations.marketplaces.own_events import EventType, build_test_event, example_of
from integrations.webhooks import judge

router = APIRouter(tags=["subscribers"])

OVERLAP_HOURS: Final = 24
_SECRET_BYTES: Final = 32
_MOST_SHOWN: Final = 50
SUBSCRIBABLE: Final = tuple(kind for kind in EventType if kind is not EventType.TEST)
_TARGET: Final[dict[int | str, dict[str, Any]]] = {
    422: {"description": "TargetRefused: no https address of the public internet"}
}
Url = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000)]
Events = Annotated[list[EventType], Field(max_length=20)]


class Subscription(StrictBody):
    """`events` empty: all of them, also those that are added later."""

    url: Url = Field(examples=["https://shop.example/hooks"])
    name: SafeStr = ""
    events: Events = Field(default=[], examples=[["shipment.shipped"]])


class NewSubscription(Subscription):
    """`shop_id` empty: the events of every shop."""

    shop_id: SafeStr = Field(default="", examples=["mini"])


class NewSecret(StrictBody):
    """For so many hours the secret before signs beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=168, strict=True)] = OVERLAP_HOURS


class Shown(StrictBody):
    """`secret` is shown this once: it proves our messages as the Standard Webhooks say."""

    id: str
    secret: str


class SubscriberView(StrictBody):
    """`waiting` events are still to be told, `missed` ones were given up. `failing_since` is when
    the tries that failed without a break began."""

    id: str
    name: str
    url: str
    shop_id: str | None
    events: list[str]
    paused_at: datetime | None
    paused_by: str
    failing_since: datetime | None
    old_secret_until: datetime | None
    last_at: datetime | None
    waiting: int
    missed: int


class SubscribersView(StrictBody):
    items: list[SubscriberView]


class TryView(StrictBody):
    """`status` is what the subscriber answered, when it did; what else it said is not kept."""

    id: int
    event_id: str
    event_type: str
    attempt: int
    at: datetime
    duration_ms: int
    status: int | None
    error: str
    next_at: datetime | None


class TriesView(StrictBody):
    """`following` is given as `before` to get the next page; none at the end."""

    items: list[TryView]
    following: int | None


class Redelivery(StrictBody):
    """Some events by their ids, or all that were given up."""

    event_ids: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    missed: Annotated[bool, Field(strict=True)] = False


class Redelivered(StrictBody):
    """How many events are told once more."""

    events: int


class Sent(StrictBody):
    """The id under which the event comes."""

    event_id: str


class EventView(StrictBody):
    """A type of event with an example, a CloudEvent as it is sent."""

    type: str
    example: str


class EventsView(StrictBody):
    items: list[EventView]


@router.get("/webhook-events")
async def list_events() -> EventsView:
    """What may be heard."""
    return EventsView(
        items=[EventView(type=kind, example=example_of(kind).body.decode()) for kind in EventType]
    )


@router.get("/subscribers")
async def list_subscribers(context: Context) -> SubscribersView:
    """Everybody who hears our events."""
    async with context.sessions.begin() as session:
        rows = await Subscribers(session).list()
    return SubscribersView(items=[_view(row) for row in rows])


@router.post("/subscribers", status_code=201, responses=_TARGET)
async def subscribe(body: NewSubscription, context: Context, settings: SettingsOf) -> Shown:
    """Tell somebody our events from now on."""
    return await add(context, body, private=settings.webhooks_to_private)


@router.get("/subscribers/{subscriber_id}")
async def get_subscriber(subscriber_id: Code, context: Context) -> SubscriberView:
    """One subscriber."""
    async with context.sessions.begin() as session:
        return _view(await Subscribers(session).find(subscriber_id))


@router.put("/subscribers/{subscriber_id}", responses=_TARGET)
async def change_subscriber(
    subscriber_id: Code, body: Subscription, context: Context, settings: SettingsOf
) -> SubscriberView:
    """Another address, name or choice of events; the secrets stay."""
    await change(context, subscriber_id, body, private=settings.webhooks_to_private)
    return await get_subscriber(subscriber_id, context)


@router.delete("/subscribers/{subscriber_id}", status_code=204)
async def remove_subscriber(subscriber_id: Code, context: Context) -> None:
    """It hears nothing more."""
    async with context.sessions.begin() as session:
        await Subscribers(session).remove(subscriber_id)
        await _write_down(session, context, "removed", subscriber_id)


@router.post("/subscribers/{subscriber_id}/secret")
async def new_secret(subscriber_id: Code, body: NewSecret, context: Context) -> Shown:
    """Replace the secret; for a while both sign every message."""
    secret = _new_secret()
    async with context.sessions.begin() as session:
        overlap = timedelta(hours=body.overlap_hours)
        await Subscribers(session).rotate(context.vault, subscriber_id, secret, overlap)
        await _write_down(session, context, "secret_replaced", subscriber_id)
    return Shown(id=subscriber_id, secret=secret)


@router.post("/subscribers/{subscriber_id}/pause")
async def pause(subscriber_id: Code, context: Context) -> SubscriberView:
    """Events wait until it is resumed; nothing is lost."""
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        await subscribers.find(subscriber_id)
        await subscribers.pause(subscriber_id, context.actor)
        await _write_down(session, context, "paused", subscriber_id)
    return await get_subscriber(subscriber_id, context)


@router.post("/subscribers/{subscriber_id}/resume")
async def resume(subscriber_id: Code, context: Context) -> SubscriberView:
    """Tell it what waits, now."""
    async with context.sessions.begin() as session:
        await Subscribers(session).resume(subscriber_id, context.actor)
        await _write_down(session, context, "resumed", subscriber_id)
    return await get_subscriber(subscriber_id, context)


@router.post("/subscribers/{subscriber_id}/test", status_code=202)
async def send_test(subscriber_id: Code, context: Context) -> Sent:
    """Tell it an event of the type `webhook.test`, whatever it subscribed to."""
    event = build_test_event(new_id("t"), datetime.now(UTC))
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        await subscribers.find(subscriber_id)
        await subscribers.tell(subscriber_id, event.id, event.type, event.body)
        await _write_down(session, context, "tested", subscriber_id)
    return Sent(event_id=event.id)


@router.get("/subscribers/{subscriber_id}/tries")
async def list_tries(
    subscriber_id: Code,
    context: Context,
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
    failed: bool = False,
) -> TriesView:
    """Every try to tell it, the latest first; kept for 30 days."""
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        await subscribers.find(subscriber_id)
        rows = await subscribers.tries(subscriber_id, _MOST_SHOWN, before, failed=failed)
    items = [TryView(**dict(row._mapping)) for row in rows]
    return TriesView(items=items, following=rows[-1].id if len(rows) == _MOST_SHOWN else None)


@router.post("/subscribers/{subscriber_id}/redelivery", status_code=202)
async def redeliver(subscriber_id: Code, body: Redelivery, context: Context) -> Redelivered:
    """Tell events once more under the ids they had, so that they are known as repeats."""
    if not body.missed and not body.event_ids:
        raise InvalidInput("name an event")
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        await subscribers.find(subscriber_id)
        events = await subscribers.tell_again(subscriber_id, body.event_ids)
        if body.missed:
            events += await subscribers.tell_missed(subscriber_id)
        await _write_down(session, context, "redelivered", subscriber_id, events=events)
    return Redelivered(events=events)


async def add(context: RequestContext, body: NewSubscription, *, private: bool) -> Shown:
    """Subscribe. Raises TargetRefused, InvalidInput for a shop that is not there."""
    await _judge(body.url, private=private)
    secret = _new_secret()
    async with context.sessions.begin() as session:
        if body.shop_id and not await run(
            session, "SELECT 1 FROM shop WHERE id = :id", id=body.shop_id
        ):
            raise InvalidInput("there is no such shop")
        subscriber_id = await Subscribers(session).add(
            context.vault, secret, body.shop_id, body.url, body.name, _types(body.events)
        )
        await _write_down(session, context, "added", subscriber_id, url=body.url)
    return Shown(id=subscriber_id, secret=secret)


async def change(
    context: RequestContext, subscriber_id: str, body: Subscription, *, private: bool
) -> None:
    """Raises TargetRefused, SubscriberNotFound."""
    await _judge(body.url, private=private)
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        before = await subscribers.find(subscriber_id)
        await subscribers.change(subscriber_id, body.url, body.name, _types(body.events))
        await _write_down(
            session, context, "changed", subscriber_id, url=body.url, events=_types(body.events),
            before=before.url,
        )  # fmt: skip


async def _judge(url: str, *, private: bool) -> None:
    """An address is judged when it is given, and again each time it is called."""
    try:
        await judge(url, private=private)
    except IntegrationError as error:
        raise TargetRefused(str(error)) from None


def _types(events: list[EventType]) -> list[str]:
    return sorted({str(kind) for kind in events})


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


async def _write_down(
    session: AsyncSession, context: RequestContext, what: str, subscriber_id: str, **about: Any
) -> None:
    await audit(
        session, context.actor, f"subscriber.{what}", f"webhook/{subscriber_id}", after=about,
        request_id=context.request_id,
    )  # fmt: skip


def _view(row: Row[Any]) -> SubscriberView:
    return SubscriberView(
        id=row.id, name=row.name, url=row.url, shop_id=row.shop_id, events=row.events,
        paused_at=row.paused_at, paused_by=row.paused_by, failing_since=row.failing_since,
        old_secret_until=row.old_until, last_at=row.last_at, waiting=row.waiting,
        missed=row.missed,
    )  # fmt: skip
