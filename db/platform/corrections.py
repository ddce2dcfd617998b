"""Values that people give for a step that waits; workflows carry only the id."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_CORRECT: Final = """
INSERT INTO correction (id, workflow_id, step_id, data, actor)
VALUES (:id, :workflow_id, :step_id, CAST(:data AS jsonb), :actor)
ON CONFLICT (id) DO NOTHING
"""


async def keep_correction(
    session: AsyncSession,
    item_id: str,
    workflow_id: str,
    step_id: str,
    values: Mapping[str, str],
    *,
    by: str,
    request_id: str,
) -> str:
    """Keep the values of an attention item under an id that a repeated request finds again."""
    seed = f"{item_id}\x1f{request_id}"
    correction_id = f"cor_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"
    await run(
        session, _CORRECT, id=correction_id, workflow_id=workflow_id, step_id=step_id,
        data=json.dumps(dict(values), ensure_ascii=False), actor=by,
    )  # fmt: skip
    return correction_id


async def correction(session: AsyncSession, correction_id: str) -> Mapping[str, Any]:
    """What was given under this id; nothing where nothing was."""
    if not correction_id:
        return {}
    rows = await run(session, "SELECT data FROM correction WHERE id = :id", id=correction_id)
    return dict(rows[0].data) if rows else {}
