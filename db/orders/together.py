"""Reading orders as far as it matters for going in one parcel, and finding those that could."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.orders.companions import Companion, Piece, Waiting
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.shared.errors import OrderNotFound

# Everybody who is in a parcel with one of them belongs to it.
_WITH_BOX_MATES: Final = """
SELECT DISTINCT m.order_id AS id FROM shipment s
JOIN shipment m ON m.no = s.no OR m.no = s.ships_with
    OR m.ships_with IN (s.no, nullif(s.ships_with, ''))
WHERE s.order_id = ANY(:ids) AND s.status IN ('allocated', 'picking', 'packed', 'labelled')
"""

_ORDERS: Final = """
SELECT o.id, o.no, o.shop_id, o.buyer_digest, o.status, o.cash_on_delivery, o.test_order,
       coalesce(r.whole_digest, '') AS receiver, coalesce(r.kind = 'masked', false) AS hidden,
       (SELECT coalesce(array_agg(kind ORDER BY placed_at, kind), '{}') FROM order_hold
        WHERE order_id = o.id AND released_at IS NULL) AS holds,
       EXISTS (SELECT FROM till_ticket t WHERE t.order_id = o.id) AS carried_out,
       EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id AND (
           s.handed_over_at IS NOT NULL
           OR s.status IN ('handed_over', 'in_transit', 'delivered', 'exception'))
           AND s.status <> 'cancelled') AS has_left,
       coalesce((SELECT sum(f.quantity - f.cancelled_quantity) FROM fulfilment_line f
                 WHERE f.order_id = o.id), 0)
       - coalesce((SELECT sum(coalesce(x.picked_quantity, x.quantity))
                   FROM shipment s JOIN shipment_line x ON x.shipment_no = s.no
                   WHERE s.order_id = o.id AND s.status <> 'cancelled'), 0) AS awaited
FROM sales_order o LEFT JOIN receiver r ON r.order_id = o.id
WHERE o.id = ANY(:ids)
"""

_SHIPMENTS: Final = """
SELECT s.no, s.order_id, s.location_id, s.status, s.ships_with, s.picked_at, s.packed_at,
       s.waits_for,
       EXISTS (SELECT FROM shipment m WHERE m.ships_with = s.no) AS leads,
       (SELECT jsonb_agg(jsonb_build_array(
                   x.fulfilment_line_id, x.order_line_id, x.sku, x.quantity, k.weight_g,
                   k.length_mm::bigint * k.width_mm * k.height_mm)
               ORDER BY x.fulfilment_line_id)
        FROM shipment_line x JOIN sku k ON k.code = x.sku
        WHERE x.shipment_no = s.no) AS pieces
FROM shipment s
WHERE s.order_id = ANY(:ids) AND s.handed_over_at IS NULL
  AND s.status IN ('allocated', 'picking', 'packed', 'labelled')
ORDER BY s.no
"""

_LOCK_ORDERS: Final = """
SELECT id FROM sales_order WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_SHIPMENTS: Final = """
SELECT no FROM shipment WHERE order_id = ANY(:ids)
  AND status IN ('allocated', 'picking', 'packed', 'labelled') ORDER BY no FOR UPDATE
"""

# Open orders of the same receiver that have something to send; those of this shop, if only those.
_CANDIDATES: Final = """
SELECT o.id FROM receiver mine
JOIN receiver r ON r.whole_digest = mine.whole_digest AND r.order_id <> mine.order_id
JOIN sales_order o ON o.id = r.order_id AND o.closed_at IS NULL
WHERE mine.order_id = :order_id AND mine.whole_digest <> ''
  AND (CAST(:shop_id AS text) = '' OR o.shop_id = :shop_id)
  AND EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id
              AND s.status IN ('allocated', 'picking')
              AND (s.picked_at IS NULL OR s.waits_for = 'packing'))
ORDER BY o.id LIMIT 20
"""

# Those of these orders that somebody could put together with another one.
_WITH_COMPANIONS: Final = """
SELECT o.id FROM sales_order o JOIN receiver m ON m.order_id = o.id AND m.whole_digest <> ''
WHERE o.id = ANY(:ids) AND o.closed_at IS NULL AND NOT o.cash_on_delivery
  AND EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id
              AND (s.picked_at IS NULL OR s.waits_for = 'packing')
              AND s.status IN ('allocated', 'picking') AND s.ships_with = ''
              AND NOT EXISTS (SELECT FROM shipment x WHERE x.ships_with = s.no))
  AND EXISTS (SELECT FROM receiver r JOIN sales_order p ON p.id = r.order_id
              JOIN shipment s ON s.order_id = p.id
                  AND (s.picked_at IS NULL OR s.waits_for = 'packing')
                  AND s.status IN ('allocated', 'picking')
              WHERE r.whole_digest = m.whole_digest AND r.order_id <> m.order_id
                AND p.closed_at IS NULL AND NOT p.cash_on_delivery AND p.status <> 'on_hold'
                AND (p.shop_id <> o.shop_id OR p.buyer_digest = o.buyer_digest
                     OR p.buyer_digest = '' OR o.buyer_digest = ''))
"""

