"""Lots: as they expire, one with everything about it, and the rules of remaining life."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.cursors import Cursor
from api.deps import Context, SessionsOf
from api.errors import language_of
from api.inventory import life_rules, lots, stock_alerts
from api.language import N_, translate
from api.strict import Asked
from db.inventory import lot_queries
from db.inventory.lot_queries import NEAR_DAYS, LotFilter
from domain.shared.errors import InvalidInput
from integrations.sheet_files import csv_head, csv_line
from web import words
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

Ahead = Annotated[str, Query(max_length=5)]
MOST: Final = 50
MOST_EXPORTED: Final = 10_000
_HEADINGS: Final = (
    N_("SKU"), N_("Product"), N_("Lot"), N_("Produced"), N_("Good until"), N_("State"),
    N_("Days left"), N_("On hand"), N_("Reserved"),
)  # fmt: skip


@router.get("/lots")
async def list_of_lots(
    request: Request,
    sessions: SessionsOf,
    show: Asked = "",
    days: Ahead = "",
    q: Asked = "",
    cursor: Cursor = "",
) -> Response:
    """Lots as they expire."""
    wanted = _filter(show, days, q)
    async with sessions.begin() as session:
        found = await lots.lots_page(session, wanted, cursor, MOST)
    return page(
        request, "lots.html", found=found, wanted=wanted, tabs=list(words.LOT_SHOW), cursor=cursor
    )  # fmt: skip


@router.get("/lots.csv")
async def export(
    request: Request, sessions: SessionsOf, show: Asked = "", days: Ahead = "", q: Asked = ""
) -> Response:
    """The list as a file."""
    language = language_of(request)
    async with sessions.begin() as session:
        found = await lots.lots_page(session, _filter(show, days, q), "", MOST_EXPORTED)
    lines = [csv_head([translate(language, heading) for heading in _HEADINGS])]
    for row in found.items:
        state = "expired" if row.expired and row.state == "open" else row.state
        lines.append(
            csv_line([
                row.sku, row.name, row.lot, str(row.produced_on or ""), str(row.expires_on or ""),
                translate(language, words.LOT_STATE.get(state, words.LOT_SHOW["expired"])),
                "" if row.days_left is None else str(row.days_left), str(row.on_hand),
                str(row.reserved),
            ])
        )  # fmt: skip
    return Response(
        "".join(lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="lots.csv"'},
    )


@router.get("/lots/rules")
async def rules(request: Request, sessions: SessionsOf, sku: Asked = "") -> Response:
    """What must remain at the door, and how long a SKU is good."""
    async with sessions.begin() as session:
        rows = await lot_queries.rules(session)
        facts = await lot_queries.facts_of(session, sku) if sku else None
    return page(request, "lot_rules.html", rules=rows, facts=facts, sku=sku)


@router.post("/lots/rules")
async def set_rule(
    context: Context, channel: Short = "", shop_id: Short = "", days: Short = "", share: Short = ""
) -> Response:
    """Set the rule of a channel, a shop or all; empty fields take it back."""
    body = body_of(
        life_rules.LifeRuleBody, channel=channel, shop_id=shop_id, days=_whole(days),
        share_percent=_whole(share),
    )  # fmt: skip
    await life_rules.set_rule(body, context)
    return RedirectResponse("/lots/rules", 303)


@router.post("/lots/facts")
async def set_facts(
    context: Context,
    sku: Short = "",
    shelf_life: Short = "",
    least: Short = "",
    tracks_lots: Short = "",
    tracks_serials: Short = "",
) -> Response:
    """How long a SKU is good, and what of it is written down."""
    body = body_of(
        life_rules.SkuLife, shelf_life_days=_whole(shelf_life) or 0,
        min_life_days=_whole(least) or 0,
        tracks_lots=tracks_lots == "1", tracks_serials=tracks_serials == "1",
    )  # fmt: skip
    await life_rules.set_life(typed(sku), body, context)
    return RedirectResponse(_address("/lots/rules?sku=", typed(sku)), 303)


@router.get("/lots/alerts")
async def alerts(
    request: Request, sessions: SessionsOf, kind: Asked = "", cursor: Cursor = ""
) -> Response:
    """Goods that age, with what to do about them."""
    if kind not in words.AGEING:
        raise InvalidInput("there is no such list")
    async with sessions.begin() as session:
        found = await stock_alerts.alerts_page(session, kind, cursor, MOST)
    return page(request, "stock_alerts.html", found=found, kind=kind, tabs=list(words.AGEING))


@router.post("/lots/alerts")
async def put_off(
    context: Context,
    sku: Short = "",
    location: Short = "",
    lot: Short = "",
    days: Short = "",
    note: Short = "",
) -> Response:
    """Somebody sees to it."""
    body = body_of(
        stock_alerts.AlertPutOff,
        sku=sku,
        location=location,
        lot=lot,
        days=_whole(days) or 0,
        note=note,
    )
    await stock_alerts.put_off(body, context)
    return RedirectResponse("/lots/alerts", 303)


@router.get("/lots/{sku}/{lot}")
async def one(
    sku: str, lot: str, request: Request, context: Context, cursor: Cursor = ""
) -> Response:
    """Where it lies, who got it, where it came from."""
    sku, lot = typed(sku), typed(lot)
    async with context.sessions.begin() as session:
        view = await lots.lot_view(session, sku, lot)
        buyers = await lots.buyers_page(session, [(sku, lot)], cursor, MOST)
    standing = [hold for hold in view.holds if hold.lifted_at is None and hold.kind == "hold"]
    places = sorted({(place.location, place.place) for place in view.places})
    return page(
        request, "lot.html", lot=view, buyers=buyers, standing=standing, places=places,
        cursor=cursor, whole=context.principal.scope.whole,
    )  # fmt: skip


@router.post("/lots/{sku}/{lot}/hold")
async def hold(
    sku: str, lot: str, context: Context, location: Short = "", reason: Text = ""
) -> Response:
    """Keep it back."""
    body = body_of(lots.LotKept, location=location or None, reason=reason)
    await lots.hold(typed(sku), typed(lot), body, context)
    return _back(sku, lot)


@router.post("/lots/{sku}/{lot}/let-go")
async def let_go(
    sku: str, lot: str, context: Context, location: Short = "", reason: Text = ""
) -> Response:
    """Let it go again."""
    body = body_of(lots.LotKept, location=location or None, reason=reason)
    await lots.let_go(typed(sku), typed(lot), body, context)
    return _back(sku, lot)


@router.post("/lots/{sku}/{lot}/dates")
async def dates(
    sku: str,
    lot: str,
    context: Context,
    produced_on: Short = "",
    expires_on: Short = "",
    note: Text = "",
    reason: Text = "",
) -> Response:
    """Correct the register."""
    body = body_of(
        lots.LotDates, produced_on=produced_on or None, expires_on=expires_on or None, note=note,
        reason=reason,
    )  # fmt: skip
    await lots.correct(typed(sku), typed(lot), body, context)
    return _back(sku, lot)


def _filter(show: str, days: str, q: str) -> LotFilter:
    if show not in words.LOT_SHOW:
        raise InvalidInput("there is no such list")
    ahead = _whole(days)
    chosen: Any = show
    return LotFilter(chosen, NEAR_DAYS if ahead is None else ahead, q.strip())


def _whole(text: str) -> int | None:
    """A whole number as somebody typed it; nothing where nothing is typed. Raises InvalidInput."""
    text = typed(text)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > 36_500:
        raise InvalidInput("whole numbers are needed")
    return int(text)


def _back(sku: str, lot: str) -> Response:
    return RedirectResponse(_address("/lots/", sku, lot), 303)


def _address(start: str, *parts: str) -> str:
    return start + "/".join(quote(part, safe="") for part in parts)
