"""Keeping units, giving them back, and handing them to an order; in the caller's transaction."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory import statements
from db.inventory.ledger import columns_of
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.earmarks import ON_ITS_WAY, EarmarkFor, OpenLine, Wanted, choose, hand_over
from domain.inventory.stock import Reserved, ReserveStock, StockKey
from domain.shared.errors import EarmarkNotFound, EarmarkOver, EarmarkTooLate, UnknownLocation
from domain.shared.ids import Sku

_PLACES: Final = """
SELECT id FROM location WHERE ships AND active AND kind <> 'transit' ORDER BY priority, id
"""
_INSERT: Final = """
INSERT INTO earmark (id, kept_for, reference, shop_id, order_no, order_id, created_by)
VALUES (:id, :kept_for, :reference, '', '', '', :by)
"""
_BIND: Final = "UPDATE earmark SET shop_id = :shop, order_no = :no WHERE id = :id"
_LOCKED: Final = "SELECT * FROM earmark WHERE id = :id FOR UPDATE"
_SERVED: Final = """
SELECT EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id AND s.status <> 'cancelled')
    OR EXISTS (SELECT FROM backorder b WHERE b.order_id = o.id AND b.state <> 'cancelled')
    OR o.closed_at IS NOT NULL AS served
FROM sales_order o WHERE o.shop_id = :shop AND o.external_no = :no
"""
_LISTED: Final = """
SELECT e.*, r.units, r.expires_at, r.lines,
       CASE WHEN e.order_id <> '' THEN 'ordered' WHEN r.held THEN 'kept'
            WHEN r.expired THEN 'expired' ELSE 'released' END AS state
FROM earmark e JOIN LATERAL (
    SELECT sum(quantity)::bigint AS units, min(expires_at) AS expires_at,
           bool_or(state = 'held') AS held, bool_or(state = 'expired') AS expired,
           jsonb_agg(jsonb_build_object('sku', sku, 'location', location_id, 'lot', lot,
                                        'quantity', quantity) ORDER BY sku, location_id, lot)
               AS lines
    FROM reservation WHERE reservation_id = e.id) r ON r.units IS NOT NULL
WHERE (:id = '' OR e.id = :id)
  AND (:sku = '' OR EXISTS (SELECT FROM reservation x WHERE x.reservation_id = e.id
                              AND x.sku = :sku))
  AND (NOT :kept OR r.held AND e.order_id = '')
  AND (:after = '' OR e.id < :after)
ORDER BY e.id DESC LIMIT :limit
"""
_ANNOUNCED: Final = """
SELECT e.id, o.id AS order_id, o.workflow_id FROM earmark e
JOIN sales_order o ON o.shop_id = e.shop_id AND o.external_no = e.order_no
WHERE o.id = ANY(:ids) AND e.order_no <> '' AND e.order_id = '' ORDER BY e.id
FOR UPDATE OF e
"""
_OPEN: Final = """
SELECT f.id, f.sku, f.quantity - f.cancelled_quantity - coalesce((
           SELECT sum(coalesce(x.picked_quantity, x.quantity)) FROM shipment_line x
           JOIN shipment s ON s.no = x.shipment_no AND s.status <> 'cancelled'
           WHERE x.fulfilment_line_id = f.id), 0) - coalesce((
           SELECT sum(b.quantity) FROM backorder b
           WHERE b.fulfilment_line_id = f.id
             AND (b.state = 'waiting' OR b.state = 'filled' AND NOT b.adopted)), 0) AS quantity
FROM fulfilment_line f WHERE f.order_id = :order_id ORDER BY f.id
"""
# Served from what was kept for it, as if the queue had served it: its next allocation ships it.
_SERVE: Final = """
INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku, location_id, quantity,
                       paid_at, adopted, state, filled_at)
SELECT :id, o.id, :line, o.workflow_id, :sku, :location, :quantity,
       coalesce(o.paid_at, o.placed_at, o.created_at), false, 'filled', clock_timestamp()
