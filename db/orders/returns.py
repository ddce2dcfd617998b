"""Returns in the caller's transaction. Locks: order, then return, then its lines, then the rest.

Whoever changes a return holds its order's lock and its own, writes the story line with it, and
wakes its workflow after the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.orders.refunds import tell_return
from db.orders.words import NOTHING, Words, keep_words, of_event, of_return
from db.sql import run
from domain.orders.channels import OUR_CHANNELS
from domain.orders.returns.exchange import Wanted
from domain.orders.returns.lifecycle import status_of, waits_for
from domain.orders.returns.model import (
    Decision,
    Outcome,
    ReturnKind,
    ReturnOrigin,
    ReturnReason,
    ReturnState,
    ReturnStatus,
)
from domain.shared.errors import ReturnNotFound

_ORDER_OF: Final = "SELECT order_id FROM sales_return WHERE return_no = :return_no"
_LOCK_ORDER: Final = "SELECT id FROM sales_order WHERE id = :order_id FOR NO KEY UPDATE"
_LOCK: Final = "SELECT * FROM sales_return WHERE return_no = :return_no FOR NO KEY UPDATE"

# A channel pays back what it has a case about; where it has none, or an ended one, a person does.
_STATE: Final = """
SELECT r.*, o.channel <> ALL(CAST(:ours AS text[]))
           AND coalesce(a.stage NOT IN ('closed', 'refused'), false) AS pays_channel,
       coalesce(l.received, 0) AS received, coalesce(l.inspected, 0) AS inspected,
       coalesce(l.accepted, 0) AS accepted,
       coalesce(s.planned, 0)::bigint AS planned,
       EXISTS (SELECT FROM refund f WHERE f.return_no = r.return_no
               AND f.settled_at IS NULL) AS running,
       coalesce(a.stage = 'done', false) AS channel_done
FROM sales_return r JOIN sales_order o ON o.id = r.order_id
LEFT JOIN after_sale a ON a.channel = o.channel AND a.shop_id = r.shop_id
    AND a.after_sale_no = r.case_no
LEFT JOIN LATERAL (
    SELECT sum(received_quantity)::bigint AS received, sum(inspected_quantity)::bigint AS inspected,
           sum(accepted_quantity)::bigint AS accepted
    FROM sales_return_line WHERE return_no = r.return_no) l ON true
LEFT JOIN LATERAL (
    SELECT sum(refund_minor) AS planned FROM return_settlement
    WHERE return_no = r.return_no) s ON true
WHERE r.return_no = :return_no
"""

_INSERT: Final = """
INSERT INTO sales_return (return_no, order_id, shop_id, kind, origin, reason, status,
    waits_for, outcome, doubts, decision, decided_by, carrier,
    waybill_no, sent_at, reopened, refund_freight, deduction_minor, goodwill_minor, settle_decided,
    rounds, rest_minor, remedy, case_no, to_tell, created_by)
SELECT :return_no, o.id, o.shop_id, :kind, :origin, :reason, 'requested', 'decision', '',
       '[]', '', '', :carrier, :waybill_no,
       CASE WHEN CAST(:sent AS boolean) THEN clock_timestamp() END, false, NULL, 0,
       CAST(:goodwill AS bigint), false, 0, 0, :remedy, :case_no, '', :created_by
FROM sales_order o WHERE o.id = :order_id
ON CONFLICT DO NOTHING RETURNING return_no
"""

_INSERT_LINES: Final = """
INSERT INTO sales_return_line (return_no, fulfilment_line_id, sku, needs_goods, quantity,
    claimed_quantity, received_quantity, inspected_quantity, accepted_quantity, refunded_quantity,
    refund_minor)
SELECT :return_no, f.id, f.sku, :needs_goods, u.quantity, u.quantity, 0, 0, 0, 0, 0
FROM unnest(CAST(:ids AS text[]), CAST(:quantities AS bigint[])) AS u(id, quantity)
JOIN fulfilment_line f ON f.id = u.id
"""

CLAIM: Final = """
UPDATE fulfilment_line f SET returned_quantity = f.returned_quantity + u.quantity
FROM unnest(CAST(:ids AS text[]), CAST(:quantities AS bigint[])) AS u(id, quantity)
WHERE f.id = u.id
"""

# What can be asked back: sent, and in no other return. A lost parcel's units were sent too.
_RETURNABLE: Final = """
SELECT f.id, f.order_line_id, f.sku, k.name, l.title, l.line_no, l.external_line_no,
       coalesce(s.sent, 0)::bigint AS sent, f.returned_quantity,
       greatest(coalesce(s.sent, 0) - f.returned_quantity, 0)::bigint AS left_over
