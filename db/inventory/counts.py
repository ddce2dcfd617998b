"""Counts in the caller's transaction: planned, looked at, posted as differences.

Whoever changes a count holds its lock. Nothing of the stock is frozen while it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_count_no, new_id
from db.inventory import statements
from db.inventory.ledger import Ledger, columns_of
from db.inventory.repository import StockRepository
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import COUNT_SHORT
from db.sql import run
from domain.inventory.counting import (
    AbcClass,
    Counted,
    CountState,
    LineState,
    Tolerance,
    abc_classes,
    corrected,
    due,
    may_count,
    state_of,
)
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, CountNotFound, OwnCount
from domain.shared.ids import LocationId, Lot, Sku

MOST_LINES: Final = 2000
A_YEAR: Final = timedelta(days=365)
_DRAWS: Final = 5

# What every SKU that lies there turned over in money in a year, and when it was counted last.
_TURNOVER: Final = """
SELECT b.sku, coalesce((
           SELECT sum(m.quantity) FROM stock_move m
           WHERE m.sku = b.sku AND m.from_place = 'location:' || :location AND m.verb = 'issue'
             AND m.at > :since), 0)::bigint * greatest(k.cost_minor, k.price_minor, 1) AS value,
       (SELECT max(c.planned_on) FROM stock_count c JOIN stock_count_line l ON l.count_no = c.no
        WHERE c.location_id = :location AND l.sku = b.sku AND c.state <> 'cancelled') AS counted_on
FROM (SELECT DISTINCT sku FROM stock_balance WHERE location_id = :location AND on_hand > 0) b
JOIN sku k ON k.code = b.sku
"""

_INSERT: Final = """
INSERT INTO stock_count (no, location_id, kind, state, planned_on, tolerance_units,
    tolerance_percent, remark, created_by, posted_by)
VALUES (:no, :location, :kind, 'open', :on, :tolerance_units, :tolerance_percent, :remark, :actor,
    '')
ON CONFLICT DO NOTHING RETURNING no
"""

_LINES: Final = """
INSERT INTO stock_count_line (count_no, line_no, sku, lot, condition, owner, abc, state, posted,
    rest)
SELECT :no, row_number() OVER (ORDER BY s.bin NULLS LAST, b.sku, b.lot, b.condition, b.owner),
       b.sku, b.lot, b.condition, b.owner, coalesce(k.abc, ''), 'open', 0, 0
FROM stock_balance b
LEFT JOIN unnest(CAST(:skus AS text[]), CAST(:classes AS text[])) AS k(sku, abc) ON k.sku = b.sku
LEFT JOIN LATERAL (SELECT min(bin) AS bin FROM stock_bin s
                   WHERE s.sku = b.sku AND s.location_id = b.location_id) s ON true
WHERE b.location_id = :location AND b.on_hand > 0
  AND (CAST(:all AS boolean) OR b.sku = ANY(CAST(:skus AS text[])))
LIMIT :most
"""

_NEW_LINE: Final = """
INSERT INTO stock_count_line (count_no, line_no, sku, lot, condition, owner, abc, state, posted,
    rest)
SELECT CAST(:no AS text), coalesce(max(line_no), 0) + 1, :sku, :lot, :condition, :owner, '',
       'open', 0, 0
FROM stock_count_line WHERE count_no = CAST(:no AS text)
RETURNING line_no
"""

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
           WHERE m.sku = b.sku AND m.verb = 'adjust' AND m.reason <> ALL(:sorted)
             AND (m.lot, m.condition, m.owner) = (b.lot, b.condition, b.owner)
             AND 'location:' || b.location_id IN (m.from_place, m.to_place)), 0)::bigint AS adjusted
FROM stock_balance b
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (:sku, :location_id, :lot, :condition, :owner)
"""
# Adjustments that carry goods from one shelf to another: they move units, and correct nothing.
SORTED: Final = ("inspected", "assembled")

_ENTRY: Final = """
INSERT INTO stock_count_entry (id, count_no, line_no, round, units, book, in_hand, adjusted, by)
VALUES (:id, :no, :line_no, :round, :units, :book, :in_hand, :adjusted, :by)
"""

