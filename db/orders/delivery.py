"""The tables of days to the door: per shop, carrier and area; '' stands for all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.orders.delivery import DeliveryTime

# Joined to `sales_order o`: what holds where its receiver lives, for whichever carrier.
HOLDS_THERE: Final = """
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(t.shop_id, t.carrier, t.area, t.days)) AS times
    FROM delivery_time t
    LEFT JOIN receiver v ON v.order_id = o.id
    WHERE t.shop_id IN ('', o.shop_id)
      AND (t.area IN ('', left(v.division_code, 2) || '0000') OR EXISTS (
          SELECT FROM tariff_zone z WHERE z.carrier = t.carrier AND z.zone = t.area
            AND z.province_code = left(v.division_code, 2) || '0000'))) door ON true
"""

_THERE: Final = """
SELECT t.shop_id, t.carrier, t.area, t.days FROM delivery_time t
WHERE t.shop_id IN ('', :shop) AND (t.area IN ('', :province) OR EXISTS (
    SELECT FROM tariff_zone z WHERE z.carrier = t.carrier AND z.zone = t.area
      AND z.province_code = :province))
"""
_ALL: Final = "SELECT * FROM delivery_time ORDER BY shop_id, carrier, area"
_OF: Final = """
SELECT area, days FROM delivery_time WHERE shop_id = :shop AND carrier = :carrier ORDER BY area
"""
_FORGET: Final = "DELETE FROM delivery_time WHERE shop_id = :shop AND carrier = :carrier"
_KEEP: Final = """
INSERT INTO delivery_time (shop_id, carrier, area, days)
SELECT :shop, :carrier, t.area, t.days
FROM unnest(CAST(:areas AS text[]), CAST(:days AS int[])) AS t(area, days)
"""
_ZONES: Final = "SELECT DISTINCT zone FROM tariff_zone WHERE carrier = :carrier ORDER BY zone"
_KNOWN: Final = """
SELECT (CAST(:shop AS text) = '' OR EXISTS (SELECT FROM shop WHERE id = :shop))
       AND (CAST(:carrier AS text) = ''
            OR EXISTS (SELECT FROM carrier_account WHERE code = :carrier)) AS known
"""
_CARRIERS: Final = "SELECT code, name FROM carrier_account WHERE active ORDER BY name"


def times_of(told: Sequence[Sequence[Any]] | None) -> tuple[DeliveryTime, ...]:
    """Lines as `HOLDS_THERE` tells them."""
    return tuple(DeliveryTime(*one) for one in told or ())


async def times_there(session: AsyncSession, shop: str, province: str) -> list[list[Any]]:
    """What holds for a shop in a province, as `HOLDS_THERE` tells it."""
    return [list(row) for row in await run(session, _THERE, shop=shop, province=province)]


async def all_times(session: AsyncSession) -> Sequence[Row[Any]]:
    """Every line of every table."""
    return await run(session, _ALL)


async def table_of(session: AsyncSession, shop: str, carrier: str) -> dict[str, int]:
    """Days by area of one table."""
    return {row.area: row.days for row in await run(session, _OF, shop=shop, carrier=carrier)}


async def replace_table(
    session: AsyncSession, shop: str, carrier: str, days: Mapping[str, int]
) -> dict[str, int]:
    """Write one table anew; returns it as it was before."""
    before = await table_of(session, shop, carrier)
    await run(session, _FORGET, shop=shop, carrier=carrier)
    await run(
        session, _KEEP, shop=shop, carrier=carrier, areas=list(days), days=list(days.values())
    )
    return before


async def zones_of(session: AsyncSession, carrier: str) -> list[str]:
    """The zones of a carrier's contract."""
    return [row.zone for row in await run(session, _ZONES, carrier=carrier)]


async def carriers(session: AsyncSession) -> Sequence[Row[Any]]:
    """Carriers that may have a table of their own."""
    return await run(session, _CARRIERS)


async def is_known(session: AsyncSession, shop: str, carrier: str) -> bool:
    """Whether there is such a shop and such a carrier; '' is all of them."""
    return bool((await run(session, _KNOWN, shop=shop, carrier=carrier))[0].known)
