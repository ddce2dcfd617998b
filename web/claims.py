"""Claims against carriers: who has to act, one with its evidence, and what people record."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.errors import language_of
from api.language import N_, translate
from api.logistics import claim_bodies, claims
from api.strict import Asked
from db.logistics.claim_queries import (
    QUEUES,
    claim_counts,
    claim_detail,
    claim_queue,
    find_claims,
    sums_by_carrier,
)
from domain.logistics.claim_plan import ClaimAction
from domain.logistics.claims import ClaimKind
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.money import Money
from integrations.sheet_files import harmless
from web import words
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page
from web.returns import sum_of, to_page

router = APIRouter(include_in_schema=False)

MOST: Final = 100
MOST_EXPORTED: Final = 10_000
NEAR: Final = timedelta(days=3)
_TABS: Final = ("", *QUEUES, "closed")
_BYTE_ORDER_MARK: Final = "\ufeff"
_HEADINGS: Final = (
    N_("Claim"), N_("Carrier"), N_("Waybill number"), N_("Kind"), N_("Order"), N_("Despatched"),
    N_("To be filed until"), N_("Status"), N_("Carrier's number"), N_("Goods"), N_("Freight"),
    N_("Claimed"), N_("Accepted by the carrier"), N_("Money received"), N_("Written off"),
    N_("Currency"),
)  # fmt: skip


@router.get("/claims")
async def queue(
    request: Request,
    sessions: SessionsOf,
    queue: Annotated[str, Query(max_length=20)] = "",
    carrier: Asked = "",
    q: Asked = "",
) -> Response:
    """Claims that need somebody, the most urgent first, and what each carrier owes."""
    if queue not in _TABS:
        raise InvalidInput("there is no such queue")
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_claims(session, q.strip(), MOST)
        else:
            rows = await claim_queue(session, queue, carrier=carrier, limit=MOST)
        counts = await claim_counts(session)
        sums = await sums_by_carrier(session)
    return page(
        request, "claims.html", rows=rows, queue=queue, carrier=carrier, q=q.strip(), tabs=_TABS,
        most=MOST, counts={**counts, "": sum(counts.values())}, sums=sums,
        near=datetime.now(UTC) + NEAR,
    )  # fmt: skip


@router.get("/claims.csv")
async def export(
    request: Request,
    sessions: SessionsOf,
    queue: Annotated[str, Query(max_length=20)] = "",
    carrier: Asked = "",
) -> Response:
    """The claims of a list as a file, to be handed in at the carrier."""
    if queue not in _TABS:
        raise InvalidInput("there is no such queue")
    async with sessions.begin() as session:
        rows = await claim_queue(session, queue, carrier=carrier, limit=MOST_EXPORTED)
    return Response(
        _csv(language_of(request), rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="claims.csv"'},
    )


@router.get("/claims/{claim_no}")
async def one(claim_no: str, request: Request, sessions: SessionsOf) -> Response:
    """Everything about one claim."""
    async with sessions.begin() as session:
        detail = await claim_detail(session, typed(claim_no))
    return page(request, "claim.html", detail=detail, near=datetime.now(UTC) + NEAR)


@router.get("/claims/{claim_no}/sheet")
async def sheet(claim_no: str, request: Request, sessions: SessionsOf) -> Response:
    """The claim on paper, for carriers that take nothing else."""
    async with sessions.begin() as session:
        detail = await claim_detail(session, typed(claim_no))
    return page(request, "claim_sheet.html", detail=detail)


@router.get("/claims/{claim_no}/do/{action}")
async def form(
    claim_no: str,
    action: str,
    request: Request,
    context: Context,
    amount: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The form of one action, with what it would do in money."""
    if action not in frozenset(ClaimAction):
        raise InvalidInput("there is no such action")
    async with context.sessions.begin() as session:
        detail = await claim_detail(session, typed(claim_no))
    plan, refused = None, ""
    try:
        claims.refuse_write_off(context, ClaimAction(action))
        plan = await claims.plan(claim_no, context, ClaimAction(action), sum_of(amount))
    except (ActionNotAllowed, InvalidInput) as error:
        refused = str(error)
    return page(
        request, "claim_decide.html", detail=detail, action=action, amount=amount, plan=plan,
        refused=refused, today=_today(),
    )  # fmt: skip


@router.post("/claims/{claim_no}/do/decide")
async def decide(
    claim_no: str,
    request: Request,
    context: Context,
    action: Short = "",
    plan_hash: Short = "",
    amount: Short = "",
    on: Short = "",
    reference: Short = "",
    reason: Text = "",
) -> Response:
    """Record what was shown."""
    body = body_of(
        claim_bodies.ClaimDecided, action=action, plan_hash=plan_hash, amount=sum_of(amount),
        on=on or None, reference=reference, reason=reason,
    )  # fmt: skip
    await claims.decide(typed(claim_no), body, context)
    return to_page(request, f"/claims/{claim_no}")


@router.get("/parcels/{parcel_id}/do/claim")
async def open_form(parcel_id: str, request: Request) -> Response:
    """Claim a parcel by hand."""
    return page(request, "claim_open.html", parcel_id=typed(parcel_id), kinds=list(ClaimKind))


@router.post("/parcels/{parcel_id}/do/claim")
async def open_claim(
    parcel_id: str, request: Request, context: Context, kind: Short = "", remark: Text = ""
) -> Response:
    """Open it, or go to the one there is."""
    body = body_of(claim_bodies.ClaimRequest, kind=kind, remark=remark)
    opened = await claims.open_on_parcel(typed(parcel_id), body, context)
    return to_page(request, f"/claims/{opened.claim_no}")


def _today() -> date:
    return datetime.now(UTC).astimezone(COMPANY_ZONE).date()


def _csv(language: str, rows: Sequence[Row[Any]]) -> str:
    text = io.StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([translate(language, heading) for heading in _HEADINGS])
    for row in rows:
        sums = (
            row.goods_minor, row.freight_minor, row.claimed_minor, row.accepted_minor,
            row.received_minor, row.written_off_minor,
        )  # fmt: skip
        cells = [
            row.claim_no, row.carrier_name, row.waybill_no,
            translate(language, words.CLAIM_KIND[row.kind]), row.order_no, _day(row.despatched_at),
            _day(row.file_by), translate(language, words.CLAIM_STATUS[row.status]),
            row.carrier_ref, *(str(Money(minor, row.currency).major) for minor in sums),
            row.currency,
        ]  # fmt: skip
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def _day(at: datetime) -> str:
    return at.astimezone(COMPANY_ZONE).date().isoformat()
