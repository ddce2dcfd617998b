"""What SKUs cost: a moving average that follows what comes in, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.cost import moving_average
from domain.inventory.receiving import ReceiptLine

_CURRENCIES: Final = "SELECT code FROM sku WHERE code = ANY(:skus) AND currency = :currency"

# Locked before their balances: two receipts of a SKU take turns, so that neither average is lost.
_COSTS: Final = """
SELECT code, cost_minor FROM sku WHERE code = ANY(:skus) ORDER BY code FOR NO KEY UPDATE
"""

_OWNED: Final = "SELECT sku, units FROM onhand_owned(:skus)"

_CHANGE: Final = """
UPDATE sku SET cost_minor = c.cost_minor
FROM unnest(CAST(:skus AS text[]), CAST(:costs AS bigint[])) AS c(code, cost_minor)
WHERE sku.code = c.code AND sku.cost_minor <> c.cost_minor
"""


@dataclass(frozen=True, slots=True)
class Received:
    """Units of a SKU with what they cost together; none where no paper says it. Below zero they are
    taken back."""

    sku: str
    units: int
    value_minor: int | None


@dataclass(frozen=True, slots=True)
class Costing:
    """The company's costs, whatever its caller sees of its stock."""

    session: AsyncSession

    async def values(self, currency: str, lines: Sequence[ReceiptLine]) -> list[int | None]:
        """What each line costs by its order; none when that is in another currency than the SKU."""
        skus = sorted({line.sku for line in lines})
        rows = await run(self.session, _CURRENCIES, skus=skus, currency=currency)
        known = {row.code for row in rows}
        return [line.value_minor if line.sku in known else None for line in lines]

    async def receive(self, received: Iterable[Received]) -> None:
        """New averages, before the units are in the ledger. Units without a price change none."""
        units: dict[str, int] = {}
        values: dict[str, int] = {}
        for one in received:
            if one.value_minor is not None:
                units[one.sku] = units.get(one.sku, 0) + one.units
                values[one.sku] = values.get(one.sku, 0) + one.value_minor
        skus = sorted(units)
        if not skus:
            return
        costs = {row.code: row.cost_minor for row in await run(self.session, _COSTS, skus=skus)}
        owned = {row.sku: row.units for row in await run(self.session, _OWNED, skus=skus)}
        found = [
            moving_average(owned.get(sku, 0), costs[sku], units[sku], values[sku]) for sku in skus
        ]
        await run(self.session, _CHANGE, skus=skus, costs=found)
