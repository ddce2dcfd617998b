"""Adding up: what moved in stock goes into the sums that pages read."""

from dataclasses import dataclass
from typing import Final

from db.engine import Sessions
from db.inventory import sums

_EACH: Final = 200  # changes for one of the relay's usual steps


@dataclass(frozen=True, slots=True)
class AddingUp:
    """A part of the relay."""

    sessions: Sessions

    async def once(self, limit: int) -> int:
        """One step; returns `limit` when more is waiting."""
        most = limit * _EACH
        async with self.sessions.begin() as session:
            folded = await sums.fold(session, most)
        return limit if folded == most else min(folded, limit - 1)
