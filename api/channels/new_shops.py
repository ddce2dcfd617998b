"""A new shop, for administrators: from then on it is asked, told and listened to."""

from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError

from api.channels.addresses import Address, ShortName, outside_address, shop_pushes_to
from api.channels.credentials import Secret, complete
from api.channels.ports import OutsideOf
from api.channels.settings import refuse_unfit
from api.deps import Context, SettingsOf
from api.strict import Code, Line, Moment, StrictBody
from db.channels.repository import ChannelsRepository
from db.channels.tables import ShopRow
from db.platform.outbox import queue_signal
from db.shared.new_owners import add_owner
from domain.channels.messages import SHOP_ADDED, ShopAdded
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import ShopId
from integrations.marketplaces.registry import CHANNELS, Channel
from integrations.secret_names import of_channel

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NAME_TAKEN: Final = "there is a shop of that name already"
_SHOP_TAKEN: Final = "this shop of the channel is here already"
_JUST_ADDED: Final = "somebody added this shop a moment ago"
_FORM: Final = "new"  # the page that adds a shop is where a shop of this name would be


class NewShop(StrictBody):
    """`id` is ours and part of the address for pushes; `external_id` is the channel's own name of
    the shop. Without `base_url` the vendor's own address, where there is one for all shops."""

    id: ShortName
    channel: Code
    external_id: Code
    name: Line
    base_url: Address = ""
    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    settings: dict[Code, Any] = Field(default_factory=dict, max_length=50)
    expires_at: Moment | None = None


class AddedShop(BaseModel):
    """`pushes_to` is the address the vendor has to be told; empty where nothing is pushed."""

    id: str
    base_url: str
    pushes_to: str


@router.post("/shops", status_code=201)
async def add_shop(
    body: NewShop, request: Request, context: Context, outside: OutsideOf, ours: SettingsOf
) -> AddedShop:
    """Add a shop; its secrets are sealed at once, what runs once for it begins within seconds."""
    if (channel := CHANNELS.get(body.channel)) is None:
        raise InvalidInput(f"there is no channel {body.channel}")
    if body.id == _FORM:
        raise InvalidInput("a shop cannot have this name")
    secrets = complete(of_channel(body.channel), body.secrets)
    refuse_unfit(request, channel.settings, body.settings)
    base_url = _address(channel, body, ours.sandbox_base_url)
    system = f"shop/{body.id}"
    row = ShopRow(
        id=body.id, channel=body.channel, external_id=body.external_id, name=body.name,
        base_url=base_url, settings=body.settings,
    )  # fmt: skip
    try:
        async with outside.sessions.begin() as session:
            if taken := await ChannelsRepository(session).taken(row):
                raise ActionNotAllowed(_NAME_TAKEN if taken == "id" else _SHOP_TAKEN)
            told = {
                "channel": body.channel, "external_id": body.external_id, "name": body.name,
                "base_url": base_url,
            }  # fmt: skip
            await add_owner(
                session, outside.vault, system, row, secrets, told=told,
                expires_at=body.expires_at, by=context.actor, request_id=context.request_id,
            )  # fmt: skip
            added = ShopAdded(ShopId(body.id), body.channel, body.name)
            await queue_signal(session, system, SHOP_ADDED, added)
    except IntegrityError as error:
        raise ActionNotAllowed(_JUST_ADDED) from error
    log.info("shop.added", shop_id=body.id, channel=body.channel)
    pushes_to = shop_pushes_to(ours.base_url, body.channel, body.id)
    return AddedShop(id=body.id, base_url=base_url, pushes_to=pushes_to)


def _address(channel: Channel, body: NewShop, sandbox: str) -> str:
    """Where the shop is called; empty for a channel that is only listened to."""
    if channel.base_url is None:
        if body.base_url:
            raise InvalidInput("a shop of this channel is not called: it has no address")
        return ""
    given = body.base_url or channel.base_url.replace("{external_id}", body.external_id)
    return outside_address(given, sandbox)
