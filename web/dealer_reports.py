"""Dealers' reports: what a dealer has and sold, typed on any screen; the desk that decides."""

from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.errors import Problem
from api.inventory import dealer_reports
from api.inventory.dealer_reports import Consent, Decided, ReportBody, RuleBody, today
from api.strict import Asked
from db.inventory import dealer_queries
from db.inventory.dealer_reports import DealerReports
from domain.inventory.dealer_reports import expected
from domain.shared.errors import InvalidInput
from web.input import Short, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page
from web.words.dealers import REPORT_TAB

router = APIRouter(include_in_schema=False)

_MOST: Final = 100
_EMPTY_ROWS: Final = 3
_ACTIONS: Final = ("accept", "send_back", "correct")


@router.get("/dealer-reports")
async def overview(
    request: Request, sessions: SessionsOf, tab: Asked = "", location: Asked = ""
) -> Response:
    """Dealers' places, what they should order, and their reports."""
    if tab not in REPORT_TAB:
        raise InvalidInput("there is no such list")
    async with sessions.begin() as session:
        places = await dealer_queries.dealer_places(session)
        rows = await dealer_queries.dealer_reports(session, location, tab, _MOST)
        suggested = await dealer_queries.suggested_to(session, location)
    return page(
        request, "dealer_reports.html", places=places, rows=rows, suggested=suggested, tab=tab,
        tabs=REPORT_TAB, location=location, today=today(),
    )  # fmt: skip


@router.get("/dealer-reports/new")
async def new_form(
    request: Request, sessions: SessionsOf, location: Asked = "", day: Asked = "",
    corrects: Asked = "",
) -> Response:  # fmt: skip
    """What lay there last time and came since, to be filled in."""
    return await _form(request, sessions, location, _day(day), corrects, None, None)


@router.post("/dealer-reports/new")
async def new(request: Request, context: Context) -> Response:
    """Look through what was typed, or report it."""
    form = await request.form(max_fields=10_000)
    rows = _rows(form)
    location, day = typed(str(form.get("location", ""))), typed(str(form.get("day", "")))
    corrects = typed(str(form.get("corrects", "")))
    if not (lines := _lines(rows)):
        raise InvalidInput("a report names at least one product")
    body = body_of(
        ReportBody, location=location, day=_day(day).isoformat(), lines=lines,
        remark=str(form.get("remark", "")), corrects=corrects or None,
    )  # fmt: skip
    if form.get("act") == "check":
        checked = await dealer_reports.check(body, context, request)
        return await _form(request, context.sessions, location, body.day, corrects, rows, checked)
    filed = await dealer_reports.file(body, context, "page")
    return to_page(request, f"/dealer-reports/{filed.no}")


@router.get("/dealer-reports/rule")
async def rule_form(request: Request, sessions: SessionsOf, location: Asked = "") -> Response:
    """How a place reports."""
    async with sessions.begin() as session:
        house = await DealerReports(session).house(location)
        [row] = await dealer_queries.dealer_places(session, house.location_id)
    return page(request, "dealer_rule.html", row=row, usual=RuleBody())


@router.post("/dealer-reports/rule")
async def rule(
    request: Request, context: Context, location: Short = "", every_days: Short = "",
    late_days: Short = "", tolerance_percent: Short = "", tolerance_units: Short = "",
    capacity: Short = "",
) -> Response:  # fmt: skip
    """Keep it."""
    body = body_of(
        RuleBody, every_days=_units(every_days), late_days=_units(late_days),
        tolerance_percent=_units(tolerance_percent), tolerance_units=_units(tolerance_units),
        capacity=_units(capacity) if capacity.strip() else None,
    )  # fmt: skip
    await dealer_reports.change_rule(typed(location), body, context)
    return to_page(request, "/dealer-reports")


@router.post("/dealer-reports/consent")
async def consent(
    request: Request, context: Context, suggestion: Short = "", units: Short = ""
) -> Response:
    """The dealer wants it."""
    body = body_of(Consent, units=_units(units))
    await dealer_reports.consent(typed(suggestion), body, context)
    return to_page(request, "/dealer-reports#suggested")


