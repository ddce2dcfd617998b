"""Counts as their workflow moves them. One method is one transaction; said again, it changes
nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from temporalio import activity

from db.engine import Sessions
from db.inventory.count_steps import CountSteps
from domain.inventory.count_life import CountFacts, CountRules, CountWork


@dataclass(frozen=True, slots=True)
class CountActivities:
    """Each answers with where the count stands then."""

    sessions: Sessions
    rules: CountRules = field(default_factory=CountRules)

    @activity.defn(name="count.look")
    async def look(self, work: CountWork) -> CountFacts:
        """Where the count stands."""
        async with self.sessions.begin() as session:
            return await CountSteps(session, self.rules).facts(work.no)

    @activity.defn(name="count.remind")
    async def remind(self, work: CountWork) -> CountFacts:
        """Tell somebody that it waits too long."""
        return await self._then_look(work, lambda steps: steps.remind(work))

    @activity.defn(name="count.put_off")
    async def put_off(self, work: CountWork) -> CountFacts:
        """A person gives it more days."""
        return await self._then_look(work, lambda steps: steps.put_off(work))

    @activity.defn(name="count.leave_out")
    async def leave_out(self, work: CountWork) -> CountFacts:
        """A person goes on without what was not counted."""
        return await self._then_look(work, lambda steps: steps.leave_out(work))

    @activity.defn(name="count.ask")
    async def ask(self, work: CountWork) -> CountFacts:
        """Ask for a second person."""
        return await self._then_look(work, lambda steps: steps.ask(work))

    @activity.defn(name="count.post")
    async def post(self, work: CountWork) -> CountFacts:
        """Put its differences into the books."""
        return await self._then_look(work, lambda steps: steps.post(work))

    @activity.defn(name="count.cancel")
    async def cancel(self, work: CountWork) -> CountFacts:
        """A person drops it."""
        return await self._then_look(work, lambda steps: steps.cancel(work))

    @activity.defn(name="count.again")
    async def again(self, work: CountWork) -> CountFacts:
        """A person has it counted from the beginning."""
        return await self._then_look(work, lambda steps: steps.again(work))

    async def _then_look(
        self, work: CountWork, step: Callable[[CountSteps], Awaitable[None]]
    ) -> CountFacts:
        async with self.sessions.begin() as session:
            steps = CountSteps(session, self.rules)
            await step(steps)
            return await steps.facts(work.no)
