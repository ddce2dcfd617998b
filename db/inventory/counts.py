"""Counts as they lie in the tables. Whoever changes one holds its lock; nothing of the stock is
frozen while it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.outbox import queue_signal
from db.sql import run
from domain.inventory.count_life import CountMoved
from domain.inventory.counting import Counted, CountState
from domain.inventory.stock import AdjustmentReason, StockKey
from domain.shared.errors import ActionNotAllowed, CountNotFound
from domain.shared.ids import LocationId, Lot, Sku, count_workflow_id

_BOOK: Final = """
SELECT b.on_hand, b.reserved, coalesce((
           SELECT sum(r.quantity - r.voided_quantity) FROM reservation r
           JOIN shipment s ON s.no = r.reservation_id
           WHERE r.state = 'held' AND (r.sku, r.location_id, r.lot, r.condition, r.owner)
               = (b.sku, b.location_id, b.lot, b.condition, b.owner)
             AND (s.status IN ('packed', 'labelled')
                  OR s.status = 'picking' AND s.picked_at IS NOT NULL)), 0)::bigint AS in_hand,
       coalesce((
           SELECT sum(CASE WHEN m.to_place = 'adjustment' THEN -m.quantity ELSE m.quantity END)
           FROM stock_move m
           WHERE m.sku = b.sku AND m.verb = 'adjust' AND m.reason = ANY(:correcting)
             AND m.document_kind <> 'goods_receipt'
             AND (m.lot, m.condition, m.owner) = (b.lot, b.condition, b.owner)
             AND 'location:' || b.location_id IN (m.from_place, m.to_place)), 0)::bigint AS adjusted
FROM stock_balance b
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (:sku, :location_id, :lot, :condition, :owner)
"""
# Adjustments that say what lay there all the time. Whatever else is adjusted left its shelf, or
# came to it, when it was written down: broken, expired or used goods, what a receipt found, what
# was sorted out.
CORRECTING: Final = tuple(
    str(reason)
    for reason in (
        AdjustmentReason.COUNT, AdjustmentReason.SHORT_PICK, AdjustmentReason.LOST,
        AdjustmentReason.FOUND, AdjustmentReason.OPENING,
    )
)  # fmt: skip

_SETTLE: Final = """
UPDATE stock_count c SET updated_at = clock_timestamp(), state = CASE
    WHEN EXISTS (SELECT FROM stock_count_line l
                 WHERE l.count_no = c.no AND l.state NOT IN ('agreed', 'left_out'))
        OR NOT EXISTS (SELECT FROM stock_count_line l
                       WHERE l.count_no = c.no AND l.state = 'agreed')
    THEN 'open' ELSE 'counted' END
WHERE c.no = :no AND c.state IN ('open', 'counted')
RETURNING c.state
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of all places."""

    session: AsyncSession

    async def lock(self, no: str) -> Row[Any]:
        """The count, locked until the transaction ends. Raises CountNotFound."""
        rows = await run(
            self.session, "SELECT * FROM stock_count WHERE no = :no FOR NO KEY UPDATE", no=no
        )
        if not rows:
            raise CountNotFound(f"there is no count {no[:50]!a}")
        return rows[0]

    async def lines(self, no: str) -> Sequence[Row[Any]]:
        """Its lines in the order in which one walks."""
        return await run(
            self.session,
            "SELECT l.*, k.name, k.gtin, k.tracks_serials, s.bin"
            " FROM stock_count_line l JOIN sku k ON k.code = l.sku"
            " JOIN stock_count c ON c.no = l.count_no"
            " LEFT JOIN LATERAL (SELECT min(bin) AS bin FROM stock_bin b WHERE b.sku = l.sku"
            "                    AND b.location_id = c.location_id) s ON true"
            " WHERE l.count_no = :no ORDER BY l.line_no",
            no=no,
        )  # fmt: skip

    async def looks(self, no: str) -> dict[int, list[Counted]]:
        """What was seen of each line, in order."""
        rows = await run(
            self.session,
            "SELECT * FROM stock_count_entry WHERE count_no = :no ORDER BY line_no, round",
            no=no,
        )  # fmt: skip
        found: dict[int, list[Counted]] = {}
        for row in rows:
            counted = Counted(row.units, row.book, row.in_hand, row.adjusted, row.by)
            found.setdefault(row.line_no, []).append(counted)
        return found

    async def cancel(self, no: str) -> None:
        """Nobody needs it any more. Raises ActionNotAllowed once it is posted."""
        count = await self.lock(no)
        if count.state == CountState.CANCELLED:
            return
        if count.state not in (CountState.OPEN, CountState.COUNTED):
            raise ActionNotAllowed(f"the count is {count.state}")
        await run(
            self.session,
            "UPDATE stock_count SET state = 'cancelled', due_at = NULL,"
            " updated_at = clock_timestamp() WHERE no = :no",
            no=no,
        )  # fmt: skip
        await tell_count(self.session, no)

    async def settle(self, count: Row[Any]) -> None:
        """Counted when every line is, open again when one is not any more. `count` is as it was."""
        rows = await run(self.session, _SETTLE, no=count.no)
        if rows and rows[0].state != count.state:
            await tell_count(self.session, count.no)


async def tell_count(session: AsyncSession, no: str) -> None:
    """After the commit the count's workflow looks again; it is started where none runs."""
    await queue_signal(session, count_workflow_id(no), "count_moved", CountMoved(no))


async def book_of(session: AsyncSession, key: StockKey) -> Row[Any]:
    """What the books have of a balance, and what of it lies on no shelf."""
    rows = await run(
        session, _BOOK, sku=key.sku, location_id=key.location_id, lot=key.lot,
        condition=key.condition, owner=key.owner, correcting=list(CORRECTING),
    )  # fmt: skip
    return rows[0]


def key_of_line(location: str, line: Row[Any]) -> StockKey:
    """The balance that a line is about."""
    return StockKey(Sku(line.sku), LocationId(location), Lot(line.lot), line.condition, line.owner)
