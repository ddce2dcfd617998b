"""Which messages still have to reach their order, and which came after its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import open_attention
from db.platform.notices import LATE_FACT
from db.sql import run
from domain.orders.order import OrderStatus

# An order has this long to apply a message before it is handed over again, for ever.
AGAIN_AFTER: Final = timedelta(seconds=60)
# So many may be on their way for the first time. The rest wait here, where waiting costs nothing:
# an engine that is handed more than its workers can apply only gets slower, and what then is silent
# for longer than `AGAIN_AFTER` would be handed over again on top.
UNDER_WAY: Final = 256

_CLAIM: Final = """
WITH fresh AS (
    SELECT id FROM inbox
    WHERE applied_at IS NULL AND parked_reason = '' AND order_id IS NOT NULL AND handed_at IS NULL
    ORDER BY handed_at, id
    LIMIT least(:limit, greatest(0, :under_way - (
        SELECT count(*) FROM inbox
        WHERE applied_at IS NULL AND parked_reason = '' AND hand_overs = 1
          AND handed_at > clock_timestamp() - :again)))
    FOR UPDATE SKIP LOCKED
), silent AS (
    SELECT id FROM inbox
    WHERE applied_at IS NULL AND parked_reason = '' AND order_id IS NOT NULL
      AND handed_at <= clock_timestamp() - :again
    ORDER BY handed_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
), due AS (SELECT id FROM fresh UNION ALL SELECT id FROM silent)
UPDATE inbox i SET handed_at = clock_timestamp(), hand_overs = i.hand_overs + 1
FROM due, sales_order o
WHERE i.id = due.id AND o.id = i.order_id
RETURNING i.id, i.order_id, i.shop_id, i.source, i.topic, i.hand_overs, i.raw, o.channel,
          o.workflow_id, o.status, o.channel_state, o.version_revision, o.version_modified_us
"""

_RELEASE: Final = """
UPDATE inbox SET handed_at = NULL, hand_overs = hand_overs - 1
WHERE id = ANY(:ids) AND applied_at IS NULL
"""

_SETTLE_LATE: Final = """
UPDATE inbox SET applied_at = clock_timestamp(), outcome = 'late'
WHERE id = :id AND applied_at IS NULL RETURNING id
"""

_LATE_FACT: Final = """
INSERT INTO order_late_fact (inbox_id, order_id, fact) VALUES (:id, :order_id, :fact)
ON CONFLICT DO NOTHING
"""

_HEARD_FROM: Final = """
UPDATE shop SET last_push_at = clock_timestamp() WHERE id IN (
    SELECT id FROM shop
    WHERE id = ANY(:ids)
      AND coalesce(last_push_at, '-infinity') < clock_timestamp() - interval '1 s'
    ORDER BY id FOR UPDATE SKIP LOCKED)
"""

_ERASE: Final = """
UPDATE inbox SET raw = NULL WHERE id IN (
    SELECT id FROM inbox
    WHERE raw IS NOT NULL AND parked_reason = '' AND applied_at < clock_timestamp() - :age
    LIMIT 1000)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A message on its way to its order; `raw` is sealed for `inbox_id`, None once erased."""

    inbox_id: str
    order_id: str
    shop_id: str
    source: str
    topic: str
    hand_overs: int
    raw: bytes | None
    channel: str
    workflow_id: str
    status: OrderStatus
    channel_state: str
    version_revision: int
    version_modified_us: int

    @property
    def is_late(self) -> bool:
        """Whether the order was over when the message was taken."""
        return self.status.is_closed


async def claim(
    session: AsyncSession,
    limit: int,
    again_after: timedelta = AGAIN_AFTER,
    under_way: int = UNDER_WAY,
) -> list[HandOver]:
    """Take messages nobody has applied: at most `limit` new ones, and as many silent ones.

    New ones only as long as fewer than `under_way` are on their way to their orders, and silent
    ones after `again_after`.
    """
    rows = await run(session, _CLAIM, limit=limit, again=again_after, under_way=under_way)
    taken = [
        HandOver(
            row.id, row.order_id, row.shop_id, row.source, row.topic, row.hand_overs, row.raw,
            row.channel, row.workflow_id, OrderStatus(row.status), row.channel_state,
            row.version_revision, row.version_modified_us,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(taken, key=lambda message: message.inbox_id)


async def release(session: AsyncSession, inbox_ids: Sequence[str]) -> None:
    """These could not be handed over now: they are due at once."""
    if inbox_ids:
        await run(session, _RELEASE, ids=list(inbox_ids))


async def heard_from(session: AsyncSession, shop_ids: Sequence[str]) -> None:
    """These shops pushed something just now."""
    if shop_ids:
        await run(session, _HEARD_FROM, ids=sorted(set(shop_ids)))


async def settle_late(
    session: AsyncSession, message: HandOver, fact: str, needs_person: bool
) -> None:
    """Keep a message about a closed order without acting on it; attention when it matters."""
    if not await run(session, _SETTLE_LATE, id=message.inbox_id):
        return
    await run(session, _LATE_FACT, id=message.inbox_id, order_id=message.order_id, fact=fact[:500])
    if needs_person:
        await open_attention(
            session,
            workflow_id=message.workflow_id,
            step_id=LATE_FACT,
            order_id=message.order_id,
            cause="LateFact",
            code=str(message.status),
            error=f"The order is {message.status}; its channel now says: {fact}",
            actions=("done_by_hand",),
        )


async def workflow_ended(session: AsyncSession, message: HandOver) -> bool:
    """Say once that the workflow is over and its order is not; False when the order closed too."""
    rows = await run(session, "SELECT status FROM sales_order WHERE id = :id", id=message.order_id)
    if OrderStatus(rows[0].status).is_closed:
        return False
    await open_attention(
        session,
        workflow_id=message.workflow_id,
        step_id="workflow",
        order_id=message.order_id,
        cause="Bug",
        code="workflow_ended",
        error="The workflow of this order has ended, but the order has not.",
    )
    return True


async def erase_applied(session: AsyncSession, age: timedelta) -> int:
    """Erase up to 1,000 bodies that were applied longer than `age` ago."""
    return len(await run(session, _ERASE, age=age))
