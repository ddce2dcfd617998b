"""Subscribers: where events are told, with which secrets, how each try went."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.attention import open_attention
from db.sql import run
from db.vault import Vault, endpoint_context
from domain.shared.errors import SubscriberNotFound

# Uninterrupted failure for so long, and this many tries, and we stop trying by ourselves.
PAUSE_AFTER: Final = timedelta(hours=24)
PAUSE_TRIES: Final = 10

_COLUMNS: Final = """
SELECT e.id, e.shop_id, e.name, e.url, e.events, e.active, e.paused_at, e.paused_by,
       e.failing_since, e.old_until, e.created_at, s.name AS shop,
       (SELECT max(t.at) FROM webhook_try t WHERE t.endpoint_id = e.id) AS last_at,
       (SELECT count(*) FROM outbox o WHERE o.kind = 'webhook' AND o.target = e.id
          AND o.sent_at IS NULL) AS waiting,
       (SELECT count(*) FROM outbox o WHERE o.kind = 'webhook' AND o.target = e.id
          AND o.sent_at IS NOT NULL AND o.error <> '') AS missed
FROM webhook_endpoint e LEFT JOIN shop s ON s.id = e.shop_id
WHERE e.active"""
_LIST: Final = f"{_COLUMNS} ORDER BY e.created_at, e.id"
_ONE: Final = f"{_COLUMNS} AND e.id = :id"
_ADD: Final = """
INSERT INTO webhook_endpoint (id, shop_id, url, name, events, secret, old_secret, active)
VALUES (:id, CAST(:shop_id AS text), :url, :name, CAST(:events AS jsonb), :secret, '', true)
"""
_CHANGE: Final = """
UPDATE webhook_endpoint SET url = :url, name = :name, events = CAST(:events AS jsonb)
WHERE id = :id AND active RETURNING id
"""
_ROTATE: Final = """
UPDATE webhook_endpoint SET old_secret = secret, secret = :secret,
                            old_until = clock_timestamp() + :overlap
WHERE id = :id AND active RETURNING id
"""
_PAUSE: Final = """
UPDATE webhook_endpoint SET paused_at = clock_timestamp(), paused_by = :by
WHERE id = :id AND active AND paused_at IS NULL RETURNING id
"""
_RESUME: Final = """
UPDATE webhook_endpoint SET paused_at = NULL, paused_by = '', failing_since = NULL
WHERE id = :id AND active RETURNING id
"""
_REMOVE: Final = """
UPDATE webhook_endpoint SET active = false, secret = '', old_secret = '' WHERE id = :id AND active
RETURNING id
"""
_DUE_NOW: Final = """
UPDATE outbox SET due_at = clock_timestamp()
WHERE kind = 'webhook' AND target = :id AND sent_at IS NULL
"""
_CLOSE_NOTICE: Final = """
UPDATE attention SET resolved_at = clock_timestamp(), resolved_by = :by, resolution = 'resumed'
WHERE workflow_id = 'webhook/' || CAST(:id AS text) AND resolved_at IS NULL
"""
_TRIES: Final = """
SELECT id, event_id, event_type, attempt, at, duration_ms, status, error, next_at FROM webhook_try
WHERE endpoint_id = :id AND (CAST(:before AS bigint) = 0 OR id < :before)
  AND (NOT :failed OR error <> '')
ORDER BY id DESC LIMIT :limit
"""
_TRIED: Final = """
INSERT INTO webhook_try (endpoint_id, event_id, event_type, attempt, duration_ms, status, error,
                         next_at)
VALUES (:endpoint_id, :event_id, :event_type, :attempt, :duration_ms, CAST(:status AS int), :error,
        clock_timestamp() + CAST(:wait AS interval))
"""
_HEARD: Final = """
UPDATE webhook_endpoint SET failing_since = NULL WHERE id = :id AND failing_since IS NOT NULL
"""
_NOT_HEARD: Final = """
UPDATE webhook_endpoint e SET failing_since = coalesce(failing_since, clock_timestamp())
WHERE id = :id RETURNING failing_since,
    (SELECT count(*) FROM webhook_try t WHERE t.endpoint_id = e.id AND t.at >= e.failing_since)
    AS tries, clock_timestamp() AS now
