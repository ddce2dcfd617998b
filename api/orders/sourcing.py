"""Why an order is sent from where it is, what a hypothetical one would do, and the shops' rules."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictInt, model_validator
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, SessionsOf, SettingsOf
from api.errors import language_of
from api.orders.sourcing_views import DecisionView, DryRun, Sourcing, explained
from api.orders.sourcing_words import tell
from api.strict import Code, Count, SafeStr, StrictBody
from db.inventory.remaining_life import wanted_by_shop
from db.orders import sourcing
from db.platform.audit import audit
from db.shared.sourcing import Destination, Network
from domain.logistics.divisions.divisions import normalise
from domain.logistics.divisions.table import find
from domain.logistics.tariff import contract_day
from domain.orders.sourcing.model import Demand, Strategy
from domain.orders.sourcing.record import Question, stored
from domain.shared.address import Address
from domain.shared.errors import InvalidInput, UnknownSku
from domain.shared.money import COMPANY_CURRENCY

router = APIRouter(tags=["sourcing"])

Parcels = Annotated[StrictInt, Field(ge=1, le=20)]


class WantedLine(StrictBody):
    """Units of one of our SKUs."""

    sku: Code
    quantity: Count


class Place(StrictBody):
    """Where it would go: a division code, or names as people write them."""

    division_code: Annotated[str, Field(pattern=r"^[0-9]{6,12}$", strict=True)] | None = None
    province: SafeStr = ""
    city: SafeStr = ""
    district: SafeStr = ""
    detail: SafeStr = ""

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        named = self.province or self.city or self.district or self.detail
        if bool(named) == bool(self.division_code):
            raise ValueError("either a division code or names are needed")
        return self


class HypotheticalOrder(StrictBody):
    """An order that nobody placed. Strategy and cap are the shop's or the company's unless said."""

    lines: list[WantedLine] = Field(min_length=1, max_length=200)
    destination: Place
    strategy: Strategy | None = None
    max_parcels: Parcels | None = None
    shop_id: Code | None = None


class Rule(StrictBody):
    """Null means: as the company does (ONHAND_SOURCING_STRATEGY, ONHAND_MAX_PARCELS)."""

    strategy: Strategy | None = None
    max_parcels: Parcels | None = None


class ShopRule(BaseModel):
    """A shop's own rule, and what holds for its orders."""

    shop_id: str
    name: str
    own: Rule
    holds: Rule


class ShopRules(BaseModel):
    items: list[ShopRule]


@router.get("/orders/{no}/sourcing")
async def explain_sourcing(no: Code, request: Request, sessions: SessionsOf) -> Sourcing:
    """Why the order is sent from where it is, with what was rejected, in words too."""
    return await explained(sessions, no, language_of(request))


@router.post(
    "/sourcing/dry-run", responses={404: {"description": "UnknownSku: no SKU has this code"}}
)
async def dry_run(
    body: HypotheticalOrder, request: Request, sessions: SessionsOf, settings: SettingsOf
) -> DryRun:
    """From where an order would be sent if it came now, with today's stock and tariffs."""
    to = _destination(body.destination)
    async with sessions.begin() as session:
        demands = await _demands(session, body.lines)
        rule = await _rule(session, body, settings)
        skus = {demand.sku for demand in demands}
        network = await Network.read(session, skus, contract_day(datetime.now(UTC)))
        wanted = await wanted_by_shop(session, body.shop_id or "")
        question = Question(demands, network.candidates(demands, to, (), wanted), *rule)
        decision = await asyncio.to_thread(question.decide)
        names = await sourcing.names_in(session, [decision])
    return DryRun(
        decision=DecisionView.of(decision, names),
        words=tell(decision, names, COMPANY_CURRENCY, language_of(request)).words,
        question=stored(question),
    )


@router.get("/sourcing/rules")
async def list_rules(sessions: SessionsOf, settings: SettingsOf) -> ShopRules:
    """How orders of each shop are sourced."""
    async with sessions.begin() as session:
        return ShopRules(items=[_shop_rule(row, settings) for row in await sourcing.rules(session)])


@router.put("/sourcing/rules/{shop_id}")
async def set_rule(shop_id: Code, body: Rule, context: Context, settings: SettingsOf) -> ShopRule:
    """Give a shop a strategy or a cap of its own; orders that are sourced from now on obey it."""
    async with context.sessions.begin() as session:
        if not await sourcing.rules(session, shop_id):
            raise InvalidInput(f"there is no shop {shop_id}")
        await sourcing.set_rule(session, shop_id, body.strategy, body.max_parcels)
        await audit(
            session, context.actor, "sourcing.rule_set", f"shop/{shop_id}",
            after=body.model_dump(mode="json"), request_id=context.request_id,
        )  # fmt: skip
        (row,) = await sourcing.rules(session, shop_id)
    return _shop_rule(row, settings)


def _destination(place: Place) -> Destination:
    if place.division_code:
        division = find(place.division_code)
        if division is None:
            raise InvalidInput(f"there is no division {place.division_code}")
        return Destination(division.code, division.longitude, division.latitude)
    found = normalise(Address("CN", place.province, place.city, place.district, place.detail))
    if not found.division_code:
        raise InvalidInput("not even the province of this place is known")
    return Destination(found.division_code, found.longitude, found.latitude)


async def _demands(session: AsyncSession, lines: list[WantedLine]) -> tuple[Demand, ...]:
    known = await sourcing.measures(session, {line.sku for line in lines})
    if unknown := sorted({line.sku for line in lines} - known.keys()):
        raise UnknownSku(f"there is no SKU {', '.join(unknown[:5])}")
    return tuple(
        Demand(str(number), line.sku, line.quantity, *known[line.sku])
        for number, line in enumerate(lines, start=1)
    )


async def _rule(
    session: AsyncSession, body: HypotheticalOrder, settings: SettingsOf
) -> tuple[Strategy, int]:
    strategy, cap = settings.sourcing_strategy, settings.max_parcels
    if body.shop_id is not None:
        rows = await sourcing.rules(session, body.shop_id)
        if not rows:
            raise InvalidInput(f"there is no shop {body.shop_id}")
        strategy, cap = rows[0].strategy or strategy, rows[0].max_parcels or cap
    return Strategy(body.strategy or strategy), body.max_parcels or cap


def _shop_rule(row: Any, settings: SettingsOf) -> ShopRule:
    strategy, cap = settings.sourcing_strategy, settings.max_parcels
    return ShopRule(
        shop_id=row.id,
        name=row.name,
        own=Rule(strategy=row.strategy, max_parcels=row.max_parcels),
        holds=Rule(strategy=row.strategy or strategy, max_parcels=row.max_parcels or cap),
    )