FROM sales_order o WHERE o.id = :order_id
"""


async def keep(
    session: AsyncSession, kept_for: EarmarkFor, reference: str, lines: Sequence[Wanted],
    until: datetime, by: str,
) -> str:  # fmt: skip
    """Keep all of these units or none; returns the earmark's id, or nothing when others were
    faster: then another transaction chooses anew, because this one holds locks.

    Raises UnknownSku, UnknownLocation, InsufficientStock.
    """
    stock, earmark_id = StockRepository(session), new_id("emk")
    places = [row.id for row in await run(session, _PLACES)]
    for line in lines:
        await stock.refuse_unknown(Sku(line.sku))
        if line.location_id and line.location_id not in places:
            raise UnknownLocation(f"nothing leaves from {line.location_id}")
    free = await _free(stock, [line.sku for line in lines])
    request = ReserveStock(
        earmark_id, choose(lines, free, places), workflow_id=f"earmark/{earmark_id}",
        expires_at=until,
    )  # fmt: skip
    if (await stock.reserve_batch([request]))[earmark_id] is not Reserved.GRANTED:
        return ""
    told = {"kept_for": kept_for.value, "reference": reference, "by": by}
    await run(session, _INSERT, id=earmark_id, **told)
    return earmark_id


async def extend(session: AsyncSession, earmark_id: str, until: datetime) -> None:
    """Keep the units longer, or shorter. Raises EarmarkNotFound, EarmarkOver."""
    await _open(session, earmark_id)
    if not await StockRepository(session).renew(earmark_id, until):
        raise EarmarkOver(earmark_id)


async def release(session: AsyncSession, earmark_id: str) -> None:
    """Give the units back; said again it changes nothing. Raises EarmarkNotFound, EarmarkOver."""
    await _open(session, earmark_id)
    await StockRepository(session).release(earmark_id)


async def announce(session: AsyncSession, earmark_id: str, shop: str, order_no: str) -> None:
    """An order of this number gets the units as soon as it is placed; until then they are kept for
    an hour at least. Said again with the same order it stays so.

    Raises EarmarkNotFound, EarmarkOver, EarmarkTooLate.
    """
    row = await _open(session, earmark_id)
    if row.order_no and (row.shop_id, row.order_no) != (shop, order_no):
        raise EarmarkOver("it is kept for another order")
    served = await run(session, _SERVED, shop=shop, no=order_no)
    if served and served[0].served:
        raise EarmarkTooLate(order_no)
    [seen] = await listed(session, earmark_id=earmark_id)
    if seen.state != "kept":
        raise EarmarkOver(earmark_id)
    await run(session, _BIND, id=earmark_id, shop=shop, no=order_no)
    ends = max(seen.expires_at, datetime.now(UTC) + ON_ITS_WAY)
    if not await StockRepository(session).renew(earmark_id, ends):
        raise EarmarkOver(earmark_id)


async def hand_to_orders(session: AsyncSession, order_ids: Sequence[str]) -> None:
    """Orders that were announced get what is kept for them. The leases change hands inside one
    transaction: the balance stays the same, and nobody comes between. What they do not ask for is
    free again. Once per earmark."""
    due = await run(session, _ANNOUNCED, ids=list(order_ids))
    if not due:
        return
    stock = StockRepository(session)
    await run(session, statements.LOCK_RESERVED, ids=[row.id for row in due])
    for row in due:
        held = await stock.held(row.id)
        lines = [OpenLine(one.id, one.sku, int(one.quantity))
                 for one in await run(session, _OPEN, order_id=row.order_id)]  # fmt: skip
        for given in hand_over(held, lines):
            served = new_id("bo")
            key = given.line.key
            await run(
                session, _SERVE, id=served, order_id=row.order_id, line=given.line_id, sku=key.sku,
                location=key.location_id, quantity=given.line.quantity,
            )  # fmt: skip
            await run(
                session, statements.HAND_ON, **columns_of([key]), quantity=[given.line.quantity],
                reservation_id=row.id, target=served, order_id=row.order_id,
                workflow_id=row.workflow_id,
            )  # fmt: skip
        if held:
            await run(session, "UPDATE earmark SET order_id = :order WHERE id = :id",
                      id=row.id, order=row.order_id)  # fmt: skip
            await stock.release(row.id)


async def listed(
    session: AsyncSession, *, earmark_id: str = "", sku: str = "", kept: bool = False,
    after: str = "", limit: int = 1,
) -> Sequence[Row[Any]]:  # fmt: skip
    """Earmarks with their units, the newest first."""
    return await run(
        session, _LISTED, id=earmark_id, sku=sku, kept=kept, after=after, limit=limit
    )  # fmt: skip


async def give_back_due(session: AsyncSession, limit: int) -> int:
    """Leases whose time is over give their units back to whoever waits; returns how many."""
    expired = await StockRepository(session).expire_due(datetime.now(UTC), limit)
    return len(expired.reservation_ids)


async def _open(session: AsyncSession, earmark_id: str) -> Row[Any]:
    rows = await run(session, _LOCKED, id=earmark_id)
    if not rows:
        raise EarmarkNotFound(earmark_id)
    if rows[0].order_id:
        raise EarmarkOver("its order has the units")
    return rows[0]


async def _free(stock: StockRepository, skus: Sequence[str]) -> list[tuple[StockKey, int]]:
    """What may be kept by lot, what ends first first; nothing that is over."""
    rows = await stock.free_by_lot(sorted(set(skus)))
    today = datetime.now(UTC).date()
    good = [(lot.expires_on or date.max, key, lot.units) for key, lot in rows
            if lot.expires_on is None or lot.expires_on >= today]  # fmt: skip
    return [(key, free) for _, key, free in sorted(good, key=lambda one: one[:2])]
