"""What carriers tell us about parcels; a parcel only ever moves forward."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.logistics.claim_opening import claim_from_scans
from db.logistics.intercepts import parcel_moved
from db.logistics.return_labels import heard_of_return
from db.orders.words import keep_words, of_scan
from db.platform.outbox import queue_signal
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact, advance
from domain.orders.messages import FollowingEnded, Tracked

_LOCK: Final = """
SELECT p.id, p.carrier, p.waybill_no, p.status, s.no AS shipment_no, s.order_id, s.workflow_id
FROM unnest(CAST(:carriers AS text[]), CAST(:waybills AS text[])) AS f(carrier, waybill_no)
JOIN parcel p ON p.carrier = f.carrier AND p.waybill_no = f.waybill_no
JOIN shipment s ON s.no = p.shipment_no
ORDER BY p.id FOR UPDATE OF p
"""

_REMEMBER: Final = """
INSERT INTO tracking_event (parcel_id, event_id, at, status, vendor_code, incident)
SELECT :parcel_id, e.event_id, e.at, e.status, e.vendor_code, e.incident
FROM unnest(CAST(:event_ids AS text[]), CAST(:ats AS timestamptz[]), CAST(:statuses AS text[]),
            CAST(:codes AS text[]), CAST(:incidents AS text[]))
     AS e(event_id, at, status, vendor_code, incident)
ON CONFLICT (parcel_id, event_id) DO NOTHING
RETURNING event_id
"""

_MOVE: Final = """
UPDATE parcel SET status = :status, last_fact_at = greatest(last_fact_at, :at),
    incident = coalesce((SELECT incident FROM tracking_event
                         WHERE parcel_id = :id AND incident <> ''
                         ORDER BY at DESC, event_id DESC LIMIT 1), '')
WHERE id = :id
"""

# What all parcels of a shipment have reached together; the worst news first.
_TOGETHER: Final = """
SELECT CASE WHEN bool_or(status = 'lost') THEN 'lost'
            WHEN bool_or(status IN ('returning', 'returned')) THEN 'returned'
            WHEN bool_and(status = 'delivered') THEN 'delivered'
            WHEN bool_or(status = 'exception') THEN 'exception'
            WHEN bool_or(status <> 'labelled') THEN 'in_transit'
            ELSE 'labelled' END AS status
FROM parcel WHERE shipment_no = :shipment_no AND voided_at IS NULL
"""

_WORKFLOW: Final = """
SELECT s.workflow_id FROM parcel p JOIN shipment s ON s.no = p.shipment_no
WHERE p.carrier = :carrier AND p.waybill_no = :waybill_no AND p.voided_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some facts: new ones, and waybills nobody here knows."""

    new: int
    unknown: tuple[str, ...]


async def record_facts(
    session: AsyncSession, carrier: str, facts: Sequence[TrackingFact]
) -> Recorded:
    """Keep each fact once, move parcels forward, and tell the shipments that moved.

    Facts may come twice and in any order, and name another carrier than the one that tells. A
    waybill we do not know leaves no trace here.
    """
    by_waybill: dict[tuple[str, str], list[TrackingFact]] = defaultdict(list)
    for fact in facts:
        by_waybill[fact.carrier or carrier, fact.waybill_no].append(fact)
    carriers, waybills = zip(*sorted(by_waybill), strict=True) if by_waybill else ((), ())
    parcels = await run(session, _LOCK, carriers=list(carriers), waybills=list(waybills))
    new = 0
    moved: dict[str, str] = {}
    for parcel in parcels:
        heard = by_waybill.pop((parcel.carrier, parcel.waybill_no), [])
        fresh = await _remember(session, parcel.order_id, parcel.id, heard)
        if not fresh:
            continue
        new += len(fresh)
        before = ParcelStatus(parcel.status)
        status = before
        for fact in sorted(fresh, key=lambda one: one.at):
            status = advance(status, fact.status)
        latest = max(fact.at for fact in fresh)
        await run(session, _MOVE, id=parcel.id, status=status, at=latest)
        await claim_from_scans(session, parcel.id, status, fresh)
        if status is not before:
            await parcel_moved(session, parcel.id, status)
            moved[parcel.shipment_no] = parcel.workflow_id
    for (told_by, waybill_no), heard in list(by_waybill.items()):
        if await heard_of_return(session, told_by, waybill_no, heard):
            del by_waybill[told_by, waybill_no]
            new += len(heard)
    for shipment_no, workflow_id in moved.items():
        rows = await run(session, _TOGETHER, shipment_no=shipment_no)
        await queue_signal(session, workflow_id, "tracked", Tracked(rows[0].status))
    return Recorded(new, tuple(waybill for _, waybill in by_waybill))


async def following_ended(session: AsyncSession, given_up: Sequence[tuple[str, str]]) -> None:
    """Tell the shipments of waybills that an aggregator follows no longer."""
    for carrier, waybill_no in given_up:
        rows = await run(session, _WORKFLOW, carrier=carrier, waybill_no=waybill_no)
        for row in rows:
            ended = FollowingEnded(waybill_no)
            await queue_signal(session, row.workflow_id, "following_ended", ended)


async def _remember(
    session: AsyncSession, order_id: str, parcel_id: str, facts: Sequence[TrackingFact]
) -> list[TrackingFact]:
    """The facts that were new."""
    rows = await run(
        session,
        _REMEMBER,
        parcel_id=parcel_id,
        event_ids=[fact.event_id for fact in facts],
        ats=[fact.at for fact in facts],
        statuses=[str(fact.status) for fact in facts],
        codes=[fact.vendor_code for fact in facts],
        incidents=[str(fact.incident or "") for fact in facts],
    )
    new = {row.event_id for row in rows}
    fresh = [fact for fact in facts if fact.event_id in new]
    words = {
        of_scan(parcel_id, fact.event_id): {"text": fact.text, "place": fact.place}
        for fact in fresh
    }
    await keep_words(session, order_id, words)
    return fresh
