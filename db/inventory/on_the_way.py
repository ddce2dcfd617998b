"""Goods between two places: leaving a lease for a place in transit, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.ledger import Ledger, Move, columns_of, place
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.stock import Document, Fill, StockKey, StockLine
from domain.shared.errors import ReservationResolved, UnknownLocation
from domain.shared.ids import LocationId

_PLACE: Final = """
SELECT id FROM location WHERE kind = 'transit' AND parent_id = :to AND active ORDER BY id LIMIT 1
"""
_NEW_PLACE: Final = """
INSERT INTO location (id, name, kind, parent_id, zone, province, city, district, detail,
    division_code, company, contact_name, contact_phone, priority, handling_minor, ships, active)
SELECT l.id || '-transit', l.name || '（在途）', 'transit', l.id, l.zone, '', '', '', '', '', '',
    '', '', l.priority, 0, false, true
FROM location l WHERE l.id = :to
ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """What is on the way to a place lies at a location of kind `transit` below it."""

    session: AsyncSession

    async def place(self, to: str) -> LocationId:
        """Where goods are that are on the way there; made when nothing ever was. Raises
        UnknownLocation."""
        rows = await run(self.session, _PLACE, to=to) or await run(
            self.session, _NEW_PLACE, to=to
        )  # fmt: skip
        rows = rows or await run(self.session, _PLACE, to=to)
        if not rows:
            raise UnknownLocation(to)
        return LocationId(rows[0].id)

    async def send(
        self,
        reservation_id: str,
        units: Mapping[StockKey, int],
        by_way_of: LocationId,
        document: Document,
    ) -> list[Fill]:
        """Promised units leave for a place in transit; what is promised beyond them is free again.
        A lease leaves once: its id is the key of the moves.

        Raises ReservationResolved when they are not promised under this id.
        """
        stock, ledger = StockRepository(self.session), Ledger(self.session)
        arriving = {replace(key, location_id=by_way_of): n for key, n in units.items() if n}
        await stock.hold([*units, *arriving])
        held = {line.key: line.quantity for line in await stock.held(reservation_id)}
        if any(n > held.get(key, 0) for key, n in units.items()):
            raise ReservationResolved(f"{reservation_id} does not hold these units")
        beyond = [
            StockLine(key, n - units.get(key, 0))
            for key, n in held.items()
            if n > units.get(key, 0)
        ]
        if beyond:
            await ledger.run(
                statements.GIVE_UP,
                {
                    "reservation_id": reservation_id,
                    **columns_of(line.key for line in beyond),
                    "quantity": [line.quantity for line in beyond],
                },
            )
        await ledger.run(statements.ISSUE, {"reservation_id": reservation_id})
        paper = replace(document, idempotency_key=reservation_id)
        await ledger.write(paper, _moves(units, by_way_of))
        await ledger.change([StockLine(key, n) for key, n in arriving.items()])
        return await stock.fill_backorders({line.key for line in beyond})


def _moves(units: Mapping[StockKey, int], to: LocationId) -> Sequence[Move]:
    return [
        Move("transfer", place(key), place(replace(key, location_id=to)), StockLine(key, n))
        for key, n in units.items()
        if n
    ]
