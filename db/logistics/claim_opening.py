"""What opens claims by itself: a carrier's own scans, and what returns say of a parcel."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.logistics.claims import NewClaim, open_claim, parcel_found
from db.sql import run
from domain.logistics.claims import ClaimKind, ClaimOrigin
from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.shared.errors import ActionNotAllowed

# Parcels that may have held these units; those in trouble, or named by number, come first.
_CARRIED: Final = """
SELECT DISTINCT p.id, p.status = 'lost' OR p.incident IN ('lost', 'damaged') AS in_trouble,
       p.waybill_no = CAST(:waybill_no AS text) AS is_named
FROM parcel p JOIN shipment s ON p.shipment_no IN (s.no, s.ships_with)
JOIN shipment_line x ON x.shipment_no = s.no
WHERE s.order_id = :order_id AND p.voided_at IS NULL AND p.waybill_no <> ''
  AND s.status IN ('handed_over', 'in_transit', 'delivered', 'exception')
  AND x.fulfilment_line_id = ANY(:lines)
ORDER BY p.id
"""

_RETURN: Final = """
SELECT r.order_id, r.reason, r.decision, r.waybill_no, r.kind, r.origin FROM sales_return r
WHERE r.return_no = :return_no
"""

_ASKED: Final = """
SELECT fulfilment_line_id AS id, quantity AS units FROM sales_return_line
WHERE return_no = :return_no
"""

_KINDS: Final = {"lost": ClaimKind.LOST, "damaged": ClaimKind.DAMAGED}
_BACK: Final = (ParcelStatus.DELIVERED, ParcelStatus.RETURNED)


async def claim_from_scans(
    session: AsyncSession, parcel_id: str, status: ParcelStatus, fresh: Sequence[TrackingFact]
) -> None:
    """A parcel that its carrier calls lost or damaged is claimed; one that turns up is found."""
    told = {fact.incident for fact in fresh}
    if status in _BACK:
        await parcel_found(session, parcel_id)
    elif status is ParcelStatus.LOST or Incident.LOST in told:
        await _open(session, NewClaim(parcel_id, ClaimKind.LOST, ClaimOrigin.TRACKING))
    if Incident.DAMAGED in told:
        await _open(session, NewClaim(parcel_id, ClaimKind.DAMAGED, ClaimOrigin.TRACKING))


async def claim_from_return(session: AsyncSession, return_no: str) -> str | None:
    """A return because of loss or damage on the way was approved: its parcel is claimed.

    None where it is about something else, has its claim already, or nobody can say which parcel it
    was: then somebody opens it on the parcel.
    """
    row = (await run(session, _RETURN, return_no=return_no))[0]
    if row.decision != "approved" or row.reason not in _KINDS:
        return None
    if row.origin in ("import", "till"):
        return None
    units = {one.id: one.units for one in await run(session, _ASKED, return_no=return_no)}
    return await _of_return(session, row, return_no, _KINDS[row.reason], ClaimOrigin.RETURN, units)


async def claim_from_bench(
    session: AsyncSession, return_no: str, units: Mapping[str, int], actor: str
) -> str | None:
    """The bench found that units were damaged on the way; None as for `claim_from_return`."""
    row = (await run(session, _RETURN, return_no=return_no))[0]
    kind, origin = ClaimKind.DAMAGED, ClaimOrigin.BENCH
    return await _of_return(session, row, return_no, kind, origin, units, actor)


async def _of_return(
    session: AsyncSession,
    row: Any,
    return_no: str,
    kind: ClaimKind,
    origin: ClaimOrigin,
    units: Mapping[str, int],
    actor: str = "system",
) -> str | None:
    if not units:
        return None
    parcels = await run(
        session, _CARRIED, order_id=row.order_id, waybill_no=row.waybill_no, lines=list(units)
    )
    for likely in ("is_named", "in_trouble"):
        parcels = [one for one in parcels if getattr(one, likely)] or parcels
    if len(parcels) != 1:
        return None
    new = NewClaim(parcels[0].id, kind, origin, units, return_no, actor=actor)
    return await _open(session, new)


async def _open(session: AsyncSession, new: NewClaim) -> str | None:
    """Scans of what we do not send ourselves are no reason for a claim, and no trouble either."""
    try:
        return await open_claim(session, new)
    except ActionNotAllowed:
        return None
