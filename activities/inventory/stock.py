"""The inventory database as workflows see it. One method is one transaction."""

from dataclasses import dataclass

from temporalio import activity

from activities.inventory.reserving import ReservationBatcher
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import (
    AdjustStock,
    Filled,
    ReceiveStock,
    ReleaseStock,
    Reserved,
    ReserveStock,
)


@dataclass(frozen=True, slots=True)
class StockActivities:
    """The verbs of the stock ledger, each idempotent by its own key."""

    sessions: Sessions
    batcher: ReservationBatcher

    @activity.defn(name="stock.reserve")
    async def reserve(self, request: ReserveStock) -> Reserved:
        """Promise all lines or none to an order; said again it is the first answer."""
        return await self.batcher.reserve(request)

    @activity.defn(name="stock.release")
    async def release(self, request: ReleaseStock) -> Filled:
        """Give a promise back; releasing what is not held changes nothing."""
        async with self.sessions.begin() as session:
            fills = await StockRepository(session).release(request.reservation_id, request.how)
        return Filled(tuple(fills))

    @activity.defn(name="stock.receive")
    async def receive(self, request: ReceiveStock) -> Filled:
        """Goods come in; who waited for them is served and told in the same transaction."""
        async with self.sessions.begin() as session:
            fills = await StockRepository(session).receive(request.document, request.lines)
        return Filled(tuple(fills))

    @activity.defn(name="stock.adjust")
    async def adjust(self, request: AdjustStock) -> Filled:
        """Correct what lies there, for a stated reason."""
        async with self.sessions.begin() as session:
            fills = await StockRepository(session).adjust(
                request.document, request.lines, request.reason
            )
        return Filled(tuple(fills))
