"""Lines of an order's story that people write at their desk; its workflow has no part in them."""

import json
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

DESK: Final = "desk"

# Counted by the clock: nobody counts them for all who write.
_EVENT: Final = """
INSERT INTO order_event (order_id, source, seq, at, kind, data, actor)
VALUES (:order_id, 'desk', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        clock_timestamp(), :kind, CAST(:data AS jsonb), :actor)
"""


async def desk_event(
    session: AsyncSession, order_id: str, kind: str, actor: str, **data: str
) -> None:
    """One more line of the story; its data never names people."""
    await run(
        session, _EVENT, order_id=order_id, kind=kind, actor=actor,
        data=json.dumps(data, ensure_ascii=False),
    )  # fmt: skip
