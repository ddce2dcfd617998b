"""Keeping the books: what the database told of goods and money becomes vouchers."""

from dataclasses import dataclass

import structlog

from db.engine import Sessions
from db.finance.posting import FactNotPosted, post_due, put_aside

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Posting:
    """Follows the facts in their order. Stopping it anywhere loses nothing and doubles nothing."""

    sessions: Sessions

    async def once(self, limit: int) -> int:
        """Post what waits, at most `limit` facts; one that cannot be posted is put aside."""
        try:
            async with self.sessions.begin() as session:
                return await post_due(session, limit)
        except FactNotPosted as error:
            log.error("books.not_posted", fact_id=error.fact_id, error=str(error)[:500])
            async with self.sessions.begin() as session:
                await put_aside(session, error.fact_id, str(error))
            return 1

    async def all(self) -> int:
        """Everything that waits; returns how many facts were posted or put aside."""
        done = 0
        while moved := await self.once(500):
            done += moved
        return done
