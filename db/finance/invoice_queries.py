"""Invoices, who issues them and how goods are taxed, as people read and set it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_ACCOUNTS: Final = """
SELECT a.id, a.vendor, a.name, a.active, a.base_url, a.shop_id, a.tried_at, a.tried_error,
       g.last_call_at, coalesce(g.state, 'flowing') AS gate, coalesce(g.reason, '') AS gate_reason,
       coalesce(g.changed_by, 'system') AS gate_by, g.changed_at AS gate_since, c.expires_at,
       coalesce(w.waiting, 0) AS waiting, coalesce(i.under_way, 0) AS under_way,
       coalesce(i.issued, 0) AS issued, coalesce(i.failed, 0) AS failed
FROM invoice_account a
LEFT JOIN gate g ON g.system = 'invoice/' || a.id
LEFT JOIN credentials c ON c.system = 'invoice/' || a.id
LEFT JOIN (SELECT system, count(*) AS waiting FROM gate_wait GROUP BY system) w
       ON w.system = 'invoice/' || a.id
LEFT JOIN (
    SELECT account_id, count(*) FILTER (WHERE state IN ('wanted', 'processing')) AS under_way,
           count(*) FILTER (WHERE state = 'issued') AS issued,
           count(*) FILTER (WHERE state = 'failed') AS failed
    FROM invoice GROUP BY account_id) i ON i.account_id = a.id
WHERE CAST(:id AS text) = '' OR a.id = :id
ORDER BY a.id
"""

_OF_ORDER: Final = """
SELECT no, kind, blue_no, state, currency, total_minor, tax_minor, red_minor, reason, number, url,
       cause, asked_by, created_at, settled_at
FROM invoice WHERE order_id = :order_id ORDER BY created_at, no
"""

_CATEGORIES: Final = """
SELECT c.code, c.name, c.goods_code, c.rate_bp,
       (SELECT count(*) FROM sku_tax t WHERE t.category = c.code) AS skus
FROM tax_category c ORDER BY c.code
"""

_SET_CATEGORY: Final = """
INSERT INTO tax_category (code, name, goods_code, rate_bp)
VALUES (:code, :name, :goods_code, :rate_bp)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, goods_code = excluded.goods_code,
                                 rate_bp = excluded.rate_bp
"""

_SKUS: Final = """
SELECT k.code, k.name, coalesce(t.category, '') AS category
FROM sku k LEFT JOIN sku_tax t ON t.sku = k.code
WHERE k.code > :after
  AND (CAST(:q AS text) = '' OR strpos(lower(k.code), lower(:q)) > 0
       OR strpos(lower(k.name), lower(:q)) > 0)
  AND (NOT :missing OR t.sku IS NULL)
ORDER BY k.code LIMIT :limit
"""

_SET_SKU: Final = """
INSERT INTO sku_tax (sku, category) VALUES (:sku, :category)
ON CONFLICT (sku) DO UPDATE SET category = excluded.category
"""


async def invoice_accounts(session: AsyncSession, id: str = "") -> Sequence[Row[Any]]:
    """Every account that issues invoices, or one: whether it is called, and what it issued."""
    return await run(session, _ACCOUNTS, id=id)


async def invoices_of(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """Invoices of an order, the first first; nothing of whom they are for."""
    return await run(session, _OF_ORDER, order_id=order_id)


async def tax_categories(session: AsyncSession) -> Sequence[Row[Any]]:
    """How kinds of goods are taxed, with how many products are in each."""
    return await run(session, _CATEGORIES)


async def set_category(
    session: AsyncSession, code: str, name: str, goods_code: str, rate_bp: int
) -> None:
    """Say how a kind of goods is taxed; invoices that were written down stay as they are."""
    await run(session, _SET_CATEGORY, code=code, name=name, goods_code=goods_code, rate_bp=rate_bp)


async def taxed_skus(
    session: AsyncSession, q: str = "", *, missing: bool = False, after: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Products with their tax category, by code; `missing`: only those without one."""
    return await run(session, _SKUS, q=q, missing=missing, after=after, limit=limit)


async def set_sku_tax(session: AsyncSession, sku: str, category: str) -> bool:
    """Say which tax category a product is in, none for an empty one; False for what is unknown."""
    if not await run(session, "SELECT 1 FROM sku WHERE code = :sku", sku=sku):
        return False
    if not category:
        await run(session, "DELETE FROM sku_tax WHERE sku = :sku", sku=sku)
        return True
    known = "SELECT 1 FROM tax_category WHERE code = :code"
    if not await run(session, known, code=category):
        return False
    await run(session, _SET_SKU, sku=sku, category=category)
    return True
