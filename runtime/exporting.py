"""Exporting the books: vouchers that are wanted at an ERP set out, a few at a time."""

from dataclasses import dataclass

from db.engine import Sessions
from db.finance.erp import start_due


@dataclass(frozen=True, slots=True)
class Exporting:
    """Begins with the oldest; how many are on their way at once is bounded per account."""

    sessions: Sessions

    async def once(self, limit: int) -> int:
        """Begin with what is due, at most `limit`; returns how many."""
        async with self.sessions.begin() as session:
            return await start_due(session, limit)
