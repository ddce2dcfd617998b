"""Putting what transactions added to the sums of stock into the sums themselves."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_ALONE: Final = "SELECT pg_try_advisory_xact_lock(hashtext('stock_sum')) AS alone"
_FOLD: Final = """
WITH taken AS (
    DELETE FROM stock_sum_change WHERE id IN (
        SELECT id FROM stock_sum_change ORDER BY id LIMIT :limit)
    RETURNING brand, category, location_id, condition, owner, on_hand, reserved
), folded AS (
    INSERT INTO stock_sum AS s (brand, category, location_id, condition, owner, on_hand, reserved)
    SELECT brand, category, location_id, condition, owner, sum(on_hand), sum(reserved)
    FROM taken GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (brand, category, location_id, condition, owner) DO UPDATE
    SET on_hand = s.on_hand + excluded.on_hand, reserved = s.reserved + excluded.reserved
    RETURNING 1)
SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM folded) AS folded
"""


async def fold(session: AsyncSession, limit: int) -> int:
    """Fold the oldest changes; nobody else does at the same time. Returns how many."""
    [lock] = await run(session, _ALONE)
    if not lock.alone:
        return 0
    [done] = await run(session, _FOLD, limit=limit)
    return int(done.taken)
