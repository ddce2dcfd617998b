"""Counts into the books: as differences, as far as nobody was promised the units."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.count_serials import CountSerials
from db.inventory.counts import Counts, book_of, key_of_line, tell_count
from db.inventory.ledger import Ledger, columns_of
from db.inventory.repository import StockRepository
from db.inventory.sought_serials import SoughtSerials
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import COUNT_SHORT
from db.sql import run
from domain.inventory.counting import CountState, LineState, corrected
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed
from domain.shared.ids import count_workflow_id


@dataclass(frozen=True, slots=True)
class CountPosting:
    """Changes balances, in the order in which they are locked."""

    session: AsyncSession

    async def differences(self, no: str) -> list[tuple[Row[Any], int]]:
        """Lines with what posting would change now. The caller holds the count's lock."""
        count = await self._counts.lock(no)
        looks = await self._counts.looks(no)
        found = []
        lines = [
            line
            for line in await self._counts.lines(no)
            if line.line_no in looks and line.state != LineState.LEFT_OUT
        ]
        numbers = await CountSerials(self.session, no).last()
        keys = sorted(key_of_line(count.location_id, line) for line in lines)
        await StockRepository(self.session).hold(keys)
        for line in lines:
            book = await book_of(self.session, key_of_line(count.location_id, line))
            last = numbers[line.line_no]
            difference = corrected(looks[line.line_no][-1], book.adjusted)
            # Agreed without numbers: whoever corrected it since has named the units.
            unnamed = last.tracks_serials and not last.named
            found.append((line, 0 if unnamed else difference))
        return found

    async def post(self, no: str, actor: str) -> CountState:
        """Put the differences into the books. Missing units that are promised to somebody stay:
        the count waits with them, and a person is asked. Posting again goes on with them.

        Raises ActionNotAllowed before everything is counted.
        """
        count = await self._counts.lock(no)
        if count.state in (CountState.POSTED, CountState.CANCELLED):
            return CountState(count.state)
        if count.state == CountState.OPEN:
            raise ActionNotAllowed("not everything is counted yet")
        rest, known = 0, sum(line.rest for line in await self._counts.lines(no))
        serials = CountSerials(self.session, no, actor)
        numbers = await serials.last()
        for line, difference in await self.differences(no):
            rest += await self._post_line(count, line, difference, actor)
            key = key_of_line(count.location_id, line)
            await serials.post(key, numbers[line.line_no])
            await SoughtSerials(self.session, actor).settle(key)
        state = CountState.SHORT if rest else CountState.POSTED
        await run(
            self.session,
            "UPDATE stock_count SET state = :state, posted_by = :actor,"
            " posted_at = coalesce(posted_at, clock_timestamp()), due_at = NULL,"
            " updated_at = clock_timestamp() WHERE no = :no",
            no=no, state=state, actor=actor,
        )  # fmt: skip
        if state != count.state:
            await tell_count(self.session, no)
        if rest != known:  # what somebody has read is not said again
            await self._tell(count, rest)
        return state

    @property
    def _counts(self) -> Counts:
        return Counts(self.session)

    async def _post_line(self, count: Row[Any], line: Row[Any], difference: int, actor: str) -> int:
        """Change the balance as far as nobody was promised it; returns what is left."""
        key = key_of_line(count.location_id, line)
        free = await self._free(key)
        now = max(difference, -free)
        if now:
            # What is posted already makes the key of what follows another one.
            paper = f"count:{count.no}:{line.line_no}:{line.posted}"
            document = Document("stock_count", count.no, paper, actor)
            await StockRepository(self.session).adjust(
                document, [StockLine(key, now)], AdjustmentReason.COUNT
            )
        rest = now - difference
        await run(
            self.session,
            "UPDATE stock_count_line SET posted = posted + :now, rest = :rest"
            " WHERE count_no = :no AND line_no = :line",
            no=count.no, line=line.line_no, now=now, rest=rest,
        )  # fmt: skip
        return rest

    async def _free(self, key: StockKey) -> int:
        rows = await Ledger(self.session).run(statements.LOCK, columns_of([key]))
        return int(rows[0].free) if rows else 0

    async def _tell(self, count: Row[Any], rest: int) -> None:
        workflow_id = count_workflow_id(count.no)
        if rest:
            await open_attention(
                self.session, workflow_id=workflow_id, step_id=COUNT_SHORT,
                system=f"stock/{count.location_id}", cause="CountShort",
                attempts=1, actions=("done_by_hand",),
                error=f"count {count.no} misses {rest} units that are promised",
            )  # fmt: skip
        else:
            await resolve_attention(
                self.session, workflow_id=workflow_id, step_id=COUNT_SHORT, by="system",
                resolution="done",
            )  # fmt: skip
