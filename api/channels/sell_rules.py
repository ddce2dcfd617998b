"""What a shop may sell of everything, and from where: shown with its reasons, tried, changed."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from api.channels.listings import Percent, Units
from api.deps import Context, SessionsOf
from api.strict import Code, StrictBody, Switch
from db.channels.listings import Listings, SellPlaces
from db.channels.repository import ChannelsRepository
from db.channels.tables import ShopRow
from db.inventory.preorders import Preorders
from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.channels.selling import RULE, Left, Offer, SellRule, Why, offer, own_rule, shop_rule
from domain.shared.errors import UnknownLocation

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NOT_FOUND: Final = 404
_MOST_PLACES: Final = 500
_SHOWN: Final = 500
Places = Annotated[tuple[Code, ...], Field(max_length=_MOST_PLACES)]


class ShopRule(StrictBody):
    """A shop's rule in its own units, for every product that has none: `buffer` stays with us; with
    fewer than `threshold` left nothing is offered; of the rest it gets `share_percent`, and never
    more than `most`. `sells_from` and `not_from` are places with all below them; once a place is
    named in `sells_from`, others are left out."""

    allowed: Switch = True
    buffer: Units = 0
    threshold: Units = 0
    share_percent: Percent = 100
    most: Units | None = None
    sells_from: Places = ()
    not_from: Places = ()

    @property
    def rule(self) -> SellRule:
        return SellRule(**{name: getattr(self, name) for name in RULE})

    @property
    def said(self) -> dict[str, bool]:
        """What is said of places; who is named twice is left out."""
        return dict.fromkeys(self.sells_from, True) | dict.fromkeys(self.not_from, False)


class StepView(BaseModel):
    """Units left after a step of the rule; the first is what lies free, the last is the offer."""

    why: Why
    units: int


class OfferView(BaseModel):
    """What a shop sees of a product and why; `told` is what its channel took last. Of `offered`,
    `stock` units lie there and `preorder` units are sold ahead of stock; `preorder_day` is when the
    next of these is expected, null where no purchase order says it."""

    shop: str
    name: str
    external_sku: str
    offered: int
    stock: int
    preorder: int
    preorder_day: date | None
    told: int | None
    steps: list[StepView]


class ChangeView(BaseModel):
    """What a new rule changes of a product."""

    external_sku: str
    before: int
    after: int
    steps: list[StepView]


class Preview(BaseModel):
    """What a rule would change: how many products are offered more, fewer, or not any more; the
    largest changes first."""

    products: int
    more: int
    fewer: int
    no_more: int
    changes: list[ChangeView]


@router.get("/shops/{shop_id}/sell-rule")
async def shop_sell_rule(shop_id: Code, sessions: SessionsOf) -> ShopRule:
    """The shop's rule and the places it sells from."""
    async with sessions.begin() as session:
        shop = await _shop(session, shop_id)
        return await _rule(session, shop)


@router.post("/shops/{shop_id}/sell-rule/preview")
async def try_sell_rule(shop_id: Code, body: ShopRule, sessions: SessionsOf) -> Preview:
    """What a rule would change, of the stock there is now; nothing is done."""
    async with sessions.begin() as session:
        shop = await _shop(session, shop_id)
        await _refuse_unknown(session, body)
        listings = Listings(session, shop_id)
        before = {o.external_sku: _steps(shop_rule(shop.settings), o)
                  for o in await listings.offers()}  # fmt: skip
        after = {o.external_sku: _steps(body.rule, o)
                 for o in await listings.offers(said=body.said)}  # fmt: skip
    pairs = [(sku, before[sku][-1].units, after[sku][-1].units) for sku in before]
    changed = sorted((one for one in pairs if one[1] != one[2]), key=lambda o: -abs(o[1] - o[2]))
    return Preview(
        products=len(pairs),
        more=sum(b < a for _, b, a in pairs),
        fewer=sum(b > a > 0 for _, b, a in pairs),
        no_more=sum(b > a == 0 for _, b, a in pairs),
        changes=[
            ChangeView(external_sku=sku, before=b, after=a, steps=after[sku])
            for sku, b, a in changed[:_SHOWN]
        ],
    )


@router.put("/shops/{shop_id}/sell-rule", status_code=204)
async def set_sell_rule(shop_id: Code, body: ShopRule, context: Context) -> None:
    """Give the shop another rule; its channel is told within seconds."""
    async with context.sessions.begin() as session:
        shop = await _shop(session, shop_id)
        await _refuse_unknown(session, body)
        before = await _rule(session, shop)
        given = {name: getattr(body, name) for name in RULE}
        await SellPlaces(session, shop_id).keep(given, body.said)
        await audit(
            session, context.actor, "shop.sell_rule", f"shop/{shop_id}",
            before=before.model_dump(mode="json"), after=body.model_dump(mode="json"),
            request_id=context.request_id,
        )  # fmt: skip


@router.get("/stock/offers")
async def offers(
    sessions: SessionsOf,
    sku: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")],
) -> list[OfferView]:
    """What each shop sees of a product and why. Whoever is limited to places cannot count what lies
    elsewhere: for them the list is empty."""
    async with sessions.begin() as session:
        return await offers_of(session, sku)


async def offers_of(session: AsyncSession, sku: str) -> list[OfferView]:
    """The same for pages."""
    if not scope_in(session).whole:
        return []
    rows = await run(
        session,
        "SELECT id FROM shop WHERE active AND id IN (SELECT shop_id FROM channel_sku"
        " WHERE sku = :sku) ORDER BY name, id",
        sku=sku,
    )
    day = (await Preorders(session).inbound(sku)).day if rows else None
    found: list[OfferView] = []
    for one in rows:
        shop = await _shop(session, one.id)
        for row in await Listings(session, shop.id).offers(sku):
            made = _offer(shop_rule(shop.settings), row)
            found.append(
                OfferView(
                    shop=shop.id, name=shop.name, external_sku=row.external_sku,
                    offered=made.stock + made.preorder, stock=made.stock, preorder=made.preorder,
                    preorder_day=day if made.preorder else None, told=row.pushed_quantity,
                    steps=_views(made.steps),
                )
            )  # fmt: skip
    return found


def _steps(rule: SellRule, row: Any) -> list[StepView]:
    return _views(_offer(rule, row).steps)


def _offer(rule: SellRule, row: Any) -> Offer:
    parts = list(zip(row.free, row.ahead, row.factors, strict=True))
    return offer(rule.over(own_rule(row)), parts)


def _views(steps: Sequence[Left]) -> list[StepView]:
    return [StepView(why=one.why, units=one.units) for one in steps]


async def _shop(session: AsyncSession, shop_id: str) -> ShopRow:
    shop = await ChannelsRepository(session).shop(shop_id)
    if shop is None:
        raise HTTPException(_NOT_FOUND, "there is no such shop")
    return shop


async def _rule(session: AsyncSession, shop: ShopRow) -> ShopRule:
    rule, said = shop_rule(shop.settings), await SellPlaces(session, shop.id).said()
    return ShopRule(
        **{name: getattr(rule, name) for name in RULE},
        sells_from=tuple(place for place, sells in said.items() if sells),
        not_from=tuple(place for place, sells in said.items() if not sells),
    )


async def _refuse_unknown(session: AsyncSession, body: ShopRule) -> None:
    rows = await run(session, "SELECT id FROM location WHERE id = ANY(:ids)", ids=list(body.said))
    if unknown := sorted(set(body.said) - {row.id for row in rows}):
        raise UnknownLocation(unknown[0])
