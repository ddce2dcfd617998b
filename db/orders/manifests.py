"""What is handed over to a carrier at a location on a day, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.scope import scope_in
from db.sql import run
from domain.shared.errors import ActionNotAllowed, UnknownLocation

# A day is the location's own; a waybill that was voided is not handed over.
_SELECT: Final = """
SELECT p.id, p.shipment_no, p.waybill_no, p.weight_g, p.insured_minor, p.pickup_from, p.pickup_to,
       o.no AS order_no, o.currency, r.province, r.city,
       CASE WHEN o.cash_on_delivery AND p.id = (
           SELECT min(b.id) FROM parcel b JOIN shipment x ON x.no = b.shipment_no
           WHERE x.order_id = o.id AND x.status <> 'cancelled' AND b.voided_at IS NULL)
            THEN o.payable_minor ELSE 0 END AS cash_minor
FROM parcel p JOIN shipment s ON s.no = p.shipment_no
JOIN sales_order o ON o.id = s.order_id JOIN receiver r ON r.order_id = s.order_id
JOIN location l ON l.id = s.location_id
"""

_PARCELS: Final = f"""{_SELECT}
WHERE s.location_id = :location AND p.carrier = :carrier AND p.voided_at IS NULL
  AND p.waybill_no <> '' AND s.status <> 'cancelled'
  AND (p.labelled_at AT TIME ZONE l.zone)::date = :day
ORDER BY p.waybill_no
"""

_SCANNED: Final = f"""{_SELECT}
JOIN handed_parcel h ON h.parcel_id = p.id WHERE h.hand_over_no = :no ORDER BY h.at, p.id
"""

_TODAY: Final = """
SELECT s.location_id, p.carrier, count(*) AS parcels
FROM parcel p JOIN shipment s ON s.no = p.shipment_no JOIN location l ON l.id = s.location_id
WHERE p.labelled_at > now() - interval '2 days' AND p.voided_at IS NULL AND p.waybill_no <> ''
  AND s.status <> 'cancelled'
  AND (p.labelled_at AT TIME ZONE l.zone)::date = (now() AT TIME ZONE l.zone)::date
GROUP BY s.location_id, p.carrier ORDER BY s.location_id, p.carrier
"""

_PLACE: Final = """
SELECT l.name, l.contact_name, l.contact_phone, l.zone, (now() AT TIME ZONE l.zone)::date AS today,
       coalesce((SELECT name FROM carrier_account WHERE code = :carrier), :carrier) AS carrier_name
FROM location l WHERE l.id = :location
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The place with the carrier's name, the day, and every parcel."""

    place: Row[Any]
    day: date
    parcels: Sequence[Row[Any]]


async def manifest(
    session: AsyncSession, location: str, carrier: str, day: date | None
) -> Manifest:
    """The parcels labelled on a day, today without one.

    Raises UnknownLocation, and ActionNotAllowed when there is nothing to hand over.
    """
    places = await run(session, _PLACE, location=location, carrier=carrier)
    if not places or not scope_in(session).covers(location):
        raise UnknownLocation(f"there is no location {location}")
    on = day or places[0].today
    parcels = await run(session, _PARCELS, location=location, carrier=carrier, day=on)
    if not parcels:
        raise ActionNotAllowed("nothing was labelled for this carrier here on this day")
    return Manifest(places[0], on, parcels)


async def scanned_manifest(
    session: AsyncSession, location: str, carrier: str, no: str, day: date | None
) -> Manifest:
    """The parcels that were scanned onto a hand-over, in their order."""
    places = await run(session, _PLACE, location=location, carrier=carrier)
    parcels = await run(session, _SCANNED, no=no)
    return Manifest(places[0], day or places[0].today, parcels)


async def todays_manifests(session: AsyncSession) -> Sequence[Row[Any]]:
    """Location, carrier and number of parcels of every list that can be printed today."""
    return await run(session, _TODAY)
