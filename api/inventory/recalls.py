"""Recalls over the API: previewed, begun, answered unit by unit, and closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictInt
from sqlmodel.ext.asyncio.session import AsyncSession

from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, SessionsOf
from api.strict import Code, Count, Reason, SafeStr, StrictBody
from db.shared import recall_acts
from db.shared import recall_statements as sql
from db.shared.recall_acts import NewRecall
from db.sql import run
from domain.inventory.recall import End
from domain.shared.errors import RecallNotFound

router = APIRouter(tags=["recalls"])
MOST_COUNTED: Final = 100_000
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "RecallNotFound"}}


class RecallLot(StrictBody):
    """One lot of a SKU."""

    sku: Code
    lot: Code


class RecallAsked(StrictBody):
    """The lots that a recall would name."""

    lots: Annotated[list[RecallLot], Field(min_length=1, max_length=recall_acts.MOST_LOTS)]


class RecallStarted(RecallAsked):
    """A recall, why, what those who have the goods are told, and how often they are asked."""

    reason: Reason
    message: Reason
    remind_days: Annotated[StrictInt, Field(ge=1, le=90)] = 7


class RecallEffects(BaseModel):
    """What a recall would touch now, in units, places, shipments and orders."""

    on_hand: int
    places: int
    promised: int
    open_picks: int
    sent: int
    shipments_moving: int
    buyers: int
    dealers: int


class RecallSum(BaseModel):
    """Units of one kind of holder: place | dealer | buyer; `open` ones are not accounted for."""

    kind: str
    holders: int
    units: int
    open: int
    untold: int


class RecallView(BaseModel):
    """Where a recall stands. `ends` counts units by what became of them."""

    no: str
    state: str
    reason: str
    message: str
    lots: list[RecallLot]
    started_by: str
    started_at: datetime
    frozen_at: datetime | None
    remind_at: datetime | None
    reminders: int
    closed_by: str
    closed_at: datetime | None
    signed: str
    sums: list[RecallSum]
    ends: dict[str, int]
    open_units: int


class RecallSummary(BaseModel):
    """A recall in the list."""

    no: str
    state: str
    reason: str
    started_at: datetime
    closed_at: datetime | None


class RecallUnit(BaseModel):
    """Units that one holder has or had, and what became of how many."""

    id: str
    kind: str
    holder: str
    sku: str
    lot: str
    units: int
    ended: int
    ends: dict[str, int]
    place: str | None
    order_no: str | None
    told_at: datetime | None


class RecallUnits(BaseModel):
    """A page of holders."""

    items: list[RecallUnit]
    next_cursor: str = ""


class UnitsEnded(StrictBody):
    """What became of units that a holder has: quarantined | returned | destroyed | confirmed |
    never_sold."""

    how: End
    units: Count
    note: SafeStr = ""


class UnitsExchanged(StrictBody):
    """A shipment whose recalled units somebody took out and replaced."""

    shipment_no: Code


class RecallClosed(StrictBody):
    """Why it is closed with units that are not accounted for; nothing where all are."""

    signed: SafeStr = ""


@router.post("/recalls/preview")
async def preview(body: RecallAsked, sessions: SessionsOf) -> RecallEffects:
    """What recalling these lots would touch; nothing happens yet."""
    async with sessions.begin() as session:
        return effects_view(await recall_acts.preview(session, _lots(body), MOST_COUNTED))


@router.post("/recalls")
async def start(body: RecallStarted, context: Context) -> RecallView:
    """Begin a recall: its lots are frozen everywhere with this call."""
    new = NewRecall(_lots(body), body.reason, body.message, body.remind_days)
    async with context.sessions.begin() as session:
        no = await recall_acts.start(session, new, context.actor, context.update_id)
        return await recall_view(session, no)


@router.get("/recalls")
async def list_recalls(
    sessions: SessionsOf, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[RecallSummary]:
    """Recalls, the latest first."""
    async with sessions.begin() as session:
        return [
            RecallSummary(no=row.no, state=row.state, reason=row.reason,
                          started_at=row.started_at, closed_at=row.closed_at)
            for row in await recall_acts.listed(session, limit)
        ]  # fmt: skip


@router.get("/recalls/{no}", responses=_ABSENT)
async def get_recall(no: Code, sessions: SessionsOf) -> RecallView:
    """One recall with its units by kind of holder and by end."""
    async with sessions.begin() as session:
        return await recall_view(session, no)


@router.get("/recalls/{no}/units", responses=_ABSENT)
async def get_units(
    no: Code,
    sessions: SessionsOf,
    open_only: bool = True,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RecallUnits:
    """Who has, or had, units."""
    async with sessions.begin() as session:
        await recall_view(session, no)
        return await units_page(session, no, open_only=open_only, cursor=cursor, limit=limit)


@router.post("/recalls/{no}/units/{unit_id}", responses=_ABSENT)
async def account(no: Code, unit_id: Code, body: UnitsEnded, context: Context) -> RecallView:
    """Say what became of units; the same Idempotency-Key says it once."""
    async with context.sessions.begin() as session:
        await recall_acts.account(
            session, no, unit_id, body.how, body.units, body.note, context.actor,
            context.update_id,
        )  # fmt: skip
        return await recall_view(session, no)


@router.post("/recalls/{no}/exchange", responses=_ABSENT)
async def exchange(no: Code, body: UnitsExchanged, context: Context) -> RecallView:
    """The recalled units of a shipment were replaced by others: it may go."""
    async with context.sessions.begin() as session:
        await recall_acts.exchange(
            session, no, body.shipment_no, context.actor, context.update_id
        )  # fmt: skip
        return await recall_view(session, no)


@router.post("/recalls/{no}/close", responses=_ABSENT)
async def close(no: Code, body: RecallClosed, context: Context) -> RecallView:
    """Close it; 409 while units are open, unless somebody signs for them with a reason."""
    async with context.sessions.begin() as session:
        await recall_acts.close(session, no, body.signed, context.actor, context.update_id)
        return await recall_view(session, no)


async def recall_view(session: AsyncSession, no: str) -> RecallView:
    """Where it stands, for the part that the reader sees. Raises RecallNotFound."""
    rows = await run(session, sql.READ, no=no)
    if not rows:
        raise RecallNotFound(f"there is no recall {no[:50]}")
    row = rows[0]
    sums = [
        RecallSum(kind=x.kind, holders=x.holders, units=x.units, open=x.open, untold=x.untold)
        for x in await run(session, sql.SUMS, no=no)
    ]
    return RecallView(
        no=row.no, state=row.state, reason=row.reason, message=row.message,
        lots=[RecallLot(sku=x.sku, lot=x.lot) for x in await run(session, sql.LOTS, no=no)],
        started_by=row.started_by, started_at=row.started_at, frozen_at=row.frozen_at,
        remind_at=row.remind_at, reminders=row.reminders, closed_by=row.closed_by,
        closed_at=row.closed_at, signed=row.signed, sums=sums,
        ends={x.how: x.units for x in await run(session, sql.ENDS, no=no)},
        open_units=sum(x.open for x in sums),
    )  # fmt: skip


async def units_page(
    session: AsyncSession, no: str, *, open_only: bool, cursor: str, limit: int
) -> RecallUnits:
    """A page of holders, from behind the cursor on. Raises InvalidInput."""
    kind, holder, sku, lot = parts_of(cursor, 4) or ("", "", "", "")
    rows = await run(
        session, sql.UNITS, no=no, open_only=open_only, kind=kind, holder=holder, sku=sku,
        lot=lot, limit=limit,
    )  # fmt: skip
    last = rows[-1] if len(rows) == limit else None
    following = cursor_of(last.kind, last.holder, last.sku, last.lot) if last else ""
    items = [
        RecallUnit(
            id=row.id, kind=row.kind, holder=row.holder, sku=row.sku, lot=row.lot,
            units=row.units, ended=row.ended, ends=row.ends, place=row.place,
            order_no=row.order_no, told_at=row.told_at,
        )
        for row in rows
    ]  # fmt: skip
    return RecallUnits(items=items, next_cursor=following)


def effects_view(effects: recall_acts.Effects) -> RecallEffects:
    """The numbers of a preview."""
    return RecallEffects(
        on_hand=effects.on_hand, places=len({row.location_id for row in effects.places}),
        promised=effects.promised, open_picks=len(effects.picks), sent=effects.sent,
        shipments_moving=effects.moving, buyers=effects.buyers, dealers=effects.dealers,
    )  # fmt: skip


def _lots(body: RecallAsked) -> tuple[tuple[str, str], ...]:
    named: Sequence[RecallLot] = body.lots
    return tuple((one.sku, one.lot) for one in named)
