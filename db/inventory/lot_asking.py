"""SKUs whose lots are written down: no unit of theirs goes on sale without its lot."""

from collections.abc import Iterable
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.lots import goes_on_sale_without_lot
from domain.inventory.stock import StockLine
from domain.shared.errors import LotMissing

_ASKED: Final = "SELECT code FROM sku WHERE code = ANY(:skus) AND tracks_lots ORDER BY code"


async def asked_for_lot(session: AsyncSession, skus: Iterable[str]) -> list[str]:
    """Those of the SKUs whose lots are written down."""
    named = sorted(set(skus))
    rows = await run(session, _ASKED, skus=named) if named else []
    return [row.code for row in rows]


async def refuse_without_lot(session: AsyncSession, lines: Iterable[StockLine]) -> None:
    """Raises LotMissing for units of ours that would come among the good ones without a lot, of a
    SKU whose lots are written down. What leaves, or is set apart, may have none."""
    bare = (line.key.sku for line in lines if goes_on_sale_without_lot(line))
    if asked := await asked_for_lot(session, bare):
        raise LotMissing(f"{asked[0]} asks for the lot of every unit")
