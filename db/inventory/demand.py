"""What was asked for, day by day: read out of the ledger once, then given to the planner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.planning.nightly import Flags, Vector

_LONG: Final = "SET LOCAL statement_timeout = '120s'"
# Read once, so not before the day is over at every place.
_DAYS: Final = """
SELECT one::date AS day FROM generate_series(
    greatest(CAST(:from_day AS date),
             (SELECT (at AT TIME ZONE 'Asia/Shanghai')::date FROM stock_move ORDER BY id LIMIT 1)),
    CAST(:until AS date) - 1, interval '1 day') AS one
WHERE NOT EXISTS (SELECT FROM demand_rolled r WHERE r.day = one::date)
  AND NOT EXISTS (SELECT FROM location l WHERE l.active AND l.kind <> 'transit'
                  AND (one::date + 1)::timestamp AT TIME ZONE l.zone > clock_timestamp())
ORDER BY 1
"""
# A day ends for each location by its own clock. What was there at its end is what is there now
# without all that moved since; nothing there means that more may have been asked for.
_ROLL_UP: Final = """
WITH place AS MATERIALIZED (
    SELECT id AS location_id, 'location:' || id AS name,
           CAST(:day AS date)::timestamp AT TIME ZONE zone AS begins,
           (CAST(:day AS date) + 1)::timestamp AT TIME ZONE zone AS ends
    FROM location l WHERE kind <> 'transit'
      AND NOT EXISTS (SELECT FROM dealer_rule r WHERE r.location_id = l.id)
), moved AS MATERIALIZED (
    SELECT at, sku, verb, quantity, from_place, to_place, condition FROM stock_move
    WHERE at >= (SELECT min(begins) FROM place)
), sold AS (
    SELECT p.location_id, m.sku, sum(m.quantity) AS units FROM moved m
    JOIN place p ON m.from_place = p.name AND m.at >= p.begins AND m.at < p.ends
    WHERE m.verb = 'issue' AND m.to_place = 'customer' GROUP BY 1, 2
), since AS (
    SELECT location_id, sku, sum(units) AS units FROM (
        SELECT p.location_id, m.sku, m.quantity AS units FROM moved m
        JOIN place p ON m.to_place = p.name AND m.at >= p.ends WHERE m.condition = 'good'
        UNION ALL
        SELECT p.location_id, m.sku, -m.quantity FROM moved m
        JOIN place p ON m.from_place = p.name AND m.at >= p.ends WHERE m.condition = 'good'
    ) AS one GROUP BY 1, 2
), left_over AS (
    SELECT b.location_id, b.sku, sum(b.on_hand) AS units FROM stock_balance b
    JOIN place p USING (location_id) WHERE b.condition = 'good' GROUP BY 1, 2
), gone AS (
    SELECT l.location_id, l.sku FROM left_over l LEFT JOIN since s USING (location_id, sku)
    WHERE l.units - coalesce(s.units, 0) <= 0
      AND (EXISTS (SELECT FROM stock_policy q WHERE q.location_id = l.location_id
                   AND q.sku = l.sku AND q.demand_mean > 0)
           OR EXISTS (SELECT FROM sold d WHERE d.location_id = l.location_id AND d.sku = l.sku))
)
INSERT INTO demand_day (location_id, sku, day, units, out)
SELECT location_id, sku, CAST(:day AS date), coalesce(sold.units, 0), gone.sku IS NOT NULL
FROM sold FULL JOIN gone USING (location_id, sku)
ON CONFLICT (location_id, sku, day) DO UPDATE SET units = EXCLUDED.units, out = EXCLUDED.out
"""
_ROLLED: Final = "INSERT INTO demand_rolled (day) VALUES (:day) ON CONFLICT DO NOTHING"
# A line is a SKU with all its days: the driver takes as long for a short line as for a long one.
_READ: Final = """
COPY (
    SELECT string_agg(concat_ws(' ', k.n - 1, d.day - CAST(%(since)s AS date), d.units,
                                CAST(d.out AS int)), ' ')
    FROM unnest(CAST(%(skus)s AS text[])) WITH ORDINALITY AS k (sku, n)
    JOIN demand_day d ON d.location_id = %(location_id)s AND d.sku = k.sku
      AND d.day >= %(since)s AND d.day < CAST(%(since)s AS date) + %(days)s
    GROUP BY k.n
) TO STDOUT
"""
_REPORTED: Final = """
SELECT (SELECT max(day) FROM dealer_report d WHERE d.location_id = r.location_id
        AND d.state = 'accepted') AS day
FROM dealer_rule r WHERE r.location_id = :location_id
"""
_CALENDAR: Final = """
SELECT sku, category, starts_on, ends_on, CAST(factor AS float) AS factor FROM demand_calendar
WHERE (location_id IS NULL OR location_id = :location_id)
  AND ends_on >= :first AND starts_on <= :last ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Sales:
    """Rows are SKUs, columns days, the oldest first: units, and where nothing was left at the end
    of the day."""

    units: Vector
    out: Flags


async def days_to_roll(session: AsyncSession, night: date, window_days: int) -> list[date]:
    """Days before the night that are not read out of the ledger yet, the oldest first."""
    since = night - timedelta(days=window_days)
    return [row.day for row in await run(session, _DAYS, from_day=since, until=night)]


async def roll_up(session: AsyncSession, day: date) -> None:
    """Read one day out of the ledger; again, it says the same."""
    await run(session, _LONG)
    await run(session, _ROLL_UP, day=day)
    await run(session, _ROLLED, day=day)


async def sales_of(
    session: AsyncSession, location_id: str, skus: Sequence[str], night: date, days: int
) -> Sales:
    """What these SKUs sold in the days before the night."""
    units = np.zeros((len(skus), days), dtype=np.float64)
    out = np.zeros((len(skus), days), dtype=bool)
    told = await _copied(
        session, _READ,
        {"since": night - timedelta(days=days), "days": days, "skus": list(skus),
         "location_id": location_id},
    )  # fmt: skip
    if len(told):
        row, day = told[:, 0], told[:, 1]
        units[row, day], out[row, day] = told[:, 2], told[:, 3] > 0
    # Of days that a dealer has not reported yet nobody knows; they are no days without sales.
    for last in await run(session, _REPORTED, location_id=location_id):
        known = days if last.day is None else days - (night - last.day).days + 1
        out[:, max(known, 0) :] = True
    return Sales(units, out)


async def factors_of(
    session: AsyncSession,
    location_id: str,
    skus: Sequence[str],
    categories: Sequence[str],
    first: date,
    days: int,
) -> Vector:
    """How much more than usual is asked for, by SKU and day from `first` on; entries of the
    calendar that meet on a day multiply."""
    last = first + timedelta(days=days - 1)
    found = np.ones((len(skus), days), dtype=np.float64)
    names, kinds = np.array(skus), np.array(categories)
    for row in await run(session, _CALENDAR, location_id=location_id, first=first, last=last):
        begins = max((row.starts_on - first).days, 0)
        ends = min((row.ends_on - first).days, days - 1) + 1
        meant = np.ones(len(skus), dtype=bool)
        if row.sku is not None:
            meant &= names == row.sku
        if row.category:
            meant &= kinds == row.category
        found[meant, begins:ends] *= row.factor
    return found


async def _copied(session: AsyncSession, statement: str, parameters: dict[str, Any]) -> Any:
    """The whole numbers a COPY tells, as a table of four columns."""
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    async with raw.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        told = b"".join([bytes(block) async for block in copy])
    return np.fromstring(told.decode(), dtype=np.int64, sep=" ").reshape(-1, 4)
