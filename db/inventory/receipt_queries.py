"""Receiving to be looked at: what is expected, what is being received, and what is wrong."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.shared.errors import ShipNoticeNotFound

# Orders, transfers and ship notices that are still to come; what a notice announces is in its
# order's row no more.
_EXPECTED: Final = """
WITH due AS (
    SELECT 'purchase' AS kind, p.no, '' AS notice_no, p.supplier AS sender, p.location_id,
           p.expected_on, sum(l.ordered - l.cancelled - l.received)::bigint AS units,
           count(*)::int AS lines
    FROM purchase_order p JOIN purchase_order_line l ON l.purchase_no = p.no
    WHERE p.state IN ('sent','acknowledged','partly_received')
      AND l.ordered - l.cancelled > l.received
      AND NOT EXISTS (SELECT FROM ship_notice n WHERE n.source_kind = 'purchase'
                      AND n.source_no = p.no AND n.state = 'expected')
    GROUP BY p.no
    UNION ALL
    SELECT 'transfer', t.no, '', t.from_location, t.to_location,
           CAST(t.eta AT TIME ZONE l2.zone AS date),
           sum(l.shipped - l.received - l.damaged - l.lost - l.returned)::bigint, count(*)::int
    FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
    JOIN location l2 ON l2.id = t.to_location
    WHERE t.state = 'shipped'
      AND l.shipped > l.received + l.damaged + l.lost + l.returned
    GROUP BY t.no, l2.zone
    UNION ALL
    SELECT n.source_kind, n.source_no, n.no, n.sender, n.location_id, n.expected_on,
           sum(l.units)::bigint, count(*)::int
    FROM ship_notice n JOIN ship_notice_line l ON l.notice_no = n.no
    WHERE n.state = 'expected' GROUP BY n.no
)
SELECT d.*, p.name AS location_name, CAST(now() AT TIME ZONE p.zone AS date) AS today,
       (SELECT r.no FROM goods_receipt r WHERE r.source_kind = d.kind AND r.source_no = d.no
        AND d.no <> '' AND r.state IN ('open','counted') LIMIT 1) AS receipt_no
FROM due d JOIN location p ON p.id = d.location_id
WHERE CAST(:location AS text) = '' OR d.location_id = :location
ORDER BY d.expected_on NULLS LAST, d.no, d.notice_no LIMIT :limit
"""

_RECEIPTS: Final = """
SELECT r.*, p.name AS location_name,
       (SELECT count(*) FROM receipt_case c WHERE c.receipt_no = r.no AND c.state = 'open')::int
           AS cases,
       coalesce((SELECT sum(l.units) FROM goods_receipt_line l
                 WHERE l.receipt_no = r.no), 0)::bigint AS units
FROM goods_receipt r JOIN location p ON p.id = r.location_id
WHERE (CAST(:location AS text) = '' OR r.location_id = :location)
  AND (CAST(:states AS text[]) = '{}' OR r.state = ANY(:states))
  AND (CAST(:before AS text) = '' OR r.no < :before)
  AND (CAST(:source AS text) = '' OR r.source_no = :source)
ORDER BY r.no DESC LIMIT :limit
"""

_LINES: Final = """
SELECT l.*, s.name, s.gtin, greatest(s.min_life_days, i.min_life_days) AS least_life_days
FROM goods_receipt_line l JOIN sku s ON s.code = l.sku
JOIN goods_receipt r ON r.no = l.receipt_no
LEFT JOIN supplier_item i ON i.supplier = r.sender AND i.sku = l.sku
  AND r.source_kind = 'purchase'
WHERE l.receipt_no = :no ORDER BY l.line_no
"""

# The numbers of the units of a case, or of several that are kept alike: those that came with the
# receipt and are set apart still.
NUMBERS_OF_CASE: Final = """
(SELECT coalesce(array_agg(x.serial ORDER BY x.serial), '{}') FROM serial x
 WHERE x.sku = c.sku AND x.location_id = c.location_id AND x.lot = c.lot AND x.state = 'in_stock'
   AND x.condition = CASE l.verdict WHEN 'rejected' THEN 'damaged' ELSE 'quarantine' END
   AND c.line_no IS NOT NULL AND c.state = 'open' AND EXISTS (
     SELECT FROM serial_event e WHERE e.sku = x.sku AND e.serial = x.serial
       AND e.document_no = c.receipt_no AND e.what IN ('received', 'moved')))
"""

# Goods that came without the lot their SKU asks for.
LACKS_LOT: Final = "(s.tracks_lots AND c.lot = '' AND c.trouble <> 'short')"

_CASES: Final = f"""
SELECT c.*, r.source_kind, r.source_no, r.sender, p.zone, p.name AS location_name, l.verdict,
       l.expires_on, s.name AS sku_name, {NUMBERS_OF_CASE} AS serials,
       {LACKS_LOT} AS lacks_lot
