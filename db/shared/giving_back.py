"""Giving back what an order holds but does not need any more: shipments nobody began, its queue."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.orders import statements
from db.orders.boxes import leave_box, lock_box
from db.sql import run

_UNSTARTED: Final = """
SELECT no FROM shipment WHERE order_id = :order_id AND status = 'allocated' ORDER BY no
"""


async def give_back_unstarted(
    session: AsyncSession, order_id: str, how: str, only: Collection[str] | None = None
) -> None:
    """Cancel shipments that nobody works on (of `only`, or all) and release their stock."""
    stock = StockRepository(session)
    for row in await run(session, _UNSTARTED, order_id=order_id):
        if only is not None and row.no not in only:
            continue
        box = await lock_box(session, row.no)
        await leave_box(session, box, row.no)
        # Its workflow may open it at this moment: only one of the two wins the row.
        if await run(session, statements.CANCEL_SHIPMENT, no=row.no):
            await stock.release(row.no, how)


async def leave_queue(
    session: AsyncSession, order_id: str, fulfilment_line_ids: Sequence[str] | None = None
) -> None:
    """The order no longer waits for goods (for these lines, or at all); the next in line may."""
    await StockRepository(session).leave_queue(order_id, fulfilment_line_ids)
