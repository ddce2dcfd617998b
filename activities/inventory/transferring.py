"""Transfers as their workflow moves them. One method is one transaction; said again, it changes
nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio import activity

from db.engine import Sessions
from db.inventory.transfer_posting import TransferPosting
from domain.inventory.transfers import TransferFacts, TransferWork


@dataclass(frozen=True, slots=True)
class TransferActivities:
    """Each answers with where the transfer stands then."""

    sessions: Sessions

    @activity.defn(name="transfer.look")
    async def look(self, work: TransferWork) -> TransferFacts:
        """Where the transfer stands."""
        async with self.sessions.begin() as session:
            return await TransferPosting(session).facts(work.no)

    @activity.defn(name="transfer.reserve")
    async def reserve(self, work: TransferWork) -> TransferFacts:
        """Promise its goods at the sender."""
        return await self._then_look(work, lambda posting: posting.reserve(work))

    @activity.defn(name="transfer.post")
    async def post(self, work: TransferWork) -> TransferFacts:
        """Put what somebody reported into the books."""
        return await self._then_look(work, lambda posting: posting.post(work))

    @activity.defn(name="transfer.drop")
    async def drop(self, work: TransferWork) -> TransferFacts:
        """A person leaves a report out that the books cannot take."""
        return await self._then_look(work, lambda posting: posting.drop(work))

    @activity.defn(name="transfer.remind")
    async def remind(self, work: TransferWork) -> TransferFacts:
        """Tell somebody that it waits too long."""
        return await self._then_look(work, lambda posting: posting.remind(work))

    @activity.defn(name="transfer.cancel")
    async def cancel(self, work: TransferWork) -> TransferFacts:
        """Give its goods back to the sender's stock."""
        return await self._then_look(work, lambda posting: posting.cancel(work))

    @activity.defn(name="transfer.close")
    async def close(self, work: TransferWork) -> TransferFacts:
        """Every unit is where it belongs."""
        return await self._then_look(work, lambda posting: posting.close(work))

    async def _then_look(
        self, work: TransferWork, step: Callable[[TransferPosting], Awaitable[None]]
    ) -> TransferFacts:
        async with self.sessions.begin() as session:
            posting = TransferPosting(session)
            await step(posting)
            return await posting.facts(work.no)