@router.get("/dealer-reports/{no}")
async def one(no: str, request: Request, sessions: SessionsOf) -> Response:
    """One report with what is doubted about it."""
    return page(request, "dealer_report.html", **await _about(request, sessions, no))


@router.get("/dealer-reports/{no}/do/{action}")
async def act_form(no: str, action: str, request: Request, sessions: SessionsOf) -> Response:
    """Why, and what is right."""
    if action not in _ACTIONS:
        raise Problem("NotFound", 404)
    about = await _about(request, sessions, no)
    return page(request, "dealer_report_do.html", action=action, **about)


@router.post("/dealer-reports/{no}/do/{action}")
async def act(no: str, action: str, request: Request, context: Context) -> Response:
    """Decide."""
    if action not in _ACTIONS:
        raise Problem("NotFound", 404)
    form = await request.form(max_fields=10_000)
    lines = _lines(_rows(form)) if action == "correct" else []
    body = body_of(Decided, decision=action, reason=str(form.get("reason", "")), lines=lines)
    decided = await dealer_reports.decide(typed(no), body, context, request)
    return to_page(request, f"/dealer-reports/{decided.no}")


async def _about(request: Request, sessions: SessionsOf, no: str) -> dict[str, Any]:
    view = await dealer_reports.get_report(typed(no), sessions, request)
    async with sessions.begin() as session:
        row = await DealerReports(session).report(view.no)
        names = await dealer_queries.names_of(session, [line.sku for line in view.lines])
    doubts: dict[str, list[str]] = {}
    for doubt in view.doubts:
        doubts.setdefault(doubt.sku, []).append(doubt.text)
    named = {line.sku for line in view.lines}
    others = [
        (sku, text) for sku, texts in doubts.items() if sku not in named for text in texts
    ]  # fmt: skip
    return {"report": view, "row": row, "names": names, "doubts": doubts, "others": others}


async def _form(
    request: Request, sessions: SessionsOf, location: str, day: date, corrects: str,
    rows: list[dict[str, str]] | None, checked: Any,
) -> Response:  # fmt: skip
    async with sessions.begin() as session:
        places = await dealer_queries.dealer_places(session)
        known = {row.id for row in places}
        if location and location not in known:
            await DealerReports(session).house(location)
        chosen = location or (places[0].id if len(places) == 1 else "")
        asked = await dealer_queries.form_rows(session, chosen, day) if chosen else []
    shown = rows if rows is not None else [_row(one.sku, one.lot) for one in asked]
    blank = 0 if rows is not None and any(not row["sku"] for row in rows) else _EMPTY_ROWS
    doubts: dict[str, list[str]] = {}
    for doubt in checked.doubts if checked else ():
        doubts.setdefault(doubt.sku, []).append(doubt.text)
    named = {row["sku"] for row in shown}
    return page(
        request, "dealer_report_new.html", places=places, location=chosen, day=day, today=today(),
        known={one.sku: one for one in asked}, rows=shown + [_row("", "")] * blank,
        expected=expected, corrects=corrects, checked=checked, doubts=doubts,
        others=[(sku, text) for sku, told in doubts.items() if sku not in named for text in told],
    )  # fmt: skip


def _row(sku: str, lot: str) -> dict[str, str]:
    return {"sku": sku, "lot": lot, "sold": "", "stock": ""}


def _rows(form: Any) -> list[dict[str, str]]:
    columns = [[typed(str(value)) for value in form.getlist(name)] for name in _row("", "")]
    if len({len(column) for column in columns}) > 1:
        raise InvalidInput("each product needs its code, lot, units sold and in stock")
    return [dict(zip(_row("", ""), values, strict=True)) for values in zip(*columns, strict=True)]


def _lines(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Rows that somebody filled in; a product with nothing beside it is left out."""
    return [
        {
            "sku": row["sku"], "lot": row["lot"], "sold": _units(row["sold"]),
            "stock": _units(row["stock"]),
        }
        for row in rows
        if row["sku"] and (row["stock"] or row["sold"])
    ]  # fmt: skip


def _units(text: str) -> int:
    told = text.strip() or "0"
    if not told.isdecimal() or len(told) > 9:
        raise InvalidInput("units are whole numbers")
    return int(told)


def _day(text: str) -> date:
    if not text:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("a day is written as 2026-03-01") from None
