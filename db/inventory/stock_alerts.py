"""Alerts about goods that age: found once a night, listed, put off."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.fitness import TODAY
from db.platform.audit import audit
from db.sql import run
from domain.inventory.ageing import (
    DEAD_DAYS,
    NEAR_DAYS,
    SOLD_DAYS,
    Ageing,
    AgeingGoods,
    advise,
)
from domain.shared.errors import InvalidInput

_MOST_PUT_OFF: Final = 365
_AT_ONCE: Final = 5000

# Once a company's day, by whichever worker is first.
_NIGHT: Final = """
INSERT INTO stock_alert_night (day)
SELECT (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date
WHERE (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::time >= '03:00' OR NOT EXISTS (
    SELECT FROM stock_alert_night)
ON CONFLICT DO NOTHING RETURNING day
"""
_SOLD: Final = """
sold AS MATERIALIZED (
    SELECT sku, substr(from_place, 10) AS location_id, sum(quantity)::bigint AS units
    FROM stock_move WHERE verb = 'issue' AND from_place LIKE 'location:%'
      AND at > clock_timestamp() - make_interval(days => :sold_days)
    GROUP BY 1, 2),
best AS (
    SELECT DISTINCT ON (s.sku) s.sku, s.location_id, s.units FROM sold s
    JOIN location p ON p.id = s.location_id AND p.active
    ORDER BY s.sku, s.units DESC, s.location_id)
"""
_ENDING: Final = f"""
WITH {_SOLD}
SELECT b.sku, b.location_id, b.lot, t.expires_on, t.expires_on - {TODAY} AS days_left,
       sum(b.on_hand - b.reserved)::bigint AS units, coalesce(s.units, 0) AS sold,
       coalesce(e.units, 0) AS sold_elsewhere, coalesce(e.location_id, '') AS best
FROM stock_balance b JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
JOIN location p ON p.id = b.location_id
LEFT JOIN sold s ON s.sku = b.sku AND s.location_id = b.location_id
LEFT JOIN best e ON e.sku = b.sku AND e.location_id <> b.location_id
WHERE b.condition = 'good' AND b.owner = 'own' AND b.on_hand > b.reserved AND NOT b.frozen
  AND t.expires_on <= CURRENT_DATE + :near_days + 1 AND p.kind <> 'transit'
GROUP BY b.sku, b.location_id, b.lot, t.expires_on, p.zone, s.units, e.units, e.location_id
ORDER BY b.sku, b.location_id, b.lot
"""  # noqa: S608 (made of constants)
# Nothing left for a buyer for long, and it lies there as long.
_DEAD: Final = f"""
WITH {_SOLD}, moved AS MATERIALIZED (
    SELECT DISTINCT sku, substr(from_place, 10) AS location_id FROM stock_move
    WHERE verb = 'issue' AND at > clock_timestamp() - make_interval(days => :dead_days)),
came AS MATERIALIZED (
    SELECT DISTINCT sku, substr(to_place, 10) AS location_id FROM stock_move
    WHERE to_place LIKE 'location:%'
      AND at > clock_timestamp() - make_interval(days => :dead_days))
SELECT b.sku, b.location_id, '' AS lot, CAST(NULL AS date) AS expires_on,
       CAST(NULL AS int) AS days_left, sum(b.on_hand - b.reserved)::bigint AS units,
       0 AS sold, coalesce(e.units, 0) AS sold_elsewhere, coalesce(e.location_id, '') AS best
FROM stock_balance b JOIN location p ON p.id = b.location_id
LEFT JOIN best e ON e.sku = b.sku AND e.location_id <> b.location_id
WHERE b.condition = 'good' AND b.owner = 'own' AND b.on_hand > b.reserved AND p.kind <> 'transit'
  AND NOT EXISTS (SELECT FROM moved m WHERE m.sku = b.sku AND m.location_id = b.location_id)
  AND NOT EXISTS (SELECT FROM came c WHERE c.sku = b.sku AND c.location_id = b.location_id)
GROUP BY b.sku, b.location_id, e.units, e.location_id ORDER BY b.sku, b.location_id
"""  # noqa: S608 (made of constants)
_KEEP: Final = """
INSERT INTO stock_alert AS a (sku, location_id, lot, kind, units, expires_on, sold, advice,
                              to_location, since, seen_on)
SELECT x.sku, x.location_id, x.lot, x.kind, x.units, x.expires_on, x.sold, x.advice, x.best,
       CAST(:day AS date), CAST(:day AS date)
FROM unnest(CAST(:skus AS text[]), CAST(:places AS text[]), CAST(:lots AS text[]),
            CAST(:kinds AS text[]), CAST(:units AS bigint[]), CAST(:ends AS date[]),
            CAST(:sold AS bigint[]), CAST(:advice AS text[]), CAST(:best AS text[]))
     AS x(sku, location_id, lot, kind, units, expires_on, sold, advice, best)
ON CONFLICT (sku, location_id, lot) DO UPDATE SET
    since = CASE WHEN a.kind = excluded.kind THEN a.since ELSE excluded.since END,
    put_off_until = CASE WHEN a.kind = excluded.kind THEN a.put_off_until END,
    kind = excluded.kind, units = excluded.units, expires_on = excluded.expires_on,
    sold = excluded.sold, advice = excluded.advice, to_location = excluded.to_location,
    seen_on = :day
"""
_GONE: Final = "DELETE FROM stock_alert WHERE seen_on < :day"
_LISTED: Final = f"""
SELECT a.*, k.name, p.name AS place, coalesce(o.name, a.to_location) AS to_place,
       a.expires_on - {TODAY} AS days_left
FROM stock_alert a JOIN sku k ON k.code = a.sku JOIN location p ON p.id = a.location_id
LEFT JOIN location o ON o.id = a.to_location
WHERE (:kind = '' OR a.kind = :kind)
  AND (:put_off OR a.put_off_until IS NULL OR a.put_off_until <= {TODAY})
  AND (coalesce(a.expires_on, :far), a.sku, a.location_id, a.lot) > (:ends, :sku, :place, :lot)
ORDER BY coalesce(a.expires_on, :far), a.sku, a.location_id, a.lot LIMIT :limit
"""  # noqa: S608 (made of constants)
_PUT_OFF: Final = """
UPDATE stock_alert a SET put_off_until = (clock_timestamp() AT TIME ZONE p.zone)::date + :days,
    put_off_by = :by, note = :note
FROM location p WHERE p.id = a.location_id AND a.sku = :sku AND a.location_id = :place
  AND a.lot = :lot RETURNING a.sku
"""
FAR: Final = date(9999, 12, 31)


async def look_through(session: AsyncSession, *, again: bool = False) -> int:
    """Find the goods that age, once a night; returns how many alerts there are then."""
    rows = await run(session, _NIGHT)
    if not rows and not again:
        return 0
    asked = {"sold_days": SOLD_DAYS}
    found = [
        (Ageing.EXPIRED if row.days_left < 0 else Ageing.NEAR, row)
        for row in await run(session, _ENDING, near_days=NEAR_DAYS, **asked)
        if row.days_left <= NEAR_DAYS
    ]
    found += [(Ageing.DEAD, row) for row in await run(session, _DEAD, dead_days=DEAD_DAYS, **asked)]
    alerts = [one for kind, row in found if (one := _alert(kind, row))]
    today = (await run(session, "SELECT max(day) AS day FROM stock_alert_night"))[0].day
    for start in range(0, len(alerts), _AT_ONCE):
        part = alerts[start : start + _AT_ONCE]
        columns = ("skus", "places", "lots", "kinds", "units", "ends", "sold", "advice", "best")
        values = dict(zip(columns, map(list, zip(*part, strict=True)), strict=True))
        await run(session, _KEEP, day=today, **values)
    await run(session, _GONE, day=today)
    return len(alerts)


async def listed(
    session: AsyncSession, kind: str, limit: int, after: Sequence[Any] | None = None,
    *, put_off: bool = False,
) -> Sequence[Row[Any]]:  # fmt: skip
    """Alerts as the goods expire, dead stock last; those put off only when asked for."""
    ends, sku, place, lot = after or (date.min, "", "", "")
    return await run(
        session, _LISTED, kind=kind, limit=limit, ends=ends or FAR, sku=sku, place=place, lot=lot,
        far=FAR, put_off=put_off,
    )  # fmt: skip


async def put_off(
    session: AsyncSession, key: tuple[str, str, str], days: int, note: str, actor: str,
    request_id: str,
) -> None:  # fmt: skip
    """Somebody does something about it: it comes back after so many days. Raises InvalidInput."""
    if not 0 < days <= _MOST_PUT_OFF:
        raise InvalidInput(f"an alert is put off for 1 to {_MOST_PUT_OFF} days")
    sku, place, lot = key
    if not await run(
        session, _PUT_OFF, sku=sku, place=place, lot=lot, days=days, by=actor, note=note
    ):
        raise InvalidInput("there is no such alert")
    await audit(
        session, actor, "stock_alert.put_off", f"location/{place}", reason=note,
        after={"sku": sku, "lot": lot, "days": days}, request_id=request_id,
    )  # fmt: skip


def _alert(kind: Ageing, row: Row[Any]) -> tuple[Any, ...] | None:
    goods = AgeingGoods(kind, row.units, row.days_left, row.sold, row.sold_elsewhere)
    advice = advise(goods)
    if advice is None:
        return None
    best = row.best if advice == "move" else ""
    return (
        row.sku, row.location_id, row.lot, str(kind), row.units, row.expires_on, row.sold,
        str(advice), best,
    )  # fmt: skip
