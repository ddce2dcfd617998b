"""What a location needs tonight, and the suggestions that follow from it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.buying_limits import purse_of
from db.inventory.fitness import EXPIRED
from db.inventory.lead_times import Way, supplies_of, way_to
from db.inventory.planning_settings import Setting, setting_of
from db.sql import run
from domain.inventory.planning.planner import NEVER, Above, Need, Plan, Planned, plan, spare

_LONG: Final = "SET LOCAL statement_timeout = '120s'"
# Nobody approves what is being planned: it would be ordered, and suggested once more.
_HELD: Final = """
SELECT id FROM suggestion WHERE location_id = :location_id AND state = 'open'
ORDER BY id FOR UPDATE
"""
# What can be sold: not what is kept back or expired, nor what others left with us. A dealer's goods
# are his own, or ours that lie with him.
_LIES: Final = f"""
    SELECT b.sku, sum(b.on_hand - b.reserved) AS free
    FROM stock_balance b JOIN location p ON p.id = b.location_id
    LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
    WHERE b.location_id = {{place}} AND b.condition = 'good' AND NOT b.frozen AND NOT {EXPIRED}
      AND (b.owner = 'own' OR p.kind = 'dealer') GROUP BY b.sku"""  # noqa: S608 (made of constants)
# What comes: of purchases what the supplier promised (all of it while it said nothing), is not here
# and not given up; what it put off beyond the day on which a new order would be here is too late.
# Of transfers what is asked for until they are shipped, then what is still on its way. What people
# below were told they may have, and what they ask for and nobody has, is no longer ours.
_POSITIONS: Final = f"""
WITH lies AS ({_LIES.format(place=":location_id")}
), reported AS (
    SELECT max(day) AS day FROM dealer_report WHERE location_id = :location_id
      AND state = 'accepted'
), waits AS (
    SELECT sku, sum(quantity) AS units FROM backorder
    WHERE location_id = :location_id AND state = 'waiting' GROUP BY sku
), ordered AS (
    SELECT sku, coalesce(sum(units) FILTER (WHERE NOT late), 0) AS units,
           coalesce(sum(units) FILTER (WHERE late), 0) AS late
    FROM (
        SELECT l.sku, greatest(least(l.ordered, coalesce(l.acknowledged, l.ordered)) - l.cancelled
                               - l.received, 0) AS units,
               coalesce(o.expected_on > o.wanted_on AND o.expected_on > CAST(:night AS date)
                        + CAST(ceil(q.lead_mean + q.review_days) AS int), false) AS late
        FROM purchase_order o
        JOIN purchase_order_line l ON l.purchase_no = o.no AND l.received + l.cancelled < l.ordered
        LEFT JOIN stock_policy q ON q.location_id = o.location_id AND q.sku = l.sku
        WHERE o.location_id = :location_id AND o.state NOT IN ('closed','cancelled')
    ) AS one GROUP BY sku
), comes AS (
    SELECT l.sku, sum(CASE WHEN t.state = 'shipped'
        THEN l.shipped - l.received - l.damaged - l.lost - l.returned - l.short
        ELSE l.asked END) AS units
    FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
    WHERE t.to_location = :location_id AND t.state NOT IN ('closed','cancelled') GROUP BY l.sku
), goes AS (
    SELECT sku, sum(units) AS units FROM (
        SELECT l.sku, l.asked AS units FROM stock_transfer t
        JOIN stock_transfer_line l ON l.transfer_no = t.no
        WHERE t.from_location = :location_id AND t.state IN ('draft','approved')
        UNION ALL
        SELECT sku, quantity FROM suggestion WHERE source_id = :location_id AND state = 'open'
        UNION ALL
        SELECT p.sku, p.passed_up FROM stock_policy p JOIN location l ON l.id = p.location_id
        WHERE l.parent_id = :location_id AND p.passed_up > 0
    ) AS one GROUP BY sku
)
SELECT p.*, p.class AS class_, CAST(:night AS date) - 1 - reported.day AS report_days,
       s.name, s.currency, s.shelf_life_days, s.min_life_days,
       CASE WHEN s.cost_minor > 0 THEN s.cost_minor ELSE s.price_minor END AS unit_minor,
       coalesce(lies.free, 0) - coalesce(waits.units, 0) AS free,
       coalesce(ordered.units, 0) AS on_order, coalesce(ordered.late, 0) AS late,
       coalesce(comes.units, 0) AS in_transit,
       coalesce(goes.units, 0) AS promised
