"""Claims against carriers, in the caller's transaction: opened once a parcel, locked, told.

Whoever changes a claim holds its lock, writes the line of the order's story with it, and wakes its
workflow after the commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_claim_no
from db.orders import statements
from db.orders.words import keep_words, of_claim
from db.platform.outbox import queue_signal
from db.sql import run
from domain.logistics.claim_value import Claimable, ClaimedLine, Share, claimable
from domain.logistics.claims import (
    Answer,
    ClaimKind,
    ClaimOrigin,
    ClaimOutcome,
    ClaimState,
    ClaimStatus,
    ClaimTerms,
    terms_of,
)
from domain.orders.messages import ClaimMoved
from domain.shared.errors import ActionNotAllowed, ClaimNotFound, InvalidInput, ParcelNotFound
from domain.shared.ids import claim_workflow_id

_DRAWS: Final = 5

_PARCEL: Final = """
SELECT p.id, p.carrier, p.waybill_no, p.insured_minor, p.weight_g, p.voided_at, s.no AS shipment_no,
       s.order_id, s.status, o.currency, o.test_order, coalesce(a.settings, '{}') AS settings,
       CASE WHEN o.currency = coalesce((SELECT min(t.currency) FROM tariff t
                                        WHERE t.carrier = p.carrier), 'CNY')
            THEN s.freight_minor ELSE 0 END AS freight_minor,
       coalesce(s.handed_over_at, p.labelled_at, s.created_at) AS despatched_at, q.boxes, q.weight
FROM parcel p
JOIN shipment s ON s.no = p.shipment_no
JOIN sales_order o ON o.id = s.order_id
LEFT JOIN carrier_account a ON a.code = p.carrier
CROSS JOIN LATERAL (
    SELECT count(*)::int AS boxes, sum(weight_g)::bigint AS weight FROM parcel
    WHERE shipment_no = s.no AND voided_at IS NULL) q
WHERE p.id = :parcel_id FOR NO KEY UPDATE OF p
"""

# A SKU that costs another currency is worth what was paid for it.
_LINES: Final = """
SELECT x.fulfilment_line_id, x.sku, coalesce(x.picked_quantity, x.quantity) AS units,
       CASE WHEN k.currency = o.currency THEN k.cost_minor ELSE 0 END AS cost_minor,
       l.payable_minor,
       (SELECT sum(g.quantity) FROM fulfilment_line g WHERE g.order_line_id = l.id)::bigint
           AS ordered
FROM shipment_line x
JOIN fulfilment_line f ON f.id = x.fulfilment_line_id
JOIN order_line l ON l.id = x.order_line_id
JOIN sales_order o ON o.id = f.order_id
JOIN sku k ON k.code = x.sku
WHERE x.shipment_no IN (
    SELECT no FROM shipment WHERE no = :shipment_no OR ships_with = :shipment_no)
  AND coalesce(x.picked_quantity, x.quantity) > 0
ORDER BY x.fulfilment_line_id
"""

_INSERT: Final = """
INSERT INTO carrier_claim (claim_no, parcel_id, order_id, carrier, waybill_no, kind, origin,
    return_no, status, waits_for, outcome, currency, basis, goods_minor, freight_minor,
    ceiling_minor, limited_by, most_minor, claimed_minor, accepted_minor, received_minor,
    booked_off_minor, written_off_minor, despatched_at, file_by, carrier_ref, answer, answer_reason,
    ended, ended_reason, ended_by, reminders, created_by)
VALUES (:claim_no, :parcel_id, :order_id, :carrier, :waybill_no, :kind, :origin, :return_no,
    'opened', '', '', :currency, :basis, :goods, :freight, :ceiling, :limited_by, :most,
    :most, 0, 0, 0, 0, :despatched_at, :file_by, '', '', '', '', '', '', 0, :actor)
ON CONFLICT DO NOTHING RETURNING claim_no
"""

_INSERT_LINES: Final = """
INSERT INTO claim_line (claim_no, fulfilment_line_id, sku, units, value_minor)
SELECT :claim_no, * FROM unnest(CAST(:ids AS text[]), CAST(:skus AS text[]),
                                CAST(:units AS bigint[]), CAST(:values AS bigint[]))
"""

_OF_PARCEL: Final = """
SELECT claim_no, outcome, accepted_minor FROM carrier_claim
WHERE parcel_id = :parcel_id FOR NO KEY UPDATE
"""

# It was found, and is gone again: the claim begins anew, with what it was about.
_REOPEN: Final = """
UPDATE carrier_claim SET outcome = '', closed_at = NULL, found_at = NULL, ended = '',
    ended_reason = '', ended_by = '', filed_on = NULL, carrier_ref = '', answer = '',
    answer_reason = '', written_off_minor = 0, claimed_minor = most_minor, status = 'opened',
    waits_for = '', due_at = NULL, reminders = 0, kind = :kind, updated_at = clock_timestamp()
