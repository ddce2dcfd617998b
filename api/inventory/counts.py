"""Counts over the API: planned, counted blind, posted as differences."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StrictInt

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.platform.asking import ask_another, correct_alone
from api.platform.docs import WAITS
from api.strict import Asked, Code, Reason, SafeStr, StrictBody
from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.inventory.count_queries import CountDetail, count_detail, counts, sku_of_code
from db.inventory.counts import Counts
from db.platform.alone import TooMuchAlone
from db.platform.audit import audit
from domain.inventory.counting import CountState, LineState, Tolerance
from domain.platform.approvals import ApprovalKind
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import NO_LOT
from integrations.gs1 import read_code
from runtime.settings import Settings

router = APIRouter(tags=["counts"])
Units = Annotated[StrictInt, Field(ge=0, le=1_000_000)]


class CountRequest(StrictBody):
    """What is to be counted: what is due by its class, some SKUs, or all that lies there."""

    location: Code
    kind: Literal["due", "skus", "all"] = "due"
    skus: list[Code] = Field(default=[], max_length=500)
    remark: SafeStr = ""


class Planned(StrictBody):
    """Empty when nothing is due there today, or today's count is planned already."""

    no: str


class Seen(StrictBody):
    """What lies there of a lot. `code` is a SKU, a barcode, or a GS1 code that may name the lot.
    Of a SKU that asks for serial numbers they may be scanned, one for each unit; a second look has
    to."""

    code: Code
    units: Units
    lot: SafeStr = ""
    serials: list[Annotated[SafeStr, Field(min_length=1, max_length=40)]] = Field(
        default=[], max_length=1000
    )
    condition: Literal["good", "quarantine", "damaged"] = "good"


class LineSeen(StrictBody):
    """`recount`: somebody else has to count it a second time."""

    sku: str
    lot: str
    state: LineState


class CountReason(StrictBody):
    reason: Reason


class CountLineView(StrictBody):
    """`book`, `counted` and `difference` are told when nobody counts any more."""

    line_no: int
    sku: str
    lot: str
    condition: str
    abc: str
    state: LineState
    looks: int
    book: int | None
    counted: int | None
    difference: int | None
    posted: int
    rest: int
    serials_gone: list[str] = Field(default=[])
    serials_found: list[str] = Field(default=[])


class CountSummary(StrictBody):
    no: str
    location: str
    kind: str
    state: CountState
    planned_on: date
    lines: int
    counted: int
    again: int


class CountView(CountSummary):
    """A count and its lines. `rest` of a line is missing, but promised to somebody."""

    items: list[CountLineView]


@router.get("/counts")
async def list_counts(
    sessions: SessionsOf, location: Asked = "", closed: bool = False
) -> list[CountSummary]:
    """Counts that are not over, the oldest first; or those that are."""
    async with sessions.begin() as session:
        return [_summary(row) for row in await counts(session, closed=closed, location=location)]


@router.post("/counts", status_code=201)
async def plan(body: CountRequest, context: Context, settings: SettingsOf) -> Planned:
    """Write down what is to be counted; nothing is frozen by it."""
    if (body.kind == "skus") != bool(body.skus):
        raise InvalidInput("say which products, or count what is due")
    wanted = plan_of(body.location, body.kind, context.actor, settings)
    wanted = CountPlan(
        wanted.location_id, wanted.kind, wanted.on, wanted.actor, tuple(body.skus), wanted.most,
        wanted.tolerance, body.remark, wanted.every,
    )  # fmt: skip
    async with context.sessions.begin() as session:
        no = await CountPlanning(session).plan(wanted)
        if no is not None:
            await _audited(session, context, no, "planned")
    return Planned(no=no or "")


@router.get("/counts/{no}")
async def get_count(no: Code, sessions: SessionsOf) -> CountView:
    """One count; what the books have is told when everything is counted."""
    async with sessions.begin() as session:
        return view_of(await count_detail(session, no))


