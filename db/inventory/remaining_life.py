"""What orders ask of the lots they are promised, and which waiting orders a lot fits."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.fitness import rule_of
from db.orders.delivery import HOLDS_THERE, times_of
from db.sql import run
from domain.inventory.expiry import FreeLot, LifeRule, ShelfLife, Wanted, fits
from domain.inventory.stock import StockKey
from domain.orders.delivery import USUAL_DAYS, days_to_door

# Nobody in particular: as most orders are delivered, with no rule but the SKU's own.
ANYBODY: Final = Wanted(to_door=USUAL_DAYS)

_OF_ORDERS: Final = f"""
SELECT o.id, o.ship_by, r.days, r.share_percent, door.times AS door
FROM sales_order o {rule_of("o.shop_id", "o.channel")}
{HOLDS_THERE}
WHERE o.id = ANY(:ids)
"""  # noqa: S608 (made of constants)

_OF_SHOP: Final = f"""
SELECT r.days, r.share_percent, (
    SELECT jsonb_agg(jsonb_build_array(shop_id, carrier, area, days)) FROM delivery_time
    WHERE shop_id IN ('', s.id) AND carrier = '' AND area = '') AS door
FROM shop s {rule_of("s.id", "s.channel")}
WHERE s.id = :shop_id
"""  # noqa: S608 (made of constants)

_WAITING: Final = """
SELECT w.id, w.order_id FROM backorder w
WHERE w.state = 'waiting' AND w.sku = :sku AND w.location_id = :location_id
"""
_LOT: Final = """
SELECT t.expires_on, k.shelf_life_days, k.min_life_days, p.zone
FROM lot t JOIN sku k ON k.code = t.sku, location p
WHERE t.sku = :sku AND t.lot = :lot AND t.expires_on IS NOT NULL AND p.id = :location_id
"""


async def wanted_by(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, Wanted]:
    """What each order asks, by its id."""
    return {
        row.id: _wanted(row, row.ship_by)
        for row in await run(session, _OF_ORDERS, ids=list(order_ids))
    }


async def wanted_by_shop(session: AsyncSession, shop_id: str) -> Wanted:
    """What a shop asks for an order that comes now; that of anybody where there is no such shop."""
    rows = await run(session, _OF_SHOP, shop_id=shop_id)
    return _wanted(rows[0], None) if rows else ANYBODY


async def fitting(session: AsyncSession, key: StockKey) -> list[str] | None:
    """Those who wait for such goods and may get this lot; None = its date is unknown, so all."""
    lots = await run(
        session, _LOT, sku=key.sku, lot=key.lot, location_id=key.location_id
    ) if key.lot else []  # fmt: skip
    if not lots:
        return None
    waiting = await run(session, _WAITING, sku=key.sku, location_id=key.location_id)
    asked: Mapping[str, Wanted] = await wanted_by(session, [row.order_id for row in waiting])
    found, now = lots[0], datetime.now(UTC)
    lot = FreeLot(key.lot, 0, found.expires_on, life_of(found))
    return [row.id for row in waiting if fits(lot, asked[row.order_id], found.zone, now)]


def life_of(row: Any) -> ShelfLife:
    """The shelf life of a SKU in a row."""
    return ShelfLife(row.shelf_life_days, row.min_life_days)


def _wanted(row: Any, ship_by: datetime | None) -> Wanted:
    rule = LifeRule(row.days or 0, row.share_percent or 0)
    return Wanted(rule, days_to_door(times_of(row.door), ""), ship_by)
