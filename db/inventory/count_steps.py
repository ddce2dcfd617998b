"""Counts as their workflow moves them: reminded of, put off, asked about, posted, counted anew."""

from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.inventory.counts import Counts
from db.platform.approvals import Asked, ask
from db.platform.attention import reminded
from db.platform.audit import audit
from db.platform.corrections import correction
from db.sql import run
from domain.inventory.count_life import AGAIN, CountFacts, CountRules, CountWork, days_given
from domain.inventory.counting import CountState, LineState, Tolerance
from domain.platform.approvals import ApprovalKind
from domain.shared.ids import count_workflow_id

_REMINDED: Final = """
UPDATE stock_count SET reminders = reminders + 1, due_at = :again, updated_at = clock_timestamp()
WHERE no = :no AND due_at <= :at RETURNING reminders
"""
_PUT_OFF: Final = """
UPDATE stock_count SET due_at = :until, updated_at = clock_timestamp()
WHERE no = :no AND state = 'open'
"""
_LEFT_OUT: Final = """
UPDATE stock_count_line SET state = 'left_out' WHERE count_no = :no AND state <> 'agreed'
"""
ANEW: Final = "anew: "  # how the remark of a count that is taken again begins


@dataclass(frozen=True, slots=True)
class CountSteps:
    """Each is one transaction; said again it changes nothing."""

    session: AsyncSession
    rules: CountRules

    async def facts(self, no: str) -> CountFacts:
        """Where the count stands. Raises CountNotFound."""
        count = await self._counts.lock(no)
        state, units = CountState(count.state), 0
        lines = await self._counts.lines(no)
        if state is CountState.COUNTED:
            units = sum(abs(more) for _, more in await self._posting.differences(no))
        return CountFacts(
            no, state, count.location_id,
            sum(line.state == LineState.OPEN for line in lines),
            sum(line.state == LineState.RECOUNT for line in lines),
            units, bool(self.rules.alone_units) and units > self.rules.alone_units,
            count.reminders, count.due_at,
        )  # fmt: skip

    async def remind(self, work: CountWork) -> None:
        """It waits longer than it should: say so, and again a day later."""
        again = work.at + AGAIN
        rows = await run(self.session, _REMINDED, no=work.no, at=work.at, again=again)
        if rows and work.step_id:
            workflow_id = count_workflow_id(work.no)
            await reminded(self.session, workflow_id, work.step_id, rows[0].reminders)

    async def put_off(self, work: CountWork) -> None:
        """A person gives it some more days."""
        told = await correction(self.session, work.correction_id)
        until = work.at + AGAIN * days_given(told.get("days"))
        await run(self.session, _PUT_OFF, no=work.no, until=until)
        await self._audited(work, "put_off", {"until": until.isoformat()})

    async def leave_out(self, work: CountWork) -> None:
        """It goes on without what nobody counted in time; that is due again. A count of which
        nothing is counted is dropped."""
        count = await self._counts.lock(work.no)
        if count.state != CountState.OPEN:
            return
        lines = await self._counts.lines(work.no)
        if not any(line.state == LineState.AGREED for line in lines):
            await self._counts.cancel(work.no)
        else:
            await run(self.session, _LEFT_OUT, no=work.no)
            await self._counts.settle(count)
        left = sum(line.state != LineState.AGREED for line in lines)
        await self._audited(work, "left_out", {"lines": left})

    async def ask(self, work: CountWork) -> None:
        """What it corrects is found on the page Approvals; asked again only when that is over."""
        facts = await self.facts(work.no)
        if not facts.needs_two:
            return
        asked = Asked(
            ApprovalKind.ADJUSTMENT, f"location/{facts.location_id}", {"count_no": work.no},
            "count", "system/counts", "system", frozenset(), units=facts.units,
        )  # fmt: skip
        await ask(self.session, asked, work.at, work.at + self.rules.approval)
        await run(
            self.session, "UPDATE stock_count SET due_at = :again WHERE no = :no",
            no=work.no, again=work.at + AGAIN,
        )  # fmt: skip

    async def post(self, work: CountWork) -> None:
        """Put the differences into the books, unless they take a second person by now."""
        facts = await self.facts(work.no)
        if facts.state is CountState.COUNTED and not facts.needs_two:
            await self._posting.post(work.no, work.actor)
            await self._audited(work, "posted", {"units": facts.units})

    async def cancel(self, work: CountWork) -> None:
        """Nothing of it is booked."""
        count = await self._counts.lock(work.no)
        if count.state in (CountState.OPEN, CountState.COUNTED):
            await self._counts.cancel(work.no)
            await self._audited(work, "cancelled", {})

    async def again(self, work: CountWork) -> None:
        """Nothing of it is booked, and its products are counted once more from the beginning."""
        count = await self._counts.lock(work.no)
        if count.state not in (CountState.OPEN, CountState.COUNTED):
            return
        await self._counts.cancel(work.no)
        skus = sorted({line.sku for line in await self._counts.lines(work.no)})
        anew = await CountPlanning(self.session).plan(
            CountPlan(
                count.location_id, "skus", max(count.planned_on, work.at.date()), work.actor,
                tuple(skus), remark=f"{ANEW}{work.no}",
                tolerance=Tolerance(count.tolerance_units, count.tolerance_percent),
            )
        )  # fmt: skip
        await self._audited(work, "counted_anew", {"no": anew})

    @property
    def _counts(self) -> Counts:
        return Counts(self.session)

    @property
    def _posting(self) -> CountPosting:
        return CountPosting(self.session)

    async def _audited(self, work: CountWork, deed: str, after: dict[str, object]) -> None:
        await audit(
            self.session, work.actor, f"count.{deed}", f"count/{work.no}", after=after,
            request_id=f"count/{work.no}/{deed}/{work.at.isoformat()}",
        )  # fmt: skip
