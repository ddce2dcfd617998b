"""Erasing a person: the keys of all orders with that phone are destroyed, and the words that stand
beside them go. Sums, stock, books and statistics stay as they are.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import phone_digest
from db.sql import run
from db.vault import Vault
from domain.shared.errors import ActionNotAllowed, OrderNotFound, PlanChanged

_PHONE_OF: Final = """
SELECT o.id, coalesce(r.phone_digest, '') AS digest
FROM sales_order o LEFT JOIN receiver r ON r.order_id = o.id WHERE o.no = :no
"""

# What is not over needs its receiver: to send, to fetch back, to pay back, to write an invoice.
_ORDERS: Final = """
SELECT o.id, o.no, o.status, o.placed_at,
       o.status NOT IN ('completed', 'cancelled') OR o.refund_due_minor > 0
       OR EXISTS (SELECT FROM sales_return r WHERE r.order_id = o.id AND r.outcome = '')
       OR EXISTS (SELECT FROM refund f WHERE f.order_id = o.id AND f.settled_at IS NULL)
       OR EXISTS (SELECT FROM carrier_claim c WHERE c.order_id = o.id AND c.outcome = '')
       OR EXISTS (SELECT FROM invoice i WHERE i.order_id = o.id AND i.settled_at IS NULL)
       AS is_open,
       EXISTS (SELECT FROM order_key k WHERE k.order_id = o.id AND k.destroyed_at IS NOT NULL)
       AS is_erased
FROM sales_order o
WHERE o.id = :order_id OR o.id IN (
    SELECT order_id FROM receiver WHERE phone_digest = :digest AND phone_digest <> '')
ORDER BY o.id FOR UPDATE OF o
"""

_IN_BOOK: Final = """
SELECT code FROM customer WHERE phone_digest = :digest AND phone_digest <> '' ORDER BY code
"""
_OUT_OF_BOOK: Final = "DELETE FROM customer WHERE code = ANY(:codes)"
_STEPS: Final = (
    """
    INSERT INTO order_key (order_id, wrapped, destroyed_at)
    SELECT id, '', clock_timestamp() FROM unnest(CAST(:ids AS text[])) AS id
    ON CONFLICT (order_id) DO UPDATE SET wrapped = '', destroyed_at = excluded.destroyed_at
    """,
    """
    UPDATE receiver SET sealed = '', digest = '', whole_digest = '', phone_digest = '',
                        phone_last4 = '',
                        postcode = '', longitude = NULL, latitude = NULL
    WHERE order_id = ANY(:ids)
    """,
    """
    UPDATE sales_order SET buyer_digest = '' WHERE id = ANY(:ids)
    """,
    "UPDATE sealed_words SET sealed = '' WHERE order_id = ANY(:ids) AND sealed <> ''",
    """
    UPDATE correction SET data = '{}' WHERE step_id = 'address' AND workflow_id IN (
        SELECT workflow_id FROM sales_order WHERE id = ANY(:ids))
    """,
    """
    UPDATE order_note SET sealed = '', removed_at = clock_timestamp(), removed_by = 'erased'
    WHERE order_id = ANY(:ids) AND removed_at IS NULL
    """,
    "UPDATE invoice SET sealed = '' WHERE order_id = ANY(:ids)",
    """
    UPDATE return_photo SET sealed = '', digest = id WHERE return_no IN (
        SELECT return_no FROM sales_return WHERE order_id = ANY(:ids))
    """,
    "UPDATE order_hold SET reason = '' WHERE order_id = ANY(:ids)",
    "UPDATE refund SET note = '' WHERE order_id = ANY(:ids)",
    "UPDATE attention SET error = '', note = '' WHERE order_id = ANY(:ids)",
    """
    UPDATE inbox i SET raw = NULL FROM sales_order o
    WHERE o.id = ANY(:ids) AND i.raw IS NOT NULL
      AND (i.order_id = o.id OR i.order_id IS NULL AND i.shop_id = o.shop_id
           AND i.external_no = o.external_no AND i.external_no <> '')
    """,
    # Ledgers only grow: what people wrote into them, the owner of the tables takes out.
    "SELECT erase_words(CAST(:ids AS text[]))",
)


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order of the person. One that is open needs its receiver still."""

    id: str
    no: str
    status: str
    placed_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """What would be erased. `plan` names exactly these orders in this state."""

    orders: Sequence[FoundOrder]
    customers: tuple[str, ...] = ()  # numbers of the customer book

    @property
    def plan(self) -> str:
        told = "\n".join(f"{one.id} {one.is_open}" for one in self.orders)
        told += "".join(f"\ncustomer {code}" for code in self.customers)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def still_open(self) -> tuple[str, ...]:
        return tuple(one.no for one in self.orders if one.is_open)


async def plan_erasure(
    session: AsyncSession, vault: Vault, *, phone: str = "", order_no: str = ""
) -> Erasure:
    """All orders of who has this phone, or is the receiver of this order, that know him still.

    Raises OrderNotFound when there is none.
    """
    digest, order_id = await phone_digest(session, vault, phone), ""
    if order_no:
        found = await run(session, _PHONE_OF, no=order_no.strip().upper())
        if not found:
            raise OrderNotFound("there is no such order")
        order_id, digest = found[0].id, found[0].digest
    rows = await run(session, _ORDERS, order_id=order_id, digest=digest)
    orders = [
        FoundOrder(row.id, row.no, row.status, row.placed_at, row.is_open)
        for row in rows
        if not row.is_erased
    ]
    book = await run(session, _IN_BOOK, digest=digest)
    customers = tuple(row.code for row in book)
    if not orders and not customers:
        raise OrderNotFound("nobody with this phone or order number is known")
    return Erasure(orders, customers)


async def erase_person(session: AsyncSession, erasure: Erasure, plan: str) -> list[str]:
    """Do what was previewed; returns the orders' ids. The caller writes it down in the audit trail.

    Raises ActionNotAllowed while an order is open, PlanChanged when others would go than were seen.
    """
    if erasure.still_open:
        raise ActionNotAllowed(f"not over yet: {', '.join(erasure.still_open[:10])}")
    if erasure.plan != plan:
        raise PlanChanged("other orders are found now than were shown")
    ids = [one.id for one in erasure.orders]
    for statement in _STEPS:
        await run(session, statement, ids=ids)
    await run(session, _OUT_OF_BOOK, codes=list(erasure.customers))
    return ids
