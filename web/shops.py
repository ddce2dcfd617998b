"""Shops and carriers: how they are doing, what waits there, and what to do about it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import RedirectResponse, Response

from api.channels import credentials, listings, routes, shops
from api.channels.bodies import MappedPart, SkuMapping
from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf
from api.errors import Problem
from api.strict import clean
from db.channels import health
from db.platform.pausing import BY_CREDENTIALS
from domain.shared.errors import InvalidInput
from integrations.marketplaces.registry import PULLED, STOCKED
from web.order_actions import body_of
from web.render import COMPANY_ZONE, page

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=500)]
Name = Annotated[str, Query(max_length=100), AfterValidator(clean)]
_FORMS: Final = ("pause", "resume", "range", "credentials", "rule")
_NOT_FOUND: Final = 404
_ROWS: Final = 50
_WHOLE_DIGITS: Final = 7
_YEARS: Final = range(2000, 2101)


@router.get("/shops")
async def overview(request: Request, sessions: SessionsOf) -> Response:
    """Every shop and every carrier with what waits there."""
    async with sessions.begin() as session:
        found = await health.shops(session)
        carriers = await health.carriers(session)
        accounts = await health.payment_accounts(session)
    return page(
        request,
        "shops.html",
        shops=found,
        carriers=carriers,
        accounts=accounts,
        pulled=PULLED,
        gate_code=gate_code,
    )


@router.get("/shops/{shop_id}")
async def shop(shop_id: str, request: Request, outside: OutsideOf, after: Name = "") -> Response:
    """One shop: everything about it."""
    about = await _shop(outside.sessions, shop_id)
    async with outside.sessions.begin() as session:
        reasons = await health.parked_reasons(session, shop_id)
        events = await health.webhook_events(session, shop_id)
        held = await health.held_methods(session, about.channel)
    ranges = await shops.list_ranges(shop_id, outside)
    unmapped = await shops.suggest_matches(shop_id, outside)
    listed = await listings.list_listings(shop_id, outside, after, _ROWS)
    secrets = await credentials.view(outside, f"shop/{shop_id}")
    return page(
        request, "shop.html", shop=about, reasons=reasons, events=events, held=held,
        ranges=ranges.items, unmapped=unmapped.items, listings=listed, secrets=secrets,
        is_pulled=about.channel in PULLED, is_stocked=about.channel in STOCKED, gate_code=gate_code,
    )  # fmt: skip


@router.get("/shops/{shop_id}/do/{action}")
async def form(
    shop_id: str, action: str, request: Request, outside: OutsideOf, sku: Name = ""
) -> Response:
    """The form of one action."""
    if action not in _FORMS:
        raise InvalidInput("there is no such action")
    about = await _shop(outside.sessions, shop_id)
    more: dict[str, Any] = {}
    if action == "credentials":
        more["secrets"] = await credentials.view(outside, f"shop/{shop_id}")
    if action == "rule":
        more["listing"] = await _listing(outside, shop_id, sku)
    if action == "range":
        more["today"] = datetime.now(COMPANY_ZONE).date()
        more["from_day"] = more["today"] - timedelta(days=1)
    return page(request, f"shop_{action}.html", shop=about, **more)


@router.post("/shops/{shop_id}/do/pause")
async def pause(shop_id: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Leave the shop alone for now."""
    await shops.pause_shop(shop_id, body_of(shops.Pause, reason=reason), context)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/resume")
async def resume(shop_id: str, request: Request, context: Context) -> Response:
    """Go on with it."""
    await shops.resume_shop(shop_id, context)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/pull")
async def pull(shop_id: str, request: Request, context: Context) -> Response:
    """Look at once."""
    await routes.pull_shop(shop_id, context.temporal)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/range")
