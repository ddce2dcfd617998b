"""The attention inbox: what waits for a person. Functions take part in the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.tables import AttentionRow
from db.sql import execute, run

_LONGEST_ERROR: Final = 1000

# A step that is parked again soon after a decision did not go on by it, whatever it did between.
PARKED_AGAIN: Final = """
UPDATE attention SET outcome = 'parked_again', outcome_at = clock_timestamp()
WHERE id = (SELECT id FROM attention WHERE workflow_id = :workflow_id AND step_id = :step_id
              AND resolved_at IS NOT NULL AND resolution <> 'redriven'
            ORDER BY resolved_at DESC LIMIT 1)
  AND (outcome = '' OR outcome = 'went_on'
       AND resolved_at > clock_timestamp() - interval '10 minutes')
"""


async def open_attention(
    session: AsyncSession,
    *,
    workflow_id: str,
    step_id: str,
    cause: str,
    error: str,
    code: str = "",
    system: str = "",
    order_id: str | None = None,
    shipment_no: str | None = None,
    attempts: int | None = None,
    actions: Sequence[str] = (),
    input_fields: Mapping[str, Any] | None = None,
    fingerprint: str = "",
) -> str:
    """Say that a step waits for a person; one row while it is open, however often it is said.

    `attempts` is how often the step was tried, None counts the calls. `fingerprint` groups rows of
    one cause; by default system, cause and code. Returns the row's id.
    """
    told = {
        "cause": cause,
        "code": code[:100],
        "error": error.replace("\x00", "")[:_LONGEST_ERROR],
        "fingerprint": fingerprint or f"{system}|{cause}|{code}"[:300],
        "actions": list(actions),
        "input_fields": dict(input_fields or {}),
        "system": system,
    }
    await run(session, PARKED_AGAIN, workflow_id=workflow_id, step_id=step_id)
    tried = attempts if attempts is not None else col(AttentionRow.attempts) + 1
    rows = await execute(
        session,
        insert(AttentionRow)
        .values(
            id=new_id("att"),
            workflow_id=workflow_id,
            step_id=step_id,
            order_id=order_id,
            shipment_no=shipment_no,
            attempts=attempts if attempts is not None else 1,
            **told,
        )
        .on_conflict_do_update(
            index_elements=["workflow_id", "step_id"],
            index_where=col(AttentionRow.resolved_at).is_(None),
            set_={**told, "attempts": tried, "last_seen": func.clock_timestamp()},
        )
        .returning(col(AttentionRow.id)),
    )
    attention_id: str = rows[0].id
    return attention_id


async def resolve_attention(
    session: AsyncSession,
    *,
    workflow_id: str,
    step_id: str,
    by: str,
    resolution: str,
    note: str = "",
) -> bool:
    """Close the open row of a step; False when none is open."""
    rows = await execute(
        session,
        update(AttentionRow)
        .where(
            col(AttentionRow.workflow_id) == workflow_id,
            col(AttentionRow.step_id) == step_id,
            col(AttentionRow.resolved_at).is_(None),
        )
        .values(
            resolved_at=func.clock_timestamp(),
            resolved_by=by,
            resolution=resolution,
            note=note,
            outcome="went_on",
            outcome_at=func.clock_timestamp(),
        )
        .returning(col(AttentionRow.id)),
    )
    return bool(rows)


async def reminded(session: AsyncSession, workflow_id: str, step_id: str, times: int) -> None:
    """An item that waits is as new again, and says how often somebody was reminded."""
    await run(
        session,
        "UPDATE attention SET attempts = :times, last_seen = clock_timestamp()"
        " WHERE workflow_id = :workflow_id AND step_id = :step_id AND resolved_at IS NULL",
        workflow_id=workflow_id, step_id=step_id, times=times,
    )  # fmt: skip


async def waiting(session: AsyncSession, workflow_id: str) -> Sequence[Row[Any]]:
    """What of a workflow waits for a person, the oldest first."""
    return await run(
        session,
        "SELECT * FROM attention WHERE workflow_id = :workflow_id AND resolved_at IS NULL"
        " ORDER BY first_seen",
        workflow_id=workflow_id,
    )  # fmt: skip
