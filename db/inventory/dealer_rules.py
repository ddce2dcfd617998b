"""How a dealer's place is asked to report."""

from dataclasses import asdict
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.dealer_reports import ReportRule

_SET: Final = """
INSERT INTO dealer_rule (location_id, every_days, late_days, tolerance_percent, tolerance_units,
                         capacity, since, reminders)
VALUES (:location_id, :every_days, :late_days, :tolerance_percent, :tolerance_units, :capacity,
        (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date, 0)
ON CONFLICT (location_id) DO UPDATE SET every_days = excluded.every_days,
    late_days = excluded.late_days, tolerance_percent = excluded.tolerance_percent,
    tolerance_units = excluded.tolerance_units, capacity = excluded.capacity
"""


async def set_rule(session: AsyncSession, location_id: str, rule: ReportRule) -> dict[str, Any]:
    """Keep it; returns what it was before, nothing where it was not asked until now."""
    told = asdict(rule)
    rows = await run(
        session, "SELECT * FROM dealer_rule WHERE location_id = :location_id FOR UPDATE",
        location_id=location_id,
    )  # fmt: skip
    await run(session, _SET, location_id=location_id, **told)
    return {name: getattr(rows[0], name) for name in told} if rows else {}
