"""Replaying past orders: the catalogue they need, and what became of each of them."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.platform.outbox import queue_signals
from db.sql import run
from domain.inventory.cover import OfferedProduct
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.messages import StateChanged
from domain.shared.ids import LocationId, Sku
from domain.shared.money import Money

_CHUNK: Final = 500

_OFFER: Final = """
INSERT INTO sku (code, name, gtin, weight_g, length_mm, width_mm, height_mm, price_minor, currency,
                 active)
SELECT p.code, p.name, '', :weight_g, 0, 0, 0, p.price_minor, :currency, true
FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:prices AS bigint[]))
     AS p(code, name, price_minor)
ON CONFLICT DO NOTHING RETURNING code
"""

_MAP: Final = """
INSERT INTO channel_sku (shop_id, external_sku, sku, factor)
SELECT CAST(:shop_id AS text), code, code, 1 FROM unnest(CAST(:codes AS text[])) AS p(code)
WHERE NOT EXISTS (SELECT FROM channel_sku WHERE shop_id = :shop_id AND external_sku = code)
ON CONFLICT DO NOTHING RETURNING sku
"""

_WAIT_FOR_MAPPING: Final = """
SELECT o.workflow_id FROM order_hold h JOIN sales_order o ON o.id = h.order_id
WHERE h.kind = 'unmapped_sku' AND h.released_at IS NULL AND o.shop_id = :shop_id
"""

_NEVER_MOVED: Final = """
SELECT code FROM unnest(CAST(:codes AS text[])) AS p(code)
WHERE NOT EXISTS (SELECT FROM stock_move WHERE sku = code)
"""

_MAIN_LOCATION: Final = """
SELECT id FROM location WHERE ships AND active AND kind <> 'transit'
ORDER BY (parent_id IS NULL) DESC, priority, id LIMIT 1
"""

_OWN_SHOPS: Final = """
SELECT id, secrets FROM shop
WHERE channel = 'own' AND active AND (CAST(:id AS text) = '' OR id = :id) ORDER BY id
"""

_FIRST_SHOPS: Final = """
SELECT DISTINCT ON (channel) channel, id FROM shop WHERE active ORDER BY channel, id
"""

# More units in living shipments than ordered, or a number that two orders have, is twice.
_OUTCOMES: Final = """
SELECT o.external_no, o.no, o.status, o.waits_for, a.cause AS attention,
       EXISTS (SELECT FROM inbox WHERE order_id = o.id AND applied_at IS NULL
               AND parked_reason = '') AS unapplied,
       (SELECT min(parked_reason) FROM inbox
        WHERE order_id = o.id AND parked_reason <> '') AS parked,
       EXISTS (SELECT FROM fulfilment_line f
               WHERE f.order_id = o.id AND f.quantity < (
                   SELECT sum(coalesce(x.picked_quantity, x.quantity)) FROM shipment_line x
                   JOIN shipment s ON s.no = x.shipment_no AND s.status <> 'cancelled'
                   WHERE s.order_id = f.order_id AND x.fulfilment_line_id = f.id)) AS sent_twice
FROM sales_order o
LEFT JOIN LATERAL (
    SELECT cause FROM attention WHERE order_id = o.id AND resolved_at IS NULL
    ORDER BY first_seen LIMIT 1) a ON true
WHERE o.shop_id = :shop_id AND o.external_no = ANY(:numbers)
"""

_PARKED: Final = """
SELECT external_no, min(parked_reason) AS reason FROM inbox
WHERE shop_id = :shop_id AND external_no = ANY(:numbers) AND parked_reason <> ''
GROUP BY external_no
"""

_KEPT: Final = """
SELECT message_id, count(*) AS times FROM inbox
WHERE shop_id = :shop_id AND message_id = ANY(:ids) GROUP BY message_id
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """How much of the catalogue was new to us."""

    products: int
    opened: int
    units: int


@dataclass(frozen=True, slots=True)
class Replaying:
    """One transaction's view of a shop whose past orders are sent again."""

    session: AsyncSession
    shop_id: str

    async def offer(
        self, products: Sequence[OfferedProduct], location: str, currency: str, weight_g: int
    ) -> Offered:
        """Take the products into the catalogue; what we know already stays as it is.

        Only a SKU that never moved gets its opening stock. Raises UnknownLocation.
        """
        new = mapped = 0
        for part in _parts(products):
            codes = [product.sku for product in part]
            made = await run(
                self.session, _OFFER, codes=codes, names=[p.title for p in part],
                prices=[max(Money.of(p.price, currency).minor, 0) for p in part],
                currency=currency, weight_g=weight_g,
            )  # fmt: skip
            new += len(made)
            mapped += len(await run(self.session, _MAP, shop_id=self.shop_id, codes=codes))
        if mapped:
            waiting = await run(self.session, _WAIT_FOR_MAPPING, shop_id=self.shop_id)
            told = [row.workflow_id for row in waiting]
            await queue_signals(self.session, told, "state_changed", StateChanged("mapping"))
        opened = [p for p in products if p.opening > 0]
        codes = [p.sku for p in opened]
        fresh = {row.code for row in await run(self.session, _NEVER_MOVED, codes=codes)}
        opened = [p for p in opened if p.sku in fresh]
        for part in _parts(opened):
            await self._open(part, LocationId(location))
        return Offered(new, len(opened), sum(p.opening for p in opened))

    async def _open(self, products: Sequence[OfferedProduct], location: LocationId) -> None:
        lines = [StockLine(StockKey(Sku(p.sku), location), p.opening) for p in products]
        content = repr([(line.key.sku, line.key.location_id, line.quantity) for line in lines])
        number = f"REPLAY-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        document = Document("opening", number, f"opening:{number}", "replay")
        await StockRepository(self.session).receive(document, lines)

    async def outcomes(self, numbers: Collection[str]) -> Sequence[Row[Any]]:
        """Where each of these orders stands."""
        return await run(self.session, _OUTCOMES, shop_id=self.shop_id, numbers=list(numbers))

    async def parked(self, numbers: Collection[str]) -> dict[str, str]:
        """Numbers whose messages wait for a person, with the reason, orders or not."""
        rows = await run(self.session, _PARKED, shop_id=self.shop_id, numbers=list(numbers))
        return {row.external_no: row.reason for row in rows}

    async def kept(self, message_ids: Collection[str]) -> dict[str, int]:
        """How often each of these messages is in the inbox: once, unless something is wrong."""
        rows = await run(self.session, _KEPT, shop_id=self.shop_id, ids=list(message_ids))
        return {row.message_id: row.times for row in rows}


async def main_location(session: AsyncSession) -> str:
    """Where goods lie that nobody said a place for; empty when no location ships."""
    rows = await run(session, _MAIN_LOCATION)
    return str(rows[0].id) if rows else ""


async def own_shops(session: AsyncSession, shop_id: str = "") -> Sequence[Row[Any]]:
    """The active shops of the own channel with their sealed secrets, or the one asked for."""
    return await run(session, _OWN_SHOPS, id=shop_id)


async def active_shops(session: AsyncSession) -> dict[str, str]:
    """Channel → its first active shop."""
    rows = await run(session, _FIRST_SHOPS)
    return {row.channel: row.id for row in rows}


def _parts(products: Sequence[OfferedProduct]) -> list[Sequence[OfferedProduct]]:
    return [products[i : i + _CHUNK] for i in range(0, len(products), _CHUNK)]
