"""Intents of outside calls: written before the call, so that nothing is ever sent twice blindly."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_INTEND: Final = """
INSERT INTO effect (key, kind, system, subject, state, attempts, result)
VALUES (:key, :kind, :system, :subject, 'intended', 1, '{}')
ON CONFLICT (key) DO UPDATE SET attempts = effect.attempts + 1, updated_at = clock_timestamp(),
    state = CASE effect.state WHEN 'rejected' THEN 'intended' ELSE effect.state END
RETURNING coalesce(old.state, new.state) AS state, new.attempts, new.result, new.system
"""

_SETTLE: Final = """
UPDATE effect SET state = CAST(:state AS text), result = effect.result || CAST(:result AS jsonb),
                  updated_at = clock_timestamp()
WHERE key = :key AND (state <> 'confirmed' OR CAST(:state AS text) = 'undone')
"""

_REMEMBER: Final = """
UPDATE effect SET result = effect.result || CAST(:result AS jsonb), updated_at = clock_timestamp()
WHERE key = :key
"""

_FIND: Final = "SELECT state, attempts + 1 AS attempts, result, system FROM effect WHERE key = :key"

_MOVE: Final = """
UPDATE effect SET system = :system, state = 'intended', updated_at = clock_timestamp(),
                  result = result || jsonb_build_object(
                      'round', coalesce((result->>'round')::int, 1) + 1)
WHERE key = :key AND state <> 'confirmed'
RETURNING state, attempts, result, system
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """An intent as it stood before this attempt, or stands before the next one; `attempts` counts
    that one.

    `system` is where earlier attempts went: a person may have chosen another one since.
    """

    state: str
    attempts: int
    result: dict[str, Any]
    system: str

    @property
    def is_first(self) -> bool:
        """Nothing was ever sent for it."""
        return self.attempts == 1 and self.state == "intended"

    @property
    def may_exist(self) -> bool:
        """An earlier attempt may have been carried out, whatever we heard of it."""
        return not self.is_first and self.state in ("intended", "unknown", "confirmed")


@dataclass(frozen=True, slots=True)
class EffectRepository:
    """Effects in the caller's transaction."""

    session: AsyncSession

    async def intend(self, key: str, kind: str, system: str, subject: str) -> Effect:
        """Write the intent, or find the earlier one; commit before calling anybody.

        One that was refused is intended again: this attempt may be carried out, and whoever undoes
        it must look for it, even when we do not live to hear the answer.
        """
        rows = await run(self.session, _INTEND, key=key, kind=kind, system=system, subject=subject)
        return _effect(rows[0])

    async def find(self, key: str) -> Effect | None:
        """The intent as it stands now; None when there never was one, so nothing was ever sent."""
        rows = await run(self.session, _FIND, key=key)
        return _effect(rows[0]) if rows else None

    async def move(self, key: str, system: str) -> Effect:
        """It goes to another system now; nothing of it is left at the earlier one.

        The result counts the `round`, because a reference may be used up where it was before.
        """
        rows = await run(self.session, _MOVE, key=key, system=system)
        return _effect(rows[0])

    async def remember(self, key: str, result: dict[str, Any]) -> None:
        """Keep what the call needs if it has to be made again; where it stands does not change."""
        await run(self.session, _REMEMBER, key=key, result=json.dumps(result))

    async def settle(self, key: str, state: str, result: dict[str, Any] | None = None) -> None:
        """confirmed | unknown | rejected | undone; a confirmed effect can only be undone."""
        await run(self.session, _SETTLE, key=key, state=state, result=json.dumps(result or {}))


def _effect(row: Any) -> Effect:
    return Effect(row.state, row.attempts, row.result, row.system)
