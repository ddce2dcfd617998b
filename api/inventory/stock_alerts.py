"""Goods that age, over the API: near their end, over, or wanted by nobody, and what to do."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictInt
from sqlmodel.ext.asyncio.session import AsyncSession

from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, SessionsOf
from api.inventory.lots import MOST, day_of
from api.strict import Code, SafeStr, StrictBody
from db.inventory import stock_alerts

router = APIRouter(tags=["lots"])


class StockAlert(BaseModel):
    """Goods that age: near | expired | dead. `sold` are units that left the place in four weeks;
    advice: move (to `to_location`) | mark_down | return | destroy."""

    sku: str
    name: str
    location: str
    place: str
    lot: str
    kind: str
    units: int
    expires_on: date | None
    days_left: int | None
    sold: int
    advice: str
    to_location: str
    since: date
    put_off_until: date | None


class StockAlerts(BaseModel):
    """A page of alerts."""

    items: list[StockAlert]
    next_cursor: str = ""


class AlertPutOff(StrictBody):
    """Which goods somebody sees to, and for how many days their alert stays away."""

    sku: Code
    location: Code
    lot: SafeStr = ""
    days: Annotated[StrictInt, Field(ge=1, le=365)]
    note: SafeStr = ""


@router.get("/stock-alerts")
async def list_alerts(
    sessions: SessionsOf,
    kind: Literal["", "near", "expired", "dead"] = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> StockAlerts:
    """Goods near their end, over, or that nobody buys, with what to do; found every night."""
    async with sessions.begin() as session:
        return await alerts_page(session, kind, cursor, limit)


@router.post("/stock-alerts/put-off")
async def put_off(body: AlertPutOff, context: Context) -> StockAlerts:
    """Somebody sees to it: the alert comes back after so many days."""
    async with context.sessions.begin() as session:
        key = (body.sku, body.location, body.lot)
        await stock_alerts.put_off(
            session, key, body.days, body.note, context.actor, context.request_id
        )
        return await alerts_page(session, "", "", 50)


async def alerts_page(session: AsyncSession, kind: str, cursor: str, limit: int) -> StockAlerts:
    """A page of alerts, from behind the cursor on. Raises InvalidInput."""
    parts = parts_of(cursor, 4)
    after = (day_of(parts[0]), *parts[1:]) if parts else None
    rows = await stock_alerts.listed(session, kind, limit, after)
    items = [
        StockAlert(
            sku=row.sku, name=row.name, location=row.location_id, place=row.place, lot=row.lot,
            kind=row.kind,
            units=row.units, expires_on=row.expires_on, days_left=row.days_left, sold=row.sold,
            advice=row.advice, to_location=row.to_place or "", since=row.since,
            put_off_until=row.put_off_until,
        )
        for row in rows
    ]  # fmt: skip
    last = rows[-1] if len(rows) == limit else None
    following = ""
    if last:
        ends = str(last.expires_on or "")
        following = cursor_of(ends, last.sku, last.location_id, last.lot)
    return StockAlerts(items=items, next_cursor=following)
