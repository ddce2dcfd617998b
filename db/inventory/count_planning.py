"""Counts as they are planned: what is due by its class, some products, or all that lies there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_count_no
from db.inventory.counts import tell_count
from db.inventory.ledger import Ledger
from db.sql import run
from domain.inventory.counting import AbcClass, Tolerance, abc_classes, due
from domain.shared.errors import ActionNotAllowed
from domain.shared.ids import LocationId, Sku

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
        WHERE c.location_id = :location AND l.sku = b.sku AND c.state <> 'cancelled'
          AND l.state <> 'left_out') AS counted_on
FROM (SELECT DISTINCT sku FROM stock_balance WHERE location_id = :location AND on_hand > 0) b
JOIN sku k ON k.code = b.sku
"""

# It is to be counted until its day ends on the clock of the place.
_INSERT: Final = """
INSERT INTO stock_count (no, location_id, kind, state, planned_on, tolerance_units,
    tolerance_percent, remark, created_by, posted_by, due_at)
SELECT :no, p.id, :kind, 'open', :on, :tolerance_units, :tolerance_percent, :remark, :actor, '',
       (CAST(:on AS date) + 1)::timestamp AT TIME ZONE p.zone
FROM location p WHERE p.id = :location
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
class CountPlanning:
    """Writes counts down; nothing of the stock is frozen by it."""

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
        await tell_count(self.session, no)
        return no

    async def classes(self, location: str, today: date) -> dict[str, AbcClass]:
        """The class of every SKU that lies there, by what it turned over in a year."""
        rows = await self._turnover(location, today)
        return abc_classes({row.sku: row.value for row in rows})

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
