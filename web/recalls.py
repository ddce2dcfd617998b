"""Recalls: previewed and begun, followed unit by unit, and closed with a report."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import RedirectResponse, Response

from api.cursors import Cursor
from api.deps import Context, SessionsOf
from api.errors import language_of
from api.inventory import recalls
from api.language import N_, translate
from api.strict import clean
from db.inventory import lot_trace
from db.shared import recall_acts
from domain.inventory.recall import ENDS_OF, End, Holder
from domain.shared.errors import DomainError, InvalidInput
from integrations.sheet_files import csv_head, csv_line
from web import words
from web.input import Text, typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

Short = Annotated[str, Form(max_length=200)]
LotLines = Annotated[str, Query(max_length=5000), AfterValidator(clean)]
MOST: Final = 50
MOST_REPORTED: Final = 100_000
_HEADINGS: Final = (
    N_("Holder"), N_("Kind"), N_("Order"), N_("SKU"), N_("Lot"), N_("Units"),
    *words.RECALL_END.values(), N_("Not accounted for"),
)  # fmt: skip


@router.get("/recalls")
async def list_of_recalls(request: Request, sessions: SessionsOf) -> Response:
    """Recalls, the latest first."""
    async with sessions.begin() as session:
        rows = await recall_acts.listed(session, MOST)
    return page(request, "recalls.html", rows=rows)


@router.get("/recalls/new")
async def new(request: Request, sessions: SessionsOf, lots: LotLines = "") -> Response:
    """What recalling these lots would touch, before it is begun."""
    effects, places, refused = None, [], ""
    if lots.strip():
        try:
            async with sessions.begin() as session:
                found = await recall_acts.preview(session, named(lots), MOST_REPORTED)
            effects, places = recalls.effects_view(found), list(found.places)
        except DomainError as error:
            refused = str(error)
    return page(
        request, "recall_new.html", lots=lots, effects=effects, places=places[:MOST],
        refused=refused,
    )  # fmt: skip


@router.post("/recalls/new")
async def start(
    context: Context,
    lots: Annotated[str, Form(max_length=5000)] = "",
    reason: Text = "",
    message: Text = "",
    remind_days: Annotated[str, Form(max_length=2)] = "7",
) -> Response:
    """Begin it."""
    asked = [recalls.RecallLot(sku=sku, lot=lot) for sku, lot in named(typed(lots))]
    body = body_of(
        recalls.RecallStarted, lots=asked, reason=reason, message=message,
        remind_days=_days(remind_days),
    )  # fmt: skip
    view = await recalls.start(body, context)
    return RedirectResponse(f"/recalls/{view.no}", 303)


@router.get("/recalls/{no}")
async def one(
    no: str,
    request: Request,
    context: Context,
    show: Annotated[str, Query(max_length=5)] = "",
    cursor: Cursor = "",
) -> Response:
    """The report: what is open, and what became of everything else."""
    no = typed(no)
    async with context.sessions.begin() as session:
        view = await recalls.recall_view(session, no)
        units = await recalls.units_page(
            session, no, open_only=show != "all", cursor=cursor, limit=MOST
        )
        held = await lot_trace.open_picks(session, [(lot.sku, lot.lot) for lot in view.lots])
    ends = {kind: [how for how in End if how in ENDS_OF[kind]] for kind in Holder}
    return page(
        request, "recall.html", recall=view, units=units, held=held[:MOST], show=show,
        ends=ends, whole=context.principal.scope.whole,
    )  # fmt: skip


@router.get("/recalls/{no}/report.csv")
async def report(no: str, request: Request, sessions: SessionsOf) -> Response:
    """Every unit with its end, as a file for an authority or the manufacturer."""
    language = language_of(request)
    async with sessions.begin() as session:
        await recalls.recall_view(session, typed(no))
        units = await recalls.units_page(
            session, typed(no), open_only=False, cursor="", limit=MOST_REPORTED
        )
    lines = [csv_head([translate(language, heading) for heading in _HEADINGS])]
    for row in units.items:
        ended = [str(row.ends.get(how, 0)) for how in words.RECALL_END]
        kind = translate(language, words.RECALL_HOLDER[row.kind])
        cells = [
            row.place or row.holder, kind, row.order_no or "", row.sku, row.lot, str(row.units),
            *ended, str(max(row.units - row.ended, 0)),
        ]  # fmt: skip
        lines.append(csv_line(cells))
    return Response(
        "".join(lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="recall-{typed(no)}.csv"'},
    )


@router.post("/recalls/{no}/units/{unit_id}")
async def account(
    no: str,
    unit_id: str,
    context: Context,
    how: Short = "",
    units: Annotated[str, Form(max_length=7)] = "",
    note: Short = "",
) -> Response:
    """Say what became of units."""
    if not (units.isascii() and units.isdigit()):
        raise InvalidInput("whole numbers are needed")
    body = body_of(recalls.UnitsEnded, how=how, units=int(units), note=note)
    await recalls.account(typed(no), typed(unit_id), body, context)
    return RedirectResponse(f"/recalls/{no}", 303)


@router.post("/recalls/{no}/exchange")
async def exchange(no: str, context: Context, shipment_no: Short = "") -> Response:
    """The units of a shipment were exchanged."""
    body = body_of(recalls.UnitsExchanged, shipment_no=shipment_no)
    await recalls.exchange(typed(no), body, context)
    return RedirectResponse(f"/recalls/{no}", 303)


@router.post("/recalls/{no}/close")
async def close(no: str, context: Context, signed: Text = "") -> Response:
    """Close it."""
    await recalls.close(typed(no), body_of(recalls.RecallClosed, signed=signed), context)
    return RedirectResponse(f"/recalls/{no}", 303)


def named(lines: str) -> list[tuple[str, str]]:
    """Lots as people type them: a line each, SKU and lot with a comma or a blank between.

    Raises InvalidInput.
    """
    found = []
    for line in filter(None, (one.strip() for one in lines.splitlines())):
        sku, _, lot = line.partition("," if "," in line else " ")
        if not sku.strip() or not lot.strip():
            raise InvalidInput("each line names a SKU and a lot")
        found.append((sku.strip(), lot.strip()))
    return found


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InvalidInput("whole numbers are needed")
    return int(text)
