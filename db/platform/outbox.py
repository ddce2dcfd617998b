"""The outbox: what has to be told after a commit. Rows are claimed, told and only then marked."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.tables import OutboxRow
from db.sql import execute, run

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = Literal["signal", "webhook"]

# A row whose teller died is told again after this; longer than any one telling takes.
LEASE: Final = timedelta(seconds=60)
_LONGEST_ERROR: Final = 500
_ROWS_PER_STATEMENT: Final = 1000

_CLAIM: Final = """
WITH due AS (
    SELECT id FROM outbox
    WHERE sent_at IS NULL AND due_at <= clock_timestamp() AND kind = :kind
    ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE outbox o SET due_at = clock_timestamp() + :lease, attempts = o.attempts + 1
FROM due WHERE o.id = due.id
RETURNING o.id, o.target, o.name, o.payload, o.event_id, o.attempts
"""

_SENT: Final = """
UPDATE outbox SET sent_at = clock_timestamp(), error = '' WHERE id = ANY(:ids) AND sent_at IS NULL
"""

_GIVEN_UP: Final = """
UPDATE outbox SET sent_at = clock_timestamp(), error = :error WHERE id = :id
"""

_LATER: Final = """
UPDATE outbox SET due_at = clock_timestamp() + :wait, error = :error,
                  attempts = attempts - CAST(:untried AS int)
WHERE id = ANY(:ids) AND sent_at IS NULL
"""

_AGAIN: Final = """
UPDATE outbox SET sent_at = NULL, due_at = clock_timestamp(), attempts = 0, error = ''
WHERE kind = 'webhook' AND event_id = :event_id
RETURNING id
"""

_PRUNE: Final = """
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE sent_at < clock_timestamp() - :age
    AND (kind = 'signal' OR error = '') LIMIT 1000)
RETURNING id
"""

_QUEUE_FOR_SHOP: Final = """
INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error)
SELECT 'webhook', e.id, CAST(:event_type AS text), CAST(:payload AS jsonb),
       CAST(:event_id AS text), 0, ''
FROM webhook_endpoint e
WHERE (e.shop_id = :shop_id OR e.shop_id IS NULL) AND e.active
  AND (e.events = '[]' OR e.events ? CAST(:event_type AS text))
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.kind = 'webhook' AND o.target = e.id
                  AND o.event_id = CAST(:event_id AS text))
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """A claimed outbox row: ours for `LEASE`."""

    id: int
    target: str
    name: str
    payload: dict[str, Any]
    event_id: str
    attempts: int


async def queue_signal(
    session: AsyncSession, workflow_id: str, name: str, message: "DataclassInstance"
) -> None:
    """After the commit, tell a workflow a fact: a dataclass its signal `name` takes."""
    await queue_signals(session, [workflow_id], name, message)


async def queue_signals(
    session: AsyncSession, workflow_ids: Sequence[str], name: str, message: "DataclassInstance"
) -> None:
    """After the commit, tell several workflows the same fact."""
    payload = asdict(message)
    rows = [
        {"kind": "signal", "target": target, "name": name, "payload": payload}
        for target in workflow_ids
    ]
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        await execute(session, insert(OutboxRow).values(rows[start : start + _ROWS_PER_STATEMENT]))


async def queue_shop_webhook(
    session: AsyncSession, *, shop_id: str, event_id: str, event_type: str, body: bytes
) -> int:
    """After the commit, tell the shop's subscribers; returns to how many.

    `event_id` is what they recognise a repetition by: the same event is queued once. `body` is the
    CloudEvent as they will get it, UTF-8 JSON.
    """
    rows = await run(
        session,
        _QUEUE_FOR_SHOP,
        shop_id=shop_id,
        event_type=event_type,
        event_id=event_id,
        payload=json.dumps({"body": body.decode()}, ensure_ascii=False),
    )
    return len(rows)


async def claim(session: AsyncSession, kind: Kind, limit: int) -> list[Telling]:
    """Take due rows, oldest first; nobody else gets them for `LEASE`."""
    rows = await run(session, _CLAIM, kind=kind, limit=limit, lease=LEASE)
    taken = [Telling(r.id, r.target, r.name, r.payload, r.event_id, r.attempts) for r in rows]
    return sorted(taken, key=lambda telling: telling.id)


async def mark_sent(session: AsyncSession, ids: Sequence[int]) -> None:
    """These were heard."""
    if ids:
        await run(session, _SENT, ids=list(ids))


async def give_up(session: AsyncSession, id: int, error: str) -> None:
    """Nobody will ever hear this one; `error` says why."""
    await run(session, _GIVEN_UP, id=id, error=_short(error))


async def try_later(
    session: AsyncSession, ids: Sequence[int], wait: timedelta, error: str, *, untried: bool = False
) -> None:
    """Come back to these after `wait`; `untried` ones do not count an attempt."""
    if ids:
        await run(session, _LATER, ids=list(ids), wait=wait, error=_short(error), untried=untried)


async def redeliver(session: AsyncSession, event_id: str) -> int:
    """Send an event to its subscribers again, under the same id; returns to how many."""
    return len(await run(session, _AGAIN, event_id=event_id))


async def prune(session: AsyncSession, age: timedelta) -> int:
    """Forget up to 1,000 rows that were heard longer than `age` ago; given-up webhooks stay."""
    return len(await run(session, _PRUNE, age=age))


def _short(error: str) -> str:
    return error.replace("\x00", "")[:_LONGEST_ERROR]
