"""The suggestions desk: what to order and why, decided here; policies that explain themselves."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf, SettingsOf
from api.inventory import planning, replenishment
from api.inventory.replenishment import today
from api.inventory.replenishment_bodies import (
    Approval,
    ClassBody,
    Dismissal,
    FixedSafety,
    NewQuantity,
    PolicyKey,
    RateBody,
    SeasonBody,
    SettingBody,
    Snooze,
)
from api.strict import Asked
from db.inventory import approving, policies, suggestions
from db.inventory.dealer_queries import names_of
from db.inventory.suggestions import SORTS, TABS, Wanted
from domain.inventory.purchasing.terms import ItemTerms
from domain.shared.errors import DomainError, InvalidInput
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page

router = APIRouter(include_in_schema=False)

Chosen = Annotated[list[str] | None, Query(max_length=500)]
MOST: Final = 100
CHART_DAYS: Final = 30
_ACTIONS: Final = ("quantity", "snooze", "dismiss")


@router.get("/replenishment")
async def desk(
    request: Request,
    sessions: SessionsOf,
    tab: Asked = "open",
    kind: Asked = "",
    location: Asked = "",
    supplier: Asked = "",
    abc: Asked = "",
    q: Asked = "",
    sort: Asked = "cover",
) -> Response:
    """What to order, the most urgent first."""
    if tab not in TABS or sort not in SORTS:
        raise InvalidInput("there is no such list")
    wanted = Wanted(tab, kind, location, supplier, abc, q.strip(), sort)  # type: ignore[arg-type]
    async with sessions.begin() as session:
        rows = await suggestions.suggestions(session, wanted, today(), MOST)
        found = await suggestions.counts(session, today())
        places, suppliers, night = await suggestions.choices(session)
        sold = await _charts(session, [(row.location_id, row.sku) for row in rows])
    return page(
        request, "replenishment.html", rows=rows, wanted=wanted, counts=found, places=places,
        suppliers=suppliers, night=night, sold=sold, tabs=TABS, sorts=tuple(SORTS), most=MOST,
    )  # fmt: skip


@router.get("/replenishment/approve")
async def preview(
    request: Request,
    context: Context,
    settings: SettingsOf,
    id: Chosen = None,
) -> Response:
    """The orders that would be made, and who has to say yes to which."""
    plan, refused, agreed = None, "", ""
    names: dict[str, str] = {}
    try:
        if not id:
            raise InvalidInput("choose what to order first")
        who = replenishment.approver(context, settings)
        async with context.sessions.begin() as session:
            plan = await approving.plan_of(session, [typed(one) for one in id or ()], who)
            agreed = await suggestions.agreed_to(session, [typed(one) for one in id or ()])
            names = await _names(session, plan.documents)
    except DomainError as error:
        refused = str(error)
    return page(
        request,
        "suggestions_approve.html",
        plan=plan,
        refused=refused,
        ids=id or (),
        done=None,
        agreed=agreed,
        names=names,
    )


@router.post("/replenishment/approve")
async def approve(
    request: Request,
    context: Context,
    settings: SettingsOf,
    id: Annotated[list[str] | None, Form(max_length=500)] = None,
    plan_hash: Short = "",
    consent: Text = "",
) -> Response:
    """Order what was shown."""
    body = body_of(
        Approval, ids=[typed(one) for one in id or ()], plan_hash=plan_hash, consent=consent
    )
    done = await replenishment.approve(body, context, settings)
    async with context.sessions.begin() as session:
        names = await _names(session, done.documents)
    return page(request, "suggestions_approve.html", plan=None, refused="", ids=[], done=done,
        agreed="", names=names,
    )  # fmt: skip


@router.get("/replenishment/policy")
async def policy(
    request: Request, sessions: SessionsOf, location: Asked = "", sku: Asked = ""
) -> Response:
    """Why a SKU is ordered again where it is."""
    async with sessions.begin() as session:
        row = await policies.policy_of(session, location, sku)
        sold = await _charts(session, [(location, sku)], days=90)
    return page(
        request, "policy.html", row=row, chart=sold[location, sku],
        is_fixed=row.fixed_until is not None and row.fixed_until >= today(),
    )  # fmt: skip


@router.get("/replenishment/policy/fix")
async def fix_form(
    request: Request, sessions: SessionsOf, location: Asked = "", sku: Asked = ""
) -> Response:
    """Fix the safety stock by hand."""
    async with sessions.begin() as session:
        row = await policies.policy_of(session, location, sku)
    return page(
        request, "policy_fix.html", row=row, first=today(), last=today() + timedelta(days=366)
    )


@router.post("/replenishment/policy/fix")
async def fix(
    request: Request,
    context: Context,
    location: Short = "",
    sku: Short = "",
    safety: Short = "",
    until: Short = "",
    reason: Text = "",
) -> Response:
    """Keep what was said."""
    body = body_of(
        FixedSafety, location=location, sku=sku, safety=_whole(safety), until=until or None,
        reason=reason,
    )  # fmt: skip
    await planning.fix(body, context)
    return to_page(request, _policy(location, sku))


@router.post("/replenishment/policy/release")
async def release(
    request: Request, context: Context, location: Short = "", sku: Short = ""
) -> Response:
    """The reckoned value again."""
    await planning.unfix(body_of(PolicyKey, location=location, sku=sku), context)
    return to_page(request, _policy(location, sku))


@router.get("/replenishment/settings")
async def settings(request: Request, sessions: SessionsOf) -> Response:
    """How the company plans, and its promotions and seasons."""
    shown = await planning.get_settings(sessions)
    seasons, rates = await planning.calendar(sessions), await planning.list_rates(sessions)
    return page(
        request, "planning_settings.html", shown=shown, seasons=seasons, rates=rates, first=today()
    )


@router.post("/replenishment/settings")
async def change_settings(request: Request, context: Context) -> Response:
    """Plan so from the next night on."""
    form = await request.form()
    told = {name: typed(str(value)) for name, value in form.items()}
    classes = {
        name: body_of(
            ClassBody, measure=told.get(f"measure_{name}", ""),
            service=told.get(f"service_{name}", ""),
            order_days=_whole(told.get(f"order_days_{name}", "")),
        )
        for name in ("A", "B", "C")
    }  # fmt: skip
    body = body_of(
        SettingBody, window_days=_whole(told.get("window_days", "")),
        review_days=_whole(told.get("review_days", "")),
        transfer_days=_whole(told.get("transfer_days", "")),
        auto_approve=told.get("auto_approve") or "0", budget=told.get("budget") or None,
        month_budget=told.get("month_budget") or None,
        classes=classes,
    )  # fmt: skip
    await planning.change_settings(body, context)
    return to_page(request, "/replenishment/settings")


@router.post("/replenishment/rates")
async def set_rate(
    request: Request, context: Context, currency: Short = "", rate: Short = ""
) -> Response:
    """What a currency is worth from now on."""
    code = currency.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise InvalidInput("there is no such currency")
    await planning.set_rate(code, body_of(RateBody, rate=rate.strip()), context)
    return to_page(request, "/replenishment/settings")


@router.post("/replenishment/rates/remove")
async def remove_rate(request: Request, context: Context, currency: Short = "") -> Response:
    """Take a rate out."""
    await planning.remove_rate(typed(currency), context)
    return to_page(request, "/replenishment/settings")


@router.post("/replenishment/seasons")
async def add_season(
    request: Request,
    context: Context,
    name: Short = "",
    starts_on: Short = "",
    ends_on: Short = "",
    factor: Short = "",
    sku: Short = "",
    category: Short = "",
    location: Short = "",
) -> Response:
    """A promotion or a season."""
    body = body_of(
        SeasonBody, name=name, starts_on=starts_on, ends_on=ends_on, factor=factor, sku=sku,
        category=category, location=location,
    )  # fmt: skip
    await planning.add_season(body, context)
    return to_page(request, "/replenishment/settings")


@router.post("/replenishment/seasons/remove")
async def remove_season(request: Request, context: Context, season_id: Short = "") -> Response:
    """Take one out."""
    await planning.remove_season(typed(season_id), context)
    return to_page(request, "/replenishment/settings")


@router.get("/replenishment/{suggestion_id}")
async def one(suggestion_id: str, request: Request, sessions: SessionsOf) -> Response:
    """One suggestion with all it follows from."""
    async with sessions.begin() as session:
        row = await suggestions.suggestion_of(session, typed(suggestion_id))
        sold = await _charts(session, [(row.location_id, row.sku)])
    return page(request, "suggestion.html", row=row, chart=sold[row.location_id, row.sku])


@router.get("/replenishment/{suggestion_id}/do/{action}")
async def form(suggestion_id: str, action: str, request: Request, sessions: SessionsOf) -> Response:
    """The form of one decision."""
    _refuse_unknown(action)
    async with sessions.begin() as session:
        row = await suggestions.suggestion_of(session, typed(suggestion_id))
    terms = ItemTerms(row.sku, moq=row.numbers["moq"], multiple=row.numbers["step"])
    return page(
        request, "suggestion_do.html", row=row, action=action, first=today() + timedelta(days=1),
        week=today() + timedelta(days=7), best=terms.orderable(row.quantity),
    )  # fmt: skip


@router.post("/replenishment/{suggestion_id}/do/{action}")
async def do(
    suggestion_id: str,
    action: str,
    request: Request,
    context: Context,
    units: Short = "",
    until: Short = "",
    reason: Text = "",
) -> Response:
    """Carry it out."""
    _refuse_unknown(action)
    id = typed(suggestion_id)
    if action == "quantity":
        await replenishment.change_quantity(id, body_of(NewQuantity, units=_whole(units)), context)
    elif action == "snooze":
        await replenishment.snooze(id, body_of(Snooze, until=until or None), context)
    else:
        await replenishment.dismiss(id, body_of(Dismissal, reason=reason), context)
    return to_page(request, f"/replenishment/{id}" if action != "dismiss" else "/replenishment")


async def _charts(
    session: Any, keys: Sequence[tuple[str, str]], days: int = CHART_DAYS
) -> dict[tuple[str, str], list[int]]:
    """Units of each of the last days, the oldest first."""
    since = today() - timedelta(days=days)
    sold = await suggestions.sold_lately(session, keys, since)
    every: list[date] = [since + timedelta(days=n) for n in range(days)]
    return {
        key: [sold.get(key, {}).get(day, (0, False))[0] for day in every] for key in keys
    }  # fmt: skip


def _refuse_unknown(action: str) -> None:
    if action not in _ACTIONS:
        raise InvalidInput("there is no such action")


def _whole(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 10:
        raise InvalidInput("this is no whole number")
    return int(text)


def _policy(location: str, sku: str) -> str:
    return f"/replenishment/policy?{urlencode({'location': location, 'sku': sku})}"


async def _names(session: Any, documents: Iterable[Any]) -> dict[str, str]:
    """What the products of these orders are called."""
    return await names_of(session, sorted({line.sku for one in documents for line in one.lines}))
