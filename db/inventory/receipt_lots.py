"""What the register of lots says of goods at the ramp, and what it learns from them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_register import LotRegister
from db.sql import run
from domain.inventory.expiry import ShelfLife, expiry_of
from domain.inventory.receiving import Counted, Expected, ReceiptLine, Trouble

_LIVES: Final = """
SELECT code, shelf_life_days, min_life_days FROM sku WHERE code = ANY(:skus)
"""

_AGREED: Final = """
SELECT sku, min_life_days FROM supplier_item WHERE supplier = :supplier AND sku = ANY(:skus)
"""

_LOTS: Final = """
SELECT l.sku, l.lot, l.produced_on, l.expires_on FROM lot l
WHERE (l.sku, l.lot) IN (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[])))
"""


async def with_register(session: AsyncSession, counted: Iterable[Counted]) -> list[Counted]:
    """Dates that nobody scanned are those of the register; those that differ from it are marked."""
    groups = list(counted)
    lives = await _lives(session, [one.sku for one in groups])
    named = sorted({(one.sku, one.lot) for one in groups if one.lot})
    rows = await run(
        session, _LOTS, skus=[sku for sku, _ in named], lots=[lot for _, lot in named]
    )  # fmt: skip
    known = {(row.sku, row.lot): row for row in rows}
    found: list[Counted] = []
    for one in groups:
        row = known.get((one.sku, one.lot))
        made, ends = one.produced_on, one.expires_on
        if row is not None:
            differs = (made and row.produced_on and made != row.produced_on) or (
                ends and row.expires_on and ends != row.expires_on
            )
            one = replace(one, lot_differs=bool(differs))
            made, ends = made or row.produced_on, ends or row.expires_on
        ends = expiry_of(made, ends, lives.get(one.sku, ShelfLife()))
        found.append(replace(one, produced_on=made, expires_on=ends))
    return found


async def with_least_life(
    session: AsyncSession, expected: Sequence[Expected], supplier: str = ""
) -> list[Expected]:
    """What must remain of each SKU is asked of what comes in, too, and what its supplier promised:
    the most of them."""
    lives = await _lives(session, [line.sku for line in expected])
    skus = sorted({line.sku for line in expected})
    rows = await run(session, _AGREED, supplier=supplier, skus=skus)
    agreed = {row.sku: row.min_life_days for row in rows}
    return [
        replace(
            line,
            least_life_days=max(
                line.least_life_days, lives.get(line.sku, ShelfLife()).min_days,
                agreed.get(line.sku, 0),
            ),
        )
        for line in expected
    ]  # fmt: skip


async def learn(session: AsyncSession, lines: Iterable[ReceiptLine], actor: str) -> None:
    """The register knows these lots from now on; of those that differ it keeps its own dates.

    Raises InvalidInput for a lot that would expire before it was produced.
    """
    register = LotRegister(session, actor)
    lots = sorted(
        {
            (line.sku, line.lot, line.produced_on, line.expires_on)
            for line in lines
            if line.lot and line.trouble is not Trouble.LOT_DIFFERS
        },
        key=str,
    )
    for sku, lot, produced_on, expires_on in lots:
        await register.know(sku, lot, produced_on, expires_on)


async def _lives(session: AsyncSession, skus: Iterable[str]) -> dict[str, ShelfLife]:
    rows = await run(session, _LIVES, skus=sorted(set(skus)))
    return {row.code: ShelfLife(row.shelf_life_days, row.min_life_days) for row in rows}
