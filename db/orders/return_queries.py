"""Returns for reading: the queue of the service desk and the bench, and one with all it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.logistics.claim_queries import claims_of
from db.orders.exchanges import wanted_of
from db.orders.return_photos import photos_of
from db.orders.words import (
    Words,
    line_with_words,
    of_inspection,
    of_return,
    said_of,
    with_words,
)
from db.sql import run
from domain.orders.returns.exchange import Wanted
from domain.shared.errors import ReturnNotFound

# What a queue holds: the codes it waits for.
QUEUES: Final[dict[str, tuple[str, ...]]] = {
    "decide": ("decision",),
    "settle": ("settlement", "refund_by_hand"),
    "buyer": ("buyer_answer", "buyer_parcel"),
    "coming": ("parcel",),
    "inspect": ("inspection",),
    "paying": ("refund", "channel_refund"),
}

_LISTED: Final = """
SELECT r.return_no, r.kind, r.reason, r.origin, r.status, r.waits_for, r.outcome, r.due_at,
       r.created_at, r.closed_at, r.clock_left_s, r.carrier, r.waybill_no, r.case_no, r.remedy,
       r.escalated_at, o.no AS order_no, o.external_no, o.currency, o.channel, h.name AS shop,
       (SELECT coalesce(sum(quantity), 0)::bigint FROM sales_return_line l
        WHERE l.return_no = r.return_no) AS units,
       (SELECT coalesce(sum(refund_minor), 0)::bigint FROM return_settlement s
        WHERE s.return_no = r.return_no) AS refund_minor,
       EXISTS (SELECT FROM attention a WHERE a.workflow_id = 'return/' || r.return_no
               AND a.resolved_at IS NULL) AS attention
FROM sales_return r
JOIN sales_order o ON o.id = r.order_id
JOIN shop h ON h.id = r.shop_id
"""

_IN_QUEUE: Final = """
WHERE r.outcome = '' AND (CAST(:waits AS text[]) IS NULL OR r.waits_for = ANY(:waits))
  AND (NOT CAST(:late AS boolean) OR r.due_at < clock_timestamp() AND r.clock_left_s IS NULL)
ORDER BY r.due_at NULLS LAST, r.created_at, r.return_no LIMIT :limit
"""
_QUEUE: Final = _LISTED + _IN_QUEUE

_CLOSED: Final = _LISTED + " WHERE r.outcome <> '' ORDER BY r.closed_at DESC LIMIT :limit"

_NUMBER_IS: Final = """
WHERE r.return_no IN (
    SELECT upper(:q)
    UNION SELECT return_no FROM sales_return WHERE waybill_no = :q AND waybill_no <> ''
    UNION SELECT return_no FROM sales_return WHERE case_no = :q AND case_no <> ''
    UNION SELECT b.return_no FROM (
        SELECT id FROM sales_order WHERE no = upper(:q)
        UNION SELECT id FROM sales_order WHERE external_no = :q
        UNION SELECT order_id FROM return_label WHERE waybill_no = :q) a
    JOIN sales_return b ON b.order_id = a.id)
ORDER BY r.created_at DESC, r.return_no LIMIT :limit
"""
_BY_NUMBER: Final = _LISTED + _NUMBER_IS

_OF_ORDER: Final = _LISTED + " WHERE r.order_id = :order_id ORDER BY r.created_at, r.return_no"

_COUNTS: Final = """
SELECT waits_for, count(*)::int AS n FROM sales_return WHERE outcome = '' GROUP BY waits_for
"""

_ONE: Final = """
SELECT r.*, o.no AS order_no, o.currency, o.channel, o.external_no, h.name AS shop,
       o.status AS order_status, o.captured_minor, o.refunded_minor,
       o.refund_due_minor + o.returning_minor AS pending_minor, n.no AS new_order_no,
       (SELECT min(s.location_id) FROM shipment s WHERE s.order_id = o.id
        AND s.status <> 'cancelled') AS sent_from
FROM sales_return r
JOIN sales_order o ON o.id = r.order_id
JOIN shop h ON h.id = r.shop_id
LEFT JOIN sales_order n ON n.id = r.new_order_id
WHERE r.return_no = :return_no
"""

_LINES: Final = """
SELECT l.*, k.name, k.gtin, o.title, o.line_no, k.tracks_serials,
       (SELECT coalesce(array_agg(x.serial ORDER BY x.serial), '{}') FROM serial x
        WHERE x.order_id = f.order_id AND x.sku = l.sku AND x.state = 'shipped') AS serials,
       (SELECT array_agg(DISTINCT m.lot) FROM shipment y
        JOIN shipment_line x ON x.shipment_no = y.no
        JOIN stock_move m ON m.document_kind IN ('shipment', 'ticket') AND m.document_no = y.no
            AND m.sku = x.sku AND m.verb = 'issue'
        WHERE y.order_id = f.order_id AND x.fulfilment_line_id = f.id AND m.lot <> '') AS lots,
       k.tracks_lots,
       k.tracks_lots AND EXISTS (
           SELECT FROM return_receipt c WHERE c.return_no = l.return_no AND c.lot = ''
               AND c.fulfilment_line_id = l.fulfilment_line_id) AS lacks_lot
FROM sales_return_line l
JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
JOIN order_line o ON o.id = f.order_line_id
JOIN sku k ON k.code = l.sku
WHERE l.return_no = :return_no ORDER BY o.line_no, l.sku
"""

_INSPECTIONS: Final = """
SELECT i.*, l.sku, k.name, p.name AS place, u.inspection_id IS NOT NULL AS undone,
       u.inspection_id IS NULL AND r.settled_at IS NULL AND r.outcome = ''
       AND NOT EXISTS (SELECT FROM return_settlement s
                       WHERE s.return_no = i.return_no AND s.at > i.at) AS can_be_undone
