"""One order with everything that belongs to it, for reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import ShopRow
from db.finance.invoice_queries import invoices_of
from db.logistics.claim_queries import claims_of
from db.logistics.intercepts import intercepts_of
from db.logistics.return_labels import labels_of
from db.orders.payments import payments_of
from db.orders.platform_labels import printed_by
from db.orders.queries import OrderQueries
from db.orders.receivers import KnownReceiver, open_receiver
from db.orders.return_queries import return_behind, returns_of
from db.orders.tables import (
    OrderHoldRow,
    OrderLineRow,
    ParcelRow,
    SalesOrderRow,
    ShipmentRow,
)
from db.orders.tickets import ticket_of
from db.orders.words import (
    Words,
    line_with_words,
    of_case,
    of_order,
    said_of,
    scan_with_words,
    with_words,
)
from db.platform.tables import AttentionRow
from db.sql import run
from db.vault import Vault
from domain.platform.masking import seen
from domain.platform.permissions import Role
from domain.shared.errors import OrderNotFound

# What was said, and which field of people it is looked at as.
_SIGHT: Final = {
    "buyer_remark": "remark", "seller_remark": "remark", "invoice_request": "invoice_title",
}  # fmt: skip

# What has to be picked for each line, and where it stands.
_CONTENTS: Final = """
SELECT f.order_line_id, f.sku, k.name, f.quantity, f.cancelled_quantity
FROM fulfilment_line f JOIN sku k ON k.code = f.sku
WHERE f.order_id = :order_id ORDER BY f.order_line_id, f.sku
"""

_SHIPPED: Final = """
SELECT x.shipment_no, x.sku, k.name, k.gtin, sum(x.quantity)::bigint AS quantity,
       CASE WHEN bool_and(x.picked_quantity IS NOT NULL)
            THEN sum(x.picked_quantity)::bigint END AS picked
FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no JOIN sku k ON k.code = x.sku
WHERE s.order_id = :order_id GROUP BY x.shipment_no, x.sku, k.name, k.gtin ORDER BY x.sku
"""

# The other orders whose goods are in the parcel of each of its shipments.
_GOES_WITH: Final = """
SELECT s.no, array_agg(DISTINCT o.no ORDER BY o.no) AS orders
FROM shipment s
JOIN shipment m ON m.no <> s.no
    AND coalesce(nullif(m.ships_with, ''), m.no) = coalesce(nullif(s.ships_with, ''), s.no)
    AND (m.no = s.ships_with OR m.ships_with IN (s.no, nullif(s.ships_with, '')))
JOIN sales_order o ON o.id = m.order_id AND o.id <> s.order_id
WHERE s.order_id = :order_id GROUP BY s.no
"""

# Whose shipments the parcels are.
_BOXED: Final = "SELECT DISTINCT order_id FROM shipment WHERE no = ANY(:nos)"

_SCANS: Final = """
SELECT parcel_id, event_id, at, status, vendor_code, incident FROM tracking_event
WHERE parcel_id = ANY(:parcels) ORDER BY at DESC, event_id DESC
"""

_LOCATIONS: Final = """
SELECT l.id, l.name FROM location l
WHERE l.id IN (SELECT location_id FROM shipment WHERE order_id = :order_id)
"""

# The story, the latest first, with names of locations instead of their ids.
_STORY: Final = """
SELECT e.source, e.seq, e.at, e.kind, e.actor,
       e.data || jsonb_strip_nulls(jsonb_build_object('location', l.name)) AS data
FROM order_event e LEFT JOIN location l ON l.id = e.data->>'location'
WHERE e.order_id = :order_id ORDER BY e.at DESC, e.seq DESC LIMIT 500
"""

# Refunds, returns and exchanges as the channel tells them, the latest first.
_AFTER_SALES: Final = """
SELECT a.channel, a.shop_id, a.after_sale_no, a.kind, a.stage, a.vendor_status, a.amount_minor,
       a.external_line_nos, a.return_carrier, a.return_waybill_no, a.modified
FROM after_sale a JOIN sales_order o
  ON o.channel = a.channel AND o.shop_id = a.shop_id AND o.external_no = a.external_no
WHERE o.id = :order_id ORDER BY a.modified DESC, a.after_sale_no
"""

_WAITING: Final = """
SELECT b.sku, k.name, sum(b.quantity)::bigint AS quantity, min(b.created_at) AS since,
       CASE WHEN bool_and(b.expected_on IS NOT NULL) THEN max(b.expected_on) END AS expected_on