_SETTLE: Final = """
UPDATE stock_count c SET updated_at = clock_timestamp(), state = CASE
    WHEN EXISTS (SELECT FROM stock_count_line l WHERE l.count_no = c.no AND l.state <> 'agreed')
        OR NOT EXISTS (SELECT FROM stock_count_line l WHERE l.count_no = c.no)
    THEN 'open' ELSE 'counted' END
WHERE c.no = :no AND c.state IN ('open', 'counted')
"""


@dataclass(frozen=True, slots=True)
class CountPlan:
    """What somebody wants counted. `kind`: due (by class), skus, or all that lies there."""

    location_id: str
    kind: str
    on: date
    actor: str
    skus: tuple[str, ...] = ()
    most: int = 50
    tolerance: Tolerance = field(default_factory=Tolerance)
    remark: str = ""
    every: tuple[int, int, int] = (30, 90, 180)  # days by class


@dataclass(frozen=True, slots=True)
class Look:
    """What a counter saw of a lot."""

    key: str
    actor: str
    sku: str
    units: int
    lot: str = ""
    condition: str = "good"
    owner: str = "own"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of all places."""

    session: AsyncSession

    async def plan(self, plan: CountPlan) -> str | None:
        """Write down what is to be counted; None when nothing is due, or today's count is there.

        Raises UnknownLocation, UnknownSku.
        """
        ledger = Ledger(self.session)
        await ledger.refuse_unknown([Sku(sku) for sku in plan.skus], [LocationId(plan.location_id)])
        classes = await self.classes(plan.location_id, plan.on) if plan.kind == "due" else {}
        skus = list(plan.skus)
        if plan.kind == "due":
            skus = await self._due(plan, classes)
            if not skus:
                return None
        for _ in range(_DRAWS):
            no = new_count_no(datetime.now(UTC))
            rows = await run(
                self.session, _INSERT, no=no, location=plan.location_id, kind=plan.kind,
                on=plan.on, tolerance_units=plan.tolerance.units,
                tolerance_percent=plan.tolerance.percent, remark=plan.remark, actor=plan.actor,
            )  # fmt: skip
            if rows:
                break
            if plan.kind == "due":
                return None
        else:
            raise ActionNotAllowed("no number is free")
        await run(
            self.session, _LINES, no=no, location=plan.location_id, skus=skus,
            classes=[str(classes.get(sku, "")) for sku in skus], all=plan.kind == "all",
            most=MOST_LINES,
        )  # fmt: skip
        return no

    async def classes(self, location: str, today: date) -> dict[str, AbcClass]:
        """The class of every SKU that lies there, by what it turned over in a year."""
        rows = await self._turnover(location, today)
        return abc_classes({row.sku: row.value for row in rows})

    async def look(self, no: str, look: Look) -> LineState:
        """Somebody counted a lot; what the books have at this moment is kept with it. The same key
        again changes nothing. Goods that are not on the paper get a line.

        Raises OwnCount when a second look is taken by the same person, UnknownSku; ActionNotAllowed
        for a count that is over, or a line that agrees already.
        """
        count = await self.lock(no)
        if count.state not in (CountState.OPEN, CountState.COUNTED):
            raise ActionNotAllowed(f"the count is {count.state}")
        line = await self._line(no, look)
        if await run(self.session, "SELECT 1 FROM stock_count_entry WHERE id = :id", id=look.key):
            return LineState(line.state)
        looks = (await self.looks(no)).get(line.line_no, [])
        if line.state == LineState.AGREED:
            raise ActionNotAllowed("this is counted already")
        if not may_count(looks, look.actor):
            raise OwnCount("somebody else counts this a second time")
        key = key_of_line(count.location_id, line)
        await StockRepository(self.session).hold([key])
        book = await self._book(key)
        counted = Counted(look.units, book.on_hand, book.in_hand, book.adjusted, look.actor)
        await run(
            self.session, _ENTRY, id=look.key or new_id("cne"), no=no, line_no=line.line_no,
            round=len(looks) + 1, units=counted.units, book=counted.book,
            in_hand=counted.in_hand, adjusted=counted.adjusted, by=look.actor,
        )  # fmt: skip
        tolerance = Tolerance(count.tolerance_units, count.tolerance_percent)
        state = state_of([*looks, counted], tolerance)
        await run(
            self.session,
            "UPDATE stock_count_line SET state = :state WHERE count_no = :no AND line_no = :line",
            no=no, line=line.line_no, state=state,
        )  # fmt: skip
        await run(self.session, _SETTLE, no=no)
        return state

    async def differences(self, no: str) -> list[tuple[Row[Any], int]]:
        """Lines with what posting would change now. The caller holds the count's lock."""
        count = await self.lock(no)
        looks = await self.looks(no)
        found = []
        lines = await self.lines(no)
        keys = sorted(key_of_line(count.location_id, x) for x in lines if x.line_no in looks)
        await StockRepository(self.session).hold(keys)
        for line in lines:
            if line.line_no in looks:
                book = await self._book(key_of_line(count.location_id, line))
                found.append((line, corrected(looks[line.line_no][-1], book.adjusted)))
        return found

    async def post(self, no: str, actor: str) -> CountState:
        """Put the differences into the books. Missing units that are promised to somebody stay:
        the count waits with them, and a person is asked. Posting again goes on with them.

        Raises ActionNotAllowed before everything is counted.
        """
        count = await self.lock(no)
        if count.state in (CountState.POSTED, CountState.CANCELLED):
            return CountState(count.state)
        if count.state == CountState.OPEN:
            raise ActionNotAllowed("not everything is counted yet")
        rest, known = 0, sum(line.rest for line in await self.lines(no))
        for line, difference in await self.differences(no):
            rest += await self._post_line(count, line, difference, actor)
        state = CountState.SHORT if rest else CountState.POSTED
        await run(
            self.session,
            "UPDATE stock_count SET state = :state, posted_by = :actor,"
            " posted_at = coalesce(posted_at, clock_timestamp()), updated_at = clock_timestamp()"
            " WHERE no = :no",
            no=no, state=state, actor=actor,
        )  # fmt: skip
        if rest != known:  # what somebody has read is not said again
            await self._tell(count, rest)
        return state

    async def cancel(self, no: str) -> None:
        """Nobody needs it any more. Raises ActionNotAllowed once it is posted."""
        count = await self.lock(no)
        if count.state not in (CountState.OPEN, CountState.COUNTED, CountState.CANCELLED):
            raise ActionNotAllowed(f"the count is {count.state}")
        await run(
            self.session,
            "UPDATE stock_count SET state = 'cancelled', updated_at = clock_timestamp()"
            " WHERE no = :no",
            no=no,
        )  # fmt: skip

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
            "SELECT l.*, k.name, k.gtin, s.bin FROM stock_count_line l JOIN sku k ON k.code = l.sku"
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
        workflow_id = f"count/{count.no}"
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

    async def _line(self, no: str, look: Look) -> Row[Any]:
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
            await run(self.session, _NEW_LINE, no=no, **key)
            rows = await run(self.session, find, no=no, **key)
        return rows[0]

    async def _book(self, key: StockKey) -> Row[Any]:
        rows = await run(
            self.session, _BOOK, sku=key.sku, location_id=key.location_id, lot=key.lot,
            condition=key.condition, owner=key.owner, sorted=list(SORTED),
        )  # fmt: skip
        return rows[0]

    async def _turnover(self, location: str, today: date) -> Sequence[Row[Any]]:
        return await run(
            self.session, _TURNOVER, location=location,
            since=datetime.combine(today, datetime.min.time(), UTC) - A_YEAR,
        )  # fmt: skip

    async def _due(self, plan: CountPlan, classes: dict[str, AbcClass]) -> list[str]:
        rows = await self._turnover(plan.location_id, plan.on)
        last = {row.sku: row.counted_on for row in rows if row.counted_on is not None}
        every = dict(zip(AbcClass, plan.every, strict=True))
        return due(classes, last, every, plan.on)[: plan.most]


def key_of_line(location: str, line: Row[Any]) -> StockKey:
    """The balance that a line is about."""
    return StockKey(Sku(line.sku), LocationId(location), Lot(line.lot), line.condition, line.owner)
