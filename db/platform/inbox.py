"""The attention inbox as people read it: grouped by cause, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.tables import AttentionRow
from db.sql import run

_GROUPS: Final = """
SELECT fingerprint, count(*) AS items, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
       (array_agg(system ORDER BY last_seen DESC))[1] AS system,
       (array_agg(cause ORDER BY last_seen DESC))[1] AS cause,
       (array_agg(code ORDER BY last_seen DESC))[1] AS code,
       (array_agg(step_id ORDER BY last_seen DESC))[1] AS step_id,
       (array_agg(error ORDER BY last_seen DESC))[1] AS error
FROM attention WHERE resolved_at IS NULL
GROUP BY fingerprint ORDER BY count(*) DESC, max(last_seen) DESC, fingerprint LIMIT :limit
"""

_ITEMS: Final = """
SELECT a.*, o.no AS order_no, o.status AS order_status
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
WHERE a.resolved_at IS NULL AND (:fingerprint = '' OR a.fingerprint = :fingerprint)
  AND (:after = '' OR a.id > :after)
ORDER BY a.id LIMIT :limit
"""

_ITEM: Final = """
SELECT a.*, o.no AS order_no, o.status AS order_status
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id WHERE a.id = :item_id
"""

_OF_SHIPMENT: Final = """
SELECT id, step_id, cause, error, first_seen FROM attention
WHERE shipment_no = :shipment_no AND resolved_at IS NULL ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class AttentionInbox:
    """One transaction's view of what waits for people."""

    session: AsyncSession

    async def groups(self, limit: int = 100) -> Sequence[Row[Any]]:
        """Open items per fingerprint, most first, with the words of the latest."""
        return await run(self.session, _GROUPS, limit=limit)

    async def items(
        self, fingerprint: str = "", after: str = "", limit: int = 100
    ) -> Sequence[Row[Any]]:
        """Open items of one group, or of all, by id, with `order_no`."""
        return await run(self.session, _ITEMS, fingerprint=fingerprint, after=after, limit=limit)

    async def item(self, item_id: str) -> Row[Any] | None:
        """One item with its order's number, open or not."""
        rows = await run(self.session, _ITEM, item_id=item_id)
        return rows[0] if rows else None

    async def of_shipment(self, shipment_no: str) -> Sequence[Row[Any]]:
        """Open items of one shipment, the oldest first."""
        return await run(self.session, _OF_SHIPMENT, shipment_no=shipment_no)

    async def open_count(self) -> int:
        """How many steps wait for people."""
        rows = await run(
            self.session, "SELECT count(*) AS n FROM attention WHERE resolved_at IS NULL"
        )
        return int(rows[0].n)

    async def row(self, item_id: str) -> AttentionRow | None:
        """The item alone."""
        query = select(AttentionRow).where(col(AttentionRow.id) == item_id)
        return (await self.session.exec(query)).one_or_none()
