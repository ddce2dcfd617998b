"""Buyers whose orders are looked at before they go out: who is on the list, and why."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf
from api.errors import Problem
from api.strict import Code, Reason, StrictBody
from db.orders.blocked import BlockedBuyers
from db.platform.audit import audit

router = APIRouter(tags=["orders"])

_LONGEST = 128


class Buyer(StrictBody):
    """A buyer as their channel names them: `buyer_ref` of its orders, never a phone number."""

    channel: Code
    buyer_ref: Code


class BuyerToBlock(Buyer):
    reason: Reason


class BlockedBuyer(BuyerToBlock):
    at: datetime


class Blocked(StrictBody):
    """How many open orders of theirs were told to wait for somebody."""

    orders_told: int


class BlockedBuyersPage(StrictBody):
    items: tuple[BlockedBuyer, ...]
    next_cursor: str = ""


@router.get("/blocked-buyers")
async def list_blocked(
    sessions: SessionsOf,
    cursor: Annotated[str, Query(max_length=2 * _LONGEST)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> BlockedBuyersPage:
    """Who is on the list, by channel."""
    channel, _, buyer = cursor.partition("|") if cursor.isprintable() else ("", "", "")
    async with sessions.begin() as session:
        rows = await BlockedBuyers(session).page((channel, buyer), limit)
    items = tuple(
        BlockedBuyer(channel=r.channel, buyer_ref=r.buyer_ref, reason=r.reason, at=r.at)
        for r in rows
    )
    last = rows[-1] if len(rows) == limit else None
    return BlockedBuyersPage(
        items=items, next_cursor=f"{last.channel}|{last.digest}" if last else ""
    )


@router.post("/blocked-buyers")
async def block(body: BuyerToBlock, context: Context) -> Blocked:
    """Have a person look at every order of this buyer; those that have not left wait at once."""
    async with context.sessions.begin() as session:
        told = await BlockedBuyers(session).block(body.channel, body.buyer_ref, body.reason)
        await _write_down(context, session, "buyer.blocked", body, body.reason)
    return Blocked(orders_told=told)


@router.post("/blocked-buyers/removal")
async def unblock(body: BuyerToBlock, context: Context) -> Buyer:
    """Trust a buyer again, for a reason; holds that were placed are released one by one."""
    async with context.sessions.begin() as session:
        if not await BlockedBuyers(session).unblock(body.channel, body.buyer_ref):
            raise Problem("NotFound", 404)
        await _write_down(context, session, "buyer.unblocked", body, body.reason)
    return Buyer(channel=body.channel, buyer_ref=body.buyer_ref)


async def _write_down(
    context: RequestContext, session: AsyncSession, action: str, buyer: Buyer, reason: str
) -> None:
    digest = await BlockedBuyers(session).digest_of(buyer.buyer_ref)
    subject = f"buyer/{buyer.channel}/{digest}"
    await audit(
        session, context.actor, action, subject, reason=reason, request_id=context.request_id
    )
