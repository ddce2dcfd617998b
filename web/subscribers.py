"""Outgoing webhooks: who hears our events, and how telling them goes."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SettingsOf
from api.platform import subscribers as api
from api.platform.subscribers import NewSecret, NewSubscription, Redelivery, Subscription
from db.orders.queries import OrderQueries
from db.platform.webhooks import Subscribers
from domain.shared.errors import InvalidInput
from integrations.marketplaces.own_events import EventType, example_of
from web.input import typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

_SEE_OTHER: Final = 303
_SHOWN: Final = 50


@router.get("/subscribers")
async def overview(request: Request, context: Context) -> Response:
    """Everybody who hears our events, and which events there are."""
    async with context.sessions.begin() as session:
        rows = await Subscribers(session).list()
    examples = [
        (kind, json.dumps(json.loads(example_of(kind).body), indent=2, ensure_ascii=False))
        for kind in EventType
    ]
    return page(request, "subscribers.html", subscribers=rows, examples=examples)


@router.get("/subscribers/new")
async def form(request: Request, context: Context) -> Response:
    """Where somebody is subscribed."""
    async with context.sessions.begin() as session:
        shops = [shop for shop in await OrderQueries(session).shops() if shop.channel == "own"]
    return page(
        request, "subscriber_new.html", shops=shops, kinds=api.SUBSCRIBABLE, row=None,
        address="/subscribers/new",
    )  # fmt: skip


@router.post("/subscribers/new")
async def subscribe(request: Request, context: Context, settings: SettingsOf) -> Response:
    """Subscribe; the secret is shown on the answer, and never again."""
    given = await request.form(max_files=0, max_fields=30)
    asked = _subscription(given)
    body = body_of(NewSubscription, **asked.model_dump(), shop_id=typed(_text(given, "shop")))
    shown = await api.add(context, body, private=settings.webhooks_to_private)
    return page(request, "subscriber_secret.html", shown=shown, hours=0)


@router.get("/subscribers/{subscriber_id}")
async def one(
    subscriber_id: str,
    request: Request,
    context: Context,
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
    failed: bool = False,
) -> Response:
    """One subscriber with every try to tell it."""
    async with context.sessions.begin() as session:
        subscribers = Subscribers(session)
        row = await subscribers.find(typed(subscriber_id))
        tries = await subscribers.tries(row.id, _SHOWN, before, failed=failed)
    return page(
        request, "subscriber.html", row=row, tries=tries, failed=failed,
        following=tries[-1].id if len(tries) == _SHOWN else 0, address=f"/subscribers/{row.id}",
    )  # fmt: skip


@router.get("/subscribers/{subscriber_id}/settings")
async def settings_form(subscriber_id: str, request: Request, context: Context) -> Response:
    """Where its address and its events are changed."""
    async with context.sessions.begin() as session:
        row = await Subscribers(session).find(typed(subscriber_id))
    return page(
        request, "subscriber_new.html", shops=(), kinds=api.SUBSCRIBABLE, row=row,
        address=f"/subscribers/{row.id}/settings",
    )  # fmt: skip


@router.post("/subscribers/{subscriber_id}/settings")
async def change(
    subscriber_id: str, request: Request, context: Context, settings: SettingsOf
) -> Response:
    """Change it."""
    body = _subscription(await request.form(max_files=0, max_fields=30))
    private = settings.webhooks_to_private
    await api.change(context, typed(subscriber_id), body, private=private)
    return _back(subscriber_id)


@router.post("/subscribers/{subscriber_id}/secret")
async def new_secret(subscriber_id: str, request: Request, context: Context) -> Response:
    """Replace the secret; the new one is shown this once."""
    shown = await api.new_secret(typed(subscriber_id), NewSecret(), context)
    return page(request, "subscriber_secret.html", shown=shown, hours=api.OVERLAP_HOURS)


@router.post("/subscribers/{subscriber_id}/removal")
async def remove(subscriber_id: str, context: Context) -> Response:
    """It hears nothing more."""
    await api.remove_subscriber(typed(subscriber_id), context)
    return RedirectResponse("/subscribers", _SEE_OTHER)


@router.post("/subscribers/{subscriber_id}/pause")
async def pause(subscriber_id: str, context: Context) -> Response:
    """Let its events wait."""
    await api.pause(typed(subscriber_id), context)
    return _back(subscriber_id)


@router.post("/subscribers/{subscriber_id}/resume")
async def resume(subscriber_id: str, context: Context) -> Response:
    """Tell it what waits."""
    await api.resume(typed(subscriber_id), context)
    return _back(subscriber_id)


@router.post("/subscribers/{subscriber_id}/test")
async def send_test(subscriber_id: str, context: Context) -> Response:
    """Tell it an event in which nothing happened."""
    await api.send_test(typed(subscriber_id), context)
    return _back(subscriber_id)


@router.post("/subscribers/{subscriber_id}/redelivery")
async def redeliver(
    subscriber_id: str,
    context: Context,
    event_id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Tell it one event once more, or everything that was given up."""
    events = (typed(event_id),) if event_id else ()
    body = body_of(Redelivery, event_ids=events, missed=not events)
    await api.redeliver(typed(subscriber_id), body, context)
    return _back(subscriber_id)


def _subscription(given: FormData) -> Subscription:
    """What the form says. Raises InvalidInput."""
    events = [str(one) for one in given.getlist("event")]
    if not set(events) <= set(api.SUBSCRIBABLE):
        raise InvalidInput("there is no such choice")
    if not (url := typed(_text(given, "url"))):
        raise InvalidInput("an address is needed")
    chosen = [EventType(one) for one in events]
    body: Subscription = body_of(
        Subscription, url=url, name=typed(_text(given, "name")), events=chosen
    )
    return body


def _text(given: FormData, name: str) -> str:
    value: Any = given.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _back(subscriber_id: str) -> Response:
    return RedirectResponse(f"/subscribers/{typed(subscriber_id)}", _SEE_OTHER)
