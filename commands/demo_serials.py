"""Units of the demo company with serial numbers: teapots, each with its certificate."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_queries import SkuFacts, set_facts
from db.inventory.serials import SerialRegister
from db.sql import run

POT: Final = "POT-ZS-220"
_WHO: Final = "cangku"
_LYING: Final = """
SELECT location_id, lot, sum(on_hand)::int AS units FROM stock_balance
WHERE sku = :sku AND on_hand > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""
_MOST: Final = 1000


async def seed_serials(session: AsyncSession) -> None:
    """From now on every teapot has its number; those that lie somewhere are taken down."""
    await set_facts(session, POT, SkuFacts(tracks_serials=True), _WHO, "demo:serials")
    register = SerialRegister(session, _WHO, "demo:serials")
    for row in await run(session, _LYING, sku=POT):
        place = row.location_id.replace("-", "")
        numbers = [f"ZS26{place}{row.lot}{n:04d}" for n in range(1, min(row.units, _MOST) + 1)]
        await register.note(POT, row.location_id, row.lot, numbers)