FROM stock_policy p JOIN sku s ON s.code = p.sku AND s.active
LEFT JOIN reported ON true LEFT JOIN lies ON lies.sku = p.sku LEFT JOIN waits ON waits.sku = p.sku
LEFT JOIN ordered ON ordered.sku = p.sku LEFT JOIN comes ON comes.sku = p.sku
LEFT JOIN goes ON goes.sku = p.sku
WHERE p.location_id = :location_id AND p.order_up_to > 0
  AND coalesce(lies.free, 0) - coalesce(waits.units, 0) + coalesce(ordered.units, 0)
      + coalesce(comes.units, 0) - coalesce(goes.units, 0)
      - coalesce(p.demand_mean * p.factor * greatest(CAST(:night AS date) - 1 - reported.day, 0), 0)
      <= p.reorder_point
ORDER BY p.sku
"""  # noqa: S608 (made of constants)
# What was suggested to the location until now is planned anew and does not count.
_ABOVE: Final = f"""
WITH lies AS ({_LIES.format(place=":above AND b.sku = ANY(:skus)")}
), waits AS (
    SELECT sku, sum(quantity) AS units FROM backorder
    WHERE location_id = :above AND state = 'waiting' AND sku = ANY(:skus) GROUP BY sku
), goes AS (
    SELECT sku, sum(units) AS units FROM (
        SELECT l.sku, l.asked AS units FROM stock_transfer t
        JOIN stock_transfer_line l ON l.transfer_no = t.no
        WHERE t.from_location = :above AND t.state IN ('draft','approved') AND l.sku = ANY(:skus)
        UNION ALL
        SELECT sku, quantity FROM suggestion
        WHERE source_id = :above AND state = 'open' AND location_id <> :location_id
          AND sku = ANY(:skus)
    ) AS one GROUP BY sku
)
SELECT lies.sku, lies.free - coalesce(waits.units, 0) AS free,
       coalesce(p.reorder_point, 0) AS keep, coalesce(goes.units, 0) AS promised
FROM lies LEFT JOIN waits USING (sku) LEFT JOIN goes USING (sku)
LEFT JOIN stock_policy p ON p.location_id = :above AND p.sku = lies.sku
"""  # noqa: S608 (made of constants)
# A night that is planned again keeps what people changed since; a new night begins anew.
_SUGGEST: Final = """
INSERT INTO suggestion (id, night, kind, sku, location_id, source_id, supplier, planned, quantity,
    edited_by, unit_minor, currency, order_on, arrives_on, cover_days, out_on, class, numbers,
    state, reason, document_no, decided_by)
SELECT id, :night, kind, sku, :location_id, source_id, supplier, units, units, '', unit_minor,
       currency, order_on, arrives_on, cover_days, out_on, class, numbers, 'open', '', '', ''
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (id text, kind text, sku text, source_id text,
    supplier text, units bigint, unit_minor bigint, currency text, order_on date, arrives_on date,
    cover_days float, out_on date, class text, numbers jsonb)
