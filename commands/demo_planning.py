"""What the demo company sold in the last months, made up, so that its planner has something to
learn from on the first day; two promotions, what may be bought in a month, and a rate."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.buying_limits import set_rate
from db.inventory.planning_tables import DemandCalendarRow, DemandDayRow, DemandRolledRow
from db.sql import run
from domain.shared.clock import COMPANY_ZONE
from integrations.sandbox.demo_shop import PRODUCTS

_DAYS: Final = 90
# Units of a usual SKU a day.
_DAILY: Final = {
    "HQ-HZ": 14.0, "R-GZ": 6.0, "R-CD": 5.0, "R-BJ": 3.5, "S-SH1": 0.9, "S-SH2": 0.6,
}  # fmt: skip
_ASKED: Final = (1.6, 0.7, 1.2, 0.5, 1.0, 0.25, 0.4, 2.2)  # of each product, times the usual
_PROMOTION: Final = (40, 36)  # days ago
_MONTH_BUDGET_MINOR: Final = 300_000_00
_RATES: Final = (("USD", "7.10"), ("EUR", "8.20"))
_OUT: Final = (("S-SH2", "TEA-LJ-100", 12, 5), ("R-BJ", "TEA-TGY-250", 30, 6))


async def seed_planning(session: AsyncSession) -> None:
    """History by day, a promotion that was and one to come, a budget and rates."""
    await session.flush()
    await run(
        session, "UPDATE planning_setting SET month_budget_minor = :minor",
        minor=_MONTH_BUDGET_MINOR,
    )  # fmt: skip
    for currency, rate in _RATES:
        await set_rate(session, currency, Decimal(rate), "demo")
    today = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
    session.add_all(DemandRolledRow(day=today - timedelta(days=n)) for n in range(1, _DAYS + 1))
    session.add_all(_sold(today))
    tea = "茶叶"
    for id, name, first, last, factor in (
        ("past", "秋茶节", -_PROMOTION[0], -_PROMOTION[1], "2.5"),
        ("ahead", "年货节", 6, 12, "1.8"),
    ):
        session.add(
            DemandCalendarRow(
                id=f"demo-{id}", name=name, category=tea, starts_on=today + timedelta(days=first),
                ends_on=today + timedelta(days=last), factor=Decimal(factor), actor="demo",
            )
        )  # fmt: skip


def _sold(today: date) -> list[DemandDayRow]:
    chance = random.Random(6)
    rows = []
    for place, usual in _DAILY.items():
        for product, asked in zip(PRODUCTS, _ASKED, strict=True):
            for ago in range(1, _DAYS + 1):
                promoted = _PROMOTION[1] <= ago <= _PROMOTION[0] and product.category == "茶叶"
                mean = usual * asked * (2.5 if promoted else 1.0)
                out = any(
                    (place, product.sku) == (where, what) and last <= ago < last + days
                    for where, what, last, days in _OUT
                )
                units = 0 if out else _poisson(chance, mean * chance.choice((0.6, 1.0, 1.4)))
                if units or out:
                    rows.append(
                        DemandDayRow(
                            location_id=place, sku=product.sku, day=today - timedelta(days=ago),
                            units=units, out=out,
                        )
                    )  # fmt: skip
    return rows


def _poisson(chance: random.Random, mean: float) -> int:
    """By waiting: so many arrivals in a day."""
    units, at = 0, chance.expovariate(mean)
    while at < 1:
        units, at = units + 1, at + chance.expovariate(mean)
    return units