FROM fulfilment_line f
JOIN order_line l ON l.id = f.order_line_id
JOIN sku k ON k.code = f.sku
LEFT JOIN LATERAL (
    SELECT sum(coalesce(x.picked_quantity, x.quantity)) AS sent
    FROM shipment_line x JOIN shipment y ON y.no = x.shipment_no
    WHERE y.order_id = f.order_id AND x.fulfilment_line_id = f.id
      AND y.status IN ('handed_over', 'in_transit', 'delivered', 'exception')) s ON true
WHERE f.order_id = :order_id
ORDER BY l.line_no, f.sku
"""

_PROGRESS: Final = """
UPDATE sales_return SET status = :status, waits_for = :waits_for, due_at = :due_at,
    warn_at = :warn_at,
    escalated_at = NULL, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_NEXT_LINE: Final = """
SELECT coalesce(max(seq), 0) + 1 AS seq FROM order_event
WHERE order_id = :order_id AND source = :return_no
"""

_LET_GO: Final = """
WITH kept AS (
    UPDATE sales_return_line l
    SET claimed_quantity = CASE WHEN l.needs_goods THEN l.accepted_quantity
                                ELSE l.refunded_quantity END
    FROM sales_return_line was
    WHERE l.return_no = :return_no AND was.return_no = l.return_no
      AND was.fulfilment_line_id = l.fulfilment_line_id
    RETURNING l.fulfilment_line_id, was.claimed_quantity - l.claimed_quantity AS free)
UPDATE fulfilment_line f SET returned_quantity = f.returned_quantity - kept.free
FROM kept WHERE f.id = kept.fulfilment_line_id AND kept.free <> 0
"""

_HISTORY: Final = """
WITH buyer AS (
    SELECT o.shop_id, o.buyer_digest, c.phone_digest
    FROM sales_order o LEFT JOIN receiver c ON c.order_id = o.id AND c.kind = 'contact'
    WHERE o.id = :order_id
), orders AS (
    SELECT o.id FROM buyer b
    JOIN sales_order o ON o.shop_id = b.shop_id AND o.buyer_digest = b.buyer_digest
    WHERE o.buyer_digest <> ''
    UNION
    SELECT c.order_id FROM buyer b JOIN receiver c ON c.phone_digest = b.phone_digest
    WHERE c.kind = 'contact' AND c.phone_digest <> ''
)
SELECT count(*)::int AS earlier FROM orders JOIN sales_return r ON r.order_id = orders.id
WHERE r.return_no <> :return_no AND r.kind <> 'came_back'
  AND r.decision <> 'rejected' AND r.outcome <> 'withdrawn'
  AND r.created_at > clock_timestamp() - interval '180 days'
"""

_DELIVERED: Final = """
SELECT max(coalesce(s.delivered_at, CASE WHEN s.status = 'delivered' THEN s.handed_over_at END))
       AS delivered_at
FROM shipment s WHERE s.order_id = :order_id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A return that somebody asks for: units by fulfilment line, or money alone."""

    kind: ReturnKind
    origin: ReturnOrigin
    reason: ReturnReason
    units: Mapping[str, int] = field(default_factory=dict)
    remark: str = ""
    goodwill_minor: int = 0
    case_no: str = ""
    carrier: str = ""
    waybill_no: str = ""
    remedy: str = "refund"
    wanted: Sequence[Wanted] = ()
    actor: str = "system"


async def insert_return(session: AsyncSession, return_no: str, order_id: str, asked: Asked) -> bool:
    """Write it down and claim its units; False when the number or the channel's case is taken.

    The caller has locked the order and seen that the units are there.
    """
    sent = asked.kind is ReturnKind.CAME_BACK or bool(asked.waybill_no)
    made = await run(
        session, _INSERT, return_no=return_no, order_id=order_id, kind=asked.kind,
        origin=asked.origin, reason=asked.reason, carrier=asked.carrier,
        waybill_no=asked.waybill_no, sent=sent, goodwill=asked.goodwill_minor,
        case_no=asked.case_no, remedy=asked.remedy, created_by=asked.actor,
    )  # fmt: skip
    if not made:
        return False
    await keep_words(session, order_id, {of_return(return_no): {"remark": asked.remark}})
    units = {part: count for part, count in sorted(asked.units.items()) if count}
    ids, quantities = list(units), list(units.values())
    await run(session, CLAIM, ids=ids, quantities=quantities)
    await run(
        session, _INSERT_LINES, return_no=return_no, ids=ids, quantities=quantities,
        needs_goods=asked.kind.needs_goods,
    )  # fmt: skip
    data = {"return_no": return_no, "return_kind": asked.kind, "return_reason": asked.reason}
    await tell(session, order_id, return_no, "return_opened", data, asked.actor)
    await tell_return(session, return_no, order_id)
    return True


