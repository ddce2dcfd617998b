"""The list of buyers whose orders are looked at before they go out, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.outbox import queue_signals
from db.sql import run
from domain.orders.messages import StateChanged

_BLOCK: Final = """
INSERT INTO blocked_buyer (channel, buyer_ref, reason) VALUES (:channel, :buyer_ref, :reason)
ON CONFLICT (channel, buyer_ref) DO UPDATE SET reason = excluded.reason
"""

_UNBLOCK: Final = """
DELETE FROM blocked_buyer WHERE channel = :channel AND buyer_ref = :buyer_ref RETURNING reason
"""

_LIST: Final = """
SELECT channel, buyer_ref, reason, at FROM blocked_buyer
WHERE (channel, buyer_ref) > (:channel, :buyer_ref)
ORDER BY channel, buyer_ref LIMIT :limit
"""

# Orders of theirs of which something has not left.
_OPEN: Final = """
SELECT o.workflow_id FROM sales_order o
WHERE o.channel = :channel AND o.buyer_ref = :buyer_ref
  AND o.status NOT IN ('shipped', 'delivered', 'completed', 'cancelled')
ORDER BY o.id
"""

_OF_ORDER: Final = """
SELECT b.reason FROM blocked_buyer b
JOIN sales_order o ON o.channel = b.channel AND o.buyer_ref = b.buyer_ref
WHERE o.id = :order_id AND o.buyer_ref <> ''
"""


@dataclass(frozen=True, slots=True)
class BlockedBuyers:
    """Buyers by the id their channel gives them; never by phone or name."""

    session: AsyncSession

    async def block(self, channel: str, buyer_ref: str, reason: str) -> int:
        """Put a buyer on the list; returns how many open orders of theirs were told to look."""
        await run(self.session, _BLOCK, channel=channel, buyer_ref=buyer_ref, reason=reason)
        rows = await run(self.session, _OPEN, channel=channel, buyer_ref=buyer_ref)
        targets = [row.workflow_id for row in rows]
        await queue_signals(self.session, targets, "state_changed", StateChanged("risk"))
        return len(targets)

    async def unblock(self, channel: str, buyer_ref: str) -> bool:
        """Take a buyer off the list; holds that were placed stay. False when not on it."""
        return bool(await run(self.session, _UNBLOCK, channel=channel, buyer_ref=buyer_ref))

    async def page(self, after: tuple[str, str], limit: int) -> Sequence[Row[Any]]:
        """Who is on the list, after (channel, buyer)."""
        return await run(self.session, _LIST, channel=after[0], buyer_ref=after[1], limit=limit)

    async def reasons(self, order_id: str) -> list[str]:
        """Why the buyer of this order is on the list; empty when not."""
        return [row.reason for row in await run(self.session, _OF_ORDER, order_id=order_id)]