FROM receipt_case c
JOIN goods_receipt r ON r.no = c.receipt_no
JOIN location p ON p.id = c.location_id
JOIN sku s ON s.code = c.sku
LEFT JOIN goods_receipt_line l ON l.receipt_no = c.receipt_no AND l.line_no = c.line_no
WHERE (CAST(:receipt AS text) = '' OR c.receipt_no = :receipt)
  AND (CAST(:state AS text) = '' OR c.state = :state)
  AND (CAST(:location AS text) = '' OR c.location_id = :location)
  AND (CAST(:before AS text) = '' OR c.no < :before)
ORDER BY c.no DESC LIMIT :limit
"""  # noqa: S608 (made of constants)

_NAMES: Final = """
SELECT s.code, s.name, s.gtin, s.tracks_serials, coalesce(b.bin, '') AS bin,
       coalesce(b.zone, '') AS zone
FROM sku s LEFT JOIN stock_bin b ON b.sku = s.code AND b.location_id = :location
WHERE s.code = ANY(:skus)
"""

_NOTICES: Final = """
SELECT n.*, p.name AS location_name, (SELECT sum(l.units) FROM ship_notice_line l
                                      WHERE l.notice_no = n.no)::bigint AS units
FROM ship_notice n JOIN location p ON p.id = n.location_id
WHERE (CAST(:state AS text) = '' OR n.state = :state)
  AND (CAST(:location AS text) = '' OR n.location_id = :location)
  AND (CAST(:before AS text) = '' OR n.no < :before)
ORDER BY n.no DESC LIMIT :limit
"""

_PLACE_OF: Final = """
SELECT location_id AS place FROM purchase_order WHERE no = :no AND :kind = 'purchase'
UNION ALL SELECT to_location FROM stock_transfer WHERE no = :no AND :kind = 'transfer'
"""

_NOTICE: Final = """
SELECT n.*, p.name AS location_name FROM ship_notice n JOIN location p ON p.id = n.location_id
WHERE n.no = :no
"""


async def notices(
    session: AsyncSession, *, state: str = "", location: str = "", before: str = "",
    limit: int = 100,
) -> Sequence[Row[Any]]:  # fmt: skip
    """Ship notices, the newest first."""
    return await run(session, _NOTICES, state=state, location=location, before=before, limit=limit)


async def place_of(session: AsyncSession, kind: str, no: str) -> str:
    """Where the goods of an order or a transfer go; empty where there is none."""
    rows = await run(session, _PLACE_OF, kind=kind, no=no)
    return str(rows[0].place) if rows else ""


async def expected(
    session: AsyncSession, location: str = "", limit: int = 200
) -> Sequence[Row[Any]]:
    """What is to come, the latest first; `receipt_no` where somebody receives it already."""
    return await run(session, _EXPECTED, location=location, limit=limit)


async def receipts(
    session: AsyncSession,
    *,
    location: str = "",
    states: Sequence[str] = (),
    source: str = "",
    before: str = "",
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """Receipts, the newest first."""
    return await run(
        session, _RECEIPTS, location=location, states=list(states), source=source, before=before,
        limit=limit,
    )  # fmt: skip


async def posted_lines(session: AsyncSession, no: str) -> Sequence[Row[Any]]:
    """What a receipt brought, with names."""
    return await run(session, _LINES, no=no)


async def cases(
    session: AsyncSession,
    *,
    receipt: str = "",
    state: str = "",
    location: str = "",
    before: str = "",
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """Cases, the newest first."""
    return await run(
        session, _CASES, receipt=receipt, state=state, location=location, before=before,
        limit=limit,
    )  # fmt: skip


async def names(session: AsyncSession, location: str, skus: Sequence[str]) -> dict[str, Row[Any]]:
    """Names, barcodes and bins of SKUs at a place."""
    rows = await run(session, _NAMES, location=location, skus=sorted(set(skus)))
    return {row.code: row for row in rows}


async def notice(session: AsyncSession, no: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """A ship notice and its lines. Raises ShipNoticeNotFound."""
    rows = await run(session, _NOTICE, no=no)
    if not rows:
        raise ShipNoticeNotFound(f"there is no ship notice {no[:50]!a}")
    lines = await run(
        session, "SELECT * FROM ship_notice_line WHERE notice_no = :no ORDER BY line_no", no=no
    )
    return rows[0], lines


def is_late(expected_on: date | None, today: date) -> bool:
    """Whether it should have been here before today."""
    return expected_on is not None and expected_on < today
