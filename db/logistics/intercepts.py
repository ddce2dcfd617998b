"""Parcels that are asked back from their carrier on the way, in the caller's transaction."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.platform.outbox import queue_signal
from db.sql import run
from domain.logistics.tracking import ParcelStatus
from domain.orders.messages import InterceptMoved
from domain.orders.work import InterceptFacts
from domain.shared.errors import ParcelNotFound
from domain.shared.ids import intercept_workflow_id

# A parcel that a person gave up before is asked back once more.
_WANT: Final = """
INSERT INTO intercept (parcel_id, shipment_no, order_id, carrier, waybill_no, state, carrier_ref,
                       reason, asked_by)
SELECT p.id, s.no, s.order_id, p.carrier, p.waybill_no, 'wanted', '', :reason, :actor
FROM parcel p JOIN shipment s ON s.no = p.shipment_no
WHERE s.no = ANY(:shipments) AND p.voided_at IS NULL AND p.waybill_no <> ''
  AND p.status NOT IN ('delivered', 'returned', 'lost')
ON CONFLICT (parcel_id) DO UPDATE SET state = 'wanted', settled_at = NULL, reason = :reason,
    asked_by = :actor, updated_at = clock_timestamp()
WHERE intercept.state = 'given_up'
RETURNING parcel_id, order_id, waybill_no
"""

_OPEN: Final = "SELECT order_id FROM intercept WHERE parcel_id = :id AND settled_at IS NULL"

_LOCK: Final = """
SELECT i.*, p.status AS parcel_status, o.channel, l.name AS place, l.contact_name, l.contact_phone,
       l.province, l.city, l.district, l.detail, l.division_code
FROM intercept i JOIN parcel p ON p.id = i.parcel_id
JOIN shipment s ON s.no = i.shipment_no
JOIN sales_order o ON o.id = i.order_id
JOIN location l ON l.id = s.location_id
WHERE i.parcel_id = :id FOR NO KEY UPDATE OF i
"""

_SETTLE: Final = """
UPDATE intercept SET state = CAST(:state AS text),
    carrier_ref = coalesce(nullif(CAST(:carrier_ref AS text), ''), carrier_ref),
    settled_at = CASE WHEN CAST(:over AS boolean) THEN clock_timestamp() END,
    updated_at = clock_timestamp()
WHERE parcel_id = :id AND settled_at IS NULL AND state <> :state
RETURNING order_id, waybill_no
"""

_NEXT_LINE: Final = """
SELECT coalesce(max(seq), 0) + 1 AS seq FROM order_event
WHERE order_id = :order_id AND source = :source
"""

_OF_ORDER: Final = "SELECT * FROM intercept WHERE order_id = :order_id ORDER BY parcel_id"

# What changes something for a parcel that is asked back.
_TELLING: Final = (
    ParcelStatus.DELIVERED, ParcelStatus.RETURNING, ParcelStatus.RETURNED, ParcelStatus.LOST,
)  # fmt: skip


async def want_intercepts(
    session: AsyncSession, shipments: Sequence[str], reason: str, actor: str
) -> list[str]:
    """Have the parcels of these shipments asked back; the waybills of those that were not yet."""
    rows = await run(session, _WANT, shipments=list(shipments), reason=reason, actor=actor)
    for row in rows:
        await _wake(session, row.parcel_id, row.order_id)
    return sorted(row.waybill_no for row in rows)


async def parcel_moved(session: AsyncSession, parcel_id: str, status: ParcelStatus) -> None:
    """The parcel is back, or at the door: whoever asked it back hears of it."""
    if status in _TELLING:
        for row in await run(session, _OPEN, id=parcel_id):
            await _wake(session, parcel_id, row.order_id)


async def lock_intercept(session: AsyncSession, parcel_id: str) -> Row[Any]:
    """The intercept with where its parcel is and shall go, locked. Raises ParcelNotFound."""
    rows = await run(session, _LOCK, id=parcel_id)
    if not rows:
        raise ParcelNotFound(f"nobody asked for parcel {parcel_id[:50]!a} back")
    return rows[0]


async def intercept_facts(session: AsyncSession, parcel_id: str) -> InterceptFacts:
    """Where it stands. Raises ParcelNotFound."""
    row = await lock_intercept(session, parcel_id)
    return InterceptFacts(row.parcel_id, row.order_id, row.carrier, row.state)


async def settle_intercept(
    session: AsyncSession, parcel_id: str, state: str, *, carrier_ref: str = "", over: bool = True
) -> bool:
    """It comes to a state, with a line of the order's story; False when it is there already."""
    rows = await run(
        session, _SETTLE, id=parcel_id, state=state, carrier_ref=carrier_ref, over=over
    )
    for row in rows:
        source = intercept_workflow_id(parcel_id)
        seq = (await run(session, _NEXT_LINE, order_id=row.order_id, source=source))[0].seq
        data = {"waybills": row.waybill_no}
        await run(
            session, statements.EVENTS, order_id=row.order_id, source=source, seq=[seq],
            kind=[f"intercept_{state}"], data=[statements.as_json(data)], actor=["system"],
        )  # fmt: skip
    return bool(rows)


async def intercepts_of(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """The order's parcels that were asked back."""
    return await run(session, _OF_ORDER, order_id=order_id)


async def _wake(session: AsyncSession, parcel_id: str, order_id: str) -> None:
    moved = InterceptMoved(parcel_id, order_id)
    await queue_signal(session, intercept_workflow_id(parcel_id), "intercept_moved", moved)
