"""Shops and carriers: how they are doing, what waits there, and what to do about it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.auth import principal_of
from api.channels import credentials, listings, routes, sell_rules, settings, shops
from api.channels.addresses import carrier_pushes_to, shop_pushes_to
from api.channels.bodies import MappedPart, SkuMapping
from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf, SettingsOf
from api.errors import Problem
from api.strict import Asked
from db.channels import health
from db.inventory.repository import StockRepository
from db.shared.merge_rules import window_of
from domain.inventory.network import TRANSIT
from domain.platform.permissions import Permission
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput
from integrations.marketplaces.registry import PULLED, STOCKED, TELLS_AFTER_SALES
from web.input import Text
from web.order_actions import body_of
from web.render import page
from web.shop_forms import (
    day_of,
    done,
    filled_in,
    gate_code,
    midnight,
    new_credentials,
    new_settings,
    whole,
)

router = APIRouter(include_in_schema=False)

_FORMS: Final = ("pause", "resume", "range", "credentials", "rule", "sell", "settings")
_NOT_FOUND: Final = 404
_ROWS: Final = 50


@router.get("/shops")
async def overview(request: Request, sessions: SessionsOf, ours: SettingsOf) -> Response:
    """Every shop and every carrier with what waits there; administrators see where scans come to,
    which of a carrier that does not sign is a secret."""
    may_see = principal_of(request).may(Permission.MANAGE_COMPANY)
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
        pushes_to={
            one.code: carrier_pushes_to(ours.base_url, one.code, one.push_secret)
            for one in carriers
            if may_see
        },
        gate_code=gate_code,
    )


@router.get("/shops/{shop_id}")
async def shop(
    shop_id: str, request: Request, outside: OutsideOf, ours: SettingsOf, after: Asked = ""
) -> Response:
    """One shop: everything about it."""
    about = await _shop(outside.sessions, shop_id)
    async with outside.sessions.begin() as session:
        reasons = await health.parked_reasons(session, shop_id)
        events = await health.webhook_events(session, shop_id)
        held = await health.held_methods(session, about.channel)
        _, merge_minutes = await window_of(session, shop_id)
    ranges = await shops.list_ranges(shop_id, outside)
    unmapped = await shops.suggest_matches(shop_id, outside)
    listed = await listings.list_listings(shop_id, outside, after, _ROWS)
    secrets = await credentials.view(outside, f"shop/{shop_id}")
    return page(
        request, "shop.html", shop=about, reasons=reasons, events=events, held=held,
        ranges=ranges.items, unmapped=unmapped.items, listings=listed, secrets=secrets,
        is_pulled=about.channel in PULLED, is_stocked=about.channel in STOCKED, gate_code=gate_code,
        pushes_to=shop_pushes_to(ours.base_url, about.channel, shop_id),
        merge_minutes=merge_minutes,
    )  # fmt: skip


@router.get("/shops/{shop_id}/do/{action}")
async def form(
    shop_id: str, action: str, request: Request, outside: OutsideOf, sku: Asked = ""
) -> Response:
    """The form of one action."""
    if action not in _FORMS:
        raise InvalidInput("there is no such action")
    about = await _shop(outside.sessions, shop_id)
    more: dict[str, Any] = {}
    if action == "credentials":
        more["secrets"] = await credentials.view(outside, f"shop/{shop_id}")
    if action == "settings":
        more["settings"] = await settings.view(request, outside, f"shop/{shop_id}")
        more["filled"] = filled_in(more["settings"])
    if action == "rule":
        more["listing"] = await _listing(outside, shop_id, sku)
    if action == "sell":
        more["rule"] = await sell_rules.shop_sell_rule(shop_id, outside.sessions)
        more["places"] = await _places(outside.sessions)
        more["preview"] = None
    if action == "range":
        more["tells_after_sales"] = about.channel in TELLS_AFTER_SALES
        more["today"] = datetime.now(COMPANY_ZONE).date()
        more["from_day"] = more["today"] - timedelta(days=1)
    return page(request, f"shop_{action}.html", shop=about, **more)


@router.post("/shops/{shop_id}/do/pause")
async def pause(shop_id: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Leave the shop alone for now."""
    await shops.pause_shop(shop_id, body_of(shops.Pause, reason=reason), context)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/resume")
