"""Where the units of lots lie, who got them, and where they came from."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

Lots = Sequence[tuple[str, str]]

_ASKED: Final = """
SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[])) AS x(sku, lot)
"""
# What left for buyers: as the ledger keeps it, or, where that keeps no lots, as it was scanned.
GONE: Final = """
SELECT r.reservation_id AS holder, r.order_id, r.sku, r.lot,
       sum(r.posted_quantity)::bigint AS units
FROM asked a JOIN reservation r ON r.sku = a.sku AND r.lot = a.lot
WHERE r.state = 'posted' AND r.posted_quantity > 0 AND r.order_id <> '' AND r.lot <> ''
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT w.shipment_no, s.order_id, w.sku, w.lot, sum(w.units)::bigint
FROM asked a JOIN warehouse_scan w ON w.sku = a.sku AND w.lot = a.lot
JOIN shipment s ON s.no = w.shipment_no
WHERE w.station = 'pick' AND w.kind = 'item' AND w.verdict = 'counted' AND w.lot <> ''
  AND NOT EXISTS (SELECT FROM warehouse_scan u WHERE u.shipment_no = w.shipment_no
                  AND u.undoes = w.key AND u.verdict = 'undone')
  AND EXISTS (SELECT FROM reservation r WHERE r.reservation_id = w.shipment_no AND r.sku = w.sku
              AND r.lot = '' AND r.state = 'posted')
GROUP BY 1, 2, 3, 4
"""

_PLACES: Final = f"""
WITH asked AS ({_ASKED})
SELECT b.sku, b.lot, b.location_id, p.name, p.kind, b.condition, b.owner, b.on_hand, b.reserved,
       b.frozen
FROM asked a JOIN stock_balance b ON b.sku = a.sku AND b.lot = a.lot
JOIN location p ON p.id = b.location_id
WHERE b.on_hand > 0 ORDER BY p.priority, p.id, b.sku, b.lot, b.condition, b.owner
"""  # noqa: S608 (made of constants)

_GOT: Final = f"""
WITH asked AS ({_ASKED}), gone AS ({GONE})
SELECT g.holder, g.sku, g.lot, g.units, o.no AS order_no, o.shop_id, c.name AS shop,
       o.placed_at, s.status, s.handed_over_at, v.province, v.city, v.phone_last4,
       coalesce((SELECT array_agg(p.carrier || ' ' || p.waybill_no ORDER BY p.id) FROM parcel p
                 WHERE p.shipment_no IN (s.no, s.ships_with) AND p.waybill_no <> ''), '{{}}')
           AS waybills
FROM gone g JOIN sales_order o ON o.id = g.order_id JOIN shop c ON c.id = o.shop_id
LEFT JOIN shipment s ON s.no = g.holder
LEFT JOIN receiver v ON v.order_id = o.id
WHERE (o.no, g.holder, g.lot) > (:after_no, :after_holder, :after_lot)
ORDER BY o.no, g.holder, g.lot LIMIT :limit
"""  # noqa: S608 (made of constants)

_CAME: Final = f"""
WITH asked AS ({_ASKED})
SELECT m.at, m.verb, m.quantity, m.from_place, m.to_place, m.document_kind, m.document_no, m.reason,
       m.actor, m.lot, m.condition
FROM asked a JOIN stock_move m ON m.sku = a.sku AND m.lot = a.lot
WHERE m.verb <> 'issue' OR NOT :origins
ORDER BY m.at, m.id LIMIT :limit
"""  # noqa: S608 (made of constants)

_OPEN_PICKS: Final = f"""
WITH asked AS ({_ASKED})
SELECT r.reservation_id AS holder, r.order_id, o.no AS order_no, r.sku, r.lot, r.location_id,
       sum(r.quantity - r.voided_quantity)::bigint AS units, s.status
FROM asked a JOIN reservation r ON r.sku = a.sku AND r.lot = a.lot AND r.state = 'held'
LEFT JOIN sales_order o ON o.id = r.order_id
LEFT JOIN shipment s ON s.no = r.reservation_id
GROUP BY 1, 2, 3, 4, 5, 6, 8 ORDER BY 1, 4, 5
"""  # noqa: S608 (made of constants)

_IN_PARCELS: Final = """
WITH mine AS (
    SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
SELECT r.sku, k.name, r.lot, sum(r.quantity - r.voided_quantity)::bigint AS units, t.expires_on,
       coalesce(t.state, 'open') AS state
FROM mine JOIN reservation r ON r.reservation_id = mine.no AND r.state IN ('held', 'posted')
JOIN sku k ON k.code = r.sku LEFT JOIN lot t ON t.sku = r.sku AND t.lot = r.lot
WHERE r.lot <> '' GROUP BY 1, 2, 3, 5, 6 ORDER BY 1, 3
"""


# The paper that put kits together is the number of their lot.
_MADE_OF: Final = """
SELECT m.sku, k.name, m.lot, sum(m.quantity)::bigint AS units
FROM kit_order o JOIN stock_move m ON m.document_kind = 'kit_order' AND m.document_no = o.no
JOIN sku k ON k.code = m.sku
WHERE o.no = :lot AND o.kit = :sku AND o.kind = 'assemble' AND m.to_place = 'adjustment'
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""
_IN_KITS: Final = """
SELECT o.kit AS sku, k.name, o.no AS lot, sum(m.quantity)::bigint AS units
FROM stock_move m JOIN kit_order o ON o.no = m.document_no AND o.kind = 'assemble'
JOIN sku k ON k.code = o.kit
WHERE m.sku = :sku AND m.lot = :lot AND m.document_kind = 'kit_order'
  AND m.to_place = 'adjustment'
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""


async def made_of(session: AsyncSession, sku: str, lot: str) -> Sequence[Row[Any]]:
    """The lots of components that are in a lot of kits."""
    return await run(session, _MADE_OF, sku=sku, lot=lot)


async def in_kits(session: AsyncSession, sku: str, lot: str) -> Sequence[Row[Any]]:
    """The lots of kits that units of this lot are in."""
    return await run(session, _IN_KITS, sku=sku, lot=lot)


async def places_of(session: AsyncSession, lots: Lots) -> Sequence[Row[Any]]:
    """What lies where, of every condition and owner."""
    return await run(session, _PLACES, **_columns(lots))


async def got_by(
    session: AsyncSession, lots: Lots, limit: int, after: tuple[str, str, str] = ("", "", "")
) -> Sequence[Row[Any]]:
    """Orders that units of these lots left for, with their parcels, by number of the order."""
    return await run(
        session, _GOT, **_columns(lots), limit=limit, after_no=after[0], after_holder=after[1],
        after_lot=after[2],
    )  # fmt: skip


async def came_from(session: AsyncSession, lots: Lots, limit: int) -> Sequence[Row[Any]]:
    """How the units came and moved, sales left out; the oldest first."""
    return await run(session, _CAME, **_columns(lots), limit=limit, origins=True)


async def open_picks(session: AsyncSession, lots: Lots) -> Sequence[Row[Any]]:
    """Who is promised units of these lots that have not left."""
    return await run(session, _OPEN_PICKS, **_columns(lots))


async def lots_in_shipment(session: AsyncSession, no: str) -> Sequence[Row[Any]]:
    """The lots that go, or went, in a shipment and what rides in its parcel."""
    return await run(session, _IN_PARCELS, no=no)


def _columns(lots: Lots) -> dict[str, list[str]]:
    return {"skus": [sku for sku, _ in lots], "lots": [lot for _, lot in lots]}
