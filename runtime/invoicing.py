"""Invoicing: invoices whose goods have left set out, and what is not kept is taken back."""

from dataclasses import dataclass

from db.engine import Sessions
from db.finance.invoices import start_due


@dataclass(frozen=True, slots=True)
class Invoicing:
    """A part of the relay."""

    sessions: Sessions

    async def once(self, limit: int) -> int:
        """Begin with what is due, at most `limit` of each kind; returns how many."""
        async with self.sessions.begin() as session:
            return await start_due(session, limit)
