"""What the day leaves behind at a location, and on which step it stands."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_LEFT: Final = """
SELECT s.no, s.location_id, s.carrier, s.ship_by, c.at AS cutoff,
       coalesce((now() AT TIME ZONE l.zone)::time > c.at, false) AS cutoff_passed,
       CASE WHEN s.status = 'labelled' THEN 'not_handed_over'
            WHEN s.packed_at IS NOT NULL THEN 'not_labelled'
            WHEN s.picked_at IS NOT NULL THEN 'not_packed' ELSE 'not_picked' END AS kind,
       EXISTS (SELECT FROM order_hold h WHERE h.order_id = s.order_id AND h.released_at IS NULL)
           AS held,
       EXISTS (SELECT FROM attention a WHERE a.shipment_no = s.no AND a.resolved_at IS NULL)
           AS stuck,
       s.waits_for = 'stopping' AS stopping
FROM shipment s JOIN location l ON l.id = s.location_id
LEFT JOIN carrier_cutoff c ON c.location_id = s.location_id AND c.carrier = s.carrier
WHERE s.status IN ('picking', 'packed', 'labelled') AND s.handed_over_at IS NULL
  AND (CAST(:location AS text) = '' OR s.location_id = :location)
  AND (s.picked_at IS NOT NULL OR s.ship_by < now() OR (now() AT TIME ZONE l.zone)::time > c.at)
ORDER BY c.at NULLS LAST, coalesce(s.ship_by, 'infinity'), s.no LIMIT :limit
"""


async def left_overs(session: AsyncSession, location: str, limit: int) -> Sequence[Row[Any]]:
    """What was begun or is due and has not left, by cut-off and urgency; all where it is empty."""
    return await run(session, _LEFT, location=location, limit=limit)
