"""How long goods take to come to a location: from what really came, else by the terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.planning.planner import Supply
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar

ASSUMED_DAYS: Final = 7  # where nobody sells it and nobody above has it
ENOUGH: Final = 3  # receipts that say how long it takes
_BUYERS: Final = ("hq", "region")

# Receipts of a year, a paper each: of the SKU itself, and of all that the supplier sent here.
_SUPPLIES: Final = """
WITH came AS (
    SELECT o.supplier, l.sku, o.no, min(r.at) AS at, o.sent_at FROM purchase_order o
    JOIN purchase_order_line l ON l.purchase_no = o.no
    JOIN purchase_receipt r ON r.purchase_no = o.no AND r.line_no = l.line_no AND r.units > 0
    WHERE o.location_id = :location_id AND o.sent_at IS NOT NULL
      AND o.created_at > CAST(:night AS date) - 365
    GROUP BY 1, 2, 3, 5
), days AS (
    SELECT supplier, sku, extract(epoch FROM at - sent_at) / 86400.0 AS days FROM came
), of_item AS (
    SELECT supplier, sku, avg(days) AS mean, coalesce(var_samp(days), 0) AS variance, count(*) AS n
    FROM days GROUP BY 1, 2 HAVING count(*) >= :enough
), of_supplier AS (
    SELECT supplier, avg(days) AS mean, coalesce(var_samp(days), 0) AS variance, count(*) AS n
    FROM days GROUP BY 1 HAVING count(*) >= :enough
)
SELECT i.sku, i.supplier, i.price_minor, i.moq, i.multiple, i.case_pack, s.currency, s.order_days,
       s.days_off, coalesce(i.lead_time_days, s.lead_time_days) AS told,
       coalesce(a.mean, b.mean) AS mean, coalesce(a.variance, b.variance, 0) AS variance,
       coalesce(a.n, b.n, 0) AS n
FROM supplier_item i JOIN supplier s ON s.code = i.supplier AND s.active
LEFT JOIN of_item a ON a.supplier = i.supplier AND a.sku = i.sku
LEFT JOIN of_supplier b ON b.supplier = i.supplier
WHERE i.sku = ANY(:skus) AND i.active AND i.preferred
"""
_WAY: Final = """
SELECT avg(days) AS mean, coalesce(var_samp(days), 0) AS variance, count(*) AS n FROM (
    SELECT extract(epoch FROM closed_at - coalesce(approved_at, created_at)) / 86400.0 AS days
    FROM stock_transfer WHERE to_location = :location_id AND from_location = :above
      AND state = 'closed' AND closed_at > CAST(:night AS date) - 365
) AS one
"""
_PLACE: Final = """
WITH RECURSIVE up AS (
    SELECT id, kind, parent_id, 0 AS far FROM location WHERE id = :location_id
    UNION ALL
    SELECT l.id, l.kind, l.parent_id, up.far + 1 FROM up JOIN location l ON l.id = up.parent_id
    WHERE up.far < 10
)
SELECT id, kind, far FROM up WHERE kind <> 'dealer' OR far = 0 ORDER BY far
"""


@dataclass(frozen=True, slots=True)
class Lead:
    """Days from the order to the shelf. source: receipts, terms, transfers, setting, assumed."""

    mean: float
    variance: float
    source: str
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """How a location gets its goods: from the places above it, the nearest first, and, where it
    buys itself, from suppliers."""

    location_id: str
    kind: str
    above: tuple[str, ...]
    lead: Lead

    @property
    def buys(self) -> bool:
        """Warehouses order from suppliers; shops and dealers get from above."""
        return self.kind in _BUYERS


async def way_to(session: AsyncSession, location_id: str, night: Any, transfer_days: int) -> Way:
    """From where a location is filled up, and how long that takes from the place above."""
    here, *above = await run(session, _PLACE, location_id=location_id)
    lead = Lead(ASSUMED_DAYS, 0.0, "assumed")
    if above:
        (took,) = await run(
            session, _WAY, location_id=location_id, above=above[0].id, night=night
        )  # fmt: skip
        lead = (
            Lead(float(took.mean), float(took.variance), "transfers", took.n)
            if took.n >= ENOUGH
            else Lead(float(transfer_days), 0.0, "setting")
        )
    return Way(location_id, here.kind, tuple(one.id for one in above), lead)


async def supplies_of(
    session: AsyncSession, way: Way, skus: Sequence[str], night: Any
) -> dict[str, tuple[Supply, Lead]]:
    """Who sells these SKUs to the location, on what terms, and how long it takes; nothing for a
    location that does not buy."""
    if not way.buys:
        return {}
    rows = await run(
        session, _SUPPLIES, location_id=way.location_id, skus=list(skus), night=night, enough=ENOUGH
    )
    return {row.sku: (_supply(row), _lead(row)) for row in rows}


def _supply(row: Any) -> Supply:
    terms = ItemTerms(row.sku, row.price_minor, row.moq, row.multiple, row.case_pack)
    calendar = SupplierCalendar(row.order_days, frozenset(row.days_off))
    return Supply(row.supplier, terms, calendar, round(_lead(row).mean), row.currency)


def _lead(row: Any) -> Lead:
    if row.n:
        return Lead(float(row.mean), float(row.variance), "receipts", row.n)
    return Lead(float(row.told), 0.0, "terms")
