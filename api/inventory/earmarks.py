"""Units kept for a cart, a quote or an unpaid order until a time: earmarks."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.strict import Code, Count, Moment, SafeStr, StrictBody
from db.inventory import earmarks
from db.platform.audit import audit
from domain.inventory.earmarks import MOST_LINES, EarmarkFor, Wanted, checked_end, merged
from domain.shared.errors import EarmarkNotFound, InsufficientStock

router = APIRouter(tags=["inventory"])

_TRIES: Final = 4  # how often places are chosen anew when others were faster
Limit = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[SafeStr, Query(max_length=100)]


class EarmarkLine(StrictBody):
    """Units of a SKU. Without a `location` the first place is taken that has all of them."""

    sku: Code
    quantity: Count
    location: SafeStr = ""


class EarmarkWish(StrictBody):
    """All lines are kept or none. `reference` is the cart's or quote's own number."""

    kept_for: EarmarkFor
    reference: SafeStr = ""
    until: Moment
    lines: Annotated[list[EarmarkLine], Field(min_length=1, max_length=MOST_LINES)]


class EarmarkEnd(StrictBody):
    until: Moment


class EarmarkOrder(StrictBody):
    """The order that will be placed, by its shop and the shop's own number for it."""

    shop: Code
    order_no: Code


class KeptLine(BaseModel):
    sku: str
    location: str
    lot: str
    quantity: int


class Earmark(BaseModel):
    """state: kept | ordered | released | expired. Kept units count as reserved until `until`."""

    id: str
    state: Literal["kept", "ordered", "released", "expired"]
    kept_for: str
    reference: str
    until: datetime | None
    shop: str
    order_no: str
    created_at: datetime
    created_by: str
    lines: list[KeptLine]

    @classmethod
    def of(cls, row: Any) -> "Earmark":
        return cls(
            id=row.id, state=row.state, kept_for=row.kept_for, reference=row.reference,
            until=row.expires_at, shop=row.shop_id, order_no=row.order_no,
            created_at=row.created_at, created_by=row.created_by,
            lines=[KeptLine(**line) for line in row.lines],
        )  # fmt: skip


class Earmarks(BaseModel):
    items: list[Earmark]
    next_cursor: str = ""


@router.get("/earmarks")
async def list_earmarks(
    sessions: SessionsOf,
    sku: Text = "",
    state: Literal["", "kept"] = "",
    cursor: Text = "",
    limit: Limit = 50,
) -> Earmarks:
    """What is kept, the newest first."""
    async with sessions.begin() as session:
        rows = await earmarks.listed(
            session, sku=sku, kept=state == "kept", after=cursor, limit=limit
        )
    items = [Earmark.of(row) for row in rows]
    return Earmarks(items=items, next_cursor=items[-1].id if len(items) == limit else "")


@router.get("/earmarks/{earmark_id}")
async def get_earmark(earmark_id: Code, sessions: SessionsOf) -> Earmark:
    """One of them."""
    async with sessions.begin() as session:
        return await _one(session, earmark_id)


@router.post("/earmarks")
async def keep_units(body: EarmarkWish, context: Context, settings: SettingsOf) -> Earmark:
    """Keep units: nobody else can be promised them until they are released, their time is over, or
    their order is placed."""
    until = _end(body.until, settings.earmark_hours)
    lines = merged([Wanted(line.sku, line.quantity, line.location) for line in body.lines])
    for _ in range(_TRIES):
        async with context.sessions.begin() as session:
            earmark_id = await earmarks.keep(
                session, body.kept_for, body.reference, lines, until, context.actor
            )
            if earmark_id:
                kept = await _one(session, earmark_id)
                await _note(session, context, "earmark.kept", kept)
                return kept
    raise InsufficientStock("others were faster: try again")


@router.put("/earmarks/{earmark_id}/end")
async def move_end(
    earmark_id: Code, body: EarmarkEnd, context: Context, settings: SettingsOf
) -> Earmark:
    """Keep them longer, or not so long."""
    until = _end(body.until, settings.earmark_hours)
    async with context.sessions.begin() as session:
        await earmarks.extend(session, earmark_id, until)
        kept = await _one(session, earmark_id)
        await _note(session, context, "earmark.moved", kept)
    return kept


@router.put("/earmarks/{earmark_id}/order")
async def announce_order(earmark_id: Code, body: EarmarkOrder, context: Context) -> Earmark:
    """Say which order they are for, before it is placed: its first allocation takes these units,
    and nobody comes between. Until then they are kept for an hour at least."""
    async with context.sessions.begin() as session:
        await earmarks.announce(session, earmark_id, body.shop, body.order_no)
        kept = await _one(session, earmark_id)
        await _note(session, context, "earmark.announced", kept)
    return kept


@router.delete("/earmarks/{earmark_id}")
async def release_units(earmark_id: Code, context: Context) -> Earmark:
    """Give them back now; whoever waits for them gets them."""
    async with context.sessions.begin() as session:
        await earmarks.release(session, earmark_id)
        kept = await _one(session, earmark_id)
        await _note(session, context, "earmark.released", kept)
    return kept


def _end(until: datetime, hours: int) -> datetime:
    return checked_end(datetime.now(UTC), until, timedelta(hours=hours))


async def _one(session: AsyncSession, earmark_id: str) -> Earmark:
    rows = await earmarks.listed(session, earmark_id=earmark_id)
    if not rows:
        raise EarmarkNotFound(earmark_id)
    return Earmark.of(rows[0])


async def _note(session: AsyncSession, context: RequestContext, action: str, kept: Earmark) -> None:
    await audit(
        session, context.actor, action, f"earmark/{kept.id}",
        after={"until": str(kept.until), "order_no": kept.order_no,
               "lines": [line.model_dump() for line in kept.lines]},
        request_id=context.request_id,
    )  # fmt: skip
