"""What a shop may sell: the rule of each product, what was told, what the channel shows."""

import json
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field, StrictBool, StrictInt

from api.channels.ports import OutsideOf
from api.strict import Code, SafeStr, StrictBody
from db.channels.listings import Listings
from domain.channels.selling import LARGEST_COUNT

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NOT_FOUND: Final = 404
Units = Annotated[StrictInt, Field(ge=0, le=LARGEST_COUNT)]
Percent = Annotated[StrictInt, Field(ge=0, le=100)]


class Rule(StrictBody):
    """A product's own rule in the channel's units; what is null or absent is the shop's rule.

    `ids` are other ids the channel's stock call wants (TOP: num_iid, sku_id); orders bring them by
    themselves, and none given leaves them as they are.
    """

    allowed: StrictBool | None = None
    buffer: Units | None = None
    threshold: Units | None = None
    share_percent: Percent | None = None
    most: Units | None = None
    ids: dict[Code, SafeStr] = Field(default_factory=dict, max_length=10)


class ListingView(BaseModel):
    """`wanted` is what the rule gives now, `told` what the channel took last, `shown` its answer
    when it was asked; `drifts` counts readings in a row that were off."""

    external_sku: str
    rule: Rule
    wanted: int | None
    told: int | None
    told_at: datetime | None
    refused_because: str
    shown: int | None
    shown_at: datetime | None
    drifts: int

    @classmethod
    def of(cls, row: Any) -> "ListingView":
        return cls(
            external_sku=row.external_sku,
            rule=Rule(
                allowed=row.allowed,
                buffer=row.buffer,
                threshold=row.threshold,
                share_percent=row.share_percent,
                most=row.most,
                ids=row.ids or {},
            ),
            wanted=row.wanted_quantity,
            told=row.pushed_quantity,
            told_at=row.pushed_at,
            refused_because=row.push_error or "",
            shown=row.read_quantity,
            shown_at=row.read_at,
            drifts=row.drifts,
        )


class ListingPage(BaseModel):
    """`next_cursor` goes into `after` for the next page; empty = the last one."""

    items: list[ListingView]
    next_cursor: str


@router.get("/shops/{shop_id}/listings")
async def list_listings(
    shop_id: Code,
    outside: OutsideOf,
    after: SafeStr = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ListingPage:
    """Products of a shop with what it was told they may be sold."""
    async with outside.sessions.begin() as session:
        rows = await Listings(session, shop_id).listed(after, limit)
    items = [ListingView.of(row) for row in rows]
    return ListingPage(
        items=items, next_cursor=items[-1].external_sku if len(items) == limit else ""
    )


async def get_listing(shop_id: str, external_sku: str, outside: OutsideOf) -> ListingView | None:
    """One product of a shop."""
    async with outside.sessions.begin() as session:
        row = await Listings(session, shop_id).one(external_sku)
    return None if row is None else ListingView.of(row)


@router.put("/shops/{shop_id}/listings/{external_sku}", status_code=204)
async def save_rule(shop_id: Code, external_sku: Code, body: Rule, outside: OutsideOf) -> None:
    """Give a product a rule of its own; the channel is told within seconds."""
    rule = body.model_dump(exclude={"ids"})
    async with outside.sessions.begin() as session:
        saved = await Listings(session, shop_id).save_rule(external_sku, json.dumps(body.ids), rule)
    if not saved:
        raise HTTPException(_NOT_FOUND, "this shop has no such product")
