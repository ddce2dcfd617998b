"""Adding a shop or a contract with a carrier, for administrators: with whom, then its form."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.channels import new_shops
from api.channels.ports import OutsideOf
from api.channels.settings import known
from api.deps import Context, SettingsOf
from api.logistics import new_carriers
from api.strict import Asked
from db.channels import health
from domain.shared.errors import InvalidInput
from integrations.carriers.registry import BASE_URLS, CARRIERS
from integrations.marketplaces.registry import CHANNELS
from integrations.schemas import schema_of_carrier, schema_of_channel
from integrations.secret_names import of_carrier, of_channel
from web.input import Short, Text
from web.order_actions import body_of
from web.render import page
from web.shop_forms import added_at, done_at, new_settings, secrets_in, whole

router = APIRouter(include_in_schema=False)

_CARRIERS: Final = "/shops#carriers"


@router.get("/shops/new")
async def shop_form(request: Request, channel: Asked = "") -> Response:
    """First the channel, then what it wants to know."""
    if channel and channel not in CHANNELS:
        raise InvalidInput(f"there is no channel {channel}")
    chosen = CHANNELS.get(channel)
    return page(
        request, "shop_new.html", channels=tuple(CHANNELS), channel=channel,
        base_url=chosen.base_url if chosen else None, names=of_channel(channel),
        known=known(request, schema_of_channel(channel)),
    )  # fmt: skip


@router.post("/shops/new")
async def add_shop(
    request: Request,
    context: Context,
    outside: OutsideOf,
    ours: SettingsOf,
    channel: Short = "",
    shop_id: Short = "",
    external_id: Text = "",
    name: Text = "",
    base_url: Text = "",
) -> Response:
    """Add the shop; its page says what the vendor has to be told."""
    told = await _told(request, schema_of_channel(channel))
    body: Any = body_of(
        new_shops.NewShop,
        id=shop_id.strip(),
        channel=channel,
        external_id=external_id,
        name=name,
        base_url=base_url.strip(),
        **told,
    )
    added = await new_shops.add_shop(body, request, context, outside, ours)
    return added_at(request, f"/shops/{added.id}")


@router.get("/carriers/new")
async def carrier_form(request: Request, outside: OutsideOf, carrier: Asked = "") -> Response:
    """First the carrier, of those there is no account at yet, then what it wants to know."""
    if carrier and carrier not in CARRIERS:
        raise InvalidInput(f"there is no carrier {carrier}")
    async with outside.sessions.begin() as session:
        here = {row.code for row in await health.carriers(session)}
    return page(
        request, "carrier_new.html", carriers=[code for code in CARRIERS if code not in here],
        carrier=carrier, base_url=BASE_URLS.get(carrier, ""), names=of_carrier(carrier),
        known=known(request, schema_of_carrier(carrier)),
    )  # fmt: skip


@router.post("/carriers/new")
async def add_carrier(
    request: Request,
    context: Context,
    outside: OutsideOf,
    ours: SettingsOf,
    carrier: Short = "",
    name: Text = "",
    base_url: Text = "",
    priority: Annotated[str, Form(max_length=7)] = "",
) -> Response:
    """Add the account; the list says what the carrier has to be told."""
    told = await _told(request, schema_of_carrier(carrier))
    body: Any = body_of(
        new_carriers.NewCarrier,
        code=carrier,
        name=name,
        base_url=base_url.strip(),
        priority=whole(priority) if priority.strip() else 0,
        **told,
    )
    await new_carriers.add_carrier(body, request, context, outside, ours)
    return done_at(request, _CARRIERS)


async def _told(request: Request, schema: Any) -> dict[str, Any]:
    """The secrets and settings that were filled in."""
    told = await secrets_in(request)
    if not told["secrets"]:
        raise InvalidInput("fill in at least one secret")
    return {**told, "settings": (await new_settings(request, schema)).settings}
