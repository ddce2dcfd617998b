"""What the dealers of the demo company reported: one on time and wrong this once, one late."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.dealer_reports import DealerReports, ReportDraft
from db.inventory.dealer_rules import set_rule
from db.inventory.partner_tables import DealerRow
from db.sql import run
from domain.inventory.dealer_reports import DealerLine, ReportRule
from domain.shared.clock import COMPANY_ZONE
from integrations.sandbox.demo_shop import PRODUCTS

_WEEKS: Final = 8
# Code, name, place, who reports, on consignment, how many days ago the last time.
_DEALERS: Final = (
    ("D001", "武汉楚茗商贸", "D-WH", "wuhan", False, 4),
    ("D002", "西安长乐茶行", "D-XA", "xian", True, 19),
)
_WEEKLY: Final = (21, 9, 15, 6, 12, 3, 6, 27)  # units of each product, more or less by one
_LAST: Final = (6, 14, 22, 30, 9, 12, 25, 4)  # what is left at the last report
_SALES: Final = "service"


async def seed_dealers(session: AsyncSession) -> None:
    """Eight weeks of reports of two dealers; the newest of the first says too much."""
    await session.flush()
    today = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
    for code, name, place, who, on_consignment, ago in _DEALERS:
        session.add(
            DealerRow(
                code=code, name=name, location_id=place, on_consignment=on_consignment,
                credit_limit_minor=5_000_000,
            )
        )  # fmt: skip
        await session.flush()
        await set_rule(session, place, ReportRule(capacity=2_000))
        for week in range(_WEEKS, -1, -1):
            day = today - timedelta(days=ago + 7 * week)
            await _reported(session, place, day, week, who)
    wrong = [(left + 60 if n == 0 else left, 1) for n, left in enumerate(_LAST)]
    await _file(session, "D-WH", today - timedelta(days=1), wrong, "wuhan")
    # As if they had been asked all the time.
    await run(
        session, "UPDATE dealer_rule SET since = CAST(:day AS date), reminded_on = NULL",
        day=today - timedelta(days=90),
    )  # fmt: skip


async def _reported(session: AsyncSession, place: str, day: date, week: int, who: str) -> None:
    """A week: what is left then is what will be sold until the last report, and the rest of it."""
    told = [
        (left + sum(_sold(n, later) for later in range(week)), _sold(n, week))
        for n, left in enumerate(_LAST)
    ]
    no = await _file(session, place, day, told, who)
    if week == _WEEKS:
        await DealerReports(session).accept(no, _SALES, "一起盘点过")


def _sold(product: int, week: int) -> int:
    """In the week that ends so many weeks before the last report."""
    return max(_WEEKLY[product] + (product + week) % 3 - 1, 0)


async def _file(
    session: AsyncSession, place: str, day: date, told: list[tuple[int, int]], actor: str
) -> str:
    lines = tuple(
        DealerLine(product.sku, stock, sold)
        for product, (stock, sold) in zip(PRODUCTS, told, strict=True)
    )
    key = f"demo/{place}/{day}/{sum(line.stock for line in lines)}"
    draft = ReportDraft(key, place, day, lines, "page", actor)
    return (await DealerReports(session).file(draft)).no
