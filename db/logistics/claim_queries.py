"""Claims for reading: who has to act, what each carrier owes, and one with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.words import of_claim, said_of, scan_with_words, with_words
from db.sql import run
from domain.shared.errors import ClaimNotFound

# What a queue holds: the codes it waits for.
QUEUES: Final[dict[str, tuple[str, ...]]] = {
    "file": ("filing",),
    "answer": ("answer",),
    "money": ("money",),
    "decide": ("decision", "rest", "found"),
}

_LISTED: Final = """
SELECT c.*, o.no AS order_no, o.external_no, coalesce(a.name, c.carrier) AS carrier_name,
       EXISTS (SELECT FROM attention t WHERE t.workflow_id = 'claim/' || c.claim_no
               AND t.resolved_at IS NULL) AS attention
FROM carrier_claim c
JOIN sales_order o ON o.id = c.order_id
LEFT JOIN carrier_account a ON a.code = c.carrier
"""

_IN_QUEUE: Final = """
WHERE c.outcome = '' AND (CAST(:waits AS text[]) IS NULL OR c.waits_for = ANY(:waits)
                          OR c.waits_for = '' AND 'filing' = ANY(:waits))
  AND (CAST(:carrier AS text) = '' OR c.carrier = :carrier)
ORDER BY CASE WHEN c.waits_for IN ('', 'filing') THEN c.file_by ELSE c.due_at END NULLS LAST,
         c.created_at, c.claim_no LIMIT :limit
"""
_QUEUE: Final = _LISTED + _IN_QUEUE

_ENDED: Final = """
WHERE c.outcome <> '' AND (CAST(:carrier AS text) = '' OR c.carrier = :carrier)
ORDER BY c.closed_at DESC, c.claim_no LIMIT :limit
"""
_CLOSED: Final = _LISTED + _ENDED

_NUMBER_IS: Final = """
WHERE c.claim_no = upper(:q) OR c.waybill_no = :q OR c.carrier_ref = :q AND c.carrier_ref <> ''
   OR c.return_no = upper(:q) AND c.return_no <> '' OR o.no = upper(:q) OR o.external_no = :q
ORDER BY c.created_at DESC, c.claim_no LIMIT :limit
"""
_BY_NUMBER: Final = _LISTED + _NUMBER_IS

_OF_ORDER: Final = _LISTED + " WHERE c.order_id = :order_id ORDER BY c.created_at, c.claim_no"

_COUNTS: Final = """
SELECT waits_for, count(*)::int AS n FROM carrier_claim WHERE outcome = '' GROUP BY waits_for
"""

_BY_CARRIER: Final = """
SELECT c.carrier, coalesce(a.name, c.carrier) AS name, c.currency,
       count(*) FILTER (WHERE c.outcome = '')::int AS open,
       coalesce(sum(c.claimed_minor - c.received_minor - c.written_off_minor)
                FILTER (WHERE c.outcome = ''), 0)::bigint AS pending_minor,
       sum(c.accepted_minor - c.received_minor - c.booked_off_minor)::bigint AS owed_minor,
       sum(c.received_minor)::bigint AS received_minor,
       sum(c.written_off_minor)::bigint AS written_off_minor,
       min(c.created_at) FILTER (WHERE c.outcome = '') AS oldest
FROM carrier_claim c LEFT JOIN carrier_account a ON a.code = c.carrier
GROUP BY c.carrier, a.name, c.currency ORDER BY c.carrier, c.currency
"""

_ONE: Final = """
SELECT c.*, o.no AS order_no, o.external_no, h.name AS shop, coalesce(a.name, c.carrier)
       AS carrier_name, p.status AS parcel_status, p.weight_g, p.product, p.insured_minor,
       p.shipment_no, l.name AS sent_from,
       (SELECT count(*)::int FROM parcel q WHERE q.shipment_no = p.shipment_no
        AND q.voided_at IS NULL) AS boxes
