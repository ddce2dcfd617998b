"""Goods that left a place before the books heard of it. In the caller's transaction, as all verbs.

The checks of the ledger hold: what the books do not have cannot leave them. Whoever calls is told
how much did, and has a person look at the rest.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.ledger import Ledger, Move, columns_of, key_of, place
from domain.inventory.stock import (
    AdjustmentReason,
    CarryOut,
    StockKey,
    StockLine,
    by_sku,
    from_lots,
)
from domain.shared.errors import IdempotencyMismatch
from domain.shared.ids import Sku


async def carry_out(
    session: AsyncSession, goods: CarryOut, *, counted: bool = False
) -> dict[Sku, int]:
    """Issue what the books have there of these goods; returns the units that left, by SKU.

    `counted`: what they do not have is booked as the difference of a count before it leaves. Units
    promised to others stay theirs. The document's key and number must be new.
    """
    ledger = Ledger(session)
    skus = sorted(goods.units)
    if counted:
        await ledger.run(statements.ENSURE, columns_of(_keys(goods)))
    rows = await ledger.run(statements.LOCK_LOTS, {"location_id": goods.location_id, "skus": skus})
    lots = [(key_of(row), int(row.free)) for row in rows]
    if counted:
        lots = await _with_difference(ledger, goods, lots)
    lines = from_lots(lots, goods.units)
    if not lines:
        return {}
    moves = [Move("issue", place(line.key), "customer", line) for line in lines]
    if not await ledger.write(goods.document, moves):
        raise IdempotencyMismatch(f"{goods.document.idempotency_key} was used before")
    keys = columns_of(line.key for line in lines)
    await ledger.run(statements.CHANGE, {**keys, "quantity": [-line.quantity for line in lines]})
    await ledger.run(
        statements.POSTED_AT_ONCE,
        {
            **keys,
            "quantity": [line.quantity for line in lines],
            "reservation_id": goods.document.no,
            "order_id": goods.order_id,
            "workflow_id": goods.workflow_id,
        },
    )
    return by_sku(lines)


async def _with_difference(
    ledger: Ledger, goods: CarryOut, lots: list[tuple[StockKey, int]]
) -> list[tuple[StockKey, int]]:
    """The lots after what is missing was found by a count, written down as such.

    Backorders are not filled from it: these units have left already.
    """
    there = by_sku(from_lots(lots, goods.units))
    found = _missing(goods.units, there)
    if not found:
        return lots
    lines = [StockLine(StockKey(sku, goods.location_id), units) for sku, units in found.items()]
    moves = [Move("adjust", "adjustment", place(line.key), line) for line in lines]
    key = f"{goods.document.idempotency_key}:count"
    document = replace(goods.document, kind="count", idempotency_key=key)
    await ledger.write(document, moves, AdjustmentReason.COUNT)
    await ledger.run(
        statements.CHANGE,
        {
            **columns_of(line.key for line in lines),
            "quantity": [line.quantity for line in lines],
        },
    )
    more = {line.key: line.quantity for line in lines}
    return [(key, free + more.get(key, 0)) for key, free in lots]


def _keys(goods: CarryOut) -> list[StockKey]:
    return sorted(StockKey(sku, goods.location_id) for sku in goods.units)


def _missing(wanted: Mapping[Sku, int], there: Mapping[Sku, int]) -> dict[Sku, int]:
    rest = {sku: units - there.get(sku, 0) for sku, units in sorted(wanted.items())}
    return {sku: units for sku, units in rest.items() if units > 0}