WHERE claim_no = :claim_no
"""

_LOCK: Final = """
SELECT c.*, coalesce(a.settings, '{}') AS settings FROM carrier_claim c
LEFT JOIN carrier_account a ON a.code = c.carrier
WHERE c.claim_no = :claim_no FOR NO KEY UPDATE OF c
"""

# A parcel that was paid for, and is there after all, opens its claim again.
_FOUND: Final = """
UPDATE carrier_claim SET found_at = clock_timestamp(),
    outcome = CASE WHEN received_minor > 0 THEN '' ELSE outcome END,
    ended = CASE WHEN received_minor > 0 THEN '' ELSE ended END,
    closed_at = CASE WHEN received_minor > 0 THEN NULL ELSE closed_at END,
    updated_at = clock_timestamp()
WHERE parcel_id = :parcel_id AND kind = 'lost' AND found_at IS NULL
RETURNING claim_no, order_id
"""

_NEXT_LINE: Final = """
SELECT coalesce(max(seq), 0) + 1 AS seq FROM order_event
WHERE order_id = :order_id AND source = :claim_no
"""

_LEFT: Final = ("handed_over", "in_transit", "delivered", "exception")


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim as it is opened; `units` by fulfilment line where not all of the parcel is gone."""

    parcel_id: str
    kind: ClaimKind
    origin: ClaimOrigin
    units: Mapping[str, int] = field(default_factory=dict)
    return_no: str = ""
    remark: str = ""
    actor: str = "system"


async def open_claim(session: AsyncSession, new: NewClaim) -> str | None:
    """Open the claim of a parcel, which is locked before it; None when it has one already.

    A parcel that had been found and is gone again has its claim opened anew. Raises ParcelNotFound;
    ActionNotAllowed for a parcel that never left, and for orders that are only a test; InvalidInput
    for units that are not in it.
    """
    rows = await run(session, _PARCEL, parcel_id=new.parcel_id)
    if not rows:
        raise ParcelNotFound(f"there is no parcel {new.parcel_id[:50]!a}")
    parcel = rows[0]
    if parcel.status not in _LEFT or parcel.voided_at is not None or not parcel.waybill_no:
        raise ActionNotAllowed("the parcel never left")
    if parcel.test_order:
        raise ActionNotAllowed("this order is only a test")
    known = await run(session, _OF_PARCEL, parcel_id=new.parcel_id)
    if known:
        return await _opened_anew(session, parcel, known[0], new)
    lines = await _lines(session, parcel.shipment_no, new.units)
    if new.units and not lines:
        raise InvalidInput("none of these lines is in this parcel")
    terms = terms_of(parcel.settings)
    for _ in range(_DRAWS):
        claim_no = new_claim_no(datetime.now(UTC))
        if await _insert(session, claim_no, parcel, new, lines, terms):
            await _tell_opened(session, claim_no, parcel, new)
            return claim_no
        if await run(session, _OF_PARCEL, parcel_id=new.parcel_id):
            return None  # somebody else opened it at this moment
    raise ActionNotAllowed("no number is free")


async def parcel_found(session: AsyncSession, parcel_id: str, actor: str = "system") -> None:
    """A parcel that was lost is there: its claim is settled, also one that was over."""
    for row in await run(session, _FOUND, parcel_id=parcel_id):
        data = {"claim_no": row.claim_no}
        await tell_story(session, row.order_id, row.claim_no, "claim_found", data, actor)
        await wake(session, row.claim_no, row.order_id)


async def lock_claim(session: AsyncSession, claim_no: str) -> Row[Any]:
    """The claim with its carrier's settings, locked. Raises ClaimNotFound."""
    rows = await run(session, _LOCK, claim_no=claim_no)
    if not rows:
        raise ClaimNotFound(f"there is no claim {claim_no[:50]!a}")
    return rows[0]


async def claim_state(session: AsyncSession, claim_no: str) -> ClaimState:
    """Where the claim stands. Raises ClaimNotFound."""
    rows = await run(session, "SELECT * FROM carrier_claim WHERE claim_no = :no", no=claim_no)
    if not rows:
        raise ClaimNotFound(f"there is no claim {claim_no[:50]!a}")
    return state_of(rows[0])


