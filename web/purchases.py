"""Purchase orders: what is late first, one with its story, and what buyers do with it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context, SessionsOf, SettingsOf
from api.inventory import purchases
from api.inventory.purchase_bodies import (
    PurchaseDecided,
    PurchaseEdit,
    PurchaseRequest,
    PurchaseWish,
)
from api.strict import Asked
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_queries import (
    TABS,
    find_purchases,
    purchase_counts,
    purchase_detail,
    purchase_list,
    suppliers,
)
from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction, actions_of
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.money import Money
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page
from web.returns import sum_of, to_page

router = APIRouter(include_in_schema=False)

MOST: Final = 100
EMPTY_LINES: Final = 5
_FORMS: Final = frozenset(PurchaseAction) - {PurchaseAction.APPROVE, PurchaseAction.REFUSE}
_PLACES: Final = """
SELECT id, name FROM location WHERE active AND kind <> 'transit' ORDER BY kind = 'hq' DESC, name
"""


@router.get("/purchase-orders")
async def purchase_page(
    request: Request,
    sessions: SessionsOf,
    tab: Annotated[str, Query(max_length=20)] = "",
    supplier: Asked = "",
    q: Asked = "",
) -> Response:
    """Purchase orders that somebody has to see to, what is late first."""
    if tab not in TABS:
        raise InvalidInput("there is no such queue")
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_purchases(session, q.strip(), MOST)
        else:
            rows = await purchase_list(session, tab, supplier=supplier.strip(), limit=MOST)
        counts = await purchase_counts(session)
    return page(
        request, "purchases.html", rows=rows, tab=tab, supplier=supplier, q=q.strip(),
        counts=counts, most=MOST,
    )  # fmt: skip


@router.get("/purchase-orders/new")
async def new_form(request: Request, sessions: SessionsOf, supplier: Asked = "") -> Response:
    """A purchase order by hand."""
    return await _form(request, sessions, supplier=supplier)


@router.post("/purchase-orders/new")
async def new(request: Request, context: Context) -> Response:
    """Write it down as a draft."""
    form = await request.form()
    body = body_of(
        PurchaseRequest, supplier=_text(form, "supplier"), location_id=_text(form, "location"),
        lines=_lines(form), wanted_on=_text(form, "wanted_on") or None,
        reason=_text(form, "reason"),
    )  # fmt: skip
    made = await purchases.draft(body, context)
    return to_page(request, f"/purchase-orders/{made.no}")


@router.get("/purchase-orders/{no}")
async def one(no: str, request: Request, sessions: SessionsOf) -> Response:
    """Everything about one purchase order."""
    async with sessions.begin() as session:
        detail = await purchase_detail(session, typed(no))
        purchase, _ = await PurchaseOrders(session).find(typed(no))
    return page(
        request, "purchase.html", detail=detail, actions=actions_of(purchase), story=_story(detail)
    )


@router.get("/purchase-orders/{no}/sheet")
async def sheet(no: str, sessions: SessionsOf) -> Response:
    """The purchase order on paper."""
    return await purchases.sheet(typed(no), sessions)


@router.get("/purchase-orders/{no}/lines")
async def lines_form(no: str, request: Request, sessions: SessionsOf) -> Response:
    """The lines of a draft, to be changed."""
    async with sessions.begin() as session:
        detail = await purchase_detail(session, typed(no))
    return await _form(request, sessions, detail=detail)


@router.post("/purchase-orders/{no}/lines")
async def lines(no: str, request: Request, context: Context) -> Response:
    """Keep them, if nobody changed the draft meanwhile."""
    form = await request.form()
    body = body_of(
        PurchaseEdit, version=number_of(_text(form, "version")), lines=_lines(form),
        wanted_on=_text(form, "wanted_on") or None,
    )  # fmt: skip
    await purchases.edit(typed(no), body, context)
    return to_page(request, f"/purchase-orders/{typed(no)}")


@router.get("/purchase-orders/{no}/do/{action}")
async def form(
    no: str,
    action: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    expected_on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The form of one action, with what it would do."""
    if action not in _FORMS:
        raise InvalidInput("there is no such action")
    async with context.sessions.begin() as session:
        detail = await purchase_detail(session, typed(no))
    units = _units(request.query_params.multi_items())
    plan, refused, lines = None, "", _lines(request.query_params)
    try:
        wish = _wish(action, units, expected_on, lines)
        plan = await purchases.plan(typed(no), wish, context, settings)
    except (ActionNotAllowed, InvalidInput) as error:
        refused = str(error)
    return page(
        request, "purchase_decide.html", detail=detail, action=action, plan=plan, units=units,
        refused=refused, expected_on=expected_on or str(detail.row.expected_on or ""),
        lines=lines, filled=_filled(detail, lines),
    )  # fmt: skip