async def pull_range(
    shop_id: str,
    request: Request,
    context: Context,
    start: Annotated[str, Form(max_length=10)] = "",
    end: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Pull whole days of the past again, the last one included."""
    first, last = _day(start), _day(end)
    now = datetime.now(UTC)
    body = body_of(
        shops.Range,
        start=_midnight(first).isoformat(),
        end=min(_midnight(last + timedelta(days=1)), now).isoformat(),
    )
    await shops.pull_range(shop_id, body, context)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/stop-range")
async def stop_range(shop_id: str, request: Request, context: Context) -> Response:
    """Leave the rest of the range."""
    await shops.stop_range(shop_id, context)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/reprocess")
async def reprocess(
    shop_id: str, request: Request, outside: OutsideOf, reason: Text = ""
) -> Response:
    """Try all messages again that are parked for this reason."""
    await shops.reprocess_messages(shops.SameReason(shop_id=shop_id, reason=reason), outside)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/map")
async def map_sku(
    shop_id: str,
    request: Request,
    outside: OutsideOf,
    external_sku: Annotated[str, Form(max_length=100)] = "",
    sku: Annotated[str, Form(max_length=100)] = "",
    factor: Annotated[str, Form(max_length=7)] = "1",
) -> Response:
    """Say what a SKU of the shop is; the orders that wait for it go on."""
    part = body_of(MappedPart, sku=sku, factor=_whole(factor))
    body = body_of(SkuMapping, shop_id=shop_id, external_sku=external_sku, parts=(part,))
    await routes.map_sku(body, outside)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/rule")
async def rule(
    shop_id: str,
    request: Request,
    outside: OutsideOf,
    external_sku: Annotated[str, Form(max_length=100)] = "",
    allowed: Annotated[str, Form(max_length=5)] = "",
    buffer: Annotated[str, Form(max_length=7)] = "",
    threshold: Annotated[str, Form(max_length=7)] = "",
    share_percent: Annotated[str, Form(max_length=3)] = "",
    most: Annotated[str, Form(max_length=7)] = "",
) -> Response:
    """Give a product a rule of its own; an empty field follows the shop's."""
    known = await _listing(outside, shop_id, external_sku)
    body = body_of(
        listings.Rule,
        allowed={"yes": True, "no": False}.get(allowed),
        buffer=_maybe(buffer),
        threshold=_maybe(threshold),
        share_percent=_maybe(share_percent),
        most=_maybe(most),
        ids=known.rule.ids,
    )
    await listings.save_rule(shop_id, external_sku, body, outside)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/redeliver")
async def redeliver(
    shop_id: str,
    request: Request,
    outside: OutsideOf,
    event_id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Send an event to the shop's subscribers again."""
    await routes.redeliver_event(event_id, outside)
    return _done(request, shop_id)


@router.post("/shops/{shop_id}/do/credentials")
async def set_credentials(
    shop_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await _new_credentials(request)
    await credentials.set_shop_credentials(shop_id, body, context, outside)
    return _done(request, shop_id)


@router.get("/carriers/{code}/credentials")
async def carrier_form(code: str, request: Request, outside: OutsideOf) -> Response:
    """The credentials of a carrier: what is set, and the form to replace it."""
    async with outside.sessions.begin() as session:
        found = await health.carriers(session, code)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    secrets = await credentials.view(outside, f"carrier/{code}")
    return page(request, "carrier_credentials.html", carrier=found[0], secrets=secrets)


@router.post("/carriers/{code}/credentials")
async def set_carrier_credentials(
    code: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await _new_credentials(request)
    await credentials.set_carrier_credentials(code, body, context, outside)
    return _done(request, "")


@router.get("/payment-accounts/{account_id}/credentials")
async def account_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """The credentials of a merchant account: what is set, and the form to replace it."""
    async with outside.sessions.begin() as session:
        found = await health.payment_accounts(session, account_id)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    secrets = await credentials.view(outside, f"payment/{account_id}")
    return page(request, "account_credentials.html", account=found[0], secrets=secrets)


@router.post("/payment-accounts/{account_id}/credentials")
async def set_account_credentials(
    account_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await _new_credentials(request)
    await credentials.set_payment_credentials(account_id, body, context, outside)
    return _done(request, "")


@router.post("/carriers/{code}/resume")
async def resume_carrier(code: str, request: Request, context: Context) -> Response:
    """Try the carrier again."""
    await shops.resume_carrier(code, context)
    return _done(request, "")


def gate_code(row: Any) -> str:
    """Whether we call a system now, and if not, why: a key of `words.GATE`."""
    if not row.active:
        return "switched_off"
    if row.gate != "holding" or row.gate_by == "system":
        return str(row.gate)
    return "credentials" if row.gate_by == BY_CREDENTIALS else "paused"


async def _shop(sessions: Any, shop_id: str) -> Any:
    if not shop_id.isprintable():
        raise Problem("NotFound", _NOT_FOUND)
    async with sessions.begin() as session:
        found = await health.shops(session, shop_id)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    return found[0]


async def _listing(outside: Any, shop_id: str, sku: str) -> listings.ListingView:
    found = await listings.get_listing(shop_id, sku, outside)
    if found is None:
        raise Problem("NotFound", _NOT_FOUND)
    return found


async def _new_credentials(request: Request) -> credentials.NewCredentials:
    """Only what was filled in. Raises InvalidInput, without a word of it."""
    given = await request.form()
    secrets = {
        name.removeprefix("secret."): str(value)
        for name, value in given.items()
        if name.startswith("secret.") and str(value).strip()
    }
    until = str(given.get("expires", "")).strip()
    expires_at = _midnight(_day(until) + timedelta(days=1)) if until else None
    try:
        return credentials.NewCredentials(
            secrets={name: credentials.hidden(value) for name, value in secrets.items()},
            expires_at=expires_at,
        )
    except ValueError:
        raise InvalidInput("fill in at least one secret") from None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise InvalidInput("a day must be a date, such as 2026-03-01")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, COMPANY_ZONE).astimezone(UTC)


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > _WHOLE_DIGITS:
        raise InvalidInput("a quantity must be a whole number")
    return int(text)


def _maybe(text: str) -> int | None:
    return _whole(text) if text.strip() else None


def _done(request: Request, shop_id: str) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse(f"/shops/{quote(shop_id, safe='')}".rstrip("/"), 303)
