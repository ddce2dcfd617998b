"""Purchase orders and suppliers for reading: who has to act, what is late, who delivers how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.supplier_terms import calendar_of, items_of, supplier_row
from db.sql import run
from domain.inventory.purchasing.terms import Advice, advice_on
from domain.shared.errors import PurchaseNotFound

# By the clock of the place that waits, `l`.
_IS_LATE: Final = (
    "(p.state IN ('sent','acknowledged','partly_received')"
    " AND p.expected_on < (clock_timestamp() AT TIME ZONE l.zone)::date)"
)
# What a tab of the list holds.
TABS: Final[dict[str, str]] = {
    "": "p.state NOT IN ('closed','cancelled')",
    "buyer": "(p.state = 'draft' OR p.waits_for = 'decision' AND p.closed_at IS NULL)",
    "approval": "p.state = 'awaiting_approval'",
    "answer": "p.state IN ('approved','sent')",
    "goods": "p.state IN ('acknowledged','partly_received')",
    "late": _IS_LATE,
    "ended": "p.state IN ('closed','cancelled')",
}

_LISTED: Final = f"""
SELECT p.*, s.name AS supplier_name, l.name AS location_name, {_IS_LATE} AS late,
       t.lines, t.total_minor, t.ordered, t.received, t.open_units,
       EXISTS (SELECT FROM attention a WHERE a.workflow_id = 'purchase/' || p.no
               AND a.resolved_at IS NULL) AS attention
FROM purchase_order p
JOIN supplier s ON s.code = p.supplier
JOIN location l ON l.id = p.location_id
CROSS JOIN LATERAL (
    SELECT count(*)::int AS lines, coalesce(sum(ordered * price_minor), 0)::bigint AS total_minor,
           coalesce(sum(ordered), 0)::bigint AS ordered,
           coalesce(sum(received), 0)::bigint AS received,
           coalesce(sum(greatest(ordered - cancelled - received, 0)), 0)::bigint AS open_units
    FROM purchase_order_line WHERE purchase_no = p.no AND NOT dropped) t
"""  # noqa: S608 (made of constants)
_ORDER: Final = """
ORDER BY late DESC, CASE WHEN p.closed_at IS NULL THEN p.expected_on END NULLS LAST,
         p.created_at DESC, p.no LIMIT :limit
"""
_NARROWED: Final = """
  AND (CAST(:supplier AS text) = '' OR p.supplier = :supplier)
  AND (CAST(:location AS text) = '' OR p.location_id = :location)
"""
_FOUND: Final = (
    _LISTED
    + """
WHERE p.no = upper(:q) OR p.supplier_ref = :q OR s.name ILIKE '%' || :q || '%'
   OR EXISTS (SELECT FROM purchase_order_line x WHERE x.purchase_no = p.no AND x.sku = :q)
"""
    + _ORDER
)
_COUNT: Final = ", ".join(
    f"count(*) FILTER (WHERE {where})::int AS {name or 'open'}" for name, where in TABS.items()
)
_COUNTS: Final = f"SELECT {_COUNT} FROM purchase_order p JOIN location l ON l.id = p.location_id"  # noqa: S608
_ONE: Final = _LISTED + " WHERE p.no = :no"
_LINES: Final = """
SELECT l.*, k.name, coalesce(i.supplier_sku, '') AS supplier_sku,
       coalesce(i.case_pack, 1) AS case_pack
FROM purchase_order_line l JOIN sku k ON k.code = l.sku
JOIN purchase_order p ON p.no = l.purchase_no
LEFT JOIN supplier_item i ON i.supplier = p.supplier AND i.sku = l.sku
WHERE l.purchase_no = :no ORDER BY l.line_no
"""
_STORY: Final = """
SELECT seq, at, kind, data, actor FROM purchase_event
WHERE purchase_no = :no AND kind <> 'heard' ORDER BY seq DESC LIMIT 200
"""
_ITEMS: Final = """
SELECT id, step_id, cause, code, error, system, attempts, first_seen FROM attention
WHERE resolved_at IS NULL AND workflow_id = 'purchase/' || :no ORDER BY id
"""
_WAITING: Final = """
SELECT o.no AS order_no, b.sku, b.quantity, b.expected_on
FROM backorder b JOIN sales_order o ON o.id = b.order_id
WHERE b.state = 'waiting' AND b.location_id = :location
  AND b.sku IN (SELECT sku FROM purchase_order_line WHERE purchase_no = :no)
ORDER BY b.paid_at, b.id LIMIT 50
"""
_ASKED: Final = """
SELECT id FROM approval WHERE subject = 'purchase/' || :no AND state = 'open'
ORDER BY asked_at DESC LIMIT 1
"""

# On time: the last units came on or before the day we had asked for. Of the last half year.
_SUPPLIERS: Final = f"""
SELECT s.code, s.name, s.active, s.currency, s.lead_time_days, s.port, s.order_days,
       coalesce(i.items, 0) AS items, coalesce(o.open, 0) AS open, coalesce(o.late, 0) AS late,
       coalesce(o.open_minor, 0)::bigint AS open_minor,
       d.ended, d.on_time, d.ordered, d.received, d.days
FROM supplier s
LEFT JOIN LATERAL (SELECT count(*)::int AS items FROM supplier_item
                   WHERE supplier = s.code AND active) i ON true