async def returnable(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """The order's goods with what of them was sent and is in no return yet (`left_over`)."""
    return await run(session, _RETURNABLE, order_id=order_id)


async def lock_return(session: AsyncSession, return_no: str) -> Row[Any]:
    """Lock its order and itself. Raises ReturnNotFound."""
    found = await run(session, _ORDER_OF, return_no=return_no)
    if not found:
        raise ReturnNotFound(f"there is no return {return_no[:50]!a}")
    await run(session, _LOCK_ORDER, order_id=found[0].order_id)
    return (await run(session, _LOCK, return_no=return_no))[0]


async def lock_order(session: AsyncSession, order_id: str) -> None:
    """Whoever opens a return or moves its money holds this."""
    await run(session, _LOCK_ORDER, order_id=order_id)


async def return_state(session: AsyncSession, return_no: str) -> ReturnState:
    """Where the return stands, derived from its rows. Raises ReturnNotFound."""
    rows = await run(session, _STATE, return_no=return_no, ours=list(OUR_CHANNELS))
    if not rows:
        raise ReturnNotFound(f"there is no return {return_no[:50]!a}")
    row = rows[0]
    return ReturnState(
        return_no=row.return_no,
        order_id=row.order_id,
        kind=ReturnKind(row.kind),
        status=ReturnStatus(row.status),
        outcome=Outcome(row.outcome),
        judged=row.judged_at is not None,
        decision=Decision(row.decision),
        clock_stopped=row.clock_left_s is not None,
        due_at=row.due_at,
        warn_at=row.warn_at,
        escalated=row.escalated_at is not None,
        sent=row.sent_at is not None,
        received_units=row.received,
        inspected_units=row.inspected,
        refused_units=row.inspected - row.accepted,
        settle_decided=row.settle_decided,
        settled=row.settled_at is not None,
        reopened=row.reopened,
        planned_minor=row.planned,
        refund_running=row.running,
        pays_channel=row.pays_channel,
        rest_minor=row.rest_minor,
        to_tell="" if row.channel_done else row.to_tell,
        channel_done=row.channel_done,
        replaced=row.new_order_id is not None,
    )


async def write_progress(
    session: AsyncSession,
    state: ReturnState,
    due_at: datetime | None,
    warn_at: datetime | None,
) -> None:
    """Its status as its facts say, until when the next act is owed, and when to warn of that."""
    await run(
        session, _PROGRESS, return_no=state.return_no, status=status_of(state),
        waits_for=waits_for(state), due_at=due_at, warn_at=warn_at,
    )  # fmt: skip


async def let_go(session: AsyncSession, return_no: str) -> None:
    """Units that did not come, or go back to the buyer, can be asked back again."""
    await run(session, _LET_GO, return_no=return_no)


async def earlier_returns(session: AsyncSession, return_no: str, order_id: str) -> int:
    """How many returns this buyer asked for within half a year, this one not counted."""
    return int((await run(session, _HISTORY, return_no=return_no, order_id=order_id))[0].earlier)


async def delivered_at(session: AsyncSession, order_id: str) -> datetime | None:
    """When the last parcel of the order arrived; None while none has."""
    found: datetime | None = (await run(session, _DELIVERED, order_id=order_id))[0].delivered_at
    return found


async def tell(
    session: AsyncSession,
    order_id: str,
    return_no: str,
    kind: str,
    data: Mapping[str, str],
    actor: str = "system",
    words: Words = NOTHING,
) -> None:
    """One line of the order's story about its return; `words` may name people. The caller holds
    the return's lock."""
    seq = (await run(session, _NEXT_LINE, order_id=order_id, return_no=return_no))[0].seq
    await run(
        session, statements.EVENTS, order_id=order_id, source=return_no, seq=[seq], kind=[kind],
        data=[statements.as_json({name: str(value) for name, value in data.items()})],
        actor=[actor],
    )  # fmt: skip
    if words:
        await keep_words(session, order_id, {of_event(order_id, return_no, seq): words})
