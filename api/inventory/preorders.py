"""Pre-orders over the API: which products are sold before they are there, and for which day."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field, StrictInt
from sqlalchemy.engine import Row

from api.deps import Context, SessionsOf
from api.strict import Asked, Code, SafeStr, StrictBody
from db.inventory.preorders import Preorders
from db.scope import scope_in
from domain.inventory.preorders import MOST_AHEAD, PreorderMode, PreorderRule
from domain.shared.errors import InvalidInput

router = APIRouter(prefix="/preorders", tags=["stock"])

_PAGE: Final = 200


class PreorderRuleView(StrictBody):
    """What is allowed of a product; without `shop` in all shops that have no rule of their own."""

    sku: str
    shop: str
    mode: PreorderMode
    units: int
    changed_by: str
    changed_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "PreorderRuleView":
        return cls(
            sku=row.sku, shop=row.shop_id, mode=PreorderMode(row.mode), units=row.units,
            changed_by=row.changed_by, changed_at=row.changed_at,
        )  # fmt: skip


class PreorderRules(StrictBody):
    """By product and shop; `next` and `next_shop` go into `after` and `after_shop`, empty at the
    end."""

    rules: list[PreorderRuleView]
    next: str
    next_shop: str


class PreorderView(StrictBody):
    """The rules of a product; how many units are still to come where missing units wait, how many
    are waited for there, and when the next one would be here (null: no purchase order says it)."""

    sku: str
    rules: list[PreorderRuleView]
    coming: int
    waiting: int
    day: date | None


class PreorderSet(StrictBody):
    """mode: off | inbound (as many as suppliers were told to send) | fixed (`units`)."""

    mode: PreorderMode
    units: Annotated[StrictInt, Field(ge=0, le=MOST_AHEAD)] = 0
    shop: Annotated[SafeStr, Field(max_length=100)] = ""


@router.get("")
async def rules(sessions: SessionsOf, after: Asked = "", after_shop: Asked = "") -> PreorderRules:
    """All rules."""
    async with sessions.begin() as session:
        rows = await Preorders(session).rules(after=(after, after_shop), limit=_PAGE + 1)
    shown = rows[:_PAGE]
    last = shown[-1] if len(rows) > _PAGE else None
    return PreorderRules(
        rules=[PreorderRuleView.of(row) for row in shown], next=last.sku if last else "",
        next_shop=last.shop_id if last else "",
    )  # fmt: skip


@router.get("/{sku:path}")
async def of_sku(sku: Code, sessions: SessionsOf) -> PreorderView:
    """What may be sold ahead of one product."""
    async with sessions.begin() as session:
        return await view_of(Preorders(session), sku)


@router.put("/{sku:path}")
async def save(sku: Code, body: PreorderSet, context: Context) -> PreorderView:
    """Allow it, or switch it off; channels are told within seconds."""
    async with context.sessions.begin() as session:
        if not body.shop and not scope_in(session).whole:
            raise InvalidInput("name a shop of yours")
        found = Preorders(session)
        rule = PreorderRule(body.mode, body.units)
        await found.save(sku, body.shop, rule, context.actor, context.request_id)
        return await view_of(found, sku)


async def view_of(preorders: Preorders, sku: str) -> PreorderView:
    """The same for pages."""
    told = await preorders.inbound(sku)
    return PreorderView(
        sku=sku, rules=[PreorderRuleView.of(row) for row in await preorders.rules(sku=sku)],
        coming=told.coming, waiting=told.waiting, day=told.day,
    )  # fmt: skip