@router.post("/counts/{no}/looks")
async def look(no: Code, body: Seen, context: Context) -> LineSeen:
    """Somebody counted. 409 when a second look is taken by the same person."""
    read = read_code(body.code)
    async with context.sessions.begin() as session:
        sku = await sku_of_code(session, read.text, read.gtins)
        lot = body.lot or read.lot or NO_LOT
        seen = Look(
            f"look:{context.update_id}", context.actor, sku, body.units, lot, body.condition,
            serials=tuple(body.serials),
        )  # fmt: skip
        state = await CountLooks(session).look(no, seen)
    return LineSeen(sku=sku, lot=lot, state=state)


@router.post("/counts/{no}/posting", responses=WAITS)
async def post(no: Code, context: Context, settings: SettingsOf) -> CountView:
    """Put the differences into the books; units promised to somebody wait for a person.

    202 when it corrects so many units that a second person has to approve it.
    """
    try:
        async with context.sessions.begin() as session:
            count = await Counts(session).lock(no)
            if count.state == CountState.OPEN:
                raise ActionNotAllowed("not everything is counted yet")
            moved = [
                (line.sku, count.location_id, difference)
                for line, difference in await CountPosting(session).differences(no)
                if difference
            ]
            if count.state == CountState.COUNTED and moved:
                await correct_alone(session, context, settings, f"count:{no}", moved)
            await CountPosting(session).post(no, context.actor)
            await _audited(session, context, no, "posted")
    except TooMuchAlone:
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"location/{count.location_id}",
            {"count_no": no}, "count", units=sum(abs(units) for _, _, units in moved),
        )  # fmt: skip
    return await get_count(no, context.sessions)


@router.post("/counts/{no}/cancellation")
async def cancel(no: Code, body: CountReason, context: Context) -> CountView:
    """Nobody needs it any more; 409 once it is posted."""
    async with context.sessions.begin() as session:
        await Counts(session).cancel(no)
        await _audited(session, context, no, "cancelled", body.reason)
    return await get_count(no, context.sessions)


def plan_of(location: str, kind: str, actor: str, settings: Settings) -> CountPlan:
    """A count of today as the settings want it."""
    return CountPlan(
        location, kind, datetime.now(COMPANY_ZONE).date(), actor,
        most=settings.count_lines_a_day or 50,
        tolerance=Tolerance(settings.count_tolerance_units, settings.count_tolerance_percent),
        every=(settings.count_days_a, settings.count_days_b, settings.count_days_c),
    )  # fmt: skip


def view_of(detail: CountDetail) -> CountView:
    """With what the books had at the last look, unless somebody may still count."""
    items = []
    for line in detail.lines:
        looks = detail.looks.get(line.line_no, [])
        last = looks[-1] if looks and not detail.is_blind else None
        items.append(
            CountLineView(
                line_no=line.line_no, sku=line.sku, lot=line.lot, condition=line.condition,
                abc=line.abc, state=line.state, looks=len(looks), posted=line.posted,
                rest=line.rest, book=last.book - last.in_hand if last else None,
                counted=last.units if last else None,
                difference=last.difference if last else None,
                serials_gone=detail.gone(line.line_no), serials_found=detail.found(line.line_no),
            )
        )  # fmt: skip
    return CountView(**_summary(detail.row).model_dump(), items=items)


def _summary(row: Any) -> CountSummary:
    return CountSummary(
        no=row.no, location=row.location_id, kind=row.kind, state=row.state,
        planned_on=row.planned_on, lines=row.lines, counted=row.counted, again=row.again,
    )  # fmt: skip


async def _audited(
    session: Any, context: RequestContext, no: str, deed: str, reason: str = ""
) -> None:
    await audit(
        session, context.actor, f"count.{deed}", f"count/{no}", reason=reason,
        request_id=context.update_id,
    )  # fmt: skip