async def resume(shop_id: str, request: Request, context: Context) -> Response:
    """Go on with it."""
    await shops.resume_shop(shop_id, context)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/pull")
async def pull(shop_id: str, request: Request, context: Context) -> Response:
    """Look at once."""
    await routes.pull_shop(shop_id, context.temporal)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/range")
async def pull_range(
    shop_id: str,
    request: Request,
    context: Context,
    start: Annotated[str, Form(max_length=10)] = "",
    end: Annotated[str, Form(max_length=10)] = "",
    asked: Annotated[str, Form(max_length=20)] = "orders",
) -> Response:
    """Pull whole days of the past again, the last one included."""
    first, last = day_of(start), day_of(end)
    now = datetime.now(UTC)
    body = body_of(
        shops.Range,
        start=midnight(first).isoformat(),
        end=min(midnight(last + timedelta(days=1)), now).isoformat(),
        asked=asked,
    )
    await shops.pull_range(shop_id, body, context)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/stop-range")
async def stop_range(shop_id: str, request: Request, context: Context) -> Response:
    """Leave the rest of the range."""
    await shops.stop_range(shop_id, context)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/reprocess")
async def reprocess(
    shop_id: str, request: Request, outside: OutsideOf, reason: Text = ""
) -> Response:
    """Try all messages again that are parked for this reason."""
    body = body_of(shops.SameReason, shop_id=shop_id, reason=reason)
    await shops.reprocess_messages(body, outside)
    return done(request, shop_id)


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
    part = body_of(MappedPart, sku=sku, factor=whole(factor))
    body = body_of(SkuMapping, shop_id=shop_id, external_sku=external_sku, parts=(part,))
    await routes.map_sku(body, outside)
    return done(request, shop_id)


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
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/sell")
async def sell(
    shop_id: str,
    request: Request,
    context: Context,
    allowed: Annotated[str, Form(max_length=5)] = "yes",
    buffer: Annotated[str, Form(max_length=7)] = "",
    threshold: Annotated[str, Form(max_length=7)] = "",
    share_percent: Annotated[str, Form(max_length=3)] = "",
    most: Annotated[str, Form(max_length=7)] = "",
    sells_from: Annotated[tuple[str, ...], Form(max_length=500)] = (),
    not_from: Annotated[tuple[str, ...], Form(max_length=500)] = (),
    confirmed: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Show what another rule would change; said again as confirmed, it counts."""
    given = {
        "buffer": _maybe(buffer), "threshold": _maybe(threshold),
        "share_percent": _maybe(share_percent), "most": _maybe(most),
    }  # fmt: skip
    body = body_of(
        sell_rules.ShopRule, allowed=allowed != "no", sells_from=sells_from, not_from=not_from,
        **{name: value for name, value in given.items() if value is not None},
    )  # fmt: skip
    if confirmed:
        await sell_rules.set_sell_rule(shop_id, body, context)
        return done(request, shop_id)
    about = await _shop(context.sessions, shop_id)
    preview = await sell_rules.try_sell_rule(shop_id, body, context.sessions)
    places = await _places(context.sessions)
    return page(
        request, "shop_sell.html", shop=about, rule=body, places=places, preview=preview
    )  # fmt: skip


async def _places(sessions: Any) -> list[Any]:
    async with sessions.begin() as session:
        places = await StockRepository(session).places()
    return [place for place in places if place.kind != TRANSIT]


@router.post("/shops/{shop_id}/do/redeliver")
async def redeliver(
    shop_id: str,
    request: Request,
    outside: OutsideOf,
    event_id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Send an event to the shop's subscribers again."""
    await routes.redeliver_event(event_id, outside)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/credentials")
async def set_credentials(
    shop_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await new_credentials(request)
    await credentials.set_shop_credentials(shop_id, body, context, outside)
    return done(request, shop_id)


@router.post("/shops/{shop_id}/do/settings")
async def set_settings(
    shop_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Set the shop's settings anew."""
    body = await new_settings(request, await settings.schema_of(outside, f"shop/{shop_id}"))
    await settings.set_shop_settings(shop_id, body, request, context, outside)
    return done(request, shop_id)


async def _shop(sessions: Any, shop_id: str) -> Any:
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


def _maybe(text: str) -> int | None:
    return whole(text) if text.strip() else None
