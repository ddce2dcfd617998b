"""Receiving: what is expected, goods at the ramp on a tablet, and cases about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.cookies import read_cookie
from api.deps import Context, SessionsOf, SettingsOf
from api.errors import language_of
from api.inventory import receipt_cases, receiving
from api.inventory.receiving_bodies import (
    CaseDecided,
    ReceiptOpening,
    ReceiptPosting,
    WithReason,
)
from api.language import translate
from db.finance.goods_claims import GoodsClaims
from db.inventory import receipt_queries
from db.inventory.receipt_cases import ReceiptCases, offered
from db.inventory.receiving import Picture, Receiving
from db.inventory.repository import StockRepository
from db.inventory.transfers import Transfers
from db.platform.attention import waiting
from domain.inventory.receipt_plan import ReceiptPlan
from domain.inventory.receiving import Counted
from domain.shared.errors import InvalidInput
from domain.shared.ids import receipt_case_workflow_id
from web.floor import bars_of
from web.goods_claims import MOVE
from web.input import Numbers, Short, Text, serials_typed, typed
from web.order_actions import body_of
from web.render import page
from web.returns import sum_of, to_page
from web.warehouse import COOKIE, Location
from web.words import receiving as says

router = APIRouter(include_in_schema=False)

MOST: Final = 100


@dataclass(slots=True)
class Line:
    """A SKU at the ramp: what is asked of it, and what was counted in which state."""

    sku: str
    name: str
    gtin: str
    bin: str
    asks_serial: bool = False
    asked: int | None = None
    good_until: date | None = None  # at least, or it is set apart
    scans: list[tuple[str, Counted]] = field(default_factory=list)

    @property
    def counted(self) -> int:
        return sum(counted.units for _, counted in self.scans)


@router.get("/receiving")
async def board(request: Request, sessions: SessionsOf, location: Location = None) -> Response:
    """What is to come, what is late, what is being received, and how many cases wait."""
    chosen = location if location is not None else read_cookie(request, COOKIE)
    async with sessions.begin() as session:
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
        chosen = chosen if chosen in {str(one.location_id) for one in places} else ""
        due = await receipt_queries.expected(session, chosen, MOST)
        underway = await receipt_queries.receipts(
            session, location=chosen, states=["open", "counted"], limit=MOST
        )
        done = await receipt_queries.receipts(
            session, location=chosen, states=["posted", "corrected"], limit=20
        )
        waiting = await receipt_queries.cases(session, location=chosen, state="open", limit=MOST)
    groups = {
        "late": [row for row in due if receipt_queries.is_late(row.expected_on, row.today)],
        "today": [row for row in due if row.expected_on == row.today],
        "later": [row for row in due if row.expected_on is None or row.expected_on > row.today],
    }
    return page(
        request, "receiving.html", places=places, location=chosen, groups=groups,
        underway=underway, done=done, waiting=waiting, says=says,
    )  # fmt: skip


@router.post("/receiving")
async def begin(
    request: Request,
    context: Context,
    location: Short = "",
    source_kind: Short = "none",
    source_no: Short = "",
    notice_no: Short = "",
) -> Response:
    """Begin to receive, or go on with what is open."""
    body = body_of(
        ReceiptOpening, location=location, source_kind=source_kind, source_no=source_no,
        notice_no=notice_no,
    )  # fmt: skip
    opened = await receiving.open_receipt(body, context)
    return to_page(request, f"/receiving/{opened.receipt_no}")


@router.get("/receiving/cases")
async def cases(
    request: Request, sessions: SessionsOf, state: Annotated[str, Query(max_length=20)] = "open"
) -> Response:
    """Goods that came otherwise than agreed."""
    if state not in ("", *says.CASE_STATE):
        raise InvalidInput("there is no such state")
    async with sessions.begin() as session:
        rows = await receipt_queries.cases(session, state=state, limit=MOST)
    return page(request, "receipt_cases.html", rows=rows, state=state, says=says, most=MOST)


@router.get("/receiving/cases/{case_no}")
async def case(case_no: str, request: Request, sessions: SessionsOf) -> Response:
    """One case, and how it may end."""
    async with sessions.begin() as session:
        row = await ReceiptCases(session).find(typed(case_no))
        steps = await waiting(session, receipt_case_workflow_id(row.no))
        ledger = await GoodsClaims(session).ledger(row.no)
    return page(
        request, "receipt_case.html", row=row, choices=offered(row), says=says, attention=steps,
        ledger=ledger, moves=MOVE,
    )  # fmt: skip


@router.post("/receiving/cases/{case_no}")
async def decide(
    case_no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    decision: Short = "",
    reason: Text = "",
    reference: Short = "",
    amount: Short = "",
    numbers: Numbers = "",
    lot: Short = "",
    expires_on: Short = "",
) -> Response:
    """End it."""
    told = {"amount": sum_of(amount)} if amount.strip() else {}
    body = body_of(
        CaseDecided, decision=decision, reason=reason, reference=reference,
        serials=serials_typed(numbers), lot=typed(lot), expires_on=expires_on or None, **told,
    )  # fmt: skip
    await receipt_cases.decide(typed(case_no), body, context, settings)
    return to_page(request, f"/receiving/cases/{case_no}")


@router.get("/receiving/{receipt_no}")
async def one(receipt_no: str, request: Request, sessions: SessionsOf) -> Response:
    """The tablet page while it is counted, what a posting would do, and what it did."""
    async with sessions.begin() as session:
        picture = await Receiving(session).picture(typed(receipt_no))
        row = picture.row
        posted = await receipt_queries.posted_lines(session, row.no)
        waiting = await receipt_queries.cases(session, receipt=row.no)
        skus = {one.sku for one in picture.expected} | {one.sku for one in posted}
        skus |= {one.sku for one in picture.scans.values()}
        names = await receipt_queries.names(session, row.location_id, sorted(skus))
        onward = await Transfers(session).waiting_for(row.location_id, sorted(skus))
    return page(
        request, "receipt.html", row=row, lines=_lines(picture, names), found=picture.found,
        plan_hash=ReceiptPlan(row.no, picture.found).hash, posted=posted, cases=waiting,
        names=names, onward=onward, says=says, scan_words=_scan_words(request),
        today=picture.today,
    )  # fmt: skip


@router.get("/receiving/{receipt_no}/labels")
async def labels(receipt_no: str, request: Request, sessions: SessionsOf) -> Response:
    """Put-away labels to print: what it is, its lot, and where it goes."""
    async with sessions.begin() as session:
        row = await Receiving(session).read(typed(receipt_no))
        lines = await receipt_queries.posted_lines(session, row.no)
    return page(
        request, "receipt_labels.html", row=row, says=says,
        labels=[
            (line, bars_of(code) if (code := line.gtin or line.sku).isascii() else None)
            for line in lines
        ],
    )  # fmt: skip


@router.post("/receiving/{receipt_no}/do/{action}")
async def act(
    receipt_no: str,
    action: str,
    request: Request,
    context: Context,
    plan_hash: Short = "",
    reason: Text = "",
) -> Response:
    """Finish, count on, post, cancel or take back."""
    no = typed(receipt_no)
    match action:
        case "finish":
            await receiving.finish(no, context)
        case "reopen":
            await receiving.reopen(no, context)
        case "post":
            await receiving.post(no, body_of(ReceiptPosting, plan_hash=plan_hash), context)
        case "cancel":
            await receiving.cancel(no, body_of(WithReason, reason=reason), context)
        case "correct":
            await receiving.correct(no, body_of(WithReason, reason=reason), context)
        case _:
            raise InvalidInput("there is no such action")
    return to_page(request, f"/receiving/{no}")


def _lines(picture: Picture, names: Mapping[str, Row[Any]]) -> Sequence[Line]:
    """What is asked for first, then what else was counted."""
    lines: dict[str, Line] = {}

    def line_of(sku: str) -> Line:
        known = names.get(sku)
        told = (
            (known.name, known.gtin, known.bin, known.tracks_serials)
            if known
            else (sku, "", "", False)
        )
        return lines.setdefault(sku, Line(sku, *told))

    for one in picture.expected:
        line = line_of(one.sku)
        here = one.units if one.announced_units is None else one.announced_units
        line.asked = (line.asked or 0) + here
        if one.least_life_days:
            line.good_until = picture.today + timedelta(days=one.least_life_days)
    for key, counted in picture.scans.items():
        line_of(counted.sku).scans.append((key, counted))
    return [line for line in lines.values() if line.asked or line.scans]


def _scan_words(request: Request) -> dict[str, str]:
    return {code: translate(language_of(request), text) for code, text in says.HEARD.items()}
