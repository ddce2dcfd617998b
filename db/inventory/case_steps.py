"""Cases of goods receipts as their workflow moves them: reminded of, put off, or taken back whole
with their receipt."""

from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.receipt_cases import ReceiptCases
from db.inventory.receipt_posting import ReceiptPosting
from db.platform.attention import reminded
from db.platform.corrections import correction
from db.sql import run
from domain.inventory.case_life import AGAIN, CaseFacts, CaseWork
from domain.inventory.count_life import days_given
from domain.inventory.receipt_cases import CaseState
from domain.shared.ids import receipt_case_workflow_id

_REMINDED: Final = """
UPDATE receipt_case SET reminders = reminders + 1, due_at = :again
WHERE no = :no AND state = 'open' AND due_at <= :at RETURNING reminders
"""
_DUE: Final = "UPDATE receipt_case SET due_at = :due WHERE no = :no AND state = 'open'"


@dataclass(frozen=True, slots=True)
class CaseSteps:
    """Each is one transaction; said again it changes nothing."""

    session: AsyncSession

    async def facts(self, no: str) -> CaseFacts:
        """Where the case stands. Raises ReceiptCaseNotFound."""
        row = await ReceiptCases(self.session).find(no)
        return CaseFacts(
            no, CaseState(row.state), row.location_id, row.receipt_no, row.trouble, row.units,
            row.reminders, row.due_at,
        )  # fmt: skip

    async def remind(self, work: CaseWork) -> None:
        """Nobody decided about it yet: say so, and again a day later."""
        again = work.at + AGAIN
        rows = await run(self.session, _REMINDED, no=work.no, at=work.at, again=again)
        if rows and work.step_id:
            workflow_id = receipt_case_workflow_id(work.no)
            await reminded(self.session, workflow_id, work.step_id, rows[0].reminders)

    async def put_off(self, work: CaseWork) -> None:
        """A person wants to be reminded later."""
        told = await correction(self.session, work.correction_id)
        until = work.at + AGAIN * days_given(told.get("days"))
        await run(self.session, _DUE, no=work.no, due=until)

    async def leave(self, work: CaseWork) -> None:
        """A person wants to hear no more of it; it stays open."""
        await run(self.session, _DUE, no=work.no, due=None)

    async def take_back(self, work: CaseWork) -> None:
        """Take the whole receipt back by an opposite posting; its open cases are withdrawn.

        Raises ActionNotAllowed when another case of it was decided, InsufficientStock when units
        of it are promised or gone.
        """
        row = await ReceiptCases(self.session).find(work.no)
        if row.state == CaseState.OPEN:
            key = f"receipt-case/{work.no}/take_back"
            await ReceiptPosting(self.session, work.actor, key).correct(row.receipt_no, work.reason)
