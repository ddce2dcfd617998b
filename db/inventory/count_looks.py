"""What somebody saw of a lot, and what the books had at that moment."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.count_serials import CountSerials
from db.inventory.counts import Counts, book_of, key_of_line
from db.inventory.ledger import Ledger
from db.inventory.lot_asking import refuse_without_lot
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.counting import (
    Counted,
    CountState,
    LineState,
    Tolerance,
    may_count,
    state_of,
)
from domain.inventory.stock import StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, OwnCount
from domain.shared.ids import LocationId, Lot, Sku

_NEW_LINE: Final = """
INSERT INTO stock_count_line (count_no, line_no, sku, lot, condition, owner, abc, state, posted,
    rest)
SELECT CAST(:no AS text), coalesce(max(line_no), 0) + 1, :sku, :lot, :condition, :owner, '',
       'open', 0, 0
FROM stock_count_line WHERE count_no = CAST(:no AS text)
RETURNING line_no
"""

_ENTRY: Final = """
INSERT INTO stock_count_entry (id, count_no, line_no, round, units, book, in_hand, adjusted, by,
    named, serials_gone, serials_found)
VALUES (:id, :no, :line_no, :round, :units, :book, :in_hand, :adjusted, :by, :named, :gone, :found)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What a counter saw of a lot; `serials` are the numbers he scanned, none = he counted."""

    key: str
    actor: str
    sku: str
    units: int
    lot: str = ""
    condition: str = "good"
    owner: str = "own"
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountLooks:
    """Counting itself, blind."""

    session: AsyncSession

    async def look(self, no: str, look: Look) -> LineState:
        """Somebody counted a lot; what the books have at this moment is kept with it. The same key
        again changes nothing. Goods that are not on the paper get a line.

        Raises OwnCount when a second look is taken by the same person, UnknownSku; LotMissing for
        goods that lie there without a lot in no book, of a SKU that asks for it; ActionNotAllowed
        for a count that is over, or a line that agrees already; SerialsMissing when units that
        differ from the books are counted again without their numbers, SerialTaken for a number
        that cannot lie there.
        """
        count = await Counts(self.session).lock(no)
        if count.state not in (CountState.OPEN, CountState.COUNTED):
            raise ActionNotAllowed(f"the count is {count.state}")
        line = await self._line(count, look)
        if await run(self.session, "SELECT 1 FROM stock_count_entry WHERE id = :id", id=look.key):
            return LineState(line.state)
        looks = (await Counts(self.session).looks(no)).get(line.line_no, [])
        if line.state in (LineState.AGREED, LineState.LEFT_OUT):
            raise ActionNotAllowed("this is counted already")
        if not may_count(looks, look.actor):
            raise OwnCount("somebody else counts this a second time")
        key = key_of_line(count.location_id, line)
        await StockRepository(self.session).hold([key])
        book = await book_of(self.session, key)
        counted = Counted(look.units, book.on_hand, book.in_hand, book.adjusted, look.actor)
        serials = CountSerials(self.session, no, look.actor)
        seen = await serials.seen(key, look.serials, look.units, is_again=bool(looks))
        await run(
            self.session, _ENTRY, id=look.key or new_id("cne"), no=no, line_no=line.line_no,
            round=len(looks) + 1, units=counted.units, book=counted.book,
            in_hand=counted.in_hand, adjusted=counted.adjusted, by=look.actor,
            named=seen.named, gone=list(seen.gone), found=list(seen.found),
        )  # fmt: skip
        tolerance = Tolerance(count.tolerance_units, count.tolerance_percent)
        state = state_of([*looks, counted], tolerance)
        if seen.asked and not seen.named and counted.difference:
            state = LineState.RECOUNT  # which units differ only their numbers say
        await run(
            self.session,
            "UPDATE stock_count_line SET state = :state WHERE count_no = :no AND line_no = :line",
            no=no, line=line.line_no, state=state,
        )  # fmt: skip
        await Counts(self.session).settle(count)
        return state

    async def _line(self, count: Row[Any], look: Look) -> Row[Any]:
        no = count.no
        key = {
            "sku": look.sku, "lot": look.lot, "condition": look.condition, "owner": look.owner,
        }  # fmt: skip
        find = (
            "SELECT * FROM stock_count_line WHERE count_no = :no AND sku = :sku AND lot = :lot"
            " AND condition = :condition AND owner = :owner"
        )
        rows = await run(self.session, find, no=no, **key)
        if not rows:
            await Ledger(self.session).refuse_unknown([Sku(look.sku)])
            found = StockKey(
                Sku(look.sku), LocationId(count.location_id), Lot(look.lot), look.condition,
                look.owner,
            )  # fmt: skip
            await refuse_without_lot(self.session, [StockLine(found, look.units)])
            await run(self.session, _NEW_LINE, no=no, **key)
            rows = await run(self.session, find, no=no, **key)
        return rows[0]


async def who_counted(session: AsyncSession, no: str) -> frozenset[str]:
    """Everybody who looked at a line of this count."""
    rows = await run(
        session, "SELECT DISTINCT by FROM stock_count_entry WHERE count_no = :no", no=no
    )
    return frozenset(row.by for row in rows)
