"""What may be bought by whom: rates, budgets of the month, and what one alone may order."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.inventory.purchasing.budgets import Purse, Rates
from domain.shared.errors import InvalidInput, RateUnknown
from domain.shared.money import COMPANY_CURRENCY, Money

_RATES: Final = "SELECT currency, rate, set_by, set_at FROM exchange_rate ORDER BY currency"
_SET_RATE: Final = """
INSERT INTO exchange_rate (currency, rate, set_by) VALUES (:currency, :rate, :actor)
ON CONFLICT (currency) DO UPDATE SET rate = excluded.rate, set_by = excluded.set_by,
    set_at = clock_timestamp()
"""
_BUDGETS: Final = "SELECT code, budget_minor FROM supplier WHERE budget_minor IS NOT NULL"
_MONTH: Final = "SELECT month_budget_minor FROM planning_setting"
# Of the whole company, whatever part of it the reader sees.
_BOUGHT: Final = "SELECT supplier, currency, minor FROM onhand_bought()"
# What was suggested to other places is as good as bought while a night is planned.
_SUGGESTED: Final = """
SELECT supplier, currency, sum(quantity * unit_minor)::bigint AS minor FROM suggestion
WHERE state = 'open' AND kind = 'purchase' AND location_id <> :location_id GROUP BY 1, 2
"""


async def rate_rows(session: AsyncSession) -> Sequence[Any]:
    """Every rate with who wrote it down."""
    return await run(session, _RATES)


async def rates_of(session: AsyncSession) -> Rates:
    """What other currencies are worth."""
    return Rates({row.currency: row.rate for row in await rate_rows(session)})


async def set_rate(session: AsyncSession, currency: str, rate: Decimal, actor: str) -> None:
    """What one unit of a currency is worth from now on. Raises InvalidInput."""
    if currency == COMPANY_CURRENCY or not 0 < rate < 10**9:
        raise InvalidInput("a rate is above zero, and of another currency than the company's")
    await run(session, _SET_RATE, currency=currency, rate=rate, actor=actor)


async def remove_rate(session: AsyncSession, currency: str) -> None:
    """Nobody knows what it is worth any more; one that is gone is gone."""
    await run(session, "DELETE FROM exchange_rate WHERE currency = :currency", currency=currency)


async def alone_minor(session: AsyncSession, company_limit_minor: int, currency: str) -> int:
    """The company's limit in another currency; nothing where nobody knows what that is worth."""
    limit = Money(company_limit_minor, COMPANY_CURRENCY)
    found = (await rates_of(session)).into(limit, currency, ROUND_FLOOR)
    return found.minor if found else 0


async def purse_of(
    session: AsyncSession, *, night_minor: int | None = None, planned_for: str = ""
) -> Purse:
    """What is left this month; with `planned_for`, as that location's planner sees it."""
    rates = await rates_of(session)
    budgets = {row.code: row.budget_minor for row in await run(session, _BUDGETS)}
    [setting] = await run(session, _MONTH)
    bought = [*await run(session, _BOUGHT)]
    if planned_for:
        bought += await run(session, _SUGGESTED, location_id=planned_for)
    compared = all(rates.into(Money(0, row.currency), COMPANY_CURRENCY) for row in bought)
    purse = Purse(rates, None, setting.month_budget_minor, budgets, compared)
    for row in bought:
        purse = purse.without(row.supplier, Money(row.minor, row.currency))
    return replace(purse, night_minor=night_minor)


def limits_in(purse: Purse, supplier: str, currency: str, company_limit_minor: int) -> Wish:
    """A submission with what needs no second person: the limit, and the budgets that are left.

    Raises RateUnknown where the company has a budget and nobody knows what the money is worth.
    """
    if not purse.knows(currency):
        raise RateUnknown(
            f"the budget of the month needs a rate of {currency}: write it down first"
        )
    limit = Money(company_limit_minor, COMPANY_CURRENCY)
    alone = purse.rates.into(limit, currency, ROUND_FLOOR)
    return Wish(
        PurchaseAction.SUBMIT, limit_minor=alone.minor if alone else 0,
        budget_minor=purse.left(supplier, currency),
    )  # fmt: skip


async def submission(
    session: AsyncSession, supplier: str, currency: str, company_limit_minor: int
) -> Wish:
    """The same as things stand now. Raises RateUnknown."""
    return limits_in(await purse_of(session), supplier, currency, company_limit_minor)
