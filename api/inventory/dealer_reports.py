"""Reports of dealers over the API: given, looked at, decided; and what dealers should order."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, StrictInt

from api.deps import Context, RequestContext, SessionsOf
from api.errors import language_of
from api.inventory.dealer_words import in_words
from api.strict import Asked, Code, Day, Reason, SafeStr, StrictBody
from db.inventory import dealer_queries
from db.inventory.dealer_reports import DealerReports, Filed, ReportDraft, doubts_of
from db.inventory.dealer_rules import set_rule
from db.inventory.suggestions import agree
from db.platform.audit import audit
from domain.inventory.dealer_reports import DealerLine, ReportRule, Verdict
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["dealers"])
Units = Annotated[StrictInt, Field(ge=0, le=100_000_000)]
State = Literal["", "waiting", "accepted", "sent_back", "replaced"]
MOST_LINES = 2_000


class ReportedLine(StrictBody):
    """Units of a SKU, and of a lot where lots are kept: in stock in the evening of the day, and
    sold since the report before."""

    sku: Code
    lot: SafeStr = ""
    stock: Units
    sold: Units = 0


class ReportBody(StrictBody):
    """A whole report: what is not named does not lie there. `corrects`: the report whose place it
    takes."""

    location: Code
    day: Day
    lines: list[ReportedLine] = Field(min_length=1, max_length=MOST_LINES)
    remark: SafeStr = ""
    corrects: Code | None = None


class DoubtView(StrictBody):
    """One reason not to believe it; `sku` is empty where it is about the whole."""

    code: str
    sku: str
    text: str
    numbers: dict[str, int | str]


class Checked(StrictBody):
    """No doubts: it would count at once."""

    doubts: list[DoubtView]


class ReportFiled(StrictBody):
    """state: accepted | waiting for a person, because of the doubts."""

    no: str
    state: str
    doubts: list[DoubtView]


class ReportSummary(StrictBody):
    """`doubted`: it counts, and does not fit to another that came later."""

    no: str
    location: str
    day: date
    state: str
    doubted: bool
    source: str
    given_by: str
    given_at: datetime
    corrects: str | None
    decided_by: str
    reason: str


class ReportView(ReportSummary):
    """A report with its lines, and what is doubted about it now."""

    remark: str
    lines: list[ReportedLine]
    doubts: list[DoubtView]


class Decided(StrictBody):
    """`correct` needs the lines that are right; they become a report of their own."""

    decision: Literal["accept", "send_back", "correct"]
    reason: Reason
    lines: list[ReportedLine] = Field(default=[], max_length=MOST_LINES)


class RuleBody(StrictBody):
    """How a place reports, and how far off it may be: so many units, or this share of what was
    there and came."""

    every_days: Annotated[StrictInt, Field(ge=1, le=366)] = 7
    late_days: Annotated[StrictInt, Field(ge=0, le=366)] = 3
    tolerance_percent: Annotated[StrictInt, Field(ge=0, le=100)] = 2
    tolerance_units: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 2
    capacity: Annotated[StrictInt, Field(ge=1, le=100_000_000)] | None = None


class DealerPlaceView(StrictBody):
    """A dealer's place; `rule` is there when it is asked for reports. `days_old` of the last."""

    location: str
    name: str
    dealer: str | None
    on_consignment: bool
    rule: RuleBody | None
    last_day: date | None
    days_old: int | None
    units: int | None
    due_on: date | None
    reminders: int
    waiting: int


class DealerSuggestion(StrictBody):
    """What a dealer should order of us; `agreed_by` once he said yes."""

    id: str
    location: str
    sku: str
    name: str
    source: str
    units: int
    free: int
    daily: float
    cover_days: float
    arrives_on: date
    agreed_by: str


class Consent(StrictBody):
    """The dealer wants them, in this number."""

    units: Annotated[StrictInt, Field(ge=1, le=1_000_000)]


@router.get("/dealer-places")
async def dealer_places(sessions: SessionsOf) -> list[DealerPlaceView]:
    """Dealers' places with their last report; those that should report first first."""
    async with sessions.begin() as session:
        return [_place(row) for row in await dealer_queries.dealer_places(session)]


@router.put("/dealer-places/{location_id}/rule")
async def change_rule(location_id: Code, body: RuleBody, context: Context) -> DealerPlaceView:
    """Ask a place for reports, or otherwise than until now."""
    async with context.sessions.begin() as session:
        house = await DealerReports(session).house(location_id)
        before = await set_rule(session, house.location_id, ReportRule(**body.model_dump()))
        await audit(
            session, context.actor, "dealer_rule.changed", f"location/{location_id}",
            before=before, after=body.model_dump(), request_id=context.update_id,
        )  # fmt: skip
        return _place((await dealer_queries.dealer_places(session, location_id))[0])


@router.get("/dealer-reports")
async def list_reports(
    sessions: SessionsOf,
    location: Asked = "",
    state: State = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ReportSummary]:
    """Reports, the newest first."""
    async with sessions.begin() as session:
        rows = await dealer_queries.dealer_reports(session, location, state, limit)
    return [ReportSummary(**_summary(row)) for row in rows]


@router.post("/dealer-reports/check")
async def check(body: ReportBody, context: Context, request: Request) -> Checked:
    """What would be doubted about a report; nothing is kept."""
    async with context.sessions.begin() as session:
        doubts = await DealerReports(session).look(draft_of(body, "", context.actor, "api"))
    return Checked(doubts=_doubts(request, doubts))


@router.post("/dealer-reports", status_code=201)
async def report(body: ReportBody, context: Context, request: Request) -> ReportFiled:
    """Report what lies at a dealer's. What is believed counts at once, the rest waits for sales."""
    return filed_view(request, await file(body, context, "api"))


