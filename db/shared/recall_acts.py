"""What people do about a recall: look at its effects, start it, say what became of units, close it.

In the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import lot_trace
from db.inventory.repository import StockRepository
from db.platform.attention import resolve_attention
from db.platform.audit import audit
from db.platform.notices import RECALL as NOTICE
from db.platform.outbox import queue_signal
from db.scope import scope_in
from db.shared import recall_statements as sql
from db.shared.recalling import Recalling, exchanged
from db.sql import run
from domain.inventory.expiry import Wanted
from domain.inventory.recall import LEAVES, End, Held, Holder, refuse_closing, refuse_end
from domain.inventory.recalling import RecallMoved
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InvalidInput,
    LotNotFound,
    MoreThanOwn,
    RecallNotFound,
)
from domain.shared.ids import LocationId, Lot, Sku, recall_workflow_id

MOST_LOTS: Final = 50

_KNOWN: Final = """
SELECT x.sku, x.lot FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[])) AS x(sku, lot)
WHERE NOT EXISTS (SELECT FROM lot t WHERE t.sku = x.sku AND t.lot = x.lot)
"""
_EFFECTS: Final = """
SELECT count(*) FILTER (WHERE s.status IN ('handed_over', 'in_transit', 'exception')) AS moving,
       count(*) AS shipments
FROM shipment s WHERE s.no = ANY(:nos)
"""
_RECALLS: Final = """
SELECT r.no, r.reason, r.state, r.started_by, r.started_at, r.closed_at, r.signed,
       (SELECT jsonb_agg(jsonb_build_array(l.sku, l.lot) ORDER BY l.sku, l.lot) FROM recall_lot l
        WHERE l.recall_no = r.no) AS lots
FROM recall r WHERE (r.started_at, r.no) < (CAST(:at AS timestamptz), CAST(:after AS text))
ORDER BY r.started_at DESC, r.no DESC LIMIT :limit
"""
_LEASES: Final = """
WITH asked AS (SELECT sku, lot FROM recall_lot WHERE recall_no = :no)
SELECT r.reservation_id AS lease, r.order_id, r.sku, r.lot, r.location_id,
       r.quantity - r.voided_quantity AS units
