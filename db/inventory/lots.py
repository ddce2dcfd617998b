"""A lease that takes another lot of the same goods, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.ledger import columns_of, key_of
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.lots import rebooking
from domain.inventory.stock import StockKey, StockLine
from domain.shared.ids import NO_LOT, LocationId, Lot, Sku


@dataclass(frozen=True, slots=True)
class Lots:
    """Lots of our good stock at a place. Balances are locked before leases, in the one order."""

    session: AsyncSession

    async def free(self, wanted: Iterable[tuple[str, str]]) -> dict[StockKey, int]:
        """What nobody holds of every lot that lies there, by (place, SKU); locked until the
        transaction ends."""
        pairs = sorted(set(wanted))
        rows = await run(
            self.session, statements.LOCK_LOTS_AT, sku=[sku for _, sku in pairs],
            location_id=[place for place, _ in pairs],
        )  # fmt: skip
        return {key_of(row): row.free for row in rows}

    async def is_kept_back(self, location_id: str, sku: str, lot: str) -> bool:
        """Whether units of the lot lie there that may not be sold."""
        rows = await run(
            self.session, statements.KEPT_BACK, location_id=location_id, sku=sku, lot=lot
        )
        return bool(rows)

    async def expires_on(self, sku: str, lot: str) -> date | None:
        """The last good day of a lot by the register."""
        rows = await run(self.session, statements.EXPIRES_ON, sku=sku, lot=lot)
        return rows[0].expires_on if rows else None

    async def promised(self, leases: Sequence[str], sku: str) -> dict[str, dict[Lot, int]]:
        """What each lease holds, or has sent, of a SKU by lot."""
        rows = await run(self.session, statements.PROMISED_LOTS, ids=list(leases), sku=sku)
        found: dict[str, dict[Lot, int]] = {}
        for row in rows:
            if row.quantity:
                found.setdefault(row.reservation_id, {})[Lot(row.lot)] = row.quantity
        return found

    async def take(
        self, leases: Sequence[str], to: StockKey, taken: Mapping[Lot, int], free: int
    ) -> dict[Lot, int] | None:
        """Promise `to`'s lot for all that was taken of it; returns units by the lot that was
        promised before. None = the lot has not so many free. The caller has locked the lots.

        A lease without units of this SKU promises nothing that could be exchanged.
        """
        held = await self.promised(leases, to.sku)
        promised: dict[Lot, int] = {}
        for lots in held.values():
            for lot, units in lots.items():
                promised[lot] = promised.get(lot, 0) + units
        if not promised:
            return {}
        plan = rebooking(to.lot, taken, promised, free)
        if plan.lacking:
            return None
        left = dict(plan.gives)
        for lease, lots in held.items():
            given = {lot: min(units, left.get(lot, 0)) for lot, units in lots.items()}
            await self._rebook(lease, to, {lot: units for lot, units in given.items() if units})
            left = {lot: units - given.get(lot, 0) for lot, units in left.items()}
        freed = [_of(to, lot) for lot in plan.gives]
        await StockRepository(self.session).fill_backorders(freed)
        return dict(plan.gives)

    async def exchange(self, lease: str, source: StockKey, to: Lot, units: int) -> None:
        """A lease gives up units of one lot for those of another; the caller has locked both and
        seen that they are free."""
        await self._rebook(lease, replace(source, lot=to), {source.lot: units})

    async def _rebook(self, lease: str, to: StockKey, gives: Mapping[Lot, int]) -> None:
        if not gives:
            return
        lines = [StockLine(_of(to, lot), units) for lot, units in sorted(gives.items())]
        await run(
            self.session, statements.REBOOK, **columns_of(line.key for line in lines),
            quantity=[line.quantity for line in lines], reservation_id=lease, to_lot=to.lot,
        )  # fmt: skip


def lot_key(location_id: str, sku: str, lot: str = NO_LOT) -> StockKey:
    """Good own stock of a lot at a place."""
    return StockKey(Sku(sku), LocationId(location_id), Lot(lot))


def _of(key: StockKey, lot: Lot) -> StockKey:
    return lot_key(key.location_id, key.sku, lot)
