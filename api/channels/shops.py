"""One shop: its health, pausing it, and pulling it again for a range."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field
from temporalio.client import Client
from temporalio.service import RPCError

from api.channels.ports import OutsideOf
from api.channels.routes import reprocess_message
from api.deps import Context
from api.errors import Problem
from api.strict import Code, Moment, Reason, StrictBody
from db.channels import health
from db.channels.ranges import PullRanges
from db.platform import pausing
from db.platform.audit import audit
from domain.channels.matching import OwnSku, needles, plain, suggest
from domain.channels.messages import RangeAsked
from domain.channels.ranges import checked_range
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import poller_workflow_id
from integrations.marketplaces.registry import PULLED, TELLS_AFTER_SALES

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NOT_FOUND: Final = 404
_MOST_AT_ONCE: Final = 200


class Pause(StrictBody):
    reason: Reason


class Range(StrictBody):
    """Half-open, [start, end); at most 90 days, in the past. `asked`: orders, or refunds and
    returns."""

    start: Moment
    end: Moment
    asked: RangeAsked = "orders"


class RangeView(BaseModel):
    """How far a range is: everything before `reached_at` was read."""

    id: str
    asked: str
    starts_at: datetime
    ends_at: datetime
    reached_at: datetime
    changed: int
    accepted: int
    parked: int
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return int(100 * ((self.reached_at - self.starts_at) / (self.ends_at - self.starts_at)))


class Ranges(BaseModel):
    items: list[RangeView]


class SameReason(StrictBody):
    """Messages of one shop that are parked for one reason, word for word."""

    shop_id: Code
    reason: Annotated[str, Field(strict=True, min_length=1, max_length=500)]


class Reprocessing(BaseModel):
    """`still_parked` could not be read yet."""

    reprocessed: int
    still_parked: int


class Suggestion(BaseModel):
    """One of our SKUs with how much speaks for it, of 100, and what."""

    sku: str
    name: str
    score: int
    because: str


class Suggested(BaseModel):
    external_sku: str
    title: str
    orders: int
    since: datetime
    suggestions: list[Suggestion]


class AllSuggested(BaseModel):
    items: list[Suggested]


@router.post("/shops/{shop_id}/pause", status_code=204)
async def pause_shop(shop_id: Code, body: Pause, context: Context) -> None:
    """Leave a shop alone: it is neither pulled nor told anything; what it pushes is kept."""
    async with context.sessions.begin() as session:
        await _known(session, shop_id)
    await leave_alone(context, f"shop/{shop_id}", body, "the shop is paused already")


@router.post("/shops/{shop_id}/resume", status_code=204)
async def resume_shop(shop_id: Code, context: Context) -> None:
    """Go on with a shop that is left alone: steps that wait follow, one of them first."""
    await reopen(context, f"shop/{shop_id}")
    await hurry(context.temporal, shop_id)


@router.post("/carriers/{code}/resume", status_code=204)
async def resume_carrier(code: Code, context: Context) -> None:
    """Try a carrier again that refused our credentials."""
    await reopen(context, f"carrier/{code}")


async def leave_alone(context: Any, system: str, body: Pause, already: str) -> None:
    """Shut the gate of a system until somebody opens it. Raises ActionNotAllowed (`already`)."""
    async with context.sessions.begin() as session:
        if not await pausing.pause(session, system, context.actor, body.reason):
            raise ActionNotAllowed(already)
        await audit(
            session, context.actor, f"{system.partition('/')[0]}.pause", system,
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    log.info("gate.paused", system=system)


async def reopen(context: Any, system: str) -> None:
    """Open the gate of a system that is left alone. Raises ActionNotAllowed when it is not."""
    async with context.sessions.begin() as session:
        renewed = await pausing.credentials_renewed(session, system, context.actor)
        if not renewed and not await pausing.resume(session, system, context.actor):
            raise ActionNotAllowed("it is not paused")
        await audit(session, context.actor, "gate.resume", system, request_id=context.request_id)
    log.info("gate.resumed", system=system)


@router.post("/shops/{shop_id}/ranges", status_code=202)
async def pull_range(shop_id: Code, body: Range, context: Context) -> None:
    """Pull orders, or refunds and returns, that the shop changed in a range of the past again; what
    is known is passed over."""
    start, end = checked_range(body.start, body.end, datetime.now(UTC))
    async with context.sessions.begin() as session:
        shop = await _known(session, shop_id)
        if shop.channel not in (PULLED if body.asked == "orders" else TELLS_AFTER_SALES):
            raise InvalidInput("this shop is not pulled")
        ranges = PullRanges(session, shop_id)
        if await ranges.ask(start, end, context.actor, body.asked) is None:
            raise ActionNotAllowed("another range of this shop is being pulled")
        await audit(
            session, context.actor, "shop.pull_range", f"shop/{shop_id}",
            after={"start": start.isoformat(), "end": end.isoformat(), "asked": body.asked},
            request_id=context.request_id,
        )  # fmt: skip
    await hurry(context.temporal, shop_id, body.asked)


@router.get("/shops/{shop_id}/ranges")
async def list_ranges(shop_id: Code, outside: OutsideOf) -> Ranges:
    """Ranges that were pulled again, the latest first, and how far they are."""
    async with outside.sessions.begin() as session:
        rows = await PullRanges(session, shop_id).latest()
    return Ranges(items=[RangeView(**row._mapping) for row in rows])


@router.delete("/shops/{shop_id}/ranges", status_code=204)
async def stop_range(shop_id: Code, context: Context) -> None:
    """Leave the rest of the range that is being pulled."""
    async with context.sessions.begin() as session:
        if not await PullRanges(session, shop_id).stop():
            raise ActionNotAllowed("no range of this shop is being pulled")


@router.post("/messages/reprocessing")
async def reprocess_messages(body: SameReason, outside: OutsideOf) -> Reprocessing:
    """Try messages of a shop again that are parked for the same reason, up to 200 at once."""
    async with outside.sessions.begin() as session:
        ids = await health.parked_ids(session, body.shop_id, body.reason, _MOST_AT_ONCE)
    done = 0
    for message_id in ids:
        with suppress(InvalidInput, ActionNotAllowed):  # it says itself why it still waits
            await reprocess_message(message_id, outside)
            done += 1
    return Reprocessing(reprocessed=done, still_parked=len(ids) - done)


@router.get("/shops/{shop_id}/unmapped")
async def suggest_matches(shop_id: Code, outside: OutsideOf) -> AllSuggested:
    """SKUs of a shop that hold orders, each with the SKUs of ours it probably is."""
    async with outside.sessions.begin() as session:
        rows = await health.unmapped(session, shop_id)
        items = [await _suggested(session, row) for row in rows]
    return AllSuggested(items=items)


async def _suggested(session: Any, row: Any) -> Suggested:
    likely = await health.likely_skus(
        session, row.external_sku, plain(row.external_sku), needles(row.title)
    )
    ours = [OwnSku(one.code, one.name, one.gtin or "") for one in likely]
    return Suggested(
        external_sku=row.external_sku,
        title=row.title,
        orders=row.orders,
        since=row.since,
        suggestions=[
            Suggestion(sku=match.code, name=match.name, score=match.score, because=match.because)
            for match in suggest(row.external_sku, row.title, ours)
        ],
    )


async def hurry(temporal: Client, shop_id: str, asked: RangeAsked = "orders") -> None:
    """Have the poller look now; when it cannot be reached, its next turn does."""
    with suppress(RPCError, Problem):
        await temporal.get_workflow_handle(poller_workflow_id(shop_id, asked)).signal("pull_now")


async def _known(session: Any, shop_id: str) -> Any:
    found = await health.shops(session, shop_id)
    if not found:
        raise HTTPException(_NOT_FOUND, "there is no such shop")
    return found[0]