LEFT JOIN LATERAL (
    SELECT count(DISTINCT p.no)::int AS open,
           count(DISTINCT p.no) FILTER (WHERE {_IS_LATE})::int AS late,
           sum(greatest(x.ordered - x.cancelled - x.received, 0) * x.price_minor) AS open_minor
    FROM purchase_order p JOIN purchase_order_line x ON x.purchase_no = p.no
    JOIN location l ON l.id = p.location_id
    WHERE p.supplier = s.code AND p.state NOT IN ('closed','cancelled')) o ON true
LEFT JOIN LATERAL (
    SELECT count(*)::int AS ended,
           count(*) FILTER (WHERE x.last_on <= x.wanted_on)::int AS on_time,
           sum(x.ordered)::bigint AS ordered, sum(x.received)::bigint AS received,
           avg(x.last_on - x.sent_on)::float AS days
    FROM (SELECT p.no, p.wanted_on, (p.sent_at AT TIME ZONE z.zone)::date AS sent_on,
                 (SELECT (max(r.at) AT TIME ZONE z.zone)::date FROM purchase_receipt r
                  WHERE r.purchase_no = p.no AND r.units > 0) AS last_on,
                 sum(l.ordered) AS ordered, sum(least(l.received, l.ordered)) AS received
          FROM purchase_order p JOIN purchase_order_line l ON l.purchase_no = p.no
          JOIN location z ON z.id = p.location_id
          WHERE p.supplier = s.code AND p.sent_at > now() - interval '180 days'
            AND p.state IN ('received', 'closed') AND NOT l.dropped
          GROUP BY p.no, z.zone) x) d ON true
WHERE CAST(:code AS text) = '' OR s.code = :code
ORDER BY s.active DESC, late DESC, s.name, s.code
"""  # noqa: S608 (made of constants)
_TERMS: Final = """
SELECT i.*, k.name FROM supplier_item i JOIN sku k ON k.code = i.sku
WHERE i.supplier = :supplier ORDER BY i.sku LIMIT 500
"""

_BOUGHT: Final = """
SELECT coalesce(sum(minor), 0)::bigint AS minor FROM onhand_bought()
WHERE supplier = :code AND currency = :currency
"""


@dataclass(frozen=True, slots=True)
class PurchaseDetail:
    """A purchase order with its lines, story, what waits for a person, and who waits for it."""

    row: Any
    lines: Sequence[Row[Any]]
    story: Sequence[Row[Any]]
    attention: Sequence[Row[Any]]
    waiting: Sequence[Row[Any]]
    advice: Sequence[Advice]
    approval_id: str


@dataclass(frozen=True, slots=True)
class SupplierDetail:
    """A supplier with its terms, how it performs, its open orders, and what was bought from it
    this month, in its money."""

    row: Any
    terms: Any
    items: Sequence[Row[Any]]
    orders: Sequence[Row[Any]]
    bought_minor: int


async def purchase_list(
    session: AsyncSession, tab: str, *, supplier: str = "", location: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """One tab of the list, what is late first. `tab` is one of TABS."""
    statement = f"{_LISTED} WHERE {TABS[tab]} {_NARROWED} {_ORDER}"
    return await run(session, statement, supplier=supplier, location=location, limit=limit)


async def find_purchases(session: AsyncSession, q: str, limit: int) -> Sequence[Row[Any]]:
    """Those with this number, supplier's number, supplier or SKU, whatever became of them."""
    return await run(session, _FOUND, q=q, limit=limit)


async def purchase_counts(session: AsyncSession) -> dict[str, int]:
    """How many each tab holds."""
    [row] = await run(session, _COUNTS)
    return {name: getattr(row, name or "open") for name in TABS}


async def purchase_detail(session: AsyncSession, no: str) -> PurchaseDetail:
    """Everything about one. Raises PurchaseNotFound."""
    rows = await run(session, _ONE, no=no)
    if not rows:
        raise PurchaseNotFound(f"there is no purchase order {no[:50]!a}")
    [row] = rows
    lines = await run(session, _LINES, no=no)
    asked = await run(session, _ASKED, no=no)
    return PurchaseDetail(
        row,
        lines,
        await run(session, _STORY, no=no),
        await run(session, _ITEMS, no=no),
        await run(session, _WAITING, no=no, location=row.location_id),
        await _advice(session, row, lines) if row.state == "draft" else (),
        asked[0].id if asked else "",
    )


async def suppliers(session: AsyncSession, code: str = "") -> Sequence[Row[Any]]:
    """All suppliers, or one, with open orders and how they performed."""
    return await run(session, _SUPPLIERS, code=code)


async def supplier_detail(session: AsyncSession, code: str) -> SupplierDetail:
    """One supplier. Raises SupplierNotFound."""
    terms = await supplier_row(session, code)
    [row] = await suppliers(session, code)
    items = await run(session, _TERMS, supplier=code)
    orders = await purchase_list(session, "", supplier=code, limit=50)
    [bought] = await run(session, _BOUGHT, code=code, currency=terms.currency)
    return SupplierDetail(row, terms, items, orders, bought.minor)


async def _advice(
    session: AsyncSession, row: Row[Any], lines: Sequence[Row[Any]]
) -> Sequence[Advice]:
    supplier = await supplier_row(session, row.supplier)
    terms = await items_of(session, row.supplier, [line.sku for line in lines])
    [today] = await run(session, "SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day")
    asked = [(one.line_no, one.ordered, one.price_minor, terms.get(one.sku)) for one in lines]
    return advice_on(asked, supplier.minimum_minor, calendar_of(supplier), today.day)