"""
# What it has had, or is still to get, is told it again under the same id.
_AGAIN: Final = """
UPDATE outbox SET sent_at = NULL, due_at = clock_timestamp(), attempts = 0, error = ''
WHERE kind = 'webhook' AND target = :id AND event_id = ANY(:events)
RETURNING id
"""
_MISSED: Final = """
UPDATE outbox SET sent_at = NULL, due_at = clock_timestamp(), attempts = 0, error = ''
WHERE kind = 'webhook' AND target = :id AND sent_at IS NOT NULL AND error <> ''
RETURNING id
"""
_QUEUE: Final = """
INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error)
VALUES ('webhook', :id, :event_type, CAST(:payload AS jsonb), :event_id, 0, '')
"""
_PRUNE: Final = """
DELETE FROM webhook_try WHERE id IN (
    SELECT id FROM webhook_try WHERE at < clock_timestamp() - CAST(:age AS interval) LIMIT 1000)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """How one try went; `wait` is until the next one, none when there is none."""

    endpoint_id: str
    event_id: str
    event_type: str
    attempt: int
    duration_ms: int
    status: int | None
    error: str
    wait: timedelta | None


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Subscribers as one transaction sees them. Those that were removed are not there."""

    session: AsyncSession

    async def list(self) -> Sequence[Row[Any]]:
        """All of them, the oldest first."""
        return await run(self.session, _LIST)

    async def find(self, endpoint_id: str) -> Row[Any]:
        """One. Raises SubscriberNotFound."""
        return _one(await run(self.session, _ONE, id=endpoint_id))

    async def add(
        self, vault: Vault, secret: str, shop_id: str, url: str, name: str, events: Sequence[str]
    ) -> str:
        """Tell events from now on; returns the subscriber's id. No shop: all shops."""
        endpoint_id = new_id("we")
        await run(
            self.session, _ADD, id=endpoint_id, shop_id=shop_id or None, url=url, name=name,
            events=json.dumps(list(events)),
            secret=vault.seal(secret.encode(), endpoint_context(endpoint_id)),
        )  # fmt: skip
        return endpoint_id

    async def change(self, endpoint_id: str, url: str, name: str, events: Sequence[str]) -> None:
        """Another address, name or choice of events. Raises SubscriberNotFound."""
        _one(
            await run(
                self.session, _CHANGE, id=endpoint_id, url=url, name=name,
                events=json.dumps(list(events)),
            )
        )  # fmt: skip

    async def rotate(
        self, vault: Vault, endpoint_id: str, secret: str, overlap: timedelta
    ) -> None:  # fmt: skip
        """A new secret; the one before signs beside it for `overlap`. Raises SubscriberNotFound."""
        sealed = vault.seal(secret.encode(), endpoint_context(endpoint_id))
        _one(await run(self.session, _ROTATE, id=endpoint_id, secret=sealed, overlap=overlap))

    async def pause(self, endpoint_id: str, by: str) -> None:
        """Events wait until somebody resumes it."""
        await run(self.session, _PAUSE, id=endpoint_id, by=by)

    async def resume(self, endpoint_id: str, by: str) -> None:
        """What waits is told now; the notice about it is closed. Raises SubscriberNotFound."""
        _one(await run(self.session, _RESUME, id=endpoint_id))
        await run(self.session, _DUE_NOW, id=endpoint_id)
        await run(self.session, _CLOSE_NOTICE, id=endpoint_id, by=by)

    async def remove(self, endpoint_id: str) -> None:
        """It hears nothing more, and its secrets are forgotten. Raises SubscriberNotFound."""
        _one(await run(self.session, _REMOVE, id=endpoint_id))

    async def tries(
        self, endpoint_id: str, limit: int = 50, before: int = 0, *, failed: bool = False
    ) -> Sequence[Row[Any]]:
        """How telling it went, the latest first."""
        return await run(
            self.session, _TRIES, id=endpoint_id, limit=limit, before=before, failed=failed
        )  # fmt: skip

    async def tell(self, endpoint_id: str, event_id: str, event_type: str, body: bytes) -> None:
        """Tell this one subscriber an event."""
        payload = json.dumps({"body": body.decode()}, ensure_ascii=False)
        await run(
            self.session, _QUEUE, id=endpoint_id, event_id=event_id, event_type=event_type,
            payload=payload,
        )  # fmt: skip

    async def tell_again(self, endpoint_id: str, event_ids: Sequence[str]) -> int:
        """These events once more, under the same ids; returns how many are still known."""
        return len(await run(self.session, _AGAIN, id=endpoint_id, events=list(event_ids)))

    async def tell_missed(self, endpoint_id: str) -> int:
        """Everything that was given up, once more; returns how many."""
        return len(await run(self.session, _MISSED, id=endpoint_id))

    async def tried(self, tried: Tried) -> None:
        """Write down how a try went; who fails for long is paused, and somebody hears of it."""
        await run(
            self.session, _TRIED, endpoint_id=tried.endpoint_id, event_id=tried.event_id,
            event_type=tried.event_type, attempt=tried.attempt, duration_ms=tried.duration_ms,
            status=tried.status, error=tried.error[:300], wait=tried.wait,
        )  # fmt: skip
        if not tried.error:
            await run(self.session, _HEARD, id=tried.endpoint_id)
            return
        (failing,) = await run(self.session, _NOT_HEARD, id=tried.endpoint_id)
        if failing.now - failing.failing_since >= PAUSE_AFTER and failing.tries >= PAUSE_TRIES:
            await self._give_it_a_rest(tried, failing.failing_since)

    async def _give_it_a_rest(self, tried: Tried, since: datetime) -> None:
        await self.pause(tried.endpoint_id, "system")
        await open_attention(
            self.session,
            workflow_id=f"webhook/{tried.endpoint_id}",
            step_id="delivery",
            system=f"webhook/{tried.endpoint_id}",
            cause="Unavailable",
            code="paused",
            error=f"paused after failing since {since:%Y-%m-%d %H:%M} UTC: {tried.error}"[:500],
        )


async def prune_tries(session: AsyncSession, age: timedelta) -> int:
    """Forget up to 1,000 tries that are older than `age`."""
    return len(await run(session, _PRUNE, age=age))


def _one(rows: Sequence[Row[Any]]) -> Row[Any]:
    for row in rows:
        return row
    raise SubscriberNotFound("there is no such subscriber")
