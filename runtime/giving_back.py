"""Giving back: units whose time is over are free again, whoever kept them and whatever became of
him."""

from dataclasses import dataclass

from db.engine import Sessions
from db.inventory.earmarks import give_back_due


@dataclass(frozen=True, slots=True)
class GivingBack:
    """A part of the relay."""

    sessions: Sessions

    async def once(self, limit: int) -> int:
        """One step; returns how many leases ended."""
        async with self.sessions.begin() as session:
            return await give_back_due(session, limit)