FROM backorder b JOIN sku k ON k.code = b.sku
WHERE b.order_id = :order_id AND b.state = 'waiting' GROUP BY b.sku, k.name ORDER BY b.sku
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel with the carrier's scans, the latest first."""

    row: ParcelRow
    scans: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment with the name of its location, what is in it, and its parcels."""

    row: ShipmentRow
    location: str
    lines: Sequence[Row[Any]]
    parcels: Sequence[Parcel]
    labels_by: str = "us"  # us | platform | elsewhere: who prints them
    goes_with: Sequence[str] = ()  # numbers of the other orders in its parcel


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """Everything about an order. `contents` maps a line's id to the SKUs it stands for; `words` are
    the remarks of buyer and seller and who the invoice is for."""

    order: SalesOrderRow
    words: Words
    shop: str
    receiver: KnownReceiver | None
    lines: Sequence[OrderLineRow]
    contents: dict[str, list[Row[Any]]]
    holds: Sequence[OrderHoldRow]
    shipments: Sequence[Shipment]
    attention: Sequence[AttentionRow]
    waiting: Sequence[Row[Any]]
    timeline: Sequence[Any]
    after_sales: Sequence[Any]
    payments: Sequence[Row[Any]] = ()
    return_labels: Sequence[Any] = ()
    refunds: Sequence[Row[Any]] = ()
    ticket: Row[Any] | None = None  # of the till, where it was carried out of a store
    tenders: Sequence[Row[Any]] = ()
    returns: Sequence[Row[Any]] = ()
    invoices: Sequence[Row[Any]] = ()
    sent_for: str = ""  # the return that it exchanges or replaces something of
    claims: Sequence[Row[Any]] = ()
    intercepts: Sequence[Row[Any]] = ()

    def words_for(self, roles: frozenset[Role]) -> Words:
        """What was said, as far as somebody with these roles needs it."""
        return {name: seen(_SIGHT[name], word, roles) for name, word in self.words.items()}

    @property
    def open_return_label(self) -> Any:
        """The one that is not settled."""
        settled = ("cancelled", "arrived")
        return next((one for one in self.return_labels if one.state not in settled), None)

    @property
    def intercept_of(self) -> dict[str, Row[Any]]:
        """Each parcel that was asked back."""
        return {one.parcel_id: one for one in self.intercepts}

    @property
    def claim_of(self) -> dict[str, Row[Any]]:
        """The claim of each parcel that has one."""
        return {claim.parcel_id: claim for claim in self.claims}

    @property
    def open_invoice(self) -> Row[Any] | None:
        """The blue one that is neither cancelled nor taken back as a whole."""
        return next(
            (
                one
                for one in self.invoices
                if one.kind == "blue"
                and one.state != "cancelled"
                and (one.total_minor == 0 or one.red_minor < one.total_minor)
            ),
            None,
        )

    @property
    def open_holds(self) -> list[OrderHoldRow]:
        return [hold for hold in self.holds if hold.released_at is None]


async def order_detail(session: AsyncSession, vault: Vault, no: str) -> OrderDetail:
    """The order with our number. Raises OrderNotFound."""
    queries = OrderQueries(session)
    order = await queries.find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no[:50]}")
    shop = await session.get(ShopRow, order.shop_id)
    receiver = await open_receiver(session, vault, order.id)
    lines = await _of(session, OrderLineRow, order.id, col(OrderLineRow.line_no))
    holds = await _of(session, OrderHoldRow, order.id, col(OrderHoldRow.placed_at))
    waiting_steps = select(AttentionRow).where(
        col(AttentionRow.order_id) == order.id, col(AttentionRow.resolved_at).is_(None)
    )
    attention = await session.exec(waiting_steps.order_by(col(AttentionRow.id)))
    contents: dict[str, list[Row[Any]]] = {}
    for row in await run(session, _CONTENTS, order_id=order.id):
        contents.setdefault(row.order_line_id, []).append(row)
    payments, refunds = await payments_of(session, order.id)
    ticket, tenders = await ticket_of(session, order.id)
    said = await said_of(session, [order.id])
    story = await run(session, _STORY, order_id=order.id)
    return OrderDetail(
        order=order,
        words={name: said(of_order(order.id)).get(name, "") for name in _SIGHT},
        shop=shop.name if shop else order.shop_id,
        receiver=receiver,
        lines=lines,
        contents=contents,
        holds=holds,
        shipments=await _shipments(session, order.id),
        attention=attention.all(),
        waiting=await run(session, _WAITING, order_id=order.id),
        timeline=[line_with_words(one, order.id, said) for one in story],
        after_sales=[
            with_words(one, said(of_case(one.channel, one.shop_id, one.after_sale_no)), "reason")
            for one in await run(session, _AFTER_SALES, order_id=order.id)
        ],
        payments=payments,
        return_labels=await labels_of(session, order.id),
        refunds=refunds,
        ticket=ticket,
        tenders=tenders,
        returns=await returns_of(session, order.id),
        invoices=await invoices_of(session, order.id),
        sent_for=await return_behind(session, order.id),
        claims=await claims_of(session, order.id),
        intercepts=await intercepts_of(session, order.id),
    )


async def _shipments(session: AsyncSession, order_id: str) -> list[Shipment]:
    rows = await _of(session, ShipmentRow, order_id, col(ShipmentRow.no))
    if not rows:
        return []
    names = {row.id: row.name for row in await run(session, _LOCATIONS, order_id=order_id)}
    lines = await run(session, _SHIPPED, order_id=order_id)
    printers = await printed_by(session, order_id)
    numbers = [number for row in rows for number in (row.no, row.ships_with) if number]
    others = {row.no: row.orders for row in await run(session, _GOES_WITH, order_id=order_id)}
    parcels = (
        await session.exec(
            select(ParcelRow)
            .where(col(ParcelRow.shipment_no).in_(numbers))
            .order_by(col(ParcelRow.id))
        )
    ).all()  # fmt: skip
    scans = await run(session, _SCANS, parcels=[parcel.id for parcel in parcels])
    said = await said_of(session, [one.order_id for one in await run(session, _BOXED, nos=numbers)])
    told = [scan_with_words(scan, said) for scan in scans]
    return [
        Shipment(
            row,
            names.get(row.location_id, row.location_id),
            [line for line in lines if line.shipment_no == row.no],
            [
                Parcel(parcel, [scan for scan in told if scan.parcel_id == parcel.id])
                for parcel in parcels
                if parcel.shipment_no == (row.ships_with or row.no)
            ],
            printers[row.no],
            others.get(row.no, ()),
        )
        for row in rows
    ]


async def _of(session: AsyncSession, table: Any, order_id: str, ordering: Any) -> Sequence[Any]:
    query = select(table).where(col(table.order_id) == order_id).order_by(ordering)
    return list((await session.exec(query)).all())
