"""The findings of the audit: kept while they are there, ended when they are gone."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.attention import open_attention, resolve_attention
from db.platform.audit import audit
from db.sql import run
from domain.platform.auditing import MOST_KEPT, MOST_REPAIRED, Mended, is_confirmed, name_of

AUDIT: Final = "audit"  # what attention items of the audit wait for

_MADE: Final = """
INSERT INTO audit_check AS c (name, made_at, found, took_ms)
VALUES (:name, clock_timestamp(), :found, :took_ms)
ON CONFLICT (name) DO UPDATE SET made_at = excluded.made_at, found = excluded.found,
    took_ms = excluded.took_ms
"""
_KEEP: Final = """
INSERT INTO audit_finding AS f (id, check_name, named, facts, seen, ending, repaired_by, before,
                                after, refused)
SELECT x.id, :name, x.named, CAST(x.facts AS jsonb), 1, '', '', '{}', '{}', ''
FROM unnest(CAST(:ids AS text[]), CAST(:named AS text[]), CAST(:facts AS text[]))
    AS x(id, named, facts)
ORDER BY x.named
ON CONFLICT (check_name, named) WHERE gone_at IS NULL DO UPDATE
SET facts = excluded.facts, seen = f.seen + 1, last_seen = clock_timestamp()
RETURNING id
"""
_GONE: Final = """
UPDATE audit_finding SET gone_at = clock_timestamp(), ending = 'by_itself'
WHERE check_name = :name AND gone_at IS NULL AND NOT (named = ANY(CAST(:named AS text[])))
"""
_CONFIRMED: Final = """
SELECT id, seen FROM audit_finding WHERE check_name = :name AND gone_at IS NULL
ORDER BY first_seen, id LIMIT :limit
"""
_LOCKED: Final = "SELECT * FROM audit_finding WHERE id = :id FOR UPDATE"
_ENDED: Final = """
UPDATE audit_finding SET gone_at = clock_timestamp(), ending = :ending, repaired_by = :by,
    before = CAST(:before AS jsonb), after = CAST(:after AS jsonb), refused = ''
WHERE id = :id
"""
_REFUSED: Final = "UPDATE audit_finding SET refused = :why WHERE id = :id AND gone_at IS NULL"
_OPEN: Final = """
SELECT c.name, count(f.id) FILTER (WHERE f.seen >= 2) AS confirmed
FROM audit_check c LEFT JOIN audit_finding f ON f.check_name = c.name AND f.gone_at IS NULL
GROUP BY c.name ORDER BY c.name
"""
_CHECKS: Final = """
SELECT c.*, (SELECT count(*) FROM audit_finding f
             WHERE f.check_name = c.name AND f.gone_at IS NULL) AS open
FROM audit_check c ORDER BY c.name
"""
_LISTED: Final = """
SELECT * FROM audit_finding
WHERE (:gone OR gone_at IS NULL) AND (NOT :gone OR gone_at IS NOT NULL)
  AND (:name = '' OR check_name = :name)
  AND (CAST(:at AS timestamptz) IS NULL OR (last_seen, id) < (CAST(:at AS timestamptz), :id))
ORDER BY last_seen DESC, id DESC LIMIT :limit
"""


async def keep(
    session: AsyncSession, check: str, rows: Sequence[Mapping[str, Any]], took_ms: int
) -> None:
    """What a check found just now: new ones begin, known ones are seen again, others are gone."""
    await run(session, _MADE, name=check, found=len(rows), took_ms=took_ms)
    await note(session, check, rows)
    if len(rows) <= MOST_KEPT:
        await run(session, _GONE, name=check, named=[name_of(_facts(row)) for row in rows])


async def note(session: AsyncSession, check: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Findings that somebody sees now, whatever else there may be; returns their ids."""
    found = {name_of(one): one for one in map(_facts, rows[:MOST_KEPT])}
    kept = await run(
        session, _KEEP, name=check, ids=[new_id("fnd") for _ in found], named=list(found),
        facts=[json.dumps(one, ensure_ascii=False) for one in found.values()],
    )  # fmt: skip
    return [row.id for row in kept]


async def confirmed(session: AsyncSession, check: str) -> list[str]:
    """Which findings of a check are no movement in flight, the oldest first; none when there are
    so many that the check or a whole table must be broken."""
    rows = await run(session, _CONFIRMED, name=check, limit=MOST_KEPT)
    if len(rows) > MOST_REPAIRED:
        return []
    return [row.id for row in rows if is_confirmed(row.seen)]


async def locked(session: AsyncSession, finding_id: str) -> Row[Any] | None:
    """A finding that nobody else repairs meanwhile."""
    rows = await run(session, _LOCKED, id=finding_id)
    return rows[0] if rows else None


async def ended(
    session: AsyncSession, finding_id: str, mended: Mended, by: str, request_id: str
) -> None:
    """It is right now; a repair is written into the audit trail with before and after."""
    await run(
        session, _ENDED, id=finding_id, ending="repaired" if mended.changed else "by_itself",
        by=by if mended.changed else "", before=json.dumps(dict(mended.before), ensure_ascii=False),
        after=json.dumps(dict(mended.after), ensure_ascii=False),
    )  # fmt: skip
    if mended.changed:
        await audit(
            session, by, "audit.repaired", f"finding/{finding_id}", before=mended.before,
            after=mended.after, request_id=request_id,
        )  # fmt: skip


async def refused(session: AsyncSession, finding_id: str, why: str) -> None:
    """Why it was left as it is, for the person who looks at it."""
    await run(session, _REFUSED, id=finding_id, why=why[:500])


async def conclude(session: AsyncSession) -> int:
    """One attention item for each check whose findings wait for a person; returns how many."""
    waiting = 0
    for row in await run(session, _OPEN):
        if not row.confirmed:
            await resolve_attention(
                session, workflow_id=AUDIT, step_id=f"{AUDIT}/{row.name}", by="system",
                resolution="right_again",
            )  # fmt: skip
            continue
        waiting += 1
        await open_attention(
            session, workflow_id=AUDIT, step_id=f"{AUDIT}/{row.name}", system=AUDIT,
            cause="NumbersDiffer", code=row.name, attempts=row.confirmed,
            error=f"{row.confirmed} rows break the check {row.name}", actions=["done_by_hand"],
        )  # fmt: skip
    return waiting


async def checks_made(session: AsyncSession) -> Sequence[Row[Any]]:
    """Every check with when it was made, and what of it is open."""
    return await run(session, _CHECKS)


async def listed(
    session: AsyncSession, *, gone: bool, check: str, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Findings that are there, or those that are gone; the last seen first."""
    at, last = after or (None, "")
    return await run(session, _LISTED, gone=gone, name=check, at=at, id=last, limit=limit)


async def one(session: AsyncSession, finding_id: str) -> Row[Any] | None:
    """A finding."""
    rows = await run(session, "SELECT * FROM audit_finding WHERE id = :id", id=finding_id)
    return rows[0] if rows else None


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    """A value as JSON says it; sums come as decimals that are whole."""
    if value is None or isinstance(value, str | bool | int | dict | list):
        return value
    return int(value) if isinstance(value, Decimal) else str(value)
