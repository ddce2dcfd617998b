"""What must remain of a lot at the door, and how long products are good, over the API."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StrictInt

from api.deps import Context, SessionsOf
from api.strict import Code, SafeStr, StrictBody, Switch
from db.inventory import lot_queries
from db.inventory.lot_queries import SkuFacts
from domain.inventory.expiry import LifeRule

router = APIRouter(tags=["lots"])
Days = Annotated[StrictInt, Field(ge=0, le=36_500)]


class LifeRuleBody(StrictBody):
    """What must remain at the door for a channel, a shop, or all; nothing takes the rule back."""

    channel: SafeStr = ""
    shop_id: SafeStr = ""
    days: Days | None = None
    share_percent: Annotated[StrictInt, Field(ge=0, le=100)] | None = None


class LifeRuleView(BaseModel):
    """A rule of remaining life."""

    channel: str
    shop_id: str
    days: int
    share_percent: int


class SkuLife(StrictBody):
    """Days from production to the last good one, days that must remain at the door (0: nobody
    said), and what is written down of each unit."""

    shelf_life_days: Days = 0
    min_life_days: Days = 0
    tracks_lots: Switch = False
    tracks_serials: Switch = False


@router.get("/life-rules")
async def list_rules(sessions: SessionsOf) -> list[LifeRuleView]:
    """What must remain of a lot at the door, by channel and shop."""
    async with sessions.begin() as session:
        return [
            LifeRuleView(
                channel=row.channel, shop_id=row.shop_id, days=row.days,
                share_percent=row.share_percent,
            )
            for row in await lot_queries.rules(session)
        ]  # fmt: skip


@router.put("/life-rules")
async def set_rule(body: LifeRuleBody, context: Context) -> list[LifeRuleView]:
    """Set or take back the rule of a channel, a shop, or all; orders that wait may fit now."""
    rule = None
    if body.days is not None or body.share_percent is not None:
        rule = LifeRule(body.days or 0, body.share_percent or 0)
    async with context.sessions.begin() as session:
        await lot_queries.set_rule(
            session, body.channel, body.shop_id, rule, context.actor, context.request_id
        )
    return await list_rules(context.sessions)


@router.put("/products/{sku}/life")
async def set_life(sku: Code, body: SkuLife, context: Context) -> SkuLife:
    """How long a SKU is good, and whether its lots and serial numbers are written down."""
    facts = SkuFacts(
        body.shelf_life_days, body.min_life_days, body.tracks_lots, body.tracks_serials
    )
    async with context.sessions.begin() as session:
        await lot_queries.set_facts(session, sku, facts, context.actor, context.request_id)
    return body
