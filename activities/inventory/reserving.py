"""Reserving stock for many callers of one process with one statement."""

from collections.abc import Sequence

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from activities.shared.batching import MicroBatcher
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import Reserved, ReserveStock


class ReservationBatcher:
    """The one object besides an activity that commits: it does so for all its callers."""

    def __init__(self, sessions: Sessions, lanes: int = 1) -> None:
        self._sessions = sessions
        self._batcher = MicroBatcher(self._reserve, lanes, _is_nobodys_fault)

    async def reserve(self, request: ReserveStock) -> Reserved:
        """Granted, refused, or already granted under the same id; committed when it answers."""
        return await self._batcher.ask(request)

    async def _reserve(self, requests: Sequence[ReserveStock]) -> list[Reserved]:
        async with self._sessions.begin() as session:
            answers = await StockRepository(session).reserve_batch(requests)
        return [answers[request.reservation_id] for request in requests]


def _is_nobodys_fault(error: Exception) -> bool:
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)
