"""Claims against carriers as their workflow moves them: clocks, reminders and the end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from temporalio import activity

from db.engine import Sessions
from db.logistics.claims import claim_state, lock_claim, state_of, tell_story
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import CLAIM_LATE
from db.sql import run
from domain.logistics.claims import (
    ClaimOutcome,
    ClaimState,
    ending_of,
    remind_at,
    status_of,
    terms_of,
    waits_for,
)
from domain.orders.work import ClaimWork
from domain.shared.ids import claim_workflow_id

# After so many reminders it is no longer a matter of waiting: the cause in the inbox says so.
_SILENT_AFTER: Final = 3

_MOVED_ON: Final = """
UPDATE carrier_claim SET status = :status, waits_for = :waits_for, due_at = :due_at, reminders = 0,
    updated_at = clock_timestamp()
WHERE claim_no = :claim_no
"""

_REMINDED: Final = """
UPDATE carrier_claim SET reminders = reminders + 1, due_at = :due_at, updated_at = clock_timestamp()
WHERE claim_no = :claim_no
"""

_CLOSE: Final = """
UPDATE carrier_claim SET outcome = :outcome, status = 'closed', waits_for = '', due_at = NULL,
    reminders = 0, written_off_minor = claimed_minor - received_minor,
    closed_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE claim_no = :claim_no AND outcome = ''
"""


@dataclass(frozen=True, slots=True)
class ClaimActivities:
    """One method is one transaction; said again, it changes nothing."""

    sessions: Sessions

    @activity.defn(name="claim.look")
    async def look(self, work: ClaimWork) -> ClaimState:
        """Where the claim stands."""
        async with self.sessions.begin() as session:
            return await claim_state(session, work.claim_no)

    @activity.defn(name="claim.move_on")
    async def move_on(self, work: ClaimWork) -> ClaimState:
        """Write its new status down and start the clock of whoever has to act next."""
        async with self.sessions.begin() as session:
            row = await lock_claim(session, work.claim_no)
            state = state_of(row)
            told = (status_of(state), waits_for(state))
            if state.outcome is ClaimOutcome.OPEN and told != (state.status, state.waits):
                await run(
                    session, _MOVED_ON, claim_no=row.claim_no, status=told[0], waits_for=told[1],
                    due_at=_reminded(row, told[1], work.at, 0),
                )  # fmt: skip
                await _late_no_more(session, row.claim_no)
            return await claim_state(session, work.claim_no)

    @activity.defn(name="claim.remind")
    async def remind(self, work: ClaimWork) -> ClaimState:
        """Somebody is told that the claim waits too long, or its time limit comes near."""
        async with self.sessions.begin() as session:
            row = await lock_claim(session, work.claim_no)
            due = row.due_at is not None and row.due_at <= work.at
            if row.outcome == ClaimOutcome.OPEN and due:
                times = row.reminders + 1
                at = _reminded(row, row.waits_for, work.at, times)
                await run(session, _REMINDED, claim_no=row.claim_no, due_at=at)
                await _remind(session, row, times, work.at)
            return await claim_state(session, work.claim_no)

    @activity.defn(name="claim.close")
    async def close(self, work: ClaimWork) -> ClaimState:
        """It is over: all of it came, was written off, or the parcel is there."""
        async with self.sessions.begin() as session:
            row = await lock_claim(session, work.claim_no)
            ending = ending_of(state_of(row))
            if row.outcome == ClaimOutcome.OPEN and ending is not ClaimOutcome.OPEN:
                await run(session, _CLOSE, claim_no=row.claim_no, outcome=ending)
                await _late_no_more(session, row.claim_no)
                data = {"claim_no": row.claim_no, "claim_outcome": str(ending)}
                await tell_story(session, row.order_id, row.claim_no, "claim_closed", data)
            return await claim_state(session, work.claim_no)


def _reminded(row: Any, waits: str, now: datetime, reminders: int) -> datetime:
    return remind_at(waits, now, row.file_by, reminders, terms_of(row.settings))


async def _remind(session: Any, row: Any, times: int, now: datetime) -> None:
    """The inbox item says it once more; with the third silence it is one for those above."""
    over = row.waits_for == "filing" and row.file_by <= now
    cause = "ClaimExpiring" if row.waits_for == "filing" else "ClaimWaits"
    if over or times >= _SILENT_AFTER:
        cause = "ClaimExpired" if row.waits_for == "filing" else "ClaimSilent"
    await open_attention(
        session,
        workflow_id=claim_workflow_id(row.claim_no),
        step_id=CLAIM_LATE,
        order_id=row.order_id,
        system=f"carrier/{row.carrier}",
        cause=cause,
        code=row.waits_for,
        attempts=times,
        error=f"claim {row.claim_no} waits longer than it should",
        actions=("done_by_hand",),
    )
    data = {"claim_no": row.claim_no, "claim_waits": row.waits_for, "times": str(times)}
    await tell_story(session, row.order_id, row.claim_no, "claim_late", data)


async def _late_no_more(session: Any, claim_no: str) -> None:
    await resolve_attention(
        session, workflow_id=claim_workflow_id(claim_no), step_id=CLAIM_LATE, by="system",
        resolution="done",
    )  # fmt: skip
