"""Shops, the meaning of their SKUs, parked messages and re-delivery of events."""

import json
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, HTTPException, Query
from temporalio.service import RPCError, RPCStatusCode

from api.channels.bodies import (
    MappedPart,
    Message,
    Messages,
    Redelivered,
    Reprocessed,
    Shop,
    Shops,
    SkuMapped,
    SkuMapping,
    SkuMappings,
    UnmappedSku,
    UnmappedSkus,
)
from api.channels.ports import OutsideOf
from api.deps import Temporal
from api.strict import Code, SafeStr
from db.channels.repository import ChannelsRepository, Part
from db.platform.outbox import queue_signals, redeliver
from db.shared.intake import reprocess
from db.vault import CannotOpen
from domain.orders.messages import StateChanged
from domain.shared.errors import ActionNotAllowed, InvalidInput, Rejected, UnknownSku
from domain.shared.ids import poller_workflow_id

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=500)]
_NOT_FOUND: Final = 404


@router.post("/channel-skus")
async def map_sku(body: SkuMapping, outside: OutsideOf) -> SkuMapped:
    """Say what a channel's SKU is; orders that wait for it go on by themselves."""
    parts = [Part(part.sku, part.factor) for part in body.parts]
    skus = [part.sku for part in parts]
    if len(set(skus)) < len(skus):
        raise InvalidInput("a SKU is named twice; add its quantities up")
    async with outside.sessions.begin() as session:
        channels = ChannelsRepository(session)
        if await channels.shop(body.shop_id) is None:
            raise InvalidInput(f"there is no shop {body.shop_id}")
        if unknown := await channels.unknown_skus(skus):
            raise UnknownSku(f"there is no SKU {', '.join(unknown)}")
        waiting = await channels.map_sku(body.shop_id, body.external_sku, parts)
        changed = StateChanged("mapping", body.external_sku)
        await queue_signals(session, waiting, "state_changed", changed)
    log.info(
        "channel.sku_mapped", shop_id=body.shop_id, external_sku=body.external_sku,
        orders_told=len(waiting),
    )  # fmt: skip
    return SkuMapped(orders_told=len(waiting))


@router.get("/channel-skus")
async def list_mappings(
    outside: OutsideOf,
    shop_id: SafeStr = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> SkuMappings:
    """What the SKUs of one shop, or of all, mean to us."""
    async with outside.sessions.begin() as session:
        rows = await ChannelsRepository(session).mappings(shop_id, _pair(cursor), limit)
    items = tuple(
        SkuMapping(
            shop_id=row.shop_id,
            external_sku=row.external_sku,
            parts=tuple(MappedPart(**part) for part in row.parts),
        )
        for row in rows
    )
    last = items[-1] if len(items) == limit else None
    following = json.dumps([last.shop_id, last.external_sku], ensure_ascii=False) if last else ""
    return SkuMappings(items=items, next_cursor=following)


@router.get("/channel-skus/unmapped")
async def list_unmapped(outside: OutsideOf, limit: Limit = 100) -> UnmappedSkus:
    """Channel SKUs that hold orders, the most wanted first."""
    async with outside.sessions.begin() as session:
        rows = await ChannelsRepository(session).unmapped(limit)
    return UnmappedSkus(
        items=tuple(
            UnmappedSku(
                shop_id=row.shop_id,
                external_sku=row.external_sku,
                title=row.title or "",
                orders=row.orders,
                since=row.since,
            )
            for row in rows
        )
    )


@router.get("/messages")
async def list_messages(
    outside: OutsideOf,
    parked: bool = True,
    cursor: Annotated[str, Query(max_length=100, pattern="^[a-z0-9_]*$")] = "",
    limit: Limit = 100,
) -> Messages:
    """Messages that wait for a person, or those that do not; the latest first."""
    async with outside.sessions.begin() as session:
        rows = await ChannelsRepository(session).messages(parked=parked, before=cursor, limit=limit)
    items = tuple(Message.of(row) for row in rows)
    return Messages(items=items, next_cursor=items[-1].id if len(items) == limit else "")


@router.post("/messages/{message_id}/reprocess")
async def reprocess_message(message_id: Code, outside: OutsideOf) -> Reprocessed:
    """Try a parked message again, after the cause was mended; it goes to its order."""
    async with outside.sessions.begin() as session:
        channels = ChannelsRepository(session)
        message = await channels.message(message_id)
        if message is None:
            raise HTTPException(_NOT_FOUND, "there is no such message")
        if not message.parked_reason:
            raise ActionNotAllowed("this message is not parked")
        shop = await channels.shop(message.shop_id)
        assert shop is not None
    external_no = message.external_no
    if message.raw is not None:
        try:
            raw = outside.vault.open(message.raw, message.id)
            snapshot = await outside.adapters.snapshot(shop.channel, shop.id, raw)
            if snapshot is not None:
                external_no = snapshot.external_no
        except (Rejected, CannotOpen) as error:
            async with outside.sessions.begin() as session:
                await ChannelsRepository(session).park(message_id, str(error))
            raise InvalidInput(f"the message still cannot be read: {error}") from error
    async with outside.sessions.begin() as session:
        try:
            order_id = await reprocess(
                session, message_id, channel=shop.channel, external_no=external_no
            )
        except ValueError as error:
            raise InvalidInput("the message does not name a usable order number") from error
    if order_id is None:
        raise ActionNotAllowed("this message is not parked")
    log.info("message.reprocessed", inbox_id=message_id, order_id=order_id)
    return Reprocessed(order_id=order_id)


@router.get("/shops")
async def list_shops(outside: OutsideOf) -> Shops:
    """Every shop: when it was last heard of, what is not applied yet, what is parked."""
    async with outside.sessions.begin() as session:
        rows = await ChannelsRepository(session).shops()
    return Shops(items=tuple(Shop.of(row) for row in rows))


@router.post("/shops/{shop_id}/pull", status_code=202)
async def pull_shop(shop_id: Code, temporal: Temporal) -> None:
    """Ask a pulled shop for its changes now instead of at its next turn."""
    poller = temporal.get_workflow_handle(poller_workflow_id(shop_id))
    try:
        await poller.signal("pull_now")
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise HTTPException(_NOT_FOUND, "this shop is not pulled") from error
        raise


@router.post("/webhook-events/{event_id}/redelivery", status_code=202)
async def redeliver_event(event_id: Code, outside: OutsideOf) -> Redelivered:
    """Send an event to its subscribers again; they recognise it by its id."""
    async with outside.sessions.begin() as session:
        subscribers = await redeliver(session, event_id)
    if not subscribers:
        raise HTTPException(_NOT_FOUND, "there is no such event")
    return Redelivered(subscribers=subscribers)


def _pair(cursor: str) -> tuple[str, str]:
    """Raises InvalidInput for a cursor that is not ours."""
    if not cursor:
        return "", ""
    try:
        shop_id, external_sku = json.loads(cursor)
        return _text(shop_id), _text(external_sku)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("the cursor is not one of ours") from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not text")
    return value
