"""Outside systems that are left alone on purpose: paused by a person, or refusing who we are."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import open_attention, resolve_attention
from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import GateOpened
from domain.shared.errors import CredentialsRefused, SettingsRefused
from domain.shared.ids import gate_workflow_id

# Who shut a gate whose credentials were refused; `system` is the gate's own doing, all else people.
BY_CREDENTIALS: Final = "credentials"
BY_SETTINGS: Final = "settings"
# The step a person is asked for has the name of what shut the gate.
STEP: Final = BY_CREDENTIALS
# Calls that began, and clients that were made, with credentials that were just replaced are over
# by then: what they bring says nothing about the new ones.
SETTLED_AFTER_S: Final = 10.0

_STOPPED: Final = """
SELECT 1 FROM gate WHERE system = :system AND state = 'holding' AND changed_by <> 'system'
"""

_JUST_CHANGED: Final = """
SELECT state <> 'holding' AND changed_at > clock_timestamp() - make_interval(secs => :settled_s)
       AS just_changed
FROM gate WHERE system = :system FOR UPDATE
"""

_RENEW_AT_ONCE: Final = "UPDATE credentials SET renewing_until = NULL WHERE system = :system"

_RENEWED: Final = """
SELECT 1 FROM credentials
WHERE system = :system AND changed_at > clock_timestamp() - make_interval(secs => :settled_s)
"""

# A person's pause stays a person's; the gate's own hold becomes one that does not try by itself.
_SHUT: Final = """
INSERT INTO gate (system, state, reason, calls, failures, changed_by)
VALUES (:system, 'holding', :reason, 0, 0, :by)
ON CONFLICT (system) DO UPDATE SET state = 'holding', reason = excluded.reason,
    changed_at = clock_timestamp(), changed_by = excluded.changed_by
WHERE gate.state <> 'holding' OR gate.changed_by = 'system'
   OR (gate.changed_by IN ('credentials', 'settings')
       AND excluded.changed_by <> gate.changed_by)
RETURNING 1
"""

_REOPEN: Final = """
UPDATE gate SET state = 'draining', reason = '', calls = 0, failures = 0,
                window_started_at = clock_timestamp(), changed_at = clock_timestamp(),
                changed_by = :by
WHERE system = :system AND state = 'holding'
  AND (NOT :by_itself OR changed_by IN ('credentials', 'settings'))
RETURNING 1
"""


# Opened by hand: at once for all (flowing), or a few at a time with the first one alone (draining).
_LET_THROUGH: Final = """
INSERT INTO gate (system, state, reason, calls, failures, changed_by, window_started_at)
SELECT CAST(:system AS text), CAST(:state AS text), CAST(:reason AS text), 0, 0,
       CAST(:by AS text), clock_timestamp()
WHERE CAST(:state AS text) <> 'flowing' OR EXISTS (SELECT FROM gate WHERE system = :system)
ON CONFLICT (system) DO UPDATE SET state = excluded.state, reason = excluded.reason, calls = 0,
    failures = 0, window_started_at = clock_timestamp(), changed_at = clock_timestamp(),
    changed_by = excluded.changed_by
WHERE gate.state <> excluded.state
RETURNING 1
"""

_WAKE_SO_MANY: Final = """
INSERT INTO gate (system, state, reason, calls, failures, changed_by, at_once)
VALUES (:system, 'flowing', '', 0, 0, 'system', :at_once)
ON CONFLICT (system) DO UPDATE SET at_once = excluded.at_once
"""


async def stopped(session: AsyncSession, system: str) -> bool:
    """Whether nothing is asked of the system until a person says so."""
    return bool(await run(session, _STOPPED, system=system))


async def credentials_refused(
    session: AsyncSession, system: str, refusal: CredentialsRefused
) -> bool:
    """Shut the gate and ask for a person, once however many calls are refused, by them or by a
    setting of ours that cannot be used.

    False when the gate was opened only just now: the refused call may have used the old
    credentials, so it is to be made again.
    """
    known = await run(session, _JUST_CHANGED, system=system, settled_s=SETTLED_AFTER_S)
    if known and known[0].just_changed:
        return False
    is_new = await run(session, _RENEWED, system=system, settled_s=SETTLED_AFTER_S)
    if is_new and not isinstance(refusal, SettingsRefused):
        return False
    by = BY_SETTINGS if isinstance(refusal, SettingsRefused) else BY_CREDENTIALS
    reason = str(refusal) if by == BY_SETTINGS else f"{refusal.code}: {refusal}"
    await _shut(session, system, reason, by)
    await open_attention(
        session,
        workflow_id=gate_workflow_id(system),
        step_id=by,
        system=system,
        cause=type(refusal).__name__,
        code=refusal.code,
        error=str(refusal),
        actions=("retry",),
    )
    return True


async def pause(session: AsyncSession, system: str, by: str, reason: str) -> bool:
    """Leave the system alone until somebody resumes it; False when it is paused already."""
    return await _shut(session, system, reason, by)


async def resume(session: AsyncSession, system: str, by: str) -> bool:
    """Go on with whoever waits, one first; False when the system is not shut."""
    return await _reopen(session, system, by, by_itself=False)


async def let_through(session: AsyncSession, system: str, state: str, by: str, reason: str) -> bool:
    """Open the gate by hand, wide (flowing) or carefully (draining); False when it is so already.

    What was asked about its credentials is settled: if they are refused again, it is asked anew.
    """
    opened = await run(
        session, _LET_THROUGH, system=system, state=state, by=by, reason=reason[:200]
    )
    if opened:
        await _settle_questions(session, system, by)
        await _look_again(session, system)
    return bool(opened)


async def wake_so_many(session: AsyncSession, system: str, at_once: int) -> None:
    """How many of those that wait are woken at a time."""
    await run(session, _WAKE_SO_MANY, system=system, at_once=at_once)


async def credentials_renewed(session: AsyncSession, system: str, by: str) -> bool:
    """There is hope again: settle the questions and open the gate, unless a person paused it. What
    is still wrong shuts it once more."""
    await _settle_questions(session, system, by)
    return await _reopen(session, system, by, by_itself=True)


async def _settle_questions(session: AsyncSession, system: str, by: str) -> None:
    await run(session, _RENEW_AT_ONCE, system=system)
    for step in (BY_CREDENTIALS, BY_SETTINGS):
        await resolve_attention(
            session, workflow_id=gate_workflow_id(system), step_id=step, by=by, resolution="retry"
        )


async def _shut(session: AsyncSession, system: str, reason: str, by: str) -> bool:
    shut = await run(session, _SHUT, system=system, reason=reason[:200], by=by)
    if shut:
        await _look_again(session, system)
    return bool(shut)


async def _reopen(session: AsyncSession, system: str, by: str, *, by_itself: bool) -> bool:
    opened = await run(session, _REOPEN, system=system, by=by, by_itself=by_itself)
    if opened:
        await _look_again(session, system)
    return bool(opened)


async def _look_again(session: AsyncSession, system: str) -> None:
    """The gate's workflow sleeps while the gate is shut on purpose."""
    await queue_signal(session, gate_workflow_id(system), "gate_shut", GateOpened(system))
