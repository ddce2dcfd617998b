"""Sales that were carried out of a store, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.allocating import OPEN_LINES
from db.sql import run
from domain.orders.ticket import Ticket
from domain.shared.ids import Sku, shipment_workflow_id

_KEEP: Final = """
INSERT INTO till_ticket (order_id, location_id, till, number, sold_at)
VALUES (:order_id, :store, :till, :number, :sold_at) ON CONFLICT DO NOTHING
"""

_PAYMENTS: Final = """
INSERT INTO till_payment (order_id, line_no, kind, amount_minor, reference)
SELECT :order_id, p.line_no, p.kind, p.amount_minor, p.reference
FROM unnest(CAST(:kind AS text[]), CAST(:amount AS bigint[]), CAST(:reference AS text[]))
    WITH ORDINALITY AS p(kind, amount_minor, reference, line_no)
ON CONFLICT DO NOTHING
"""

# Tills know our own codes and barcodes: what they mean need not be mapped by hand.
_KNOWN_SKUS: Final = """
INSERT INTO channel_sku (shop_id, external_sku, sku, factor)
SELECT o.shop_id, t.told, k.code, 1
FROM sales_order o
CROSS JOIN unnest(CAST(:skus AS text[])) AS t(told)
CROSS JOIN LATERAL (
    SELECT code FROM sku WHERE code = t.told OR gtin = t.told
    ORDER BY code = t.told DESC LIMIT 1) k
WHERE o.id = :order_id AND NOT EXISTS (
    SELECT FROM channel_sku c WHERE c.shop_id = o.shop_id AND c.external_sku = t.told)
ORDER BY t.told
ON CONFLICT DO NOTHING
"""

_SALE: Final = """
SELECT t.location_id, t.till, t.number, t.sold_at, o.no, o.workflow_id,
       (SELECT count(*) FROM shipment s WHERE s.order_id = o.id) AS shipments
FROM till_ticket t JOIN sales_order o ON o.id = t.order_id WHERE t.order_id = :order_id
"""

_SHIPMENT: Final = """
INSERT INTO shipment (no, order_id, allocation_id, location_id, workflow_id, status, seq, waits_for,
                      carrier, product, freight_minor, weight_g, handed_over_at, delivered_at)
VALUES (:no, :order_id, '', :location_id, :workflow_id, 'delivered', 0, '', '', '', 0, 0,
        :sold_at, :sold_at)
"""

_SHIPMENT_LINES: Final = """
INSERT INTO shipment_line (shipment_no, fulfilment_line_id, order_line_id, sku, quantity)
SELECT :no, f.id, f.order_line_id, f.sku, l.quantity
FROM unnest(CAST(:lines AS text[]), CAST(:quantity AS bigint[])) AS l(id, quantity)
JOIN fulfilment_line f ON f.id = l.id
"""

_NOT_STORES: Final = """
SELECT u.id FROM unnest(CAST(:ids AS text[])) AS u(id)
WHERE NOT EXISTS (SELECT FROM location l WHERE l.id = u.id AND l.kind = 'store')
"""

_TICKET: Final = """
SELECT t.location_id, l.name AS store, t.till, t.number, t.sold_at
FROM till_ticket t JOIN location l ON l.id = t.location_id WHERE t.order_id = :order_id
"""

_TENDERS: Final = """
SELECT kind, amount_minor, reference FROM till_payment WHERE order_id = :order_id ORDER BY line_no
"""


@dataclass(frozen=True, slots=True)
class OpenSale:
    """What of a sale has not left the books yet: `lines` are (line, SKU, units)."""

    store: str
    order_no: str
    workflow_id: str
    sold_at: datetime
    shipments: int
    lines: tuple[tuple[str, Sku, int], ...]

    @property
    def next_number(self) -> str:
        """The number of the next shipment of the order."""
        return f"{self.order_no}-{self.shipments + 1}"


async def keep_ticket(session: AsyncSession, order_id: str, ticket: Ticket) -> None:
    """Write down where a sale was made and what it was paid with; learn what its SKUs are."""
    await run(
        session, _KEEP, order_id=order_id, store=ticket.store, till=ticket.till,
        number=ticket.number, sold_at=ticket.sold_at,
    )  # fmt: skip
    await run(
        session, _PAYMENTS, order_id=order_id,
        kind=[tender.kind for tender in ticket.payments],
        amount=[tender.amount_minor for tender in ticket.payments],
        reference=[tender.reference for tender in ticket.payments],
    )  # fmt: skip
    skus = sorted({line.sku for line in ticket.lines})
    await run(session, _KNOWN_SKUS, order_id=order_id, skus=skus)


async def open_sale(session: AsyncSession, order_id: str) -> OpenSale:
    """What is still to be booked of a sale; the caller holds the order's lock."""
    sale = (await run(session, _SALE, order_id=order_id))[0]
    rows = await run(session, OPEN_LINES, ids=[order_id])
    lines = tuple((row.id, Sku(row.sku), int(row.quantity)) for row in rows if row.quantity > 0)
    return OpenSale(
        sale.location_id, sale.no, sale.workflow_id, sale.sold_at, sale.shipments, lines
    )


async def ship_at_once(
    session: AsyncSession, order_id: str, sale: OpenSale, lines: Sequence[tuple[str, int]]
) -> None:
    """The shipment of goods that left with the buyer: it is over when it is made."""
    no = sale.next_number
    await run(
        session, _SHIPMENT, no=no, order_id=order_id, location_id=sale.store,
        workflow_id=shipment_workflow_id(no), sold_at=sale.sold_at,
    )  # fmt: skip
    await run(
        session, _SHIPMENT_LINES, no=no, lines=[line for line, _ in lines],
        quantity=[units for _, units in lines],
    )  # fmt: skip


async def not_stores(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Which of these are no stores of ours."""
    return {row.id for row in await run(session, _NOT_STORES, ids=sorted(set(ids)))}


async def ticket_of(
    session: AsyncSession, order_id: str
) -> tuple[Row[Any] | None, Sequence[Row[Any]]]:
    """The till's ticket behind an order and what it was paid with; none for other orders."""
    found = await run(session, _TICKET, order_id=order_id)
    if not found:
        return None, ()
    return found[0], await run(session, _TENDERS, order_id=order_id)
