"""Looking after the gates: trying a shut one again, and waking who waits at a limited rate."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from db.engine import Sessions
from db.platform.outbox import queue_signals
from db.platform.pausing import credentials_renewed
from db.sql import run
from domain.orders.messages import GateOpened
from domain.platform.gates import GateTended, RenewedGate, TendGate

# How long a broken system is left alone before the first step is let through again.
PAUSE: Final = timedelta(seconds=30)

_TRY_AGAIN: Final = """
UPDATE gate SET state = 'draining', calls = 0, failures = 0, window_started_at = clock_timestamp(),
                changed_at = clock_timestamp(), changed_by = 'system'
WHERE system = :system AND state = 'holding' AND changed_by = 'system'
  AND changed_at < clock_timestamp() - CAST(:pause AS interval)
"""

_FLOW: Final = """
UPDATE gate SET state = 'flowing', reason = '', changed_at = clock_timestamp(),
                changed_by = 'system'
WHERE system = :system AND state = 'draining' AND (calls > failures OR changed_by <> 'system')
  AND NOT EXISTS (SELECT FROM gate_wait WHERE system = :system)
"""

_WAKE: Final = """
DELETE FROM gate_wait WHERE (workflow_id, step_id) IN (
    SELECT workflow_id, step_id FROM gate_wait WHERE system = :system
    ORDER BY since LIMIT :at_once FOR UPDATE SKIP LOCKED)
RETURNING workflow_id
"""

_STATE: Final = """
SELECT coalesce((SELECT state FROM gate WHERE system = :system), 'flowing') AS state,
       EXISTS (SELECT FROM gate WHERE system = :system AND state = 'holding'
               AND changed_by <> 'system') AS stopped,
       (SELECT at_once FROM gate WHERE system = :system) AS at_once,
       (SELECT count(*) FROM gate_wait WHERE system = :system) AS waiting
"""


@dataclass(frozen=True, slots=True)
class GateActivities:
    """The gates as their workflows use them."""

    sessions: Sessions
    pause: timedelta = PAUSE

    @activity.defn(name="gate.tend")
    async def tend(self, request: TendGate) -> GateTended:
        """Open a shut gate a crack after a pause, wake a few, open it wide when all went well."""
        async with self.sessions.begin() as session:
            await run(session, _TRY_AGAIN, system=request.system, pause=self.pause)
            before = (await run(session, _STATE, system=request.system))[0]
            if before.state != "holding":
                # The first step after a pause goes alone: it shows whether the others may follow.
                first = before.state == "draining" and await self._untried(request, session)
                at_once = 1 if first else before.at_once or request.at_once
                woken = await run(session, _WAKE, system=request.system, at_once=at_once)
                ids = sorted({row.workflow_id for row in woken})
                fact = GateOpened(request.system)
                await queue_signals(session, ids, "gate_opened", fact)
            await run(session, _FLOW, system=request.system)
            after = (await run(session, _STATE, system=request.system))[0]
        return GateTended(after.state, after.waiting, after.stopped)

    @activity.defn(name="gate.renewed")
    async def renewed(self, request: RenewedGate) -> None:
        """Open a gate that our credentials had shut; a person's own pause stays."""
        async with self.sessions.begin() as session:
            await credentials_renewed(session, request.system, request.by)

    async def _untried(self, request: TendGate, session: AsyncSession) -> bool:
        rows = await run(
            session, "SELECT calls FROM gate WHERE system = :system", system=request.system
        )
        return bool(rows) and rows[0].calls == 0