FROM asked a JOIN reservation r ON r.sku = a.sku AND r.lot = a.lot AND r.state = 'held'
WHERE r.reservation_id = :shipment ORDER BY r.sku, r.lot
"""
_FAR: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewRecall:
    """What somebody wants back, and what those who have it are told."""

    lots: tuple[tuple[str, str], ...]
    reason: str
    message: str
    remind_days: int = 7


@dataclass(frozen=True, slots=True)
class Effects:
    """What a recall would do now."""

    places: Sequence[Row[Any]]
    picks: Sequence[Row[Any]]
    got: Sequence[Row[Any]]
    on_hand: int
    promised: int
    sent: int
    moving: int  # shipments on their way
    buyers: int  # orders
    dealers: int  # places


async def preview(session: AsyncSession, lots: Sequence[tuple[str, str]], most: int) -> Effects:
    """Units, places, open picks, parcels and buyers. Raises LotNotFound, InvalidInput."""
    await _refuse_unknown(session, lots)
    places = await lot_trace.places_of(session, lots)
    picks = await lot_trace.open_picks(session, lots)
    got = await lot_trace.got_by(session, lots, most)
    (counts,) = await run(session, _EFFECTS, nos=[row.holder for row in got])
    return Effects(
        places, picks, got,
        sum(row.on_hand for row in places), sum(row.units for row in picks),
        sum(row.units for row in got), counts.moving, len({row.order_no for row in got}),
        len({row.location_id for row in places if row.kind == "dealer"}),
    )  # fmt: skip


async def start(session: AsyncSession, new: NewRecall, actor: str, request_id: str) -> str:
    """A recall begins: its workflow freezes the lots at once. Returns its number.

    Raises LotNotFound, InvalidInput, ActionNotAllowed for a lot that is recalled already.
    """
    _refuse_a_part(session)
    await _refuse_unknown(session, new.lots)
    columns = {"skus": [sku for sku, _ in new.lots], "lots": [lot for _, lot in new.lots]}
    for row in await run(session, sql.RECALLED_ALREADY, **columns):
        raise ActionNotAllowed(f"lot {row.lot} of {row.sku} is recalled already: {row.recall_no}")
    no = str((await run(session, sql.NEXT_NO))[0].no)
    made = await run(
        session, sql.START, no=no, reason=new.reason, message=new.message,
        remind_days=new.remind_days, by=actor,
    )  # fmt: skip
    if not made:
        raise ActionNotAllowed("somebody began another recall at the same moment; try again")
    await run(session, sql.ADD_LOT, no=no, **columns)
    # Frozen in the same transaction: no unit is promised between the decision and the workflow.
    await Recalling(session, no).freeze(datetime.now(UTC))
    await audit(
        session, actor, "recall.started", f"recall/{no}", reason=new.reason,
        after={"lots": [f"{sku} {lot}" for sku, lot in new.lots]}, request_id=request_id,
    )  # fmt: skip
    await wake(session, no)
    return no


async def account(
    session: AsyncSession, no: str, unit_id: str, how: End, units: int, note: str, actor: str,
    request_id: str,
) -> None:  # fmt: skip
    """Somebody says what became of units. Of ours, what is set apart lies in quarantine from now
    on, and what was destroyed or sent back is off the books.

    Said again under the same key it changes nothing. Raises RecallNotFound, InvalidInput,
    ActionNotAllowed, InsufficientStock, IdempotencyMismatch.
    """
    recall = await lock(session, no)
    if known := await run(session, sql.KNOWN_END, id=request_id):
        if (known[0].unit_id, known[0].how, known[0].units) != (unit_id, str(how), units):
            raise IdempotencyMismatch("the key was used for another answer")
        return
    if recall.state == "closed":
        raise ActionNotAllowed("the recall is closed")
    await Recalling(session, no).count()
    found = await run(session, sql.UNIT, id=unit_id, no=no)
    if not found:
        raise InvalidInput("nobody of this recall has these units")
    row = found[0]
    refuse_end(Holder(row.kind), how, units, Held(row.units, row.ended))
    document = Document("recall", no, f"recall:{no}:{request_id}", actor)
    if row.location_id and (how is End.QUARANTINED or how in LEAVES):
        await _move(session, row, document, how, units)
    await run(
        session, sql.END, id=request_id, unit_id=unit_id, how=str(how), units=units, note=note,
        actor=actor,
    )  # fmt: skip
    await audit(
        session, actor, f"recall.{how}", f"recall/{no}", reason=note,
        after={"holder": row.holder, "sku": row.sku, "lot": row.lot, "units": units},
        request_id=request_id,
    )  # fmt: skip
    await wake(session, no)


async def exchange(
    session: AsyncSession, no: str, shipment_no: str, actor: str, request_id: str
) -> None:
    """Somebody took the recalled units out of a shipment and put others in: it goes on with those.

    Raises RecallNotFound, ActionNotAllowed where no other lot has so many free.
    """
    await lock(session, no)
    leases = await run(session, _LEASES, no=no, shipment=shipment_no)
    if not leases:
        raise ActionNotAllowed("the shipment holds nothing of this recall")
    for lease in leases:
        if not await exchanged(session, lease, Wanted()):
            raise ActionNotAllowed("no other lot has so many units there")
    await audit(
        session, actor, "recall.exchanged", f"shipment/{shipment_no}", after={"recall": no},
        request_id=request_id,
    )  # fmt: skip
    await wake(session, no)


async def close(session: AsyncSession, no: str, signed: str, actor: str, request_id: str) -> None:
    """The recall is over; its lots stay recalled. Raises RecallNotFound, ActionNotAllowed."""
    _refuse_a_part(session)
    recall = await lock(session, no)
    if recall.state == "closed":
        raise ActionNotAllowed("the recall is closed")
    facts = await Recalling(session, no).facts()
    if facts.open_picks:
        raise ActionNotAllowed("there are open picks; wait until they are stopped")
    refuse_closing(facts.open_units, signed, facts.frozen)
    kept = signed.strip() if facts.open_units else ""
    await run(session, sql.CLOSE, no=no, by=actor, signed=kept)
    await resolve_attention(
        session, workflow_id=recall_workflow_id(no), step_id=f"{NOTICE}/silent", by=actor,
        resolution="done",
    )  # fmt: skip
    await audit(
        session, actor, "recall.closed", f"recall/{no}", reason=signed,
        after={"open_units": facts.open_units}, request_id=request_id,
    )  # fmt: skip
    await wake(session, no)


async def lock(session: AsyncSession, no: str) -> Row[Any]:
    """The recall's row, locked. Raises RecallNotFound."""
    rows = await run(session, sql.LOCK, no=no)
    if not rows:
        raise RecallNotFound(f"there is no recall {no[:50]}")
    return rows[0]


async def listed(
    session: AsyncSession, limit: int, after: tuple[datetime, str] | None = None
) -> Sequence[Row[Any]]:
    """Recalls, the latest first."""
    at, no = after or (_FAR, "")
    return await run(session, _RECALLS, limit=limit, at=at, after=no)


async def wake(session: AsyncSession, no: str) -> None:
    """Its workflow looks again."""
    await run(session, sql.TOUCH, no=no)
    await queue_signal(session, recall_workflow_id(no), "recall_moved", RecallMoved(no))


async def _move(
    session: AsyncSession, row: Row[Any], document: Document, how: End, units: int
) -> None:
    """Out of good stock first, then out of what is set apart already."""
    stock = StockRepository(session)
    key = StockKey(Sku(row.sku), LocationId(row.location_id), Lot(row.lot))
    line = StockLine(key, units)
    if how is End.QUARANTINED:
        apart = replace(key, condition="quarantine")
        await stock.sort_out(document, line, apart)
        return
    reason = AdjustmentReason.RECALLED
    await stock.adjust(document, [StockLine(key, -units)], reason)


def _refuse_a_part(session: AsyncSession) -> None:
    """Whoever sees a part of the company would freeze, and count, a part of the goods."""
    if not scope_in(session).whole:
        raise MoreThanOwn("a recall is of the whole company")


async def _refuse_unknown(session: AsyncSession, lots: Sequence[tuple[str, str]]) -> None:
    if not 0 < len(set(lots)) == len(lots) <= MOST_LOTS:
        raise InvalidInput(f"a recall has one to {MOST_LOTS} lots, each once")
    columns = {"skus": [sku for sku, _ in lots], "lots": [lot for _, lot in lots]}
    for row in await run(session, _KNOWN, **columns):
        raise LotNotFound(f"there is no lot {row.lot} of {row.sku}")
