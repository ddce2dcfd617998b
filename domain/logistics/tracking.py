"""Where a parcel is, in one vocabulary for all carriers; it only ever moves forward."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.logistics.incidents import Incident, incident_in


class ParcelStatus(StrEnum):
    LABELLED = "labelled"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AT_PICKUP_POINT = "at_pickup_point"
    DELIVERED = "delivered"
    EXCEPTION = "exception"  # a problem the carrier reports; may still be delivered
    RETURNING = "returning"
    RETURNED = "returned"
    LOST = "lost"
    UNKNOWN = "unknown"  # a code we do not know: shown raw, counted, moves nothing

    @property
    def is_final(self) -> bool:
        return self in (ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST)


_RANK = {
    ParcelStatus.UNKNOWN: -1,
    ParcelStatus.LABELLED: 0,
    ParcelStatus.PICKED_UP: 1,
    ParcelStatus.IN_TRANSIT: 2,
    ParcelStatus.OUT_FOR_DELIVERY: 3,
    ParcelStatus.AT_PICKUP_POINT: 4,
    ParcelStatus.EXCEPTION: 4,
    ParcelStatus.RETURNING: 5,
    ParcelStatus.DELIVERED: 6,
    ParcelStatus.RETURNED: 6,
    ParcelStatus.LOST: 6,
}

_TROUBLED = (ParcelStatus.EXCEPTION, ParcelStatus.RETURNING, ParcelStatus.RETURNED)


@dataclass(frozen=True, slots=True)
class TrackingFact:
    """A scan a carrier told us of; `event_id` stays the same however often it is repeated.

    `incident` is why a parcel does not move as it should, None while all is well. `carrier` has the
    parcel when another one tells of it: an aggregator follows everybody's.
    """

    waybill_no: str
    event_id: str
    at: datetime
    status: ParcelStatus
    vendor_code: str
    text: str
    place: str = ""
    incident: Incident | None = None
    carrier: str = ""


def incident_of(status: ParcelStatus, text: str) -> Incident | None:
    """What a scan that tells of a problem says in words; None for one that tells of none."""
    if status is ParcelStatus.LOST:
        return Incident.LOST
    if status not in _TROUBLED:
        return None
    told = incident_in(text)
    silent = told is Incident.UNEXPLAINED and status is not ParcelStatus.EXCEPTION
    return None if silent else told  # a parcel on its way back had its reason told before


def advance(current: ParcelStatus, told: ParcelStatus) -> ParcelStatus:
    """The status after hearing `told`: forward only, final states stay, unknown moves nothing.

    A lost parcel may turn up at a door after all.
    """
    if current is ParcelStatus.LOST and told in (ParcelStatus.DELIVERED, ParcelStatus.RETURNED):
        return told
    if current.is_final or told is ParcelStatus.UNKNOWN:
        return current
    if current in (ParcelStatus.EXCEPTION, ParcelStatus.AT_PICKUP_POINT) and told in (
        ParcelStatus.OUT_FOR_DELIVERY,
        ParcelStatus.AT_PICKUP_POINT,
        ParcelStatus.EXCEPTION,
    ):
        return told
    return told if _RANK[told] > _RANK[current] else current
