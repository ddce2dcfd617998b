"""Intents of outside calls: written before the call, so that nothing is ever sent twice blindly."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_INTEND: Final = """
INSERT INTO effect (key, kind, system, subject, state, attempts, result)
VALUES (:key, :kind, :system, :subject, 'intended', 1, '{}')
ON CONFLICT (key) DO UPDATE SET attempts = effect.attempts + 1, updated_at = clock_timestamp()
RETURNING state, attempts, result
"""

_SETTLE: Final = """
UPDATE effect SET state = CAST(:state AS text), result = effect.result || CAST(:result AS jsonb),
                  updated_at = clock_timestamp()
WHERE key = :key AND (state <> 'confirmed' OR CAST(:state AS text) = 'undone')
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """An intent as it stood before this attempt; `attempts` counts this one."""

    state: str
    attempts: int
    result: dict[str, Any]

    @property
    def is_first(self) -> bool:
        """Nothing was ever sent for it."""
        return self.attempts == 1 and self.state == "intended"


@dataclass(frozen=True, slots=True)
class EffectRepository:
    """Effects in the caller's transaction."""

    session: AsyncSession

    async def intend(self, key: str, kind: str, system: str, subject: str) -> Effect:
        """Write the intent, or find the earlier one; commit before calling anybody."""
        connection = await self.session.connection()
        row = await connection.execute(
            text(_INTEND), {"key": key, "kind": kind, "system": system, "subject": subject}
        )
        state, attempts, result = row.one()
        return Effect(state, attempts, result)

    async def settle(self, key: str, state: str, result: dict[str, Any] | None = None) -> None:
        """confirmed | unknown | rejected | undone; a confirmed effect can only be undone."""
        connection = await self.session.connection()
        await connection.execute(
            text(_SETTLE), {"key": key, "state": state, "result": json.dumps(result or {})}
        )