@router.post("/purchase-orders/{no}/do/decide")
async def decide(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    action: Short = "",
    plan_hash: Short = "",
    expected_on: Short = "",
    reference: Short = "",
    reason: Text = "",
) -> Response:
    """Carry out what was shown."""
    told = await request.form()
    units = _units([(k, v) for k, v in told.multi_items() if isinstance(v, str)])
    body = body_of(
        PurchaseDecided, action=action, plan_hash=plan_hash, reference=reference, reason=reason,
        units=[{"line_no": n, "units": count} for n, count in units.items()],
        expected_on=expected_on or None, lines=_lines(told),
    )  # fmt: skip
    await purchases.decide(typed(no), body, context, settings)
    return to_page(request, f"/purchase-orders/{typed(no)}")


async def _form(
    request: Request, sessions: Any, *, supplier: str = "", detail: Any = None
) -> Response:
    async with sessions.begin() as session:
        known = await suppliers(session)
        places = await run(session, _PLACES)
        code = detail.row.supplier if detail else supplier
        items = await run(session, _ITEMS_OF, supplier=code)
    filled = [(one.sku, str(one.ordered), _shown(one.price_minor, detail.row.currency))
              for one in detail.lines] if detail else []  # fmt: skip
    blank = EMPTY_LINES if len(filled) < EMPTY_LINES else 2
    return page(
        request, "purchase_lines.html", detail=detail, suppliers=known, places=places,
        items=items, chosen=supplier, filled=filled + [("", "", "")] * blank,
    )  # fmt: skip


_ITEMS_OF: Final = """
SELECT i.sku, k.name, i.case_pack, i.moq FROM supplier_item i JOIN sku k ON k.code = i.sku
WHERE i.supplier = :supplier AND i.active ORDER BY i.sku LIMIT 1000
"""


def _lines(form: Any) -> list[dict[str, Any]]:
    """The lines somebody filled in; rows without a product, or without units, are left out."""
    columns = [form.getlist(name) for name in ("sku", "units", "price")]
    numbers = form.getlist("line_no") or [""] * len(columns[0])
    found = []
    for number, sku, units, price in zip(numbers, *columns, strict=False):
        if typed(str(sku)) and (str(units).strip(" 0") or not form.getlist("line_no")):
            told = sum_of(str(price)) if str(price).strip() else None
            line = {"sku": typed(str(sku)), "units": number_of(str(units)), "price": told}
            found.append(line | ({"line_no": number_of(str(number))} if number else {}))
    return found


def _filled(detail: Any, lines: list[dict[str, Any]]) -> list[tuple[Any, str, str, str]]:
    """Rows of the form of an amendment: as typed, else as they stand, and room for new ones."""
    if lines:
        rows = [(one.get("line_no", ""), one["sku"], str(one["units"]), one["price"] or "")
                for one in lines]  # fmt: skip
    else:
        rows = [
            (one.line_no, one.sku, str(one.ordered), _shown(one.price_minor, detail.row.currency))
            for one in detail.lines
            if not one.dropped
        ]
    return rows + [("", "", "", "")] * 2


def _units(given: list[tuple[str, str]]) -> dict[int, int]:
    """What the supplier promises, by line: fields such as `units.1`; empty ones are all."""
    found: dict[int, int] = {}
    for name, value in given:
        line = name.removeprefix("units.")
        if line != name and line.isascii() and line.isdigit() and len(line) < 6 and value.strip():
            found[int(line)] = number_of(value)
    return found


def _wish(
    action: str, units: dict[int, int], expected_on: str, lines: list[dict[str, Any]]
) -> PurchaseWish:
    wish: PurchaseWish = body_of(
        PurchaseWish, action=action, expected_on=expected_on or None, lines=lines,
        units=[{"line_no": n, "units": count} for n, count in units.items()],
    )  # fmt: skip
    return wish


def _story(detail: Any) -> list[tuple[Row[Any], dict[str, str]]]:
    """Each line with every value its sentence may name."""
    names = ("reason", "lines", "promised", "ordered", "expected_on", "times", "units",
             "document", "open", "revision", "changes")  # fmt: skip
    return [(one, {name: "–" for name in names} | dict(one.data)) for one in detail.story]


def number_of(text: str) -> int:
    """Whole units as people type them. Raises InvalidInput."""
    told = text.strip().replace(",", "")
    if not (told.isascii() and told.isdigit() and len(told) <= 10):
        raise InvalidInput("this is no number")
    return int(told)


def _text(form: Any, name: str) -> str:
    value = form.get(name, "")
    return typed(value) if isinstance(value, str) else ""


def _shown(minor: int, currency: str) -> str:
    return str(Money(minor, currency).major)