def state_of(row: Row[Any]) -> ClaimState:
    """A claim's row as its rules see it."""
    return ClaimState(
        claim_no=row.claim_no,
        order_id=row.order_id,
        kind=ClaimKind(row.kind),
        status=ClaimStatus(row.status),
        waits=row.waits_for,
        outcome=ClaimOutcome(row.outcome),
        most_minor=row.most_minor,
        claimed_minor=row.claimed_minor,
        accepted_minor=row.accepted_minor,
        received_minor=row.received_minor,
        booked_off_minor=row.booked_off_minor,
        written_off_minor=row.written_off_minor,
        filed=row.filed_on is not None,
        answer=Answer(row.answer),
        found=row.found_at is not None,
        ended=ClaimOutcome(row.ended),
        due_at=row.due_at,
        reminders=row.reminders,
    )


async def tell_story(
    session: AsyncSession,
    order_id: str,
    claim_no: str,
    kind: str,
    data: Mapping[str, str],
    actor: str = "system",
) -> None:
    """One line of the order's story about its claim. The caller holds the claim's lock."""
    seq = (await run(session, _NEXT_LINE, order_id=order_id, claim_no=claim_no))[0].seq
    await run(
        session, statements.EVENTS, order_id=order_id, source=claim_no, seq=[seq], kind=[kind],
        data=[statements.as_json({name: str(value) for name, value in data.items()})],
        actor=[actor],
    )  # fmt: skip


async def wake(session: AsyncSession, claim_no: str, order_id: str) -> None:
    """After the commit, the claim's workflow looks again; it is started where none runs."""
    moved = ClaimMoved(claim_no, order_id)
    await queue_signal(session, claim_workflow_id(claim_no), "claim_moved", moved)


async def _opened_anew(
    session: AsyncSession, parcel: Row[Any], claim: Row[Any], new: NewClaim
) -> str | None:
    if claim.outcome != ClaimOutcome.FOUND or claim.accepted_minor:
        return None
    await run(session, _REOPEN, claim_no=claim.claim_no, kind=new.kind)
    await _tell_opened(session, claim.claim_no, parcel, new)
    return str(claim.claim_no)


async def _lines(
    session: AsyncSession, shipment_no: str, units: Mapping[str, int]
) -> list[ClaimedLine]:
    """What is in the shipment, or these units of it."""
    lines = []
    for row in await run(session, _LINES, shipment_no=shipment_no):
        count = min(units.get(row.fulfilment_line_id, 0), row.units) if units else row.units
        if count:
            paid = row.payable_minor * count // row.ordered if row.ordered else 0
            line = row.fulfilment_line_id
            lines.append(ClaimedLine(line, row.sku, count, row.cost_minor, paid))
    return lines


def _worth(
    parcel: Row[Any], lines: list[ClaimedLine], terms: ClaimTerms, *, whole: bool
) -> Claimable:
    by_weight = Share(parcel.weight_g, parcel.weight) if parcel.weight else Share(1, parcel.boxes)
    share = Share() if whole else by_weight
    freight = by_weight.of(parcel.freight_minor)
    return claimable(lines, freight, parcel.insured_minor, terms, share)


async def _insert(
    session: AsyncSession,
    claim_no: str,
    parcel: Row[Any],
    new: NewClaim,
    lines: list[ClaimedLine],
    terms: ClaimTerms,
) -> bool:
    worth = _worth(parcel, lines, terms, whole=bool(new.units))
    made = await run(
        session, _INSERT, claim_no=claim_no, parcel_id=parcel.id, order_id=parcel.order_id,
        carrier=parcel.carrier, waybill_no=parcel.waybill_no, kind=new.kind, origin=new.origin,
        return_no=new.return_no, currency=parcel.currency, basis=terms.basis,
        goods=worth.goods_minor, freight=worth.freight_minor, ceiling=worth.ceiling_minor,
        limited_by=worth.limited_by, most=worth.claimed_minor, despatched_at=parcel.despatched_at,
        file_by=parcel.despatched_at + terms.file_within, actor=new.actor,
    )  # fmt: skip
    if made:
        words = {of_claim(claim_no): {"remark": new.remark}}
        await keep_words(session, parcel.order_id, words)
        await run(
            session, _INSERT_LINES, claim_no=claim_no, ids=[line.line_id for line in lines],
            skus=[line.sku for line in lines], units=[line.units for line in lines],
            values=[line.worth(terms.basis) for line in lines],
        )  # fmt: skip
    return bool(made)


async def _tell_opened(
    session: AsyncSession, claim_no: str, parcel: Row[Any], new: NewClaim
) -> None:
    data = {"claim_no": claim_no, "claim_kind": new.kind, "carrier": parcel.carrier,
            "waybills": parcel.waybill_no}  # fmt: skip
    await tell_story(session, parcel.order_id, claim_no, "claim_opened", data, new.actor)
    await wake(session, claim_no, parcel.order_id)
