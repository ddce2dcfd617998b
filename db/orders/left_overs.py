"""What the day leaves behind at a location, and on which step it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.orders.visits import WorkDays, was_here_today

_LEFT: Final = """
SELECT s.no, s.location_id, s.carrier, s.ship_by, c.at AS cutoff,
       v.carrier IS NOT NULL AS cutoff_passed,
       CASE WHEN s.status = 'labelled' THEN 'not_handed_over'
            WHEN s.packed_at IS NOT NULL THEN 'not_labelled'
            WHEN s.picked_at IS NOT NULL THEN 'not_packed' ELSE 'not_picked' END AS kind,
       EXISTS (SELECT FROM order_hold h WHERE h.order_id = s.order_id AND h.released_at IS NULL)
           AS held,
       EXISTS (SELECT FROM attention a WHERE a.shipment_no = s.no AND a.resolved_at IS NULL)
           AS stuck,
       s.waits_for = 'stopping' AS stopping
FROM shipment s
LEFT JOIN carrier_cutoff c ON c.location_id = s.location_id AND c.carrier = s.carrier
LEFT JOIN unnest(CAST(:places AS text[]), CAST(:carriers AS text[])) AS v(location_id, carrier)
    ON v.location_id = s.location_id AND v.carrier = s.carrier
WHERE s.status IN ('picking', 'packed', 'labelled') AND s.handed_over_at IS NULL
  AND (CAST(:location AS text) = '' OR s.location_id = :location)
  AND s.ships_with = ''
  AND (s.picked_at IS NOT NULL OR s.ship_by < :now OR v.carrier IS NOT NULL)
ORDER BY c.at NULLS LAST, coalesce(s.ship_by, 'infinity'), s.no LIMIT :limit
"""


_CUTOFFS: Final = """
SELECT c.location_id, c.carrier, c.at, l.zone, l.works_on, l.days_off, l.days_on
FROM carrier_cutoff c JOIN location l ON l.id = c.location_id
WHERE CAST(:location AS text) = '' OR c.location_id = :location
"""


async def left_overs(
    session: AsyncSession, location: str, limit: int, now: datetime
) -> Sequence[Row[Any]]:
    """What was begun or is due and has not left, by cut-off and urgency; all where it is empty."""
    gone = [
        (row.location_id, row.carrier)
        for row in await run(session, _CUTOFFS, location=location)
        if was_here_today(
            row.at, ZoneInfo(row.zone), now,
            WorkDays(row.works_on, frozenset(row.days_off), frozenset(row.days_on)),
        )
    ]  # fmt: skip
    return await run(
        session, _LEFT, location=location, limit=limit, now=now,
        places=[place for place, _ in gone], carriers=[carrier for _, carrier in gone],
    )  # fmt: skip