FROM carrier_claim c
JOIN sales_order o ON o.id = c.order_id
JOIN shop h ON h.id = o.shop_id
JOIN parcel p ON p.id = c.parcel_id
JOIN shipment s ON s.no = p.shipment_no
JOIN location l ON l.id = s.location_id
LEFT JOIN carrier_account a ON a.code = c.carrier
WHERE c.claim_no = :claim_no
"""

_LINES: Final = """
SELECT l.*, k.name, o.title FROM claim_line l JOIN sku k ON k.code = l.sku
JOIN fulfilment_line f ON f.id = l.fulfilment_line_id JOIN order_line o ON o.id = f.order_line_id
WHERE l.claim_no = :claim_no ORDER BY o.line_no, l.sku
"""

_MONEY: Final = "SELECT * FROM claim_money WHERE claim_no = :claim_no ORDER BY at, id"

_SCANS: Final = """
SELECT parcel_id, event_id, at, status, vendor_code, incident FROM tracking_event
WHERE parcel_id = :parcel_id ORDER BY at DESC, event_id DESC
"""

_STORY: Final = """
SELECT e.source, e.seq, e.at, e.kind, e.actor, e.data FROM order_event e
WHERE e.order_id = :order_id AND e.source = :claim_no ORDER BY e.at DESC, e.seq DESC LIMIT 200
"""

_ITEMS: Final = """
SELECT id, step_id, cause, code, error, system, attempts, first_seen FROM attention
WHERE resolved_at IS NULL AND workflow_id = 'claim/' || :claim_no ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class ClaimDetail:
    """A claim with what was in the parcel, its money, the carrier's scans and its story."""

    row: Any
    lines: Sequence[Row[Any]]
    money: Sequence[Row[Any]]
    scans: Sequence[Any]
    story: Sequence[Row[Any]]
    attention: Sequence[Row[Any]]


async def claim_queue(
    session: AsyncSession, queue: str = "", *, carrier: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Open claims of a queue, the most urgent first; `closed` are the latest that ended."""
    if queue == "closed":
        return await run(session, _CLOSED, carrier=carrier, limit=limit)
    waits = list(QUEUES[queue]) if queue else None
    return await run(session, _QUEUE, waits=waits, carrier=carrier, limit=limit)


async def find_claims(session: AsyncSession, q: str, limit: int = 50) -> Sequence[Row[Any]]:
    """Claims by any number: their own, the carrier's, a waybill's, a return's, the order's."""
    return await run(session, _BY_NUMBER, q=q, limit=limit)


async def claims_of(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """The claims of one order, the oldest first."""
    return await run(session, _OF_ORDER, order_id=order_id)


async def claim_of_parcel(session: AsyncSession, parcel_id: str) -> str:
    """The number of a parcel's claim. Raises ClaimNotFound."""
    rows = await run(
        session, "SELECT claim_no FROM carrier_claim WHERE parcel_id = :id", id=parcel_id
    )
    if not rows:
        raise ClaimNotFound("this parcel has no claim")
    return str(rows[0].claim_no)


async def claim_counts(session: AsyncSession) -> dict[str, int]:
    """How many open claims each queue holds; one that was opened a moment ago is to be filed."""
    by_code = {row.waits_for or "filing": row.n for row in await run(session, _COUNTS)}
    return {name: sum(by_code.get(code, 0) for code in codes) for name, codes in QUEUES.items()}


async def sums_by_carrier(session: AsyncSession) -> Sequence[Row[Any]]:
    """What is open, owed, received and written off, by carrier and currency."""
    return await run(session, _BY_CARRIER)


async def claim_detail(session: AsyncSession, claim_no: str) -> ClaimDetail:
    """Everything about one claim. Raises ClaimNotFound."""
    rows = await run(session, _ONE, claim_no=claim_no)
    if not rows:
        raise ClaimNotFound("there is no such claim")
    row = rows[0]
    said = await said_of(session, [row.order_id])
    return ClaimDetail(
        with_words(row, said(of_claim(claim_no)), "remark"),
        await run(session, _LINES, claim_no=claim_no),
        await run(session, _MONEY, claim_no=claim_no),
        [
            scan_with_words(scan, said)
            for scan in await run(session, _SCANS, parcel_id=row.parcel_id)
        ],
        await run(session, _STORY, order_id=row.order_id, claim_no=claim_no),
        await run(session, _ITEMS, claim_no=claim_no),
    )
