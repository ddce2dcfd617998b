"""Lots over the API: the register, where units lie, who got them, and what keeps them back."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictInt
from sqlmodel.ext.asyncio.session import AsyncSession

from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, SessionsOf
from api.strict import Asked, Code, Day, Reason, SafeStr, StrictBody
from db.inventory import lot_queries, lot_trace
from db.inventory.lot_queries import LotFilter, Show
from db.inventory.lot_register import LotRegister
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["lots"])
MOST: Final = 200
MOST_MOVES: Final = 200
Days = Annotated[StrictInt, Field(ge=0, le=36_500)]
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "LotNotFound"}}


class LotSummary(BaseModel):
    """A lot with what lies of it where the reader sees. `days_left` counts to its last good day."""

    sku: str
    name: str
    lot: str
    produced_on: date | None
    expires_on: date | None
    state: str
    held: bool
    expired: bool
    days_left: int | None
    on_hand: int
    reserved: int
    places: int


class LotList(BaseModel):
    """A page of lots as they expire."""

    items: list[LotSummary]
    next_cursor: str = ""


class LotPlace(BaseModel):
    """Units at a place. `frozen`: nothing of them is promised."""

    location: str
    place: str
    kind: str
    condition: str
    owner: str
    on_hand: int
    reserved: int
    frozen: bool


class LotHold(BaseModel):
    """What keeps a lot back, or did; without a location everywhere."""

    location: str | None
    kind: str
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str
    lifted_at: datetime | None
    why_lifted: str


class LotMove(BaseModel):
    """How units of a lot came or moved."""

    at: datetime
    verb: str
    quantity: int
    from_place: str
    to_place: str
    document_kind: str
    document_no: str
    reason: str
    actor: str


class LotPart(BaseModel):
    """Units of one lot in another: a component in kits."""

    sku: str
    name: str
    lot: str
    units: int


class LotView(BaseModel):
    """Everything about one lot but who got it. Kits are `made_of` lots of components; a component
    is `in_kits`."""

    sku: str
    name: str
    lot: str
    produced_on: date | None
    expires_on: date | None
    state: str
    note: str
    places: list[LotPlace]
    holds: list[LotHold]
    moves: list[LotMove]
    recalls: list[str]
    made_of: list[LotPart]
    in_kits: list[LotPart]


class LotBuyer(BaseModel):
    """An order that got units; of its receiver only where he is."""

    order_no: str
    shipment_no: str
    shop: str
    units: int
    status: str | None
    waybills: list[str]
    province: str | None
    city: str | None
    phone_last4: str | None


class LotBuyers(BaseModel):
    """A page of orders that got units of a lot."""

    items: list[LotBuyer]
    next_cursor: str = ""


class LotDates(StrictBody):
    """The dates as somebody read them on the goods, and why the register was wrong."""

    produced_on: Day | None = None
    expires_on: Day | None = None
    note: SafeStr = ""
    reason: Reason


class LotKept(StrictBody):
    """Where a lot is kept back or let go, everywhere without a location, and why."""

    location: Code | None = None
    reason: Reason


@router.get("/lots")
async def list_lots(
    sessions: SessionsOf,
    show: Show = "",
    days: Annotated[int, Query(ge=0, le=36_500)] = lot_queries.NEAR_DAYS,
    q: Asked = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> LotList:
    """Lots as they expire: near their end, expired, kept back, or all."""
    async with sessions.begin() as session:
        return await lots_page(session, LotFilter(show, days, q.strip()), cursor, limit)


@router.get("/lots/{sku}/{lot}", responses=_ABSENT)
async def get_lot(sku: Code, lot: Code, sessions: SessionsOf) -> LotView:
    """One lot: where it lies, what keeps it back, where it came from."""
    async with sessions.begin() as session:
        return await lot_view(session, sku, lot)


@router.get("/lots/{sku}/{lot}/orders", responses=_ABSENT)
async def get_buyers(
    sku: Code,
    lot: Code,
    sessions: SessionsOf,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> LotBuyers:
    """Who got units of it, with their parcels."""
    async with sessions.begin() as session:
        await lot_queries.one(session, sku, lot)
        return await buyers_page(session, [(sku, lot)], cursor, limit)


@router.put("/lots/{sku}/{lot}/dates", responses=_ABSENT)
async def correct(sku: Code, lot: Code, body: LotDates, context: Context) -> LotView:
    """Correct what the register says of a lot."""
    async with context.sessions.begin() as session:
        await LotRegister(session, context.actor).correct(
            sku, lot, body.produced_on, body.expires_on, body.note, reason=body.reason,
            request_id=context.request_id,
        )  # fmt: skip
        return await lot_view(session, sku, lot)


@router.post("/lots/{sku}/{lot}/hold", responses=_ABSENT)
async def hold(sku: Code, lot: Code, body: LotKept, context: Context) -> LotView:
    """Keep a lot back: nothing of it is promised any more, there or everywhere."""
    async with context.sessions.begin() as session:
        register = LotRegister(session, context.actor)
        await register.keep_back(
            sku, lot, body.location, body.reason, request_id=context.request_id
        )  # fmt: skip
        return await lot_view(session, sku, lot)


@router.post("/lots/{sku}/{lot}/let-go", responses=_ABSENT)
async def let_go(sku: Code, lot: Code, body: LotKept, context: Context) -> LotView:
    """Take a hold back; a recall is closed, not taken back."""
    async with context.sessions.begin() as session:
        register = LotRegister(session, context.actor)
        await register.let_go(
            sku, lot, body.location, body.reason, request_id=context.request_id
        )  # fmt: skip
        return await lot_view(session, sku, lot)


async def lots_page(session: AsyncSession, wanted: LotFilter, cursor: str, limit: int) -> LotList:
    """A page of the list, from behind the cursor on. Raises InvalidInput."""
    rows = await lot_queries.listed(session, wanted, limit, _position(cursor))
    items = [LotSummary.model_validate(dict(row._mapping)) for row in rows]
    last = items[-1] if len(items) == limit else None
    following = cursor_of(str(last.expires_on or ""), last.sku, last.lot) if last else ""
    return LotList(items=items, next_cursor=following)


async def lot_view(session: AsyncSession, sku: str, lot: str) -> LotView:
    """One lot as the reader sees it. Raises LotNotFound."""
    row = await lot_queries.one(session, sku, lot)
    lots = [(sku, lot)]
    return LotView(
        sku=sku, name=row.name, lot=lot, produced_on=row.produced_on, expires_on=row.expires_on,
        state=row.state, note=row.note,
        places=[
            LotPlace(location=x.location_id, place=x.name, kind=x.kind, condition=x.condition,
                     owner=x.owner, on_hand=x.on_hand, reserved=x.reserved, frozen=x.frozen)
            for x in await lot_trace.places_of(session, lots)
        ],
        holds=[
            LotHold(location=x.location_id, kind=x.kind, reason=x.reason, placed_by=x.placed_by,
                    placed_at=x.placed_at, lifted_by=x.lifted_by, lifted_at=x.lifted_at,
                    why_lifted=x.why_lifted)
            for x in await lot_queries.holds_of(session, sku, lot)
        ],
        moves=[
            LotMove.model_validate(dict(x._mapping))
            for x in await lot_trace.came_from(session, lots, MOST_MOVES)
        ],
        recalls=[x.no for x in await lot_queries.recalls_of(session, sku, lot)],
        made_of=[_part(x) for x in await lot_trace.made_of(session, sku, lot)],
        in_kits=[_part(x) for x in await lot_trace.in_kits(session, sku, lot)],
    )  # fmt: skip


def _part(row: Any) -> LotPart:
    return LotPart.model_validate(dict(row._mapping))


async def buyers_page(
    session: AsyncSession, lots: lot_trace.Lots, cursor: str, limit: int
) -> LotBuyers:
    """A page of those who got units. Raises InvalidInput."""
    order_no, holder, lot = parts_of(cursor, 3) or ("", "", "")
    after = (order_no, holder, lot)
    rows = await lot_trace.got_by(session, lots, limit, after)
    items = [
        LotBuyer(
            order_no=row.order_no, shipment_no=row.holder, shop=row.shop, units=row.units,
            status=row.status, waybills=row.waybills, province=row.province, city=row.city,
            phone_last4=row.phone_last4,
        )
        for row in rows
    ]  # fmt: skip
    last = rows[-1] if len(rows) == limit else None
    following = cursor_of(last.order_no, last.holder, last.lot) if last else ""
    return LotBuyers(items=items, next_cursor=following)


def day_of(text: str) -> date | None:
    """The day in a cursor; none where the lot has none. Raises InvalidInput."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("the cursor is none of ours") from None


def _position(cursor: str) -> tuple[date | None, str, str] | None:
    parts = parts_of(cursor, 3)
    return (day_of(parts[0]), parts[1], parts[2]) if parts else None
