"""The list of buyers whose orders are looked at before they go out, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import vault_in
from db.keys import buyer_digest
from db.platform.outbox import queue_signals
from db.sql import run
from db.vault import Vault, buyer_context
from domain.orders.messages import StateChanged

_BLOCK: Final = """
INSERT INTO blocked_buyer (channel, buyer_digest, sealed, reason)
VALUES (:channel, :digest, :sealed, :reason)
ON CONFLICT (channel, buyer_digest) DO UPDATE SET reason = excluded.reason
"""

_UNBLOCK: Final = """
DELETE FROM blocked_buyer WHERE channel = :channel AND buyer_digest = :digest RETURNING reason
"""

_LIST: Final = """
SELECT channel, buyer_digest, sealed, reason, at FROM blocked_buyer
WHERE (channel, buyer_digest) > (:channel, :digest)
ORDER BY channel, buyer_digest LIMIT :limit
"""

# Orders of theirs of which something has not left.
_OPEN: Final = """
SELECT o.workflow_id FROM sales_order o
WHERE o.channel = :channel AND o.buyer_digest = :digest
  AND o.status NOT IN ('shipped', 'delivered', 'completed', 'cancelled')
ORDER BY o.id
"""

_OF_ORDER: Final = """
SELECT b.reason FROM blocked_buyer b
JOIN sales_order o ON o.channel = b.channel AND o.buyer_digest = b.buyer_digest
WHERE o.id = :order_id AND o.buyer_digest <> ''
"""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A buyer on the list; `digest` is what he is found and sorted by."""

    channel: str
    buyer_ref: str
    digest: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BlockedBuyers:
    """Buyers by the id their channel gives them; never by phone or name."""

    session: AsyncSession

    async def block(self, channel: str, buyer_ref: str, reason: str) -> int:
        """Put a buyer on the list; returns how many open orders of theirs were told to look."""
        vault, digest = vault_in(self.session), await self.digest_of(buyer_ref)
        sealed = vault.seal(buyer_ref.encode(), buyer_context(channel, digest))
        await run(
            self.session, _BLOCK, channel=channel, digest=digest, sealed=sealed, reason=reason
        )
        rows = await run(self.session, _OPEN, channel=channel, digest=digest)
        targets = [row.workflow_id for row in rows]
        await queue_signals(self.session, targets, "state_changed", StateChanged("risk"))
        return len(targets)

    async def unblock(self, channel: str, buyer_ref: str) -> bool:
        """Take a buyer off the list; holds that were placed stay. False when not on it."""
        digest = await self.digest_of(buyer_ref)
        return bool(await run(self.session, _UNBLOCK, channel=channel, digest=digest))

    async def page(self, after: tuple[str, str], limit: int) -> Sequence[Blocked]:
        """Who is on the list, after (channel, digest). Raises CannotOpen."""
        vault = vault_in(self.session)
        rows = await run(self.session, _LIST, channel=after[0], digest=after[1], limit=limit)
        return [_blocked(vault, row) for row in rows]

    async def reasons(self, order_id: str) -> list[str]:
        """Why the buyer of this order is on the list; empty when not."""
        return [row.reason for row in await run(self.session, _OF_ORDER, order_id=order_id)]

    async def digest_of(self, buyer_ref: str) -> str:
        """What stands for the buyer where he is not named."""
        return await buyer_digest(self.session, vault_in(self.session), buyer_ref)


def _blocked(vault: Vault, row: Row[Any]) -> Blocked:
    plain = vault.open(bytes(row.sealed), buyer_context(row.channel, row.buyer_digest))
    return Blocked(row.channel, plain.decode(), row.buyer_digest, row.reason, row.at)
