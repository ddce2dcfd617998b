"""Suppliers and their terms, in the caller's transaction."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar
from domain.shared.errors import SupplierNotFound

_ITEMS: Final = """
SELECT sku, price_minor, moq, multiple, case_pack, lead_time_days FROM supplier_item
WHERE supplier = :supplier AND sku = ANY(:skus) AND active
"""


async def supplier_row(session: AsyncSession, code: str) -> Row[Any]:
    """One supplier. Raises SupplierNotFound."""
    rows = await run(session, "SELECT * FROM supplier WHERE code = :code", code=code)
    if not rows:
        raise SupplierNotFound(f"there is no supplier {code[:50]!a}")
    return rows[0]


async def items_of(
    session: AsyncSession, supplier: str, skus: Sequence[str]
) -> dict[str, ItemTerms]:
    """How these SKUs are bought from the supplier; those without terms are left out."""
    rows = await run(session, _ITEMS, supplier=supplier, skus=sorted(set(skus)))
    return {
        row.sku: ItemTerms(
            row.sku, row.price_minor, row.moq, row.multiple, row.case_pack, row.lead_time_days
        )
        for row in rows
    }


def calendar_of(row: Row[Any]) -> SupplierCalendar:
    """On which days the supplier takes orders."""
    return SupplierCalendar(row.order_days, frozenset(row.days_off))
