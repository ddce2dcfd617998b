"""What people look at of dealers' reports: places with the last one, reports, a form's rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.dealer_past import Accepted, accepted_until, before_of
from db.sql import run
from domain.inventory.dealer_reports import DealerLine, Known

MOST: Final = 200
_PLACES: Final = """
SELECT l.id, l.name, d.code AS dealer, coalesce(d.on_consignment, false) AS on_consignment,
       r.every_days, r.late_days, r.tolerance_percent, r.tolerance_units, r.capacity,
       coalesce(r.reminders, 0) AS reminders, last.day AS last_day, last.units,
       coalesce(last.day + r.every_days, r.since) AS due_on, open.waiting
FROM location l
LEFT JOIN LATERAL (SELECT min(code) AS code, bool_or(on_consignment) AS on_consignment
                   FROM dealer WHERE location_id = l.id AND active) d ON true
LEFT JOIN dealer_rule r ON r.location_id = l.id
LEFT JOIN LATERAL (
    SELECT a.day, (SELECT sum(stock) FROM dealer_report_line x WHERE x.report_no = a.no)::bigint
           AS units
    FROM dealer_report a WHERE a.location_id = l.id AND a.state = 'accepted'
    ORDER BY a.day DESC LIMIT 1) last ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting FROM dealer_report w WHERE w.location_id = l.id
      AND (w.state = 'waiting' OR w.doubted)) open ON true
WHERE l.kind = 'dealer' AND l.active AND (CAST(:location_id AS text) = '' OR l.id = :location_id)
ORDER BY (r.location_id IS NULL), due_on, l.id LIMIT :most
"""
_REPORTS: Final = """
SELECT r.*, l.name AS place,
       (SELECT sum(stock)::bigint FROM dealer_report_line x WHERE x.report_no = r.no) AS stock,
       (SELECT sum(sold)::bigint FROM dealer_report_line x WHERE x.report_no = r.no) AS sold,
       (SELECT count(*) FROM dealer_verdict v WHERE v.report_no = r.no AND v.doubt <> ''
          AND v.round = (SELECT max(round) FROM dealer_verdict y WHERE y.report_no = r.no))
           AS doubts
FROM dealer_report r JOIN location l ON l.id = r.location_id
WHERE (CAST(:location_id AS text) = '' OR r.location_id = :location_id)
  AND (CAST(:state AS text) = '' OR r.state = :state OR :state = 'waiting' AND r.doubted)
ORDER BY r.day DESC, r.given_at DESC, r.no LIMIT :limit
"""
_DAYS: Final = """
SELECT location_id, max(day) AS day FROM dealer_report WHERE state = 'accepted' GROUP BY 1
"""
_NAMES: Final = "SELECT code, name, tracks_lots FROM sku WHERE code = ANY(:skus)"
_SUGGESTED: Final = """
SELECT s.*, k.name, l.name AS location, coalesce(f.name, s.source_id) AS source
FROM suggestion s JOIN sku k ON k.code = s.sku JOIN location l ON l.id = s.location_id
LEFT JOIN location f ON f.id = s.source_id
WHERE s.kind = 'dealer' AND s.state = 'open'
  AND (CAST(:location_id AS text) = '' OR s.location_id = :location_id)
ORDER BY s.location_id, s.cover_days, s.id LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A row of the form: what is known of a SKU before somebody says what lies there now."""

    sku: str
    name: str
    lot: str
    known: Known


async def dealer_places(session: AsyncSession, location_id: str = "") -> Sequence[Row[Any]]:
    """Dealers' places, those that should report first first."""
    return await run(session, _PLACES, location_id=location_id, most=MOST)


async def dealer_reports(
    session: AsyncSession, location_id: str = "", state: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Reports, the newest first; those that wait are also those that do not fit any more."""
    return await run(session, _REPORTS, location_id=location_id, state=state, limit=limit)


async def reported_days(session: AsyncSession) -> dict[str, date]:
    """The day of the last accepted report, by place."""
    return {row.location_id: row.day for row in await run(session, _DAYS)}


async def form_rows(session: AsyncSession, location_id: str, day: date) -> list[Asked]:
    """What a report of that day should name: what lay there, and what came since."""
    chain = await accepted_until(session, location_id, day)
    first = await _lying(session, location_id) if not chain else []
    before = await before_of(session, location_id, day, first)
    lots = await _lots(session, location_id, chain)
    names = await names_of(session, list(before.skus))
    return [
        Asked(sku, names.get(sku, sku), lot, known)
        for sku, known in sorted(before.skus.items())
        if known.lay or known.came or not chain
        for lot in (lots.get(sku) or [""])
    ]


async def names_of(session: AsyncSession, skus: Sequence[str]) -> dict[str, str]:
    """What products are called."""
    return {row.code: row.name for row in await run(session, _NAMES, skus=list(skus))}


async def suggested_to(session: AsyncSession, location_id: str = "") -> Sequence[Row[Any]]:
    """What dealers should order of us, the most urgent of each first."""
    return await run(session, _SUGGESTED, location_id=location_id, most=MOST)


def days_old(day: date | None, today: date) -> int | None:
    """How old a report is."""
    return None if day is None else max((today - day) // timedelta(days=1), 0)


async def _lying(session: AsyncSession, location_id: str) -> list[DealerLine]:
    rows = await run(
        session,
        "SELECT DISTINCT sku FROM stock_balance WHERE location_id = :location_id AND on_hand > 0",
        location_id=location_id,
    )
    return [DealerLine(row.sku, 0) for row in rows]


async def _lots(
    session: AsyncSession, location_id: str, chain: Sequence[Accepted]
) -> dict[str, list[str]]:
    """Lots as the last report named them."""
    if not chain:
        return {}
    rows = await run(
        session,
        "SELECT l.sku, l.lot FROM dealer_report r JOIN dealer_report_line l ON l.report_no = r.no"
        " WHERE r.location_id = :location_id AND r.state = 'accepted' AND r.day = :day"
        " ORDER BY l.sku, l.lot",
        location_id=location_id, day=chain[-1].day,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.sku, []).append(row.lot)
    return found
