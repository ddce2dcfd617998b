"""Gates: whether we call an outside system now; one that keeps failing is left alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from db.engine import Sessions
from db.platform.outbox import queue_signal
from db.platform.pausing import credentials_refused
from db.sql import run
from domain.orders.messages import GateOpened
from domain.shared.errors import CredentialsRefused, GateHolding, RateLimited, Unavailable
from domain.shared.ids import gate_workflow_id

LEAST_FAILURES: Final = 5
FAILURE_SHARE: Final = 0.5
_WINDOW_S: Final = 60.0
REMEMBERED_S: Final = 1.0

_COUNT: Final = """
INSERT INTO gate (system, state, reason, window_started_at, calls, failures, changed_by,
                  last_call_at)
VALUES (:system, 'flowing', '', clock_timestamp(), 1, :failed, 'system', clock_timestamp())
ON CONFLICT (system) DO UPDATE SET
    last_call_at = clock_timestamp(),
    calls = CASE WHEN gate.window_started_at < clock_timestamp() - make_interval(secs => :window)
                 THEN 1 ELSE gate.calls + 1 END,
    failures = CASE WHEN gate.window_started_at < clock_timestamp() - make_interval(secs => :window)
                    THEN :failed ELSE gate.failures + :failed END,
    windows = CASE
        WHEN gate.window_started_at < clock_timestamp() - make_interval(secs => :window)
        THEN jsonb_path_query_array(jsonb_build_array(jsonb_build_object(
                 'at', gate.window_started_at, 'calls', gate.calls, 'failures', gate.failures))
             || gate.windows, '$[0 to 29]')
        ELSE gate.windows END,
    window_started_at = CASE
        WHEN gate.window_started_at < clock_timestamp() - make_interval(secs => :window)
        THEN clock_timestamp() ELSE gate.window_started_at END
RETURNING state, calls, failures
"""

_HOLD: Final = """
UPDATE gate SET state = 'holding', reason = :reason, changed_at = clock_timestamp(),
                changed_by = 'system'
WHERE system = :system AND state <> 'holding'
"""

_WAIT: Final = """
INSERT INTO gate_wait (workflow_id, step_id, system) VALUES (:workflow_id, :step_id, :system)
ON CONFLICT (workflow_id, step_id) DO NOTHING
"""


class WaitingStep(Protocol):
    """A step that is queued at a shut gate: its workflow is woken when the gate opens."""

    @property
    def workflow_id(self) -> str: ...
    @property
    def step_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step of a workflow whose call says nothing more of it."""

    workflow_id: str
    step_id: str


@dataclass(slots=True)
class Gates:
    """The gates as one worker process sees them; their state is read at most once a second."""

    sessions: Sessions
    _seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    _refusing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def through(self, system: str, step: WaitingStep) -> AsyncIterator[None]:
        """Call the outside inside this. Raises GateHolding when it is shut; the step is queued.

        A refusal of our credentials shuts it for everybody, and asks a person once.
        """
        if await self._state(system) == "holding":
            await self._queue(system, step)
            raise GateHolding(f"{system} is not called at the moment")
        try:
            yield
        except CredentialsRefused as error:
            await self._refused(system, error)
            await self._queue(system, step)
            raise GateHolding(f"{system} refuses our credentials") from error
        except (Unavailable, RateLimited) as error:
            await self._count(system, 1, str(error))
            raise
        else:
            await self._count(system, 0, "")

    async def _refused(self, system: str, error: CredentialsRefused) -> None:
        """Raises Unavailable, so that the call is made again, when the credentials are new."""
        async with self._refusing:  # the many that are refused together need not all say so
            if self._seen.get(system, (0.0, ""))[1] == "holding":
                return
            async with self.sessions.begin() as session:
                shut = await credentials_refused(session, system, error)
            if not shut:
                text = f"{system} refused credentials that were just replaced"
                raise Unavailable(text, code=error.code, system=error.system) from error
            self._seen[system] = (time.monotonic(), "holding")

    async def _state(self, system: str) -> str:
        seen_at, state = self._seen.get(system, (0.0, ""))
        if time.monotonic() - seen_at < REMEMBERED_S:
            return state
        async with self.sessions.begin() as session:
            rows = await run(
                session, "SELECT state FROM gate WHERE system = :system", system=system
            )
            state = rows[0].state if rows else "flowing"
        self._seen[system] = (time.monotonic(), state)
        return state

    async def _count(self, system: str, failed: int, reason: str) -> None:
        async with self.sessions.begin() as session:
            (gate,) = await run(session, _COUNT, system=system, failed=failed, window=_WINDOW_S)
            share = gate.calls * FAILURE_SHARE
            broken = gate.failures >= LEAST_FAILURES and gate.failures >= share
            if failed and (broken or gate.state == "draining"):
                await run(session, _HOLD, system=system, reason=reason[:200])
                await queue_signal(
                    session, gate_workflow_id(system), "gate_shut", GateOpened(system)
                )
                self._seen[system] = (time.monotonic(), "holding")

    async def _queue(self, system: str, step: WaitingStep) -> None:
        async with self.sessions.begin() as session:
            await run(
                session, _WAIT, workflow_id=step.workflow_id, step_id=step.step_id, system=system
            )
