"""Hand-over lists, for the printer in the warehouse."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import anyio.to_thread
from fastapi import APIRouter, Query
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context
from api.errors import Problem
from api.orders.labels import RENDERERS
from api.strict import Code
from db.orders.hand_overs import Signed
from db.orders.manifests import Manifest, manifest
from domain.shared.money import Money
from integrations.manifests import HandedParcel, HandOverList, render_manifest
from integrations.printing import FontMissing

router = APIRouter(tags=["warehouse"])


@router.get(
    "/locations/{location_id}/manifest.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_manifest(
    location_id: Code,
    carrier: Annotated[str, Query(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")],
    context: Context,
    day: Annotated[date | None, Query()] = None,
) -> Response:
    """The hand-over list 交接单 of a carrier at a location: what was labelled on a day, today
    without one. It names no receiver."""
    async with context.sessions.begin() as session:
        found = await manifest(session, location_id, carrier, day)
    listed = list_of(found, datetime.now(UTC))
    try:
        pdf = await anyio.to_thread.run_sync(render_manifest, listed, limiter=RENDERERS)
    except FontMissing as error:
        raise Problem("LabelFontMissing", 503, str(error)) from error
    headers = {
        "content-disposition": f'inline; filename="{carrier}-{found.day}.pdf"',
        "cache-control": "no-store",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


def list_of(
    found: Manifest, now: datetime, signed: Signed | None = None, signed_on: str = ""
) -> HandOverList:
    """What is printed, on the clock of the place; who signed when, if somebody did."""
    place, zone = found.place, ZoneInfo(found.place.zone)
    return HandOverList(
        carrier_name=place.carrier_name,
        place_name=place.name,
        contact=f"{place.contact_name} {place.contact_phone}".strip(),
        day=str(found.day),
        printed_on=now.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        parcels=tuple(_parcel(row) for row in found.parcels),
        pickup=_pickup(found, zone),
        driver=signed.driver if signed else "",
        signed_on=signed_on if signed else "",
        signature=signed.signature if signed else b"",
    )


def _parcel(row: Row[Any]) -> HandedParcel:
    places = dict.fromkeys(part for part in (row.province, row.city) if part)
    return HandedParcel(
        row.waybill_no,
        row.order_no,
        " ".join(places),
        row.weight_g,
        Money(row.cash_minor, row.currency) if row.cash_minor else None,
        Money(row.insured_minor, row.currency) if row.insured_minor else None,
    )


def _pickup(found: Manifest, zone: ZoneInfo) -> str:
    """The earliest visit that was booked for them."""
    booked = [(row.pickup_from, row.pickup_to) for row in found.parcels if row.pickup_from]
    if not booked:
        return ""
    begin, end = min(booked)
    return f"{begin.astimezone(zone):%m-%d %H:%M}–{end.astimezone(zone):%H:%M}"
