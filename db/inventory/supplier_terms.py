"""Suppliers and their terms, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from db.vault import Vault, supplier_link_context
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar
from domain.shared.errors import SupplierNotFound, UnknownSku

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


@dataclass(frozen=True, slots=True)
class Terms:
    """How a supplier is worked with; `address` and `secret` stay as they are where none is told."""

    lead_time_days: int
    order_days: str
    days_off: Sequence[date]
    minimum_minor: int
    over_receipt_percent: int
    acknowledge_hours: int
    remind_days: int
    port: str
    address: str = ""
    secret: str = ""
    budget_minor: int | None = None  # of a month


@dataclass(frozen=True, slots=True)
class Item:
    """How one SKU is bought from a supplier."""

    sku: str
    price_minor: int
    supplier_sku: str = ""
    moq: int = 1
    multiple: int = 1
    case_pack: int = 1
    lead_time_days: int | None = None
    min_life_days: int = 0
    preferred: bool = False
    active: bool = True


async def save_terms(session: AsyncSession, vault: Vault, code: str, terms: Terms) -> None:
    """Write a supplier's terms down. Raises SupplierNotFound."""
    row = await supplier_row(session, code)
    context = supplier_link_context(code)
    link = dict(vault.open_secrets(bytes(row.link), context))
    told = {"address": terms.address, "secret": terms.secret}
    link |= {name: value for name, value in told.items() if value}
    await run(
        session, _SAVE_TERMS, code=code, lead_time_days=terms.lead_time_days,
        order_days=terms.order_days, days_off=sorted(set(terms.days_off)),
        minimum=terms.minimum_minor, over_receipt=terms.over_receipt_percent,
        acknowledge=terms.acknowledge_hours, remind=terms.remind_days, port=terms.port,
        budget=terms.budget_minor,
        link=vault.seal_secrets(link, context) if link else b"",
    )  # fmt: skip


async def save_item(session: AsyncSession, supplier: str, item: Item) -> None:
    """Write the terms of one SKU down; a preferred supplier takes the place of the earlier one.

    Raises SupplierNotFound, UnknownSku.
    """
    await supplier_row(session, supplier)
    if not await run(session, "SELECT FROM sku WHERE code = :sku", sku=item.sku):
        raise UnknownSku(f"there is no SKU {item.sku[:50]!a}")
    if item.preferred and item.active:
        await run(session, _NO_OTHER, supplier=supplier, sku=item.sku)
    await run(session, _SAVE_ITEM, supplier=supplier, **asdict(item))


_SAVE_TERMS: Final = """
UPDATE supplier SET lead_time_days = :lead_time_days, order_days = :order_days,
    days_off = CAST(:days_off AS date[]), minimum_minor = :minimum,
    over_receipt_percent = :over_receipt, acknowledge_hours = :acknowledge, remind_days = :remind,
    port = :port, link = :link, budget_minor = CAST(:budget AS bigint)
WHERE code = :code
"""

_NO_OTHER: Final = """
UPDATE supplier_item SET preferred = false WHERE sku = :sku AND supplier <> :supplier AND preferred
"""

_SAVE_ITEM: Final = """
INSERT INTO supplier_item (supplier, sku, supplier_sku, price_minor, moq, multiple, case_pack,
    lead_time_days, min_life_days, preferred, active)
VALUES (:supplier, :sku, :supplier_sku, :price_minor, :moq, :multiple, :case_pack,
    CAST(:lead_time_days AS int), :min_life_days, :preferred, :active)
ON CONFLICT (supplier, sku) DO UPDATE SET supplier_sku = excluded.supplier_sku,
    price_minor = excluded.price_minor, moq = excluded.moq, multiple = excluded.multiple,
    case_pack = excluded.case_pack, lead_time_days = excluded.lead_time_days,
    min_life_days = excluded.min_life_days, preferred = excluded.preferred,
    active = excluded.active
"""
