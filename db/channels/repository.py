"""Shops, what their SKUs mean to us, and messages that wait for a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import InboxRow, ShopRow
from db.scope import scope_in
from db.sql import run

_SEEN: Final = """
SELECT message_id FROM inbox
WHERE source = :source AND shop_id = :shop_id AND message_id = ANY(:ids)
"""

_PULLED: Final = """
UPDATE shop SET last_pull_at = clock_timestamp(),
                pulled_until = greatest(pulled_until, CAST(:until AS timestamptz))
WHERE id = :shop_id
"""

_AFTER_SALES_PULLED: Final = """
UPDATE shop SET after_sales_until = greatest(after_sales_until, CAST(:until AS timestamptz))
WHERE id = :shop_id
"""

_MAP: Final = """
INSERT INTO channel_sku (shop_id, external_sku, sku, factor)
SELECT :shop_id, :external_sku, m.sku, m.factor
FROM unnest(CAST(:skus AS text[]), CAST(:factors AS bigint[])) AS m(sku, factor)
ON CONFLICT (shop_id, external_sku, sku) DO UPDATE SET factor = excluded.factor
"""

_UNMAP_OTHERS: Final = """
DELETE FROM channel_sku
WHERE shop_id = :shop_id AND external_sku = :external_sku AND sku <> ALL(:skus)
"""

_KNOWN_SKUS: Final = "SELECT code FROM sku WHERE code = ANY(:skus)"

_MAPPINGS: Final = """
SELECT shop_id, external_sku, jsonb_agg(jsonb_build_object('sku', sku, 'factor', factor)
       ORDER BY sku) AS parts
FROM channel_sku
WHERE (CAST(:shop_id AS text) = '' OR shop_id = :shop_id)
  AND (shop_id, external_sku) > (:after_shop, :after_sku)
GROUP BY shop_id, external_sku ORDER BY shop_id, external_sku LIMIT :limit
"""

# `items` of an unmapped-SKU hold are the channel's SKUs that have no meaning yet.
_WAITING_FOR: Final = """
SELECT o.workflow_id FROM order_hold h JOIN sales_order o ON o.id = h.order_id
WHERE h.kind = 'unmapped_sku' AND h.released_at IS NULL AND o.shop_id = :shop_id
  AND h.detail->'items' @> to_jsonb(CAST(:external_sku AS text))
ORDER BY h.placed_at
"""

_UNMAPPED: Final = """
SELECT o.shop_id, item AS external_sku, count(*) AS orders, min(h.placed_at) AS since,
       (array_agg(l.title) FILTER (WHERE l.title <> ''))[1] AS title
FROM order_hold h
JOIN sales_order o ON o.id = h.order_id
CROSS JOIN LATERAL jsonb_array_elements_text(h.detail->'items') AS item
LEFT JOIN LATERAL (SELECT title FROM order_line
                   WHERE order_id = o.id AND external_sku = item LIMIT 1) l ON true
WHERE h.kind = 'unmapped_sku' AND h.released_at IS NULL
GROUP BY o.shop_id, item ORDER BY count(*) DESC, min(h.placed_at) LIMIT :limit
"""

_SHOPS: Final = """
SELECT s.id, s.channel, s.external_id, s.name, s.active, s.last_push_at, s.last_pull_at,
       s.pulled_until, coalesce(b.backlog, 0) AS backlog, b.oldest, coalesce(p.parked, 0) AS parked
FROM shop s
LEFT JOIN (SELECT shop_id, count(*) AS backlog, min(received_at) AS oldest FROM inbox
           WHERE applied_at IS NULL AND parked_reason = '' GROUP BY shop_id) b ON b.shop_id = s.id
LEFT JOIN (SELECT shop_id, count(*) AS parked FROM inbox
           WHERE parked_reason <> '' GROUP BY shop_id) p ON p.shop_id = s.id
WHERE CAST(:whole AS boolean) OR s.id = ANY(:own)
ORDER BY s.id
"""

_MESSAGES: Final = """
SELECT id, source, shop_id, topic, external_no, order_id, received_at, applied_at, outcome,
       parked_reason, hand_overs
FROM inbox
WHERE (parked_reason <> '') = :parked AND (CAST(:before AS text) = '' OR id < :before)
ORDER BY id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Part:
    """n base units of one of our SKUs, in one unit of a channel's."""

    sku: str
    factor: int


