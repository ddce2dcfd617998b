"""How stock is planned: policies and why they are so, services by class, promotions and seasons."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Context, SessionsOf
from api.inventory.replenishment import today
from api.inventory.replenishment_bodies import (
    Currency,
    FixedSafety,
    PolicyKey,
    PolicyView,
    RateBody,
    RateView,
    SeasonBody,
    SeasonView,
    SettingBody,
)
from api.strict import Code
from db.inventory import buying_limits, policies
from db.inventory import planning_settings as settings
from db.platform.audit import audit

router = APIRouter(tags=["replenishment"])
Key = Annotated[str, Query(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("/stock-policies")
async def get_policy(location: Key, sku: Key, sessions: SessionsOf) -> PolicyView:
    """When a SKU is ordered again at a location, and why then."""
    async with sessions.begin() as session:
        return PolicyView.of(await policies.policy_of(session, location, sku))


@router.put("/stock-policies/fixed-safety")
async def fix(body: FixedSafety, context: Context) -> PolicyView:
    """A person says how much is kept against chance, until a day and why."""
    async with context.sessions.begin() as session:
        await policies.fix(
            session, body.location, body.sku, body.safety, body.until, body.reason, context.actor,
            today(),
        )  # fmt: skip
        await audit(
            session, context.actor, "policy.fixed", f"location/{body.location}",
            reason=f"{body.sku}: {body.safety}, {body.reason}", request_id=context.update_id,
        )  # fmt: skip
        return PolicyView.of(await policies.policy_of(session, body.location, body.sku))


@router.post("/stock-policies/release")
async def unfix(body: PolicyKey, context: Context) -> PolicyView:
    """The reckoned value counts again."""
    async with context.sessions.begin() as session:
        await policies.unfix(session, body.location, body.sku)
        await audit(
            session, context.actor, "policy.released", f"location/{body.location}",
            reason=body.sku, request_id=context.update_id,
        )  # fmt: skip
        return PolicyView.of(await policies.policy_of(session, body.location, body.sku))


@router.get("/planning-settings")
async def get_settings(sessions: SessionsOf) -> SettingBody:
    """How the company plans."""
    async with sessions.begin() as session:
        return SettingBody.of(
            await settings.setting_of(session), await settings.services_of(session)
        )


@router.put("/planning-settings")
async def change_settings(body: SettingBody, context: Context) -> SettingBody:
    """Plan so from the next night on; classes that are not named stay as they are."""
    async with context.sessions.begin() as session:
        await settings.change_setting(session, body.told())
        for name, one in body.classes.items():
            await settings.change_service(session, name, one.told())
        await audit(
            session, context.actor, "planning.set", "company", reason=body.model_dump_json(),
            request_id=context.update_id,
        )  # fmt: skip
        return SettingBody.of(
            await settings.setting_of(session), await settings.services_of(session)
        )


@router.get("/exchange-rates")
async def list_rates(sessions: SessionsOf) -> list[RateView]:
    """What other currencies are worth in the company's: budgets and limits are compared by it."""
    async with sessions.begin() as session:
        return [RateView.of(row) for row in await buying_limits.rate_rows(session)]


@router.put("/exchange-rates/{currency}")
async def set_rate(currency: Currency, body: RateBody, context: Context) -> RateView:
    """Write a rate down; it holds from now on."""
    async with context.sessions.begin() as session:
        await buying_limits.set_rate(session, currency, Decimal(body.rate), context.actor)
        await audit(
            session, context.actor, "rate.set", "company", reason=f"{currency} {body.rate}",
            request_id=context.update_id,
        )  # fmt: skip
        rows = await buying_limits.rate_rows(session)
    return next(RateView.of(row) for row in rows if row.currency == currency)


@router.delete("/exchange-rates/{currency}", status_code=204)
async def remove_rate(currency: Currency, context: Context) -> None:
    """Nobody knows it any more; one that is gone is gone."""
    async with context.sessions.begin() as session:
        await buying_limits.remove_rate(session, currency)
        await audit(
            session, context.actor, "rate.removed", "company", reason=currency,
            request_id=context.update_id,
        )  # fmt: skip


@router.get("/demand-calendar")
async def calendar(sessions: SessionsOf) -> list[SeasonView]:
    """Promotions and seasons, those to come and of the last three months."""
    async with sessions.begin() as session:
        rows = await settings.seasons(session, today())
    return [
        SeasonView(
            id=row.id, name=row.name, starts_on=row.starts_on, ends_on=row.ends_on,
            factor=str(row.factor.normalize()), sku=row.sku or "", category=row.category,
            location=row.location_id or "",
        )
        for row in rows
    ]  # fmt: skip


@router.post("/demand-calendar")
async def add_season(body: SeasonBody, context: Context) -> SeasonView:
    """A promotion or a season: what it sells is no habit, and before it more is ordered."""
    async with context.sessions.begin() as session:
        id = await settings.add_season(session, body.told(), context.actor)
        await audit(
            session, context.actor, "season.added", "company", reason=body.name,
            request_id=context.update_id,
        )  # fmt: skip
    return SeasonView(
        id=id, name=body.name, starts_on=body.starts_on, ends_on=body.ends_on, factor=body.factor,
        sku=body.sku, category=body.category, location=body.location,
    )  # fmt: skip


@router.delete("/demand-calendar/{season_id}", status_code=204)
async def remove_season(season_id: Code, context: Context) -> None:
    """Take an entry out; one that is gone is gone."""
    async with context.sessions.begin() as session:
        await settings.remove_season(session, season_id)
        await audit(
            session, context.actor, "season.removed", "company", reason=season_id,
            request_id=context.update_id,
        )  # fmt: skip
