"""How the company plans: service by class, how far back, review, budget; promotions and seasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.sql import run
from domain.shared.errors import InvalidInput, UnknownLocation, UnknownSku

_CLASSES: Final = """
SELECT class AS class_, measure, service, order_days FROM planning_class ORDER BY class
"""
_SETTING: Final = """
SELECT window_days, review_days, transfer_days, auto_approve_minor, budget_minor,
       month_budget_minor
FROM planning_setting
"""
_SET: Final = """
UPDATE planning_setting SET window_days = :window_days, review_days = :review_days,
    transfer_days = :transfer_days, auto_approve_minor = :auto_approve_minor,
    budget_minor = :budget_minor, month_budget_minor = :month_budget_minor
"""
_SET_CLASS: Final = """
UPDATE planning_class SET measure = :measure, service = :service, order_days = :order_days
WHERE class = :class_
"""
_SEASONS: Final = """
SELECT c.*, l.name AS location FROM demand_calendar c LEFT JOIN location l ON l.id = c.location_id
WHERE c.ends_on >= CAST(:today AS date) - 90 ORDER BY c.starts_on DESC, c.id LIMIT 200
"""
_ADD_SEASON: Final = """
INSERT INTO demand_calendar (id, name, sku, category, location_id, starts_on, ends_on, factor,
    actor)
VALUES (:id, :name, :sku, :category, :location_id, :starts_on, :ends_on, :factor, :actor)
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """How the company plans."""

    window_days: int
    review_days: int
    transfer_days: int
    auto_approve_minor: int
    budget_minor: int | None
    month_budget_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceOf:
    """What a class of goods gets."""

    measure: str
    service: float
    order_days: int


@dataclass(frozen=True, slots=True)
class Season:
    """Days on which so many times the usual is asked for; what is empty means all."""

    name: str
    starts_on: date
    ends_on: date
    factor: Decimal
    sku: str = ""
    category: str = ""
    location_id: str = ""


async def setting_of(session: AsyncSession) -> Setting:
    """The company's one row."""
    (row,) = await run(session, _SETTING)
    return Setting(
        row.window_days, row.review_days, row.transfer_days, row.auto_approve_minor,
        row.budget_minor, row.month_budget_minor,
    )  # fmt: skip


async def services_of(session: AsyncSession) -> dict[str, ServiceOf]:
    """By class."""
    rows = await run(session, _CLASSES)
    return {row.class_: ServiceOf(row.measure, float(row.service), row.order_days) for row in rows}


async def change_setting(session: AsyncSession, told: Setting) -> None:
    """From the next night on."""
    await run(
        session, _SET, window_days=told.window_days, review_days=told.review_days,
        transfer_days=told.transfer_days, auto_approve_minor=told.auto_approve_minor,
        budget_minor=told.budget_minor, month_budget_minor=told.month_budget_minor,
    )  # fmt: skip


async def change_service(session: AsyncSession, class_: str, told: ServiceOf) -> None:
    """What a class gets from the next night on. Raises InvalidInput."""
    if not 0 < told.service < 1:
        raise InvalidInput("a service level lies between 0 and 1")
    await run(
        session, _SET_CLASS, class_=class_, measure=told.measure, service=told.service,
        order_days=told.order_days,
    )  # fmt: skip


async def seasons(session: AsyncSession, today: date) -> Sequence[Any]:
    """Promotions and seasons, those to come and of the last three months."""
    return await run(session, _SEASONS, today=today)


async def add_season(session: AsyncSession, told: Season, actor: str) -> str:
    """A new entry of the calendar; its id. Raises InvalidInput, UnknownSku, UnknownLocation."""
    if told.ends_on < told.starts_on or not 0 < told.factor <= 100:
        raise InvalidInput("it ends after it begins, and the factor is above 0 and at most 100")
    if told.sku and not await run(session, "SELECT FROM sku WHERE code = :sku", sku=told.sku):
        raise UnknownSku("there is no such SKU")
    if told.location_id and not await run(
        session, "SELECT FROM location WHERE id = :id", id=told.location_id
    ):
        raise UnknownLocation("there is no such location")
    id = new_id("sea")
    await run(
        session, _ADD_SEASON, id=id, name=told.name, sku=told.sku or None, category=told.category,
        location_id=told.location_id or None, starts_on=told.starts_on, ends_on=told.ends_on,
        factor=told.factor, actor=actor,
    )  # fmt: skip
    return id


async def remove_season(session: AsyncSession, id: str) -> None:
    """Take an entry out of the calendar; one that is gone is gone."""
    await run(session, "DELETE FROM demand_calendar WHERE id = :id", id=id)