ON CONFLICT (location_id, sku, kind, coalesce(source_id, supplier)) WHERE state = 'open'
DO UPDATE SET planned = EXCLUDED.planned,
    quantity = CASE WHEN suggestion.night = EXCLUDED.night AND suggestion.edited_by <> ''
               THEN suggestion.quantity ELSE EXCLUDED.quantity END,
    edited_by = CASE WHEN suggestion.night = EXCLUDED.night THEN suggestion.edited_by ELSE '' END,
    night = EXCLUDED.night, unit_minor = EXCLUDED.unit_minor, currency = EXCLUDED.currency,
    order_on = EXCLUDED.order_on, arrives_on = EXCLUDED.arrives_on,
    cover_days = EXCLUDED.cover_days, out_on = EXCLUDED.out_on, class = EXCLUDED.class,
    numbers = EXCLUDED.numbers
WHERE suggestion.agreed_by = ''
"""
_NO_LONGER: Final = """
UPDATE suggestion SET state = 'superseded', decided_at = clock_timestamp(), decided_by = 'planner'
WHERE location_id = :location_id AND state = 'open' AND agreed_by = ''
  AND NOT (sku || ' ' || kind || ' ' || coalesce(source_id, supplier) = ANY(:still))
"""
_PASSED: Final = """
UPDATE stock_policy p SET passed_up = t.units
FROM unnest(CAST(:skus AS text[]), CAST(:units AS bigint[])) AS t (sku, units)
WHERE p.location_id = :location_id AND p.sku = t.sku
"""
_NOT_PASSED: Final = """
UPDATE stock_policy SET passed_up = 0
WHERE location_id = :location_id AND passed_up > 0 AND NOT (sku = ANY(:skus))
"""
_ENDED: Final = """
UPDATE planning_night SET finished_at = clock_timestamp(), suggestions = :suggestions
WHERE location_id = :location_id AND night = :night
"""
# Shops before the warehouses that fill them up: what they lack is asked of those.
_PLACES: Final = """
WITH RECURSIVE down AS (
    SELECT id, 0 AS depth FROM location WHERE parent_id IS NULL AND kind <> 'transit'
    UNION ALL
    SELECT l.id, down.depth + 1 FROM location l JOIN down ON l.parent_id = down.id
    WHERE l.kind <> 'transit' AND down.depth < 10
)
SELECT d.id, coalesce(max(n.policies), 0) > 0 AS reckoned
FROM down d JOIN location l ON l.id = d.id AND l.active
LEFT JOIN planning_night n ON n.location_id = d.id AND n.night = :night
WHERE n.finished_at IS NULL GROUP BY d.id ORDER BY max(d.depth) DESC, d.id
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What a location needs, and the row each need was made from."""

    way: Way
    needs: Sequence[Need]
    rows: Mapping[str, Any]


async def places_to_plan(session: AsyncSession, night: date) -> Sequence[Any]:
    """Locations whose planning is not finished tonight, those below others first; `reckoned`: their
    policies are."""
    return await run(session, _PLACES, night=night)


async def suggest(session: AsyncSession, location_id: str, night: date) -> int:
    """Plan the location and write down what is suggested; what is no longer needed goes. Returns
    how many suggestions there are."""
    await run(session, _LONG)
    await run(session, _HELD, location_id=location_id)
    setting = await setting_of(session)
    found = await needs_of(session, location_id, night, setting)
    planned = await asyncio.to_thread(
        plan, found.needs, night, dealer=found.way.kind == "dealer",
        purse=await purse_of(session, night_minor=setting.budget_minor, planned_for=location_id),
    )  # fmt: skip
    await _write(session, location_id, night, found, planned)
    await run(
        session, _ENDED, location_id=location_id, night=night, suggestions=len(planned.suggestions)
    )
    return len(planned.suggestions)


async def needs_of(session: AsyncSession, location_id: str, night: date, setting: Setting) -> Found:
    """Every SKU of which too little is there or on its way."""
    way = await way_to(session, location_id, night, setting.transfer_days)
    rows = {
        row.sku: row for row in await run(session, _POSITIONS, location_id=location_id, night=night)
    }
    supplies = await supplies_of(session, way, list(rows), night)
    above: dict[str, list[Above]] = {}
    for place in way.above:
        for row in await run(
            session, _ABOVE, above=place, location_id=location_id, skus=list(rows)
        ):  # fmt: skip
            surplus = spare(int(row.free), int(row.keep), int(row.promised))
            if surplus:
                days = round(way.lead.mean)
                above.setdefault(row.sku, []).append(Above(place, surplus, days))
    needs = [
        _need(row, tuple(above.get(sku, ())), way, supplies[sku][0] if sku in supplies else None)
        for sku, row in rows.items()
    ]
    return Found(way, needs, rows)


def _need(row: Any, above: tuple[Above, ...], way: Way, supply: Any) -> Need:
    free = int(row.free) - int(row.promised) - _sold_since(row)
    # Where nobody above can spare anything it is still they who are asked.
    asked = above or tuple(Above(place, 0, 0) for place in way.above[:1])
    life = row.shelf_life_days - row.min_life_days if row.shelf_life_days else None
    return Need(
        row.sku, row.demand_mean * row.factor, free, free + int(row.on_order + row.in_transit),
        row.reorder_point, row.order_up_to, row.unit_minor, asked, supply,
        None if life is None else max(life, 0), row.currency,
    )  # fmt: skip


def _sold_since(row: Any) -> int:
    """What a dealer will have sold since his last report, of what he had then."""
    usual = round(row.demand_mean * row.factor * max(row.report_days or 0, 0))
    return int(min(usual, max(int(row.free) - int(row.promised), 0)))


async def _write(
    session: AsyncSession, location_id: str, night: date, found: Found, planned: Plan
) -> None:
    needs = {need.sku: need for need in found.needs}
    rows = [_row(one, needs[one.sku], found.rows[one.sku], night) for one in planned.suggestions]
    still = [f"{one.sku} {one.kind} {one.source}" for one in planned.suggestions]
    await run(session, _NO_LONGER, location_id=location_id, still=still)
    if rows:
        await run(
            session, _SUGGEST, location_id=location_id, night=night, rows=json.dumps(rows)
        )  # fmt: skip
    passed = dict(planned.passed_up)
    await run(session, _NOT_PASSED, location_id=location_id, skus=list(passed))
    if passed:
        await run(
            session, _PASSED, location_id=location_id, skus=list(passed),
            units=list(passed.values()),
        )  # fmt: skip


def _row(one: Planned, need: Need, row: Any, night: date) -> dict[str, Any]:
    cover = min(need.cover_days, NEVER)
    bought = one.kind == "purchase"
    out_on = night + timedelta(days=int(cover)) if cover < NEVER else None
    return {
        "id": new_id("sug"), "kind": str(one.kind), "sku": one.sku,
        "source_id": None if bought else one.source, "supplier": one.source if bought else "",
        "units": one.quantity, "unit_minor": one.unit_minor, "currency": one.currency,
        "order_on": one.order_on.isoformat(), "arrives_on": one.arrives_on.isoformat(),
        "cover_days": round(cover, 2), "out_on": out_on.isoformat() if out_on else None,
        "class": row.class_, "numbers": _numbers(one, need, row),
    }  # fmt: skip


def _numbers(one: Planned, need: Need, row: Any) -> dict[str, Any]:
    """All that the suggestion follows from, as it was tonight."""
    terms = need.supply.terms if need.supply and one.kind == "purchase" else None
    return {
        "free": int(row.free) - _sold_since(row), "sold_since": _sold_since(row),
        "on_order": int(row.on_order), "late": int(row.late), "in_transit": int(row.in_transit),
        "promised": int(row.promised), "position": need.position,
        "reorder_point": need.reorder_point, "order_up_to": need.order_up_to,
        "wanted": one.wanted, "limits": [str(limit) for limit in one.limits],
        "daily": round(need.daily, 3), "safety": round(row.safety, 1),
        "shelf_days": need.shelf_days,
        "above": {place.location: place.surplus for place in need.above},
        "moq": terms.moq if terms else 1, "step": terms.step if terms else 1,
        "case_pack": terms.case_pack if terms else 1,
    }  # fmt: skip
