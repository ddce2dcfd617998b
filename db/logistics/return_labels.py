"""Waybills with which consumers send goods back, in the caller's transaction."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.return_acts import parcel_sent
from db.orders.words import keep_words, of_label, said_about, with_words
from db.platform.outbox import queue_signal
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact, advance
from domain.orders.messages import ReturnLabelMoved
from domain.orders.work import ReturnLabelFacts
from domain.shared.errors import ActionNotAllowed, DomainError, OrderNotFound
from domain.shared.ids import OrderId, return_label_workflow_id

RETURN_MOVED: Final = "return_moved"

_ORDER: Final = """
SELECT o.id, r.kind, count(l.no) AS labels,
       (SELECT s.location_id FROM shipment s WHERE s.order_id = o.id AND s.status = 'delivered'
        ORDER BY s.no LIMIT 1) AS location_id
FROM sales_order o LEFT JOIN receiver r ON r.order_id = o.id
LEFT JOIN return_label l ON l.order_id = o.id
WHERE o.no = :no GROUP BY o.id, r.kind
"""

_OFFERING: Final = """
SELECT code FROM carrier_account WHERE active AND code = ANY(:offering) ORDER BY priority, code
"""

_WANT: Final = """
INSERT INTO return_label (no, order_id, location_id, carrier, reason, asked_by, state, waybill_no,
                          status, return_no)
VALUES (:no, :order_id, :location_id, :carrier, :reason, :asked_by, 'wanted', '', 'labelled',
        :return_no)
ON CONFLICT DO NOTHING RETURNING no
"""

_CANCEL: Final = """
UPDATE return_label l SET state = 'cancelling' FROM sales_order o
WHERE l.no = :no AND o.id = l.order_id AND o.no = :order_no
  AND l.state IN ('wanted','ordered') AND l.status = 'labelled'
RETURNING l.order_id
"""

_FACTS: Final = "SELECT no, order_id, carrier, state FROM return_label WHERE no = :no"

_SETTLE: Final = """
UPDATE return_label SET
    state = CAST(:state AS text),
    settled_at = CASE WHEN CAST(:state AS text) IN ('cancelled','arrived')
                      THEN clock_timestamp() ELSE settled_at END
WHERE no = :no AND state = ANY(:before)
"""

_ORDERED: Final = """
UPDATE return_label SET
    state = CASE state WHEN 'wanted' THEN 'ordered' ELSE state END,
    waybill_no = CASE WHEN waybill_no = '' THEN :waybill_no ELSE waybill_no END
WHERE no = :no AND state IN ('wanted','cancelling')
"""

_TO_ORDER: Final = """
SELECT l.no, l.carrier, l.waybill_no, l.order_id, r.phone_last4,
       p.name AS to_name, p.contact_name, p.contact_phone, p.province, p.city, p.district, p.detail,
       p.division_code,
       (SELECT coalesce(sum(b.weight_g), 0)::bigint FROM parcel b
        JOIN shipment s ON s.no = b.shipment_no
        WHERE s.order_id = l.order_id AND s.status = 'delivered' AND b.voided_at IS NULL
       ) AS weight_g
FROM return_label l JOIN location p ON p.id = l.location_id
JOIN receiver r ON r.order_id = l.order_id
WHERE l.no = :no
"""

_CARGO: Final = """
SELECT k.name, k.weight_g, sum(coalesce(x.picked_quantity, x.quantity))::bigint AS quantity
FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no JOIN sku k ON k.code = x.sku
WHERE s.order_id = :order_id AND s.status = 'delivered'
GROUP BY x.sku, k.name, k.weight_g
HAVING sum(coalesce(x.picked_quantity, x.quantity)) > 0 ORDER BY x.sku
"""

_SCANNED: Final = """
SELECT no, order_id, status, told_at FROM return_label
WHERE carrier = :carrier AND waybill_no = :waybill_no FOR UPDATE
"""

_MOVE: Final = """
UPDATE return_label SET status = :status, told_at = :at WHERE no = :no
"""

# Shops whose settings say so have the goods of approved returns collected.
_TO_COLLECT: Final = """
SELECT o.no AS order_no, r.reason FROM sales_return r
JOIN sales_order o ON o.id = r.order_id JOIN shop s ON s.id = r.shop_id
WHERE r.return_no = :return_no AND r.kind = 'return' AND r.waybill_no = ''
  AND coalesce(s.settings->'return_labels' = 'true'::jsonb, false)
