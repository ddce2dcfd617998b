"""Finding SKUs by what people remember of them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_SEARCH: Final = """
SELECT k.code, k.name, k.gtin, k.price_minor, k.currency,
       coalesce(sum(b.on_hand), 0)::bigint AS on_hand,
       coalesce(sum(b.reserved), 0)::bigint AS reserved,
       count(b.sku) FILTER (WHERE b.on_hand > 0) AS places
FROM sku k
LEFT JOIN (stock_balance b JOIN location l ON l.id = b.location_id AND l.kind <> 'transit')
       ON b.sku = k.code AND b.condition = 'good' AND b.owner = 'own'
WHERE k.active AND (:q = '' OR k.code ILIKE :like OR k.name ILIKE :like OR k.gtin = :q)
GROUP BY k.code ORDER BY (k.code = :q) DESC, k.code LIMIT :limit
"""


async def search_skus(session: AsyncSession, q: str, limit: int = 50) -> Sequence[Row[Any]]:
    """SKUs whose code, name or GTIN fits, with their good stock of our own; an exact code first."""
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return await run(session, _SEARCH, q=q, like=like, limit=limit)
