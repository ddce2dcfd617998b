"""Cases of goods receipts as their workflow moves them. One method is one transaction; said again,
it changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio import activity

from db.engine import Sessions
from db.inventory.case_steps import CaseSteps
from domain.inventory.case_life import CaseFacts, CaseWork


@dataclass(frozen=True, slots=True)
class ReceiptCaseActivities:
    """Each answers with where the case stands then."""

    sessions: Sessions

    @activity.defn(name="receipt_case.look")
    async def look(self, work: CaseWork) -> CaseFacts:
        """Where the case stands."""
        async with self.sessions.begin() as session:
            return await CaseSteps(session).facts(work.no)

    @activity.defn(name="receipt_case.remind")
    async def remind(self, work: CaseWork) -> CaseFacts:
        """Say that nobody decided about it yet."""
        return await self._then_look(work, lambda steps: steps.remind(work))

    @activity.defn(name="receipt_case.put_off")
    async def put_off(self, work: CaseWork) -> CaseFacts:
        """A person wants to be reminded later."""
        return await self._then_look(work, lambda steps: steps.put_off(work))

    @activity.defn(name="receipt_case.leave")
    async def leave(self, work: CaseWork) -> CaseFacts:
        """A person wants to hear no more of it."""
        return await self._then_look(work, lambda steps: steps.leave(work))

    @activity.defn(name="receipt_case.take_back")
    async def take_back(self, work: CaseWork) -> CaseFacts:
        """A person takes its receipt back."""
        return await self._then_look(work, lambda steps: steps.take_back(work))

    async def _then_look(
        self, work: CaseWork, step: Callable[[CaseSteps], Awaitable[None]]
    ) -> CaseFacts:
        async with self.sessions.begin() as session:
            steps = CaseSteps(session)
            await step(steps)
            return await steps.facts(work.no)
