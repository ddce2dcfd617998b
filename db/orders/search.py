"""One box: which orders a number belongs to, whatever number it is. Every look is by an index."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import buyer_digest, phone_digest
from db.orders.tables import ReceiverRow
from db.sql import execute, run
from db.vault import Vault

MOST_FOUND: Final = 300
_SHORTEST_PREFIX: Final = 4
_LAST_DIGITS: Final = re.compile(r"\d{4}")
_LAST_CHARACTER: Final = "\U0010ffff"

# Our numbers are in capitals; those of others are as they gave them.
_WHOLE: Final = """
SELECT 'order' AS kind, id FROM sales_order WHERE no = :ours
UNION ALL SELECT 'external', id FROM sales_order WHERE external_no = :typed
UNION ALL SELECT 'shipment', order_id FROM shipment WHERE no = :ours
UNION ALL SELECT 'waybill', s.order_id FROM parcel p JOIN shipment s ON s.no = p.shipment_no
          WHERE p.waybill_no IN (:typed, :ours)
UNION ALL SELECT 'waybill', s.order_id FROM parcel p JOIN shipment s ON s.ships_with = p.shipment_no
          WHERE p.waybill_no IN (:typed, :ours) AND s.ships_with <> ''
UNION ALL SELECT 'waybill', order_id FROM return_label WHERE waybill_no IN (:typed, :ours)
UNION ALL SELECT 'waybill', order_id FROM sales_return
          WHERE waybill_no IN (:typed, :ours) AND waybill_no <> ''
UNION ALL SELECT 'return', order_id FROM sales_return WHERE return_no = :ours
UNION ALL SELECT 'return', order_id FROM sales_return WHERE case_no = :typed AND case_no <> ''
UNION ALL SELECT 'invoice', order_id FROM invoice WHERE no = :ours
UNION ALL SELECT 'invoice', order_id FROM invoice WHERE number = :typed AND number <> ''
UNION ALL SELECT 'claim', order_id FROM carrier_claim WHERE claim_no = :ours
UNION ALL SELECT 'refund', order_id FROM refund WHERE refund_no = :typed AND order_id IS NOT NULL
UNION ALL SELECT DISTINCT 'serial', order_id FROM serial_event
          WHERE serial IN (:typed, :ours) AND order_id IS NOT NULL AND what IN ('packed', 'shipped')
UNION ALL (SELECT 'buyer', id FROM sales_order
           WHERE buyer_digest = :buyer AND buyer_digest <> '' ORDER BY id DESC LIMIT :most)
UNION ALL (SELECT 'sku', order_id FROM fulfilment_line
           WHERE sku IN (:typed, :ours) ORDER BY order_id DESC LIMIT :most)
"""

# Compared by bytes, as their indexes are: a range serves every plan, a pattern does not.
_BEGUN: Final = """
(SELECT 'order' AS kind, id FROM sales_order
 WHERE no ~>=~ :ours AND no ~<~ :ours_end LIMIT :most)
UNION ALL (SELECT 'external', id FROM sales_order
           WHERE external_no ~>=~ :typed AND external_no ~<~ :typed_end LIMIT :most)
UNION ALL (SELECT 'waybill', s.order_id FROM parcel p JOIN shipment s ON s.no = p.shipment_no
           WHERE p.waybill_no ~>=~ :ours AND p.waybill_no ~<~ :ours_end LIMIT :most)
UNION ALL (SELECT 'return', order_id FROM sales_return
           WHERE return_no ~>=~ :ours AND return_no ~<~ :ours_end LIMIT :most)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The orders a search fits, and by what; `more` when it fits more than are looked at."""

    ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    more: bool = False


async def find_orders(session: AsyncSession, vault: Vault, search: str) -> Found:
    """Orders with this number: ours, the channel's, a shipment's, waybill's, return's, invoice's,
    claim's or refund's, a phone or its end, a buyer, a SKU, a serial number; else those whose
    number begins so.
    """
    typed = search.strip()
    if not typed:
        return Found()
    ours, buyer = typed.upper(), await buyer_digest(session, vault, typed)
    rows = await run(session, _WHOLE, typed=typed, ours=ours, buyer=buyer, most=MOST_FOUND + 1)
    found = [(row.kind, row.id) for row in rows]
    found += [("phone", order_id) for order_id in await _by_phone(session, vault, typed)]
    if not found and len(typed) >= _SHORTEST_PREFIX:
        begun = await run(
            session, _BEGUN, typed=typed, typed_end=typed + _LAST_CHARACTER, ours=ours,
            ours_end=ours + _LAST_CHARACTER, most=MOST_FOUND + 1,
        )  # fmt: skip
        found = [(row.kind, row.id) for row in begun]
    ids = list(dict.fromkeys(order_id for _, order_id in found))
    kinds = tuple(dict.fromkeys(kind for kind, _ in found))
    return Found(tuple(ids[:MOST_FOUND]), kinds, len(ids) > MOST_FOUND)


async def _by_phone(session: AsyncSession, vault: Vault, typed: str) -> list[str]:
    """A whole phone in whatever form, or its last four digits."""
    row = ReceiverRow
    if _LAST_DIGITS.fullmatch(typed):
        fits = col(row.phone_last4) == typed
    elif digest := await phone_digest(session, vault, typed):
        fits = col(row.phone_digest) == digest
    else:
        return []
    newest = select(col(row.order_id)).where(fits).order_by(col(row.order_id).desc())
    return [found.order_id for found in await execute(session, newest.limit(MOST_FOUND + 1))]
