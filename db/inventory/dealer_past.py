"""What a dealer's report is compared with: the reports before it, and what we sent and got back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.dealer_books import DOCUMENT
from db.sql import run
from domain.inventory.dealer_reports import Before, DealerLine, Habit, Known, sold_each

_HABIT: Final = 12  # reports
_ACCEPTED: Final = """
SELECT r.no, r.day, r.after_day, l.sku, sum(l.stock)::bigint AS stock, sum(l.sold)::bigint AS sold
FROM dealer_report r JOIN dealer_report_line l ON l.report_no = r.no
WHERE r.location_id = :location_id AND r.state = 'accepted'
  AND (CAST(:until AS date) IS NULL OR r.day < :until)
GROUP BY r.no, r.day, r.after_day, l.sku ORDER BY r.day, l.sku
"""
_MOVED: Final = f"""
WITH here AS (
    SELECT 'location:' || id AS name, (CAST(:day AS date) + 1)::timestamp AT TIME ZONE zone AS ends,
           (CAST(:since AS date) + 1)::timestamp AT TIME ZONE zone AS begins
    FROM location WHERE id = :location_id
)
SELECT m.sku, sum(m.quantity) FILTER (WHERE m.to_place = h.name)::bigint AS came,
       sum(m.quantity) FILTER (WHERE m.from_place = h.name)::bigint AS gone
FROM stock_move m JOIN here h ON h.name IN (m.from_place, m.to_place)
WHERE m.at >= h.begins AND m.at < h.ends AND m.document_kind <> '{DOCUMENT}'
GROUP BY m.sku
"""  # noqa: S608 (made of constants)
_COMING: Final = """
SELECT l.sku, sum(l.shipped - l.received - l.damaged - l.lost - l.returned)::bigint AS units
FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
WHERE t.to_location = :location_id AND t.state = 'shipped' GROUP BY l.sku
"""
_SKUS: Final = """
SELECT s.code, s.tracks_lots, array_agg(t.lot) FILTER (WHERE t.lot IS NOT NULL) AS lots
FROM sku s LEFT JOIN lot t ON t.sku = s.code AND s.tracks_lots
WHERE s.code = ANY(:skus) GROUP BY s.code, s.tracks_lots
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted report by SKU: what lay there, and what was sold since the one before it."""

    day: date
    stock: dict[str, int]
    sold: dict[str, int]


async def accepted_until(
    session: AsyncSession, location_id: str, until: date | None
) -> list[Accepted]:
    """Accepted reports for days before one, the oldest first."""
    rows = await run(session, _ACCEPTED, location_id=location_id, until=until)
    days: dict[date, list[Any]] = {}
    for row in rows:
        days.setdefault(row.day, []).append(row)
    skus = sorted({row.sku for row in rows})
    sold: dict[date, dict[str, int]] = {day: {} for day in days}
    for sku in skus:
        told = {row.day: row.sold for row in rows if row.sku == sku}
        chain = [(day, of[0].after_day, told.get(day, 0)) for day, of in days.items()]
        for day, units in zip(days, sold_each(chain), strict=True):
            sold[day][sku] = units
    return [
        Accepted(day, {row.sku: row.stock for row in of}, sold[day]) for day, of in days.items()
    ]


async def before_of(
    session: AsyncSession, location_id: str, day: date, lines: Sequence[DealerLine]
) -> Before:
    """What is known of the time between the accepted report before that day and the day."""
    chain = await accepted_until(session, location_id, day)
    last = chain[-1] if chain else None
    moved = {
        row.sku: row
        for row in await run(
            session, _MOVED, location_id=location_id, day=day, since=last.day if last else day
        )
    }
    coming = {r.sku: r.units for r in await run(session, _COMING, location_id=location_id)}
    asked = {line.sku for line in lines} | set(moved) | set(last.stock if last else ())
    known = {}
    for row in await run(session, _SKUS, skus=sorted(asked)):
        told = moved.get(row.code)
        known[row.code] = Known(
            last.stock.get(row.code, 0) if last else 0,
            (told.came or 0) if told else 0,
            (told.gone or 0) if told else 0,
            coming.get(row.code, 0),
            last.sold.get(row.code, 0) if last else 0,
            frozenset(row.lots or ()) if row.tracks_lots else None,
            habit_of(chain, row.code),
        )
    return Before(last.day if last else None, known)


def habit_of(chain: Sequence[Accepted], sku: str) -> Habit:
    """How a SKU went in the last reports that name it; of the first nobody knows since when."""
    named = [(before, one) for before, one in pairwise(chain) if sku in one.stock][-_HABIT:]
    return Habit(
        tuple(one.sold.get(sku, 0) / (one.day - before.day).days for before, one in named),
        tuple(one.stock[sku] for _, one in named),
    )