_IDS: Final = "SELECT id FROM sales_order WHERE no = ANY(:nos)"

_TO: Final = """
SELECT division_code, longitude, latitude FROM receiver WHERE order_id = :order_id
"""

_AWAITED: Final = """
SELECT f.id AS line_id, f.quantity / l.quantity AS factor
FROM fulfilment_line f JOIN order_line l ON l.id = f.order_line_id
WHERE f.order_id = :order_id AND f.cancelled_quantity = 0
"""


async def ids_of(session: AsyncSession, nos: Sequence[str]) -> list[str]:
    """The orders with these numbers of ours. Raises OrderNotFound."""
    rows = await run(session, _IDS, nos=list(nos))
    if len(rows) < len(set(nos)):
        raise OrderNotFound("there is no such order")
    return [row.id for row in rows]


async def lock_together(session: AsyncSession, ids: Collection[str]) -> list[str]:
    """Lock these orders, those in a parcel with them, and what has not left; in one order."""
    while True:
        await run(session, _LOCK_ORDERS, ids=sorted(ids))
        await run(session, _LOCK_SHIPMENTS, ids=sorted(ids))
        mates = {row.id for row in await run(session, _WITH_BOX_MATES, ids=sorted(ids))}
        if mates <= set(ids):
            return sorted(ids)
        ids = mates | set(ids)


async def companions(
    session: AsyncSession, order_id: str, others: Collection[str] = ()
) -> list[Companion]:
    """The order, the others, and whoever is in a parcel with one of them; the order first.

    Raises OrderNotFound.
    """
    asked = [order_id, *others]
    mates = {row.id for row in await run(session, _WITH_BOX_MATES, ids=asked)}
    ids = sorted({*asked, *mates})
    rows = {row.id: row for row in await run(session, _ORDERS, ids=ids)}
    if missing := set(ids) - set(rows):
        raise OrderNotFound(f"there is no order {min(missing)}")
    shipments: dict[str, list[Waiting]] = {}
    for row in await run(session, _SHIPMENTS, ids=ids):
        shipments.setdefault(row.order_id, []).append(_waiting(row))
    ids.sort(key=lambda one: (one != order_id, one))
    return [_companion(rows[one], tuple(shipments.get(one, ()))) for one in ids]


async def candidates_of(session: AsyncSession, order_id: str, shop_id: str = "") -> list[str]:
    """Orders of the same receiver that may be worth a look; twenty at most."""
    return [row.id for row in await run(session, _CANDIDATES, order_id=order_id, shop_id=shop_id)]


async def destination_of(session: AsyncSession, order_id: str) -> tuple[str, Any, Any]:
    """Division, longitude and latitude of where the order goes."""
    rows = await run(session, _TO, order_id=order_id)
    return (
        (rows[0].division_code, rows[0].longitude, rows[0].latitude) if rows else ("", None, None)
    )


async def with_companions(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Those of these orders that may go in one parcel with another; a person looks closer."""
    return {row.id for row in await run(session, _WITH_COMPANIONS, ids=list(ids))}


async def factors_of(session: AsyncSession, order_id: str) -> dict[str, int]:
    """Units to pick for one unit of a line, by what has to be picked."""
    return {row.line_id: int(row.factor) for row in await run(session, _AWAITED, order_id=order_id)}


def _waiting(row: Any) -> Waiting:
    return Waiting(
        row.no, row.order_id, row.location_id, ShipmentStatus(row.status),
        tuple(Piece(*piece) for piece in row.pieces or ()),
        row.ships_with or (row.no if row.leads else ""),
        row.picked_at is not None, row.packed_at is not None, row.waits_for == "stopping",
        row.waits_for == "packing",
    )  # fmt: skip


def _companion(row: Any, shipments: tuple[Waiting, ...]) -> Companion:
    return Companion(
        row.id, row.no, row.shop_id, row.buyer_digest, row.receiver, OrderStatus(row.status),
        tuple(HoldKind(kind) for kind in row.holds), row.cash_on_delivery, row.test_order,
        row.carried_out, row.awaited > 0, row.has_left, shipments, row.hidden,
    )  # fmt: skip
