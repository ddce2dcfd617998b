"""The contracts of the carriers we work with."""

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.logistics.tariff import PriceList, TariffRow
from domain.shared.money import COMPANY_CURRENCY

_ROWS: Final = """
SELECT t.carrier, t.product, t.origin_zone, t.destination_zone, t.first_g, t.first_minor, t.step_g,
       t.step_minor, t.volumetric_divisor, t.surcharge_minor, t.minimum_minor, t.currency,
       t.valid_from, t.valid_to
FROM tariff t JOIN carrier_account c ON c.code = t.carrier AND c.active
WHERE t.currency = :currency AND t.valid_from <= :on AND coalesce(t.valid_to > :on, true)
ORDER BY t.carrier, t.product, t.id
"""
_ZONES: Final = "SELECT carrier, province_code, zone FROM tariff_zone"
_SHUT: Final = """
SELECT substr(system, 9) AS carrier FROM gate WHERE system LIKE 'carrier/%' AND state = 'holding'
"""
_CASHLESS: Final = """
SELECT code FROM carrier_account
WHERE code <> ALL(:collecting) AND NOT coalesce(jsonb_exists(settings->'added_products', 'cash'),
                                                false)
"""


async def price_list(session: AsyncSession, on: date) -> PriceList:
    """What holds on this day, of carriers that are active."""
    rows = await run(session, _ROWS, currency=COMPANY_CURRENCY, on=on)
    zones = await run(session, _ZONES)
    return PriceList(
        tuple(
            TariffRow(
                row.carrier, row.product, row.origin_zone, row.destination_zone, row.first_g,
                row.first_minor, row.step_g, row.step_minor, row.volumetric_divisor,
                row.surcharge_minor, row.minimum_minor, row.currency, row.valid_from,
                row.valid_to or date.max,
            )
            for row in rows
        ),
        {(zone.carrier, zone.province_code): zone.zone for zone in zones},
    )  # fmt: skip


async def shut_carriers(session: AsyncSession) -> frozenset[str]:
    """Carriers that fail at the moment: nothing goes to them until their gate opens."""
    return frozenset(row.carrier for row in await run(session, _SHUT))


async def carriers_without_cash(
    session: AsyncSession, collecting: Collection[str]
) -> frozenset[str]:
    """Carriers that cannot collect cash: neither by a service nor by a product of the contract."""
    rows = await run(session, _CASHLESS, collecting=sorted(collecting))
    return frozenset(row.code for row in rows)
