"""Policies of SKUs at locations: reckoned anew each night with all they follow from, or fixed by
hand for a time."""

# ruff: noqa: S608 (made of constants)

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.demand import Sales, factors_of, sales_of
from db.inventory.lead_times import Lead, supplies_of, way_to
from db.inventory.planning_settings import ServiceOf, Setting, services_of, setting_of
from db.sql import run
from domain.inventory.planning.nightly import (
    SHAPES,
    Conditions,
    Learned,
    Targets,
    Vector,
    ahead,
    classes,
    learn,
    targets,
)
from domain.shared.errors import InvalidInput, UnknownPolicy

BATCH: Final = 5_000
HORIZON: Final = 120  # days ahead for which the calendar is read

_LONG: Final = "SET LOCAL statement_timeout = '120s'"
_BEGUN: Final = """
INSERT INTO planning_night (location_id, night, policies, suggestions)
VALUES (:location_id, :night, 0, 0) ON CONFLICT DO NOTHING
"""
# A SKU is planned where it lies, lay, or is asked for. It is known since the first of these.
_ADD: Final = """
WITH wanted AS (
    SELECT sku FROM stock_balance WHERE location_id = :location_id
    UNION
    SELECT sku FROM demand_day WHERE location_id = :location_id
      AND day >= CAST(:night AS date) - CAST(:window AS int)
)
INSERT INTO stock_policy (location_id, sku, night, known_since, class, demand_mean,
    demand_deviation, days_used, days_out, factor, lead_mean, lead_deviation, lead_source,
    lead_samples, review_days, measure, service, shape, expected, safety, reorder_point,
    order_up_to)
SELECT :location_id, w.sku, CAST(:night AS date) - 1,
       coalesce(least(
           (SELECT min(day) FROM demand_day d
            WHERE d.location_id = :location_id AND d.sku = w.sku),
           (SELECT min(at)::date FROM stock_move m
            WHERE m.sku = w.sku AND m.to_place = 'location:' || :location_id)), :night),
       'C', 0, 0, 0, 0, 1, 0, 0, '', 0, 1, 'cycle', 0.95, 'none', 0, 0, 0, 0
FROM wanted w JOIN sku s ON s.code = w.sku AND s.active
WHERE NOT EXISTS (SELECT FROM stock_policy p WHERE p.location_id = :location_id AND p.sku = w.sku)
ON CONFLICT DO NOTHING
"""
_VALUES: Final = """
SELECT p.sku, p.class AS class_, (coalesce(d.units, 0)
       * CASE WHEN s.cost_minor > 0 THEN s.cost_minor ELSE s.price_minor END)::float AS value
FROM stock_policy p JOIN sku s ON s.code = p.sku
LEFT JOIN (SELECT sku, sum(units) AS units FROM demand_day WHERE location_id = :location_id
           AND day >= CAST(:night AS date) - CAST(:window AS int) GROUP BY sku) d ON d.sku = p.sku
WHERE p.location_id = :location_id
"""
_CLASSED: Final = """
UPDATE stock_policy p SET class = t.class
FROM unnest(CAST(:skus AS text[]), CAST(:classes AS text[])) AS t (sku, class)
WHERE p.location_id = :location_id AND p.sku = t.sku
"""
_BATCH: Final = """
SELECT p.sku, p.class AS class_, s.category, p.known_since,
       CASE WHEN p.fixed_until >= :night THEN p.fixed_safety END AS fixed
FROM stock_policy p JOIN sku s ON s.code = p.sku
WHERE p.location_id = :location_id AND p.sku > :after ORDER BY p.sku LIMIT :most
"""
_STAGE: Final = """
CREATE TEMP TABLE IF NOT EXISTS planned_policy (
    sku text, demand_mean float, demand_deviation float, days_used int, days_out int, factor float,
    lead_mean float, lead_deviation float, lead_source text, lead_samples int, measure text,
    service float, shape text, expected float, safety float, reorder_point bigint,
    order_up_to bigint
) ON COMMIT DELETE ROWS
"""
_STAGED: Final = (
    "demand_mean", "demand_deviation", "days_used", "days_out", "factor", "lead_mean",
    "lead_deviation", "lead_source", "lead_samples", "measure", "service", "shape", "expected",
    "safety", "reorder_point", "order_up_to",
)  # fmt: skip
_KEEP: Final = (
    "UPDATE stock_policy p SET night = :night, review_days = :review, passed_up = 0, "
    + ", ".join(f"{name} = t.{name}" for name in _STAGED)
    + " FROM planned_policy t WHERE p.location_id = :location_id AND p.sku = t.sku"
)
_RECKONED: Final = """
UPDATE planning_night SET policies = (SELECT count(*) FROM stock_policy
    WHERE location_id = :location_id AND night = :night)
WHERE location_id = :location_id AND night = :night
"""
# The chance side is the wish of a person now; what is expected stays as it was reckoned.
_FIX: Final = """
UPDATE stock_policy SET fixed_safety = :safety, fixed_until = :until, fixed_reason = :reason,
    fixed_by = :actor,
    order_up_to = order_up_to - reorder_point + CAST(ceil(expected + :safety) AS bigint),
    reorder_point = CAST(ceil(expected + :safety) AS bigint)
WHERE location_id = :location_id AND sku = :sku RETURNING sku
"""
_UNFIX: Final = """
UPDATE stock_policy SET fixed_safety = NULL, fixed_until = NULL, fixed_reason = '', fixed_by = '',
    order_up_to = order_up_to - reorder_point + CAST(round(expected + safety) AS bigint),
    reorder_point = CAST(round(expected + safety) AS bigint)
WHERE location_id = :location_id AND sku = :sku RETURNING sku
"""
_ONE: Final = """
SELECT p.*, p.class AS class_, s.name, s.category, l.name AS location, l.zone FROM stock_policy p
JOIN sku s ON s.code = p.sku JOIN location l ON l.id = p.location_id
WHERE p.location_id = :location_id AND p.sku = :sku
"""