@dataclass(frozen=True, slots=True)
class ChannelsRepository:
    """One transaction's view of shops and messages."""

    session: AsyncSession

    async def shop(self, shop_id: str) -> ShopRow | None:
        """The shop, active or not."""
        return await self.session.get(ShopRow, shop_id)

    async def taken(self, shop: ShopRow) -> str:
        """What of a new shop is somebody else's: its `id`, its `external_id`, or nothing."""
        if await self.session.get(ShopRow, shop.id) is not None:
            return "id"
        same = select(ShopRow.id).where(
            col(ShopRow.channel) == shop.channel, col(ShopRow.external_id) == shop.external_id
        )
        return "external_id" if (await self.session.exec(same)).first() else ""

    async def active_shops(self, channels: Iterable[str]) -> Sequence[ShopRow]:
        """Shops of these channels that are not switched off."""
        wanted = select(ShopRow).where(
            col(ShopRow.channel).in_(list(channels)), col(ShopRow.active).is_(True)
        )
        return (await self.session.exec(wanted.order_by(ShopRow.id))).all()

    async def message(self, inbox_id: str) -> InboxRow | None:
        return await self.session.get(InboxRow, inbox_id)

    async def seen(self, source: str, shop_id: str, message_ids: Iterable[str]) -> set[str]:
        """Which of these messages the inbox has."""
        ids = list(message_ids)
        rows = await run(self.session, _SEEN, source=source, shop_id=shop_id, ids=ids)
        return {row.message_id for row in rows}

    async def pulled(self, shop_id: str, until: datetime) -> None:
        """Everything the shop changed before `until` is in the inbox; never goes back."""
        await run(self.session, _PULLED, shop_id=shop_id, until=until)

    async def after_sales_pulled(self, shop_id: str, until: datetime) -> None:
        """Every case the shop changed before `until` is kept; never goes back."""
        await run(self.session, _AFTER_SALES_PULLED, shop_id=shop_id, until=until)

    async def unknown_skus(self, skus: Sequence[str]) -> list[str]:
        """Which of these codes are not ours."""
        known = {row.code for row in await run(self.session, _KNOWN_SKUS, skus=list(skus))}
        return [sku for sku in skus if sku not in known]

    async def map_sku(self, shop_id: str, external_sku: str, parts: Sequence[Part]) -> list[str]:
        """Say what a channel's SKU consists of; returns the workflows waiting for it."""
        skus = [part.sku for part in parts]
        await run(
            self.session, _UNMAP_OTHERS, shop_id=shop_id, external_sku=external_sku, skus=skus
        )
        await run(
            self.session,
            _MAP,
            shop_id=shop_id,
            external_sku=external_sku,
            skus=skus,
            factors=[part.factor for part in parts],
        )
        rows = await run(self.session, _WAITING_FOR, shop_id=shop_id, external_sku=external_sku)
        return [row.workflow_id for row in rows]

    async def mappings(
        self, shop_id: str, after: tuple[str, str], limit: int
    ) -> Sequence[Row[Any]]:
        """Mappings after the (shop, external SKU) `after`; every shop's when `shop_id` is empty."""
        return await run(
            self.session,
            _MAPPINGS,
            shop_id=shop_id,
            after_shop=after[0],
            after_sku=after[1],
            limit=limit,
        )

    async def unmapped(self, limit: int) -> Sequence[Row[Any]]:
        """Channel SKUs that hold orders, the most wanted first."""
        return await run(self.session, _UNMAPPED, limit=limit)

    async def shops(self) -> Sequence[Row[Any]]:
        """Every shop with when it was last heard of and what has not been applied yet."""
        scope = scope_in(self.session)
        return await run(self.session, _SHOPS, whole=scope.whole, own=list(scope.shops))

    async def messages(self, *, parked: bool, before: str, limit: int) -> Sequence[Row[Any]]:
        """Messages without their bodies, latest first, before the inbox id `before`."""
        return await run(self.session, _MESSAGES, parked=parked, before=before, limit=limit)

    async def park(self, inbox_id: str, reason: str) -> None:
        """Say anew why a message waits."""
        row = await self.session.get(InboxRow, inbox_id)
        if row is not None:
            row.parked_reason = reason[:500]
            self.session.add(row)


def setting(settings: Mapping[str, Any], name: str, default: float) -> float:
    """A number among a shop's settings, or the default when it is absent or not a number."""
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return float(value)
