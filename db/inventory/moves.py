"""The ledger of a SKU at a place: every move, and what lay there after it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

# Ids tell the order in which moves were written down, also those of one moment.
_MOVES: Final = """
SELECT m.*
FROM (SELECT id, at, verb, lot, condition, owner, document_kind, document_no, reason, actor,
             CASE WHEN to_place = :place THEN quantity ELSE -quantity END AS units,
             CASE WHEN to_place = :place THEN from_place ELSE to_place END AS other_place,
             (sum(CASE WHEN to_place = :place THEN quantity ELSE -quantity END)
                  OVER (ORDER BY id))::bigint AS lay_there
      FROM stock_move WHERE sku = :sku AND :place IN (from_place, to_place)) m
WHERE CAST(:before AS text) = '' OR m.id < :before
ORDER BY m.id DESC LIMIT :limit
"""

_LIES: Final = """
SELECT lot, on_hand, reserved, on_hand - reserved AS free, frozen FROM stock_balance
WHERE sku = :sku AND location_id = :location_id AND condition = 'good' AND owner = 'own'
ORDER BY lot
"""


async def moves_of(
    session: AsyncSession, sku: str, location_id: str, before: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """The newest first; `before` is the id of a move to go on behind. `units` are below zero where
    goods left, `lay_there` counts every lot, condition and owner."""
    return await run(
        session, _MOVES, sku=sku, place=f"location:{location_id}", before=before, limit=limit
    )


async def lots_at(session: AsyncSession, sku: str, location_id: str) -> Sequence[Row[Any]]:
    """What lies there of our good stock by lot, and how much of it is promised."""
    return await run(session, _LIES, sku=sku, location_id=location_id)
