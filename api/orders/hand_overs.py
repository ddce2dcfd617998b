"""Handing parcels to a driver: scan, sign, print; and what the day leaves behind."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import anyio.to_thread
from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context, RequestContext, SessionsOf
from api.errors import Problem
from api.orders.labels import RENDERERS
from api.orders.manifests import list_of
from api.orders.scans import MOST_AT_ONCE, ScanKey
from api.strict import Code, Line, Moment, StrictBody
from db.orders.hand_overs import Handed, HandOvers, Signed
from db.orders.left_overs import left_overs
from db.orders.manifests import scanned_manifest
from db.platform.audit import audit
from domain.shared.errors import ActionNotAllowed
from integrations.manifests import render_manifest
from integrations.printing import FontMissing
from integrations.signature import LONGEST, read_signature

router = APIRouter(tags=["warehouse"])

Location = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]


class NewHandOver(StrictBody):
    location: Code
    carrier: Code


class ParcelScan(StrictBody):
    """`code` is a waybill number or a parcel's id; `key` is made by the scanner, once."""

    key: ScanKey
    code: Code
    at: Moment | None = None


class ParcelScans(StrictBody):
    scans: list[ParcelScan] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ParcelAnswer(StrictBody):
    """What a scan did; `parcels` lie on the hand-over now."""

    key: str
    verdict: Handed
    parcel_id: str
    waybill_no: str
    parcels: int


class ParcelAnswers(StrictBody):
    answers: list[ParcelAnswer]


class Closing(StrictBody):
    """The driver's name and what he drew: a PNG in base64, with or without its data address."""

    driver: Line
    signature: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST)]


class HandOverView(StrictBody):
    no: str
    location: str
    carrier: str
    parcels: int
    opened_by: str
    opened_at: datetime
    closed_by: str
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "HandOverView":
        told = {**row._mapping, "location": row.location_id}
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class OnIt(StrictBody):
    parcel_id: str
    waybill_no: str
    shipment_no: str
    weight_g: int
    at: datetime


class WholeHandOver(StrictBody):
    hand_over: HandOverView
    parcels: list[OnIt]


class LeftOver(StrictBody):
    """A shipment that is begun or due and has not left. What it waits for: `kind`; `held` and
    `stuck` say why it cannot go on without somebody."""

    shipment_no: str
    location: str
    carrier: str
    kind: Literal["not_handed_over", "not_labelled", "not_packed", "not_picked"]
    ship_by: datetime | None
    cutoff: str
    cutoff_passed: bool
    held: bool
    stuck: bool
    stopping: bool


@router.get("/hand-overs")
async def hand_overs(
    context: Context, location: Location = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[HandOverView]:
    """Hand-overs of a location, the open ones first."""
    async with context.sessions.begin() as session:
        rows = await HandOvers(session, context.vault).list(location, limit)
    return [HandOverView.of(row) for row in rows]


@router.post("/hand-overs")
async def open_hand_over(body: NewHandOver, context: Context) -> HandOverView:
    """The open hand-over of a carrier at a location; it is begun when there is none."""
    async with context.sessions.begin() as session:
        found = HandOvers(session, context.vault, context.actor)
        no = await found.open(body.location, body.carrier)
        return HandOverView.of(await found.one(no))


@router.get("/hand-overs/{hand_over_no}")
async def hand_over(hand_over_no: Code, context: Context) -> WholeHandOver:
    """One hand-over with what lies on it."""
    async with context.sessions.begin() as session:
        found = HandOvers(session, context.vault)
        head = HandOverView.of(await found.one(hand_over_no))
        rows = await found.parcels(hand_over_no)
    return WholeHandOver(hand_over=head, parcels=[_on_it(row) for row in rows])


@router.post("/hand-overs/{hand_over_no}/parcels")
async def scan_parcels(hand_over_no: Code, body: ParcelScans, context: Context) -> ParcelAnswers:
    """Put scanned parcels on it. One that may not go with this driver says why in its verdict; a
    scan that is sent again gets its first answer."""
    scans = [(one.key, one.code) for one in body.scans]
    async with context.sessions.begin() as session:
        found = await HandOvers(session, context.vault, context.actor).hear(hand_over_no, scans)
    return ParcelAnswers(
        answers=[
            ParcelAnswer(**{name: getattr(one, name) for name in ParcelAnswer.model_fields})
            for one in found
        ]
    )


@router.post("/hand-overs/{hand_over_no}/parcels/{parcel_id}/removal")
async def take_off(hand_over_no: Code, parcel_id: Code, context: Context) -> HandOverView:
    """A parcel stays here after all."""
    async with context.sessions.begin() as session:
        found = HandOvers(session, context.vault, context.actor)
        await found.take_off(hand_over_no, parcel_id)
        return HandOverView.of(await found.one(hand_over_no))


@router.post("/hand-overs/{hand_over_no}/close")
async def close(hand_over_no: Code, body: Closing, context: Context) -> HandOverView:
    """The driver signs, and every shipment on it is handed over, all or none."""
    signature = await anyio.to_thread.run_sync(read_signature, body.signature, limiter=RENDERERS)
    async with context.sessions.begin() as session:
        found = HandOvers(session, context.vault, context.actor)
        await found.close(hand_over_no, Signed(body.driver, signature))
        return HandOverView.of(await found.one(hand_over_no))


@router.get(
    "/hand-overs/{hand_over_no}/manifest.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_hand_over(hand_over_no: Code, context: Context) -> Response:
    """The list 交接单 of what was scanned, with the driver's name and signature once he signed."""
    return await _printed(hand_over_no, context)


@router.get("/left-overs")
async def left_behind(
    sessions: SessionsOf,
    location: Location = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> list[LeftOver]:
    """What was begun or is due and has not left, by cut-off and urgency."""
    async with sessions.begin() as session:
        rows = await left_overs(session, location, limit, datetime.now(UTC))
    return [
        LeftOver(
            shipment_no=row.no, location=row.location_id, carrier=row.carrier, kind=row.kind,
            ship_by=row.ship_by, cutoff=f"{row.cutoff:%H:%M}" if row.cutoff else "",
            cutoff_passed=row.cutoff_passed, held=row.held, stuck=row.stuck,
            stopping=row.stopping,
        )
        for row in rows
    ]  # fmt: skip


async def _printed(no: str, context: RequestContext) -> Response:
    async with context.sessions.begin() as session:
        found = HandOvers(session, context.vault)
        head = await found.one(no)
        if not head.parcels:
            raise ActionNotAllowed("nothing was scanned onto it")
        zone = ZoneInfo(head.zone)
        day = (head.closed_at or datetime.now(UTC)).astimezone(zone)
        manifest = await scanned_manifest(session, head.location_id, head.carrier, no, day.date())
        signed = found.signed(head)
        await audit(
            session, context.actor, "hand_over.printed", f"hand-over/{no}",
            request_id=context.request_id,
        )  # fmt: skip
    listed = list_of(manifest, datetime.now(UTC), signed, f"{day:%Y-%m-%d %H:%M}")
    try:
        pdf = await anyio.to_thread.run_sync(render_manifest, listed, limiter=RENDERERS)
    except FontMissing as error:
        raise Problem("LabelFontMissing", 503, str(error)) from error
    headers = {"content-disposition": f'inline; filename="{no}.pdf"', "cache-control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _on_it(row: Row[Any]) -> OnIt:
    return OnIt(**{name: getattr(row, name) for name in OnIt.model_fields})