async def begin(session: AsyncSession, location_id: str, night: date) -> None:
    """What is planned at the location tonight, and of which class each SKU is there."""
    setting = await setting_of(session)
    told: dict[str, Any] = {
        "location_id": location_id, "night": night, "window": setting.window_days,
    }  # fmt: skip
    await run(session, _LONG)
    await run(session, _BEGUN, location_id=location_id, night=night)
    await run(session, _ADD, **told)
    rows = await run(session, _VALUES, **told)
    found = await asyncio.to_thread(classes, [row.value for row in rows])
    changed = [
        (row.sku, str(new)) for row, new in zip(rows, found, strict=True) if row.class_ != str(new)
    ]
    if changed:
        await run(
            session, _CLASSED, location_id=location_id, skus=[sku for sku, _ in changed],
            classes=[new for _, new in changed],
        )  # fmt: skip


async def reckon(
    session: AsyncSession, location_id: str, night: date, after: str, most: int = BATCH
) -> str:
    """The next SKUs behind `after`, anew; the last one, or nothing when these were the last."""
    rows = await run(
        session, _BATCH, location_id=location_id, night=night, after=after, most=most
    )  # fmt: skip
    if rows:
        setting = await setting_of(session)
        skus = [row.sku for row in rows]
        batch = await _gather(session, location_id, night, rows, skus, setting)
        columns = await asyncio.to_thread(_reckoned, batch, setting)
        await _keep(session, location_id, night, setting.review_days, skus, columns)
    if len(rows) == most:
        return str(rows[-1].sku)
    await run(session, _RECKONED, location_id=location_id, night=night)
    return ""


async def fix(
    session: AsyncSession, location_id: str, sku: str, safety: int, until: date, reason: str,
    actor: str, today: date,
) -> None:  # fmt: skip
    """A person says how much safety stock to keep, until a day and why. Raises UnknownPolicy,
    InvalidInput."""
    if until < today or (until - today).days > 366:
        raise InvalidInput("a value is fixed until a day of the next twelve months")
    if not reason.strip():
        raise InvalidInput("a reason is needed")
    told = {"safety": safety, "until": until, "reason": reason, "actor": actor}
    if not await run(session, _FIX, location_id=location_id, sku=sku, **told):
        raise UnknownPolicy("this SKU is not planned at this location")


async def unfix(session: AsyncSession, location_id: str, sku: str) -> None:
    """The reckoned value again. Raises UnknownPolicy."""
    if not await run(session, _UNFIX, location_id=location_id, sku=sku):
        raise UnknownPolicy("this SKU is not planned at this location")