"""

# Nobody told another parcel of the return before.
_COLLECTED: Final = """
SELECT l.return_no, l.carrier, l.waybill_no FROM return_label l
JOIN sales_return r ON r.return_no = l.return_no AND r.waybill_no = ''
WHERE l.no = :no AND l.status <> 'labelled' AND l.waybill_no <> ''
"""

_OF_RETURN: Final = """
SELECT l.no, o.no AS order_no FROM return_label l JOIN sales_order o ON o.id = l.order_id
WHERE l.return_no = :return_no AND l.state IN ('wanted', 'ordered') AND l.status = 'labelled'
"""

_OF_ORDER: Final = """
SELECT no, carrier, state, waybill_no, status, told_at, reason, asked_by, created_at
FROM return_label WHERE order_id = :order_id ORDER BY created_at DESC, no DESC
"""


async def want_label(
    session: AsyncSession,
    order_no: str,
    offering: Collection[str],
    *,
    reason: str,
    by: str,
    return_no: str = "",
) -> str:
    """A consumer is to send goods of this order back: the number of his label.

    Raises OrderNotFound; ActionNotAllowed when nothing was delivered, the platform hides who would
    send it, no carrier of ours brings goods back, or another label of the order is open.
    """
    rows = await run(session, _ORDER, no=order_no)
    if not rows:
        raise OrderNotFound(f"there is no order {order_no}")
    order = rows[0]
    if order.location_id is None:
        raise ActionNotAllowed("nothing of this order was delivered yet")
    if order.kind != "contact":
        raise ActionNotAllowed("only the platform knows this receiver; he returns it there")
    carriers = await run(session, _OFFERING, offering=sorted(offering))
    if not carriers:
        raise ActionNotAllowed("no carrier we have a contract with makes return labels")
    no = f"{order_no}-B{order.labels + 1}"
    made = await run(
        session, _WANT, no=no, order_id=order.id, location_id=order.location_id,
        carrier=carriers[0].code, reason=reason, asked_by=by, return_no=return_no,
    )  # fmt: skip
    if not made:
        raise ActionNotAllowed("this order has a return label already")
    await _tell(session, no, order.id)
    return no


async def cancel_label(session: AsyncSession, order_no: str, no: str) -> None:
    """The consumer keeps the goods. Raises ActionNotAllowed once the carrier has the parcel."""
    rows = await run(session, _CANCEL, no=no, order_no=order_no)
    if not rows:
        raise ActionNotAllowed("this return label cannot be cancelled any more")
    await _tell(session, no, rows[0].order_id)


async def label_for_return(
    session: AsyncSession, return_no: str, offering: Collection[str]
) -> str | None:
    """The return is approved: its goods are collected, where its shop wants that and a carrier does
    it. None where the buyer sends them himself, as always."""
    for row in await run(session, _TO_COLLECT, return_no=return_no):
        try:
            return await want_label(
                session, row.order_no, offering, reason=row.reason, by="system",
                return_no=return_no,
            )  # fmt: skip
        except ActionNotAllowed:
            return None
    return None


async def void_label_of(session: AsyncSession, return_no: str) -> None:
    """Nothing comes back: nobody collects it, unless the carrier has it already."""
    for row in await run(session, _OF_RETURN, return_no=return_no):
        await cancel_label(session, row.order_no, row.no)


async def facts_of(session: AsyncSession, no: str) -> ReturnLabelFacts:
    """Where a label stands. Raises OrderNotFound."""
    rows = await run(session, _FACTS, no=no)
    if not rows:
        raise OrderNotFound(f"there is no return label {no}")
    row = rows[0]
    return ReturnLabelFacts(row.no, row.order_id, row.carrier, row.state)


async def label_ordered(session: AsyncSession, no: str, waybill_no: str) -> ReturnLabelFacts:
    """The carrier made it. One that is being cancelled meanwhile keeps the number, to be void."""
    await run(session, _ORDERED, no=no, waybill_no=waybill_no)
    return await facts_of(session, no)


async def settle_label(
    session: AsyncSession, no: str, state: str, before: Sequence[str]
) -> ReturnLabelFacts:
    """It comes to a state, from one of those before it; anything else changes nothing."""
    await run(session, _SETTLE, no=no, state=state, before=list(before))
    return await facts_of(session, no)


async def to_order(session: AsyncSession, no: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """What a carrier is told: the label with where the goods go, and what they are."""
    row = (await run(session, _TO_ORDER, no=no))[0]
    return row, await run(session, _CARGO, order_id=row.order_id)


async def heard_of_return(
    session: AsyncSession, carrier: str, waybill_no: str, facts: Sequence[TrackingFact]
) -> int:
    """Scans of a parcel on its way back; how many labels they were about."""
    rows = await run(session, _SCANNED, carrier=carrier, waybill_no=waybill_no)
    for row in rows:
        status = ParcelStatus(row.status)
        ordered = sorted(facts, key=lambda one: one.at)
        for fact in ordered:
            status = advance(status, fact.status)
        last = ordered[-1]
        if row.told_at is None or last.at >= row.told_at:
            await run(session, _MOVE, no=row.no, status=status, at=last.at)
            words = {of_label(row.no): {"told": last.text[:500]}}
            await keep_words(session, row.order_id, words)
        if status is not ParcelStatus(row.status):
            await _tell(session, row.no, row.order_id)
    return len(rows)


async def tell_return_of_parcel(session: AsyncSession, no: str) -> None:
    """The goods are with the carrier: the return that the label is for has its parcel."""
    for row in await run(session, _COLLECTED, no=no):
        with suppress(DomainError):  # it is over
            await parcel_sent(session, row.return_no, row.carrier, row.waybill_no, "carrier")


async def labels_of(session: AsyncSession, order_id: str) -> Sequence[Any]:
    """An order's return labels with what the carrier `told` last, the latest first."""
    rows = await run(session, _OF_ORDER, order_id=order_id)
    said = await said_about(session, {of_label(row.no): order_id for row in rows})
    return [with_words(row, said(of_label(row.no)), "told") for row in rows]


async def is_delivered(session: AsyncSession, no: str) -> bool:
    """Whether the goods are back at our place."""
    rows = await run(session, "SELECT FROM return_label WHERE no = :no AND status = 'delivered'",
                     no=no)  # fmt: skip
    return bool(rows)


async def _tell(session: AsyncSession, no: str, order_id: str) -> None:
    moved = ReturnLabelMoved(no, OrderId(order_id))
    await queue_signal(session, return_label_workflow_id(no), RETURN_MOVED, moved)
