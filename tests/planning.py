"""A company to plan for: places, what they sold, what lies there, and a supplier."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import Sessions
from db.inventory import planner, policies
from db.inventory.partner_tables import SupplierItemRow, SupplierRow
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.clock import COMPANY_ZONE
from domain.shared.ids import LocationId, Sku

NIGHT = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
PLACES = ("S-1", "D-1", "R-1", "HQ")  # those below others first


async def seed_company(sessions: Sessions, worker: Sessions) -> None:
    """HQ feeds a region, which feeds a shop and a dealer; tea is bought in cases of 12."""
    async with sessions.begin() as session:
        for id, kind, parent in (
            ("HQ", "hq", None), ("R-1", "region", "HQ"), ("S-1", "store", "R-1"),
            ("D-1", "dealer", "R-1"),
        ):  # fmt: skip
            session.add(LocationRow(id=id, name=id, kind=kind, parent_id=parent))
            await session.flush()
        session.add(SkuRow(code="tea", name="Tea", price_minor=2000, cost_minor=1000))
        session.add(SkuRow(code="pot", name="Pot", price_minor=9000, cost_minor=5000))
        session.add(SupplierRow(code="SUP", name="Tea Co", lead_time_days=9))
        await session.flush()
        session.add(
            SupplierItemRow(
                supplier="SUP", sku="tea", price_minor=900, moq=24, case_pack=12, preferred=True
            )
        )
    async with worker.begin() as session:
        await sells(session, "S-1", 2, 90)
        await sells(session, "HQ", 5, 90)
        await lies(session, {"S-1": 3, "R-1": 40, "HQ": 4})


async def plan_all(sessions: Sessions, night: date = NIGHT, places: Sequence[str] = PLACES) -> None:
    """Every place reckoned and planned, those below others first."""
    for place in places:
        async with sessions.begin() as session:
            await policies.begin(session, place, night)
            assert await policies.reckon(session, place, night, "") == ""
    for place in places:
        async with sessions.begin() as session:
            await planner.suggest(session, place, night)


async def sells(session: AsyncSession, location_id: str, daily: int, days: int) -> None:
    await run(
        session,
        "INSERT INTO demand_day (location_id, sku, day, units, out)"
        " SELECT :location_id, 'tea', CAST(:night AS date) - n, :daily + n % 2, false"
        " FROM generate_series(1, :days) AS n",
        location_id=location_id, night=NIGHT, daily=daily, days=days,
    )  # fmt: skip
    await run(
        session,
        "INSERT INTO demand_rolled (day) SELECT CAST(:night AS date) - n"
        " FROM generate_series(1, :days) AS n ON CONFLICT DO NOTHING",
        night=NIGHT, days=days,
    )  # fmt: skip


async def lies(session: AsyncSession, units: dict[str, int]) -> None:
    for place, count in units.items():
        line = StockLine(StockKey(Sku("tea"), LocationId(place)), count)
        document = Document("opening", f"O-{place}", f"opening:{place}", "test")
        await StockRepository(session).receive(document, [line])