async def policy_of(session: AsyncSession, location_id: str, sku: str) -> Any:
    """A policy with all it follows from. Raises UnknownPolicy."""
    rows = await run(session, _ONE, location_id=location_id, sku=sku)
    if not rows:
        raise UnknownPolicy("this SKU is not planned at this location")
    return rows[0]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: Sequence[Any]
    sales: Sales
    usable: Any
    factors: Vector  # of the past, then of what is to come
    leads: Sequence[Lead]
    services: Sequence[ServiceOf]


async def _gather(
    session: AsyncSession, location_id: str, night: date, rows: Sequence[Any],
    skus: Sequence[str], setting: Setting,
) -> _Batch:  # fmt: skip
    window = setting.window_days
    sales = await sales_of(session, location_id, skus, night, window)
    first = night - timedelta(days=window)
    factors = await factors_of(
        session, location_id, skus, [row.category for row in rows], first, window + HORIZON
    )
    way = await way_to(session, location_id, night, setting.transfer_days)
    supplies = await supplies_of(session, way, skus, night)
    services = await services_of(session)
    known = np.array([(row.known_since - first).days for row in rows])
    usable = ~sales.out & (np.arange(window)[None, :] >= known[:, None])
    return _Batch(
        rows, sales, usable, factors,
        [supplies[sku][1] if sku in supplies else way.lead for sku in skus],
        [services[row.class_] for row in rows],
    )  # fmt: skip


def _reckoned(batch: _Batch, setting: Setting) -> list[list[Any]]:
    """The columns that are kept, each as its rows."""
    window = setting.window_days
    learned = learn(batch.sales.units, batch.usable, batch.factors[:, :window])
    lead = np.array([one.mean for one in batch.leads])
    lead_variance = np.array([one.variance for one in batch.leads])
    review = np.full(len(lead), float(setting.review_days))
    season = ahead(batch.factors[:, window:], lead + review)
    daily = learned.mean * season
    order_days = np.array([one.order_days for one in batch.services], dtype=np.float64)
    service = np.array([one.service for one in batch.services])
    found = targets(
        Conditions(
            daily, learned.variance * season**2, lead, lead_variance, review, service,
            np.array([one.measure == "fill" for one in batch.services]),
            np.maximum(daily * order_days, 1.0),
        )
    )  # fmt: skip
    point, up_to = _levels(batch, found, daily * order_days)
    return [
        *_told(learned), batch.sales.out.sum(axis=1).tolist(), season.tolist(), lead.tolist(),
        np.sqrt(lead_variance).tolist(), [one.source for one in batch.leads],
        [one.samples for one in batch.leads], [one.measure for one in batch.services],
        service.tolist(), [str(SHAPES[one]) for one in found.shape],
        found.expected.tolist(), found.safety.tolist(), point, up_to,
    ]  # fmt: skip


def _told(learned: Learned) -> list[list[Any]]:
    return [learned.mean.tolist(), np.sqrt(learned.variance).tolist(), learned.days.tolist()]


def _levels(batch: _Batch, found: Targets, batches: Vector) -> tuple[list[int], list[int]]:
    """A person's safety stock goes before ours. Of what nobody asks for nothing is ordered."""
    fixed = np.array([np.nan if row.fixed is None else float(row.fixed) for row in batch.rows])
    by_hand = np.ceil(found.expected + np.nan_to_num(fixed)).astype(np.int64)
    point = np.where(np.isnan(fixed), found.reorder_point, by_hand)
    more = np.where(found.shape == 0, 0, np.ceil(np.maximum(batches, 1.0))).astype(np.int64)
    return point.tolist(), (point + more).tolist()


async def _keep(
    session: AsyncSession, location_id: str, night: date, review_days: int,
    skus: Sequence[str], columns: Sequence[Sequence[Any]],
) -> None:  # fmt: skip
    await run(session, _STAGE)
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    async with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY planned_policy (sku, {', '.join(_STAGED)}) FROM STDIN") as copy,
    ):
        for row in zip(skus, *columns, strict=True):
            await copy.write_row(row)
    await run(session, _KEEP, location_id=location_id, night=night, review=review_days)
