"""Every open hold, for those who clear them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_GROUPS: Final = """
SELECT h.kind, count(*) AS orders, min(h.placed_at) AS oldest,
       min(h.until) FILTER (WHERE h.until > clock_timestamp()) AS next_until
FROM order_hold h JOIN sales_order o ON o.id = h.order_id
WHERE h.released_at IS NULL AND (:shop = '' OR o.shop_id = :shop)
  AND h.placed_at <= clock_timestamp() - make_interval(hours => :hours)
GROUP BY h.kind ORDER BY orders DESC, h.kind
"""

_HOLDS: Final = """
SELECT h.id, h.kind, h.reason, h.owner, h.auto_release, h.until, h.placed_at, h.placed_by,
       o.no, o.status, o.ship_by, o.currency, o.payable_minor, o.external_no, s.name AS shop,
       (SELECT count(*) FROM order_hold x
        WHERE x.order_id = o.id AND x.released_at IS NULL) AS holds
FROM order_hold h JOIN sales_order o ON o.id = h.order_id JOIN shop s ON s.id = o.shop_id
WHERE h.released_at IS NULL AND (:shop = '' OR o.shop_id = :shop)
  AND h.placed_at <= clock_timestamp() - make_interval(hours => :hours)
  AND (:kind = '' OR h.kind = :kind)
  AND (h.placed_at, h.id) > (CAST(:at AS timestamptz), CAST(:after AS text))
ORDER BY h.placed_at, h.id LIMIT :limit
"""
_FIRST: Final = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which open holds: of one shop, of one kind, and those that last that many hours already."""

    kind: str = ""
    shop_id: str = ""
    hours: int = 0


async def hold_groups(session: AsyncSession, wanted: HoldFilter) -> Sequence[Row[Any]]:
    """Per kind: how many, since when the oldest, and when the next of them ends by itself."""
    return await run(session, _GROUPS, shop=wanted.shop_id, hours=wanted.hours)


async def open_holds(
    session: AsyncSession,
    wanted: HoldFilter,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[Row[Any]]:
    """The oldest first, from behind a hold on."""
    at, hold_id = after or (_FIRST, "")
    return await run(
        session, _HOLDS, shop=wanted.shop_id, hours=wanted.hours, kind=wanted.kind, at=at,
        after=hold_id, limit=limit,
    )  # fmt: skip