FROM return_inspection i JOIN sales_return r USING (return_no)
LEFT JOIN return_inspection_undo u ON u.inspection_id = i.id
JOIN sales_return_line l USING (return_no, fulfilment_line_id)
JOIN sku k ON k.code = l.sku JOIN location p ON p.id = i.location_id
WHERE i.return_no = :return_no ORDER BY i.at, i.id
"""

_SETTLEMENTS: Final = "SELECT * FROM return_settlement WHERE return_no = :return_no ORDER BY round"

_REFUNDS: Final = """
SELECT f.refund_no, f.amount_minor, f.currency, f.state, p.provider, f.created_at, f.settled_at,
       f.vendor_refund_id, f.vendor_status
FROM refund f JOIN payment p ON p.id = f.payment_id
WHERE f.return_no = :return_no ORDER BY f.created_at, f.refund_no
"""

_STORY: Final = """
SELECT e.source, e.seq, e.at, e.kind, e.actor,
       e.data || jsonb_strip_nulls(jsonb_build_object('location', l.name)) AS data
FROM order_event e LEFT JOIN location l ON l.id = e.data->>'location'
WHERE e.order_id = :order_id AND e.source = :return_no ORDER BY e.at DESC, e.seq DESC LIMIT 200
"""

_LABEL: Final = """
SELECT no, carrier, state, waybill_no, status FROM return_label
WHERE return_no = :return_no AND state <> 'cancelled' ORDER BY created_at DESC LIMIT 1
"""

_ITEMS: Final = """
SELECT id, step_id, cause, code, error, system, attempts, first_seen FROM attention
WHERE resolved_at IS NULL AND (
    workflow_id = :workflow_id
    OR workflow_id IN (SELECT 'refund/' || refund_no FROM refund WHERE return_no = :return_no))
ORDER BY id
"""


_BEHIND: Final = "SELECT return_no FROM sales_return WHERE new_order_id = :order_id LIMIT 1"


@dataclass(frozen=True, slots=True)
class ReturnDetail:
    """A return with its lines, what became of them, its money and its story, the latest first."""

    row: Any
    lines: Sequence[Row[Any]]
    inspections: Sequence[Any]
    settlements: Sequence[Row[Any]]
    refunds: Sequence[Row[Any]]
    story: Sequence[Any]
    attention: Sequence[Row[Any]]
    photos: Sequence[Row[Any]]
    wanted: Sequence[tuple[Wanted, str]]
    label: Row[Any] | None = None  # with which it is collected
    claims: Sequence[Row[Any]] = ()  # against carriers, of the whole order

    @property
    def awaits_inspection(self) -> bool:
        return any(line.received_quantity > line.inspected_quantity for line in self.lines)


async def return_queue(
    session: AsyncSession, queue: str = "", *, late: bool = False, limit: int = 100
) -> Sequence[Row[Any]]:
    """Open returns of a queue, the most urgent first; `closed` are the latest that ended."""
    if queue == "closed":
        return await run(session, _CLOSED, limit=limit)
    waits = list(QUEUES[queue]) if queue else None
    return await run(session, _QUEUE, waits=waits, late=late, limit=limit)


async def find_returns(session: AsyncSession, q: str, limit: int = 50) -> Sequence[Row[Any]]:
    """Returns by any number: their own, the order's, the channel's, a parcel's."""
    return await run(session, _BY_NUMBER, q=q, limit=limit)


async def returns_of(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """The returns of one order, the oldest first."""
    return await run(session, _OF_ORDER, order_id=order_id)


async def return_behind(session: AsyncSession, order_id: str) -> str:
    """The return whose goods this order sends anew or instead; empty for an order like others."""
    rows = await run(session, _BEHIND, order_id=order_id)
    return str(rows[0].return_no) if rows else ""


async def queue_counts(session: AsyncSession) -> dict[str, int]:
    """How many open returns each queue holds."""
    by_code = {row.waits_for: row.n for row in await run(session, _COUNTS)}
    return {name: sum(by_code.get(code, 0) for code in codes) for name, codes in QUEUES.items()}


async def return_detail(session: AsyncSession, return_no: str) -> ReturnDetail:
    """Everything about one return. Raises ReturnNotFound."""
    rows = await run(session, _ONE, return_no=return_no)
    if not rows:
        raise ReturnNotFound("there is no such return")
    row = rows[0]
    said = await said_of(session, [row.order_id])
    return ReturnDetail(
        with_words(row, said(of_return(return_no)), "remark", "question", "decision_reason"),
        await run(session, _LINES, return_no=return_no),
        [
            _inspection(one, said(of_inspection(one.id)))
            for one in await run(session, _INSPECTIONS, return_no=return_no)
        ],
        await run(session, _SETTLEMENTS, return_no=return_no),
        await run(session, _REFUNDS, return_no=return_no),
        [
            line_with_words(one, row.order_id, said)
            for one in await run(session, _STORY, order_id=row.order_id, return_no=return_no)
        ],
        await run(session, _ITEMS, return_no=return_no, workflow_id=f"return/{return_no}"),
        await photos_of(session, return_no),
        await wanted_of(session, return_no),
        next(iter(await run(session, _LABEL, return_no=return_no)), None),
        await claims_of(session, row.order_id),
    )


def _inspection(row: Row[Any], words: Words) -> Any:
    """`undo_reason` is None where it was not taken back."""
    shown = with_words(row, words, "note", "undo_reason")
    if not row.undone:
        shown.undo_reason = None
    return shown