@router.get("/dealer-reports/{no}")
async def get_report(no: Code, sessions: SessionsOf, request: Request) -> ReportView:
    """One report."""
    async with sessions.begin() as session:
        reports = DealerReports(session)
        row, lines = await reports.report(no), await reports.lines(no)
        doubts = await doubts_of(session, no)
    told = [
        ReportedLine.model_construct(sku=x.sku, lot=x.lot, stock=x.stock, sold=x.sold)
        for x in lines
    ]
    return ReportView.model_construct(
        **_summary(row), remark=row.remark, lines=told, doubts=_doubts(request, doubts)
    )


@router.post("/dealer-reports/{no}/decision")
async def decide(no: Code, body: Decided, context: Context, request: Request) -> ReportView:
    """Believe it, ask the dealer to look again, or put right what it says."""
    if (body.decision == "correct") != bool(body.lines):
        raise InvalidInput("a correction, and nothing else, says what is right")
    now = no
    async with context.sessions.begin() as session:
        reports = DealerReports(session)
        row = await reports.report(no)
        if body.decision == "accept":
            await reports.accept(no, context.actor, body.reason)
        elif body.decision == "send_back":
            await reports.send_back(no, context.actor, body.reason)
        else:
            lines = lines_of(body.lines)
            key = f"correction/{no}/{context.update_id}"
            now = await reports.correct(no, key, lines, context.actor, body.reason)
        await audit(
            session, context.actor, f"dealer_report.{body.decision}", f"dealer-report/{no}",
            reason=body.reason, before={"state": row.state}, after={"no": now},
            request_id=context.update_id,
        )  # fmt: skip
    return await get_report(now, context.sessions, request)


@router.get("/dealer-suggestions")
async def suggestions(sessions: SessionsOf, location: Asked = "") -> list[DealerSuggestion]:
    """What dealers should order of us, from what they sold and have left."""
    async with sessions.begin() as session:
        rows = await dealer_queries.suggested_to(session, location)
    return [_suggestion(row) for row in rows]


@router.post("/dealer-suggestions/{suggestion_id}/consent")
async def consent(suggestion_id: Code, body: Consent, context: Context) -> DealerSuggestion:
    """The dealer says yes: sales can order it for him."""
    async with context.sessions.begin() as session:
        row = await agree(session, suggestion_id, body.units, context.actor)
        await audit(
            session, context.actor, "suggestion.agreed", f"location/{row.location_id}",
            reason=f"{row.sku}: {body.units}", request_id=context.update_id,
        )  # fmt: skip
        rows = await dealer_queries.suggested_to(session, row.location_id)
    return next(_suggestion(one) for one in rows if one.id == suggestion_id)


async def file(body: ReportBody, context: RequestContext, source: str) -> Filed:
    """Keep a report that came by a page or by a program."""
    key = f"{context.actor}/{context.update_id}"
    async with context.sessions.begin() as session:
        filed = await DealerReports(session).file(draft_of(body, key, context.actor, source))
        await audit(
            session, context.actor, "dealer_report.given", f"dealer-report/{filed.no}",
            after={"location": body.location, "day": body.day.isoformat(), "state": filed.state},
            request_id=context.update_id,
        )  # fmt: skip
    return filed


def draft_of(body: ReportBody, key: str, actor: str, source: str) -> ReportDraft:
    """A body as the books take it."""
    return ReportDraft(
        key, body.location, body.day, lines_of(body.lines), source, actor, body.remark,
        body.corrects,
    )  # fmt: skip


def lines_of(lines: Sequence[ReportedLine]) -> tuple[DealerLine, ...]:
    """Lines as the rules see them."""
    return tuple(DealerLine(one.sku, one.stock, one.sold, one.lot) for one in lines)


def filed_view(request: Request, filed: Filed) -> ReportFiled:
    """What became of a report."""
    return ReportFiled(no=filed.no, state=filed.state, doubts=_doubts(request, filed.doubts))


def today() -> date:
    """The company's day."""
    return datetime.now(UTC).astimezone(COMPANY_ZONE).date()


def _doubts(request: Request, doubts: Sequence[Verdict]) -> list[DoubtView]:
    language = language_of(request)
    return [
        DoubtView(
            code=str(one.doubt), sku=one.sku, text=in_words(language, one),
            numbers=dict(one.numbers),
        )
        for one in doubts
    ]  # fmt: skip


def _summary(row: Any) -> dict[str, Any]:
    names = set(ReportSummary.model_fields) - {"location"}
    return {name: getattr(row, name) for name in names} | {"location": row.location_id}


def _place(row: Any) -> DealerPlaceView:
    rule = None
    if row.every_days is not None:
        rule = RuleBody(**{name: getattr(row, name) for name in RuleBody.model_fields})
    return DealerPlaceView(
        location=row.id, name=row.name, dealer=row.dealer, on_consignment=row.on_consignment,
        rule=rule, last_day=row.last_day, days_old=dealer_queries.days_old(row.last_day, today()),
        units=row.units, due_on=row.due_on, reminders=row.reminders, waiting=row.waiting,
    )  # fmt: skip


def _suggestion(row: Any) -> DealerSuggestion:
    return DealerSuggestion(
        id=row.id, location=row.location_id, sku=row.sku, name=row.name, source=row.source or "",
        units=row.quantity, free=row.numbers.get("free", 0), daily=row.numbers.get("daily", 0.0),
        cover_days=row.cover_days, arrives_on=row.arrives_on, agreed_by=row.agreed_by,
    )  # fmt: skip
