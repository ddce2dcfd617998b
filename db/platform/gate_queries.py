"""Gates as people read them: every outside system, whether it is used, or how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.platform.gates import Window, recent

# A system that was never called has no row: it flows.
_GATES: Final = """
WITH known AS (
    SELECT 'carrier/' || code AS system, name, active FROM carrier_account
    UNION ALL SELECT 'shop/' || id, name, active FROM shop
    UNION ALL SELECT 'payment/' || id, name, active FROM payment_account
    UNION ALL SELECT 'erp/' || id, name, active FROM erp_account
    UNION ALL SELECT 'invoice/' || id, name, active FROM invoice_account)
SELECT k.system, k.name, k.active, coalesce(g.state, 'flowing') AS state,
       coalesce(g.reason, '') AS reason, coalesce(g.changed_by, 'system') AS changed_by,
       g.changed_at, g.last_call_at, g.window_started_at, coalesce(g.calls, 0) AS calls,
       coalesce(g.failures, 0) AS failures, coalesce(g.windows, '[]') AS windows, g.at_once,
       coalesce(w.waiting, 0) AS waiting, w.oldest
FROM known k
LEFT JOIN gate g ON g.system = k.system
LEFT JOIN (SELECT system, count(*) AS waiting, min(since) AS oldest FROM gate_wait GROUP BY system)
       w ON w.system = k.system
WHERE CAST(:system AS text) = '' OR k.system = :system
ORDER BY (coalesce(g.state, 'flowing') = 'flowing'), coalesce(w.waiting, 0) DESC, k.system
"""


@dataclass(frozen=True, slots=True)
class GateStanding:
    """One gate now. `windows` are the minutes in which it was called lately, the oldest first."""

    system: str
    name: str
    active: bool
    state: str
    reason: str
    changed_by: str
    changed_at: datetime | None
    last_call_at: datetime | None
    waiting: int
    oldest: datetime | None
    at_once: int | None
    windows: tuple[Window, ...]

    @property
    def calls(self) -> int:
        """Calls in these windows."""
        return sum(window.calls for window in self.windows)

    @property
    def failures(self) -> int:
        """Those of them that failed."""
        return sum(window.failures for window in self.windows)

    @property
    def failure_percent(self) -> int | None:
        """Their share; None when nobody called."""
        return round(100 * self.failures / self.calls) if self.calls else None

    @property
    def stopped(self) -> bool:
        """Shut until somebody opens it."""
        return self.state == "holding" and self.changed_by != "system"


async def gates(session: AsyncSession, now: datetime, system: str = "") -> Sequence[GateStanding]:
    """Every gate, or one: those that do not flow first."""
    return [_standing(row, now) for row in await run(session, _GATES, system=system)]


def _standing(row: Any, now: datetime) -> GateStanding:
    told = [
        Window(datetime.fromisoformat(one["at"]), one["calls"], one["failures"])
        for one in row.windows
        if one["at"]
    ]
    if row.window_started_at is not None:
        told.insert(0, Window(row.window_started_at, row.calls, row.failures))
    return GateStanding(
        row.system, row.name or row.system.partition("/")[2], row.active, row.state, row.reason,
        row.changed_by, row.changed_at, row.last_call_at, row.waiting, row.oldest, row.at_once,
        recent(told, now),
    )  # fmt: skip
