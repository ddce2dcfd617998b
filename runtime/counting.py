"""Counting: what is due is planned once a day, and what waited for promised units is posted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.engine import Sessions
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.sql import run
from domain.inventory.counting import Tolerance
from domain.shared.clock import COMPANY_ZONE
from runtime.settings import Settings

_PLACES: Final = """
SELECT l.id FROM location l
WHERE l.active AND l.kind IN ('hq', 'region', 'store') AND NOT EXISTS (
    SELECT FROM stock_count c
    WHERE c.location_id = l.id AND c.kind = 'due' AND c.planned_on = :today)
ORDER BY l.id LIMIT :limit
"""
_SHORT: Final = "SELECT no FROM stock_count WHERE state = 'short' ORDER BY updated_at LIMIT :limit"


@dataclass(frozen=True, slots=True)
class Counting:
    """A part of the relay."""

    sessions: Sessions
    settings: Settings

    async def once(self, limit: int) -> int:
        """Plan today's counts and go on with those that wait; returns how many were planned."""
        for no in await self._waiting(limit):
            async with self.sessions.begin() as session:
                await CountPosting(session).post(no, "system")
        if not self.settings.count_lines_a_day:
            return 0
        today, planned = datetime.now(COMPANY_ZONE).date(), 0
        async with self.sessions.begin() as session:
            places = [row.id for row in await run(session, _PLACES, today=today, limit=limit)]
        for place in places:
            async with self.sessions.begin() as session:
                plan = CountPlan(
                    place, "due", today, "system", most=self.settings.count_lines_a_day,
                    tolerance=Tolerance(
                        self.settings.count_tolerance_units, self.settings.count_tolerance_percent
                    ),
                    every=(
                        self.settings.count_days_a, self.settings.count_days_b,
                        self.settings.count_days_c,
                    ),
                )  # fmt: skip
                planned += await CountPlanning(session).plan(plan) is not None
        return planned

    async def _waiting(self, limit: int) -> list[str]:
        async with self.sessions.begin() as session:
            return [row.no for row in await run(session, _SHORT, limit=limit)]
