"""Orders as programs read them. Money is a decimal string with its currency, times are UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.engine import Row

from api.orders.money import MoneyView, PaymentView, RefundView
from db.orders.detail import OrderDetail, Parcel, Shipment
from db.orders.receivers import KnownReceiver
from db.orders.tables import OrderEventRow, OrderHoldRow
from domain.logistics.incidents import fault_of
from domain.platform.permissions import Role


class TagShown(BaseModel):
    name: str
    colour: str


class OrderSummary(BaseModel):
    """`attention` counts steps that wait for a person; `waits_for` is a stable code."""

    no: str
    channel: str
    shop_id: str
    external_no: str
    status: str
    waits_for: str
    waits_until: datetime | None
    holds: list[str]
    attention: int
    tags: list[TagShown]
    payable: MoneyView
    placed_at: datetime | None
    ship_by: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "OrderSummary":
        return cls(
            no=row.no, channel=row.channel, shop_id=row.shop_id, external_no=row.external_no,
            status=row.status, waits_for=row.waits_for, waits_until=row.waits_until,
            holds=sorted(row.holds), attention=row.attention,
            tags=[TagShown(name=name, colour=colour) for name, colour in row.tags],
            payable=MoneyView.of(row.payable_minor, row.currency), placed_at=row.placed_at,
            ship_by=row.ship_by, updated_at=row.updated_at,
        )  # fmt: skip


class OrderList(BaseModel):
    """`total` counts what matches, 10,000 at most, and comes with the first page only; `found_by`
    says of which kind the number is that `q` gave."""

    items: list[OrderSummary]
    next_cursor: str = ""
    total: int | None = None
    found_by: list[str] = Field(default_factory=list)


class ReceiverView(BaseModel):
    """Masked; a person with the right may ask for the rest, with a reason."""

    kind: str
    name: str
    phone: str
    country: str
    province: str
    city: str
    district: str
    detail: str
    division_code: str
    edited_by_us: bool
    erased: bool = False  # nobody knows any more who it was

    @classmethod
    def of(cls, known: KnownReceiver) -> "ReceiverView":
        place = known.address
        return cls(
            kind=known.kind,
            name=known.name,
            phone=known.phone,
            country=place.country, province=place.province, city=place.city,
            district=place.district,
            detail=place.detail,
            division_code=place.division_code, edited_by_us=known.edited_by_us,
            erased=known.erased,
        )  # fmt: skip


class PartView(BaseModel):
    sku: str
    quantity: int
    cancelled: int


class LineView(BaseModel):
    """`id` names the line in commands; sums are of the whole line."""

    id: str
    line_no: int
    external_line_no: str
    kind: str
    external_sku: str
    title: str
    quantity: int
    payable: MoneyView
    cancelled: bool
    gift: bool
    refund_in_progress: bool
    parts: list[PartView]


class HoldView(BaseModel):
    kind: str
    reason: str
    owner: str
    auto_release: str
    until: datetime | None
    placed_by: str
    placed_at: datetime
    released_at: datetime | None
    released_by: str

    @classmethod
    def of(cls, row: OrderHoldRow) -> "HoldView":
        return cls(
            kind=row.kind, reason=row.reason, owner=row.owner, auto_release=row.auto_release,
            until=row.until, placed_by=row.placed_by, placed_at=row.placed_at,
            released_at=row.released_at, released_by=row.released_by,
        )  # fmt: skip


class ScanView(BaseModel):
    at: datetime
    status: str
    text: str
    place: str
    vendor_code: str
    incident: str


class ParcelView(BaseModel):
    """`incident` is what went wrong last, `fault` who has to answer for it; empty: all is well."""

    id: str
    carrier: str
    waybill_no: str
    status: str
    incident: str
    fault: str
    weight_g: int
    voided: bool
    scans: list[ScanView]

    @classmethod
    def of(cls, parcel: Parcel) -> "ParcelView":
        row = parcel.row
        return cls(
            id=row.id, carrier=row.carrier, waybill_no=row.waybill_no, status=row.status,
            incident=row.incident, fault=fault_of(row.incident), weight_g=row.weight_g,
            voided=row.voided_at is not None,
            scans=[
                ScanView(
                    at=scan.at, status=scan.status, text=scan.text, place=scan.place,
                    vendor_code=scan.vendor_code, incident=scan.incident,
                )
                for scan in parcel.scans
            ],
        )  # fmt: skip


class ShipmentLineView(BaseModel):
    sku: str
    name: str
    quantity: int
    picked: int | None


class ShipmentView(BaseModel):
    no: str
    location: str
    status: str
    waits_for: str
    carrier: str
    product: str
    ship_by: datetime | None
    lines: list[ShipmentLineView]
    parcels: list[ParcelView]

    @classmethod
    def of(cls, shipment: Shipment) -> "ShipmentView":
        row = shipment.row
        return cls(
            no=row.no, location=row.location_id, status=row.status, waits_for=row.waits_for,
            carrier=row.carrier, product=row.product, ship_by=row.ship_by,
            lines=[
                ShipmentLineView(sku=x.sku, name=x.name, quantity=x.quantity, picked=x.picked)
                for x in shipment.lines
            ],
            parcels=[ParcelView.of(parcel) for parcel in shipment.parcels],
        )  # fmt: skip


class EventView(BaseModel):
    """One line of the story. `source` is `order` or a shipment's number; each counts its own."""

    source: str
    seq: int
    at: datetime
    kind: str
    data: dict[str, Any]
    actor: str

    @classmethod
    def of(cls, row: OrderEventRow) -> "EventView":
        return cls(
            source=row.source, seq=row.seq, at=row.at, kind=row.kind, data=row.data,
            actor=row.actor,
        )  # fmt: skip


class Timeline(BaseModel):
    items: list[EventView]


class AfterSaleView(BaseModel):
    """A refund, return or exchange as the channel told it last; `channel_status` is its own code.

    `line_nos` are the channel's numbers of the lines; empty = the whole order, or not told.
    """

    no: str
    kind: str
    stage: str
    channel_status: str
    amount: MoneyView
    reason: str
    line_nos: list[str]
    return_carrier: str
    return_waybill_no: str
    changed_at: datetime

    @classmethod
    def of(cls, row: Any, currency: str) -> "AfterSaleView":
        return cls(
            no=row.after_sale_no, kind=row.kind, stage=row.stage, channel_status=row.vendor_status,
            amount=MoneyView.of(row.amount_minor, currency), reason=row.reason,
            line_nos=row.external_line_nos, return_carrier=row.return_carrier,
            return_waybill_no=row.return_waybill_no, changed_at=row.modified,
        )  # fmt: skip


class TenderView(BaseModel):
    kind: str
    amount: MoneyView
    reference: str


class TillTicketView(BaseModel):
    """The sale behind an order that was carried out of a store at once."""

    store: str
    till: str
    number: str
    sold_at: datetime
    payments: list[TenderView]

    @classmethod
    def of(cls, detail: OrderDetail) -> "TillTicketView | None":
        if (row := detail.ticket) is None:
            return None
        currency = detail.order.currency
        return cls(
            store=row.location_id, till=row.till, number=row.number, sold_at=row.sold_at,
            payments=[
                TenderView(
                    kind=one.kind, amount=MoneyView.of(one.amount_minor, currency),
                    reference=one.reference,
                )
                for one in detail.tenders
            ],
        )  # fmt: skip


class OrderView(BaseModel):
    """One order with everything that belongs to it."""

    no: str
    channel: str
    shop_id: str
    external_no: str
    status: str
    waits_for: str
    waits_until: datetime | None
    channel_state: str
    payable: MoneyView
    captured: MoneyView
    refunded: MoneyView
    refund_due: MoneyView
    freight: MoneyView
    discount: MoneyView
    cash_on_delivery: bool
    test_order: bool
    gift: bool
    invoice_request: str
    buyer_remark: str
    seller_remark: str
    placed_at: datetime | None
    paid_at: datetime | None
    ship_by: datetime | None
    receiver: ReceiverView | None
    lines: list[LineView]
    holds: list[HoldView]
    shipments: list[ShipmentView]
    after_sales: list[AfterSaleView]
    attention: int
    payments: list[PaymentView]
    refunds: list[RefundView]
    ticket: TillTicketView | None = None

    @classmethod
    def of(cls, detail: OrderDetail, roles: frozenset[Role]) -> "OrderView":
        order, said = detail.order, detail.words_for(roles)

        def money(minor: int) -> MoneyView:
            return MoneyView.of(minor, order.currency)

        return cls(
            no=order.no, channel=order.channel, shop_id=order.shop_id,
            external_no=order.external_no, status=order.status, waits_for=order.waits_for,
            waits_until=order.waits_until, channel_state=order.channel_state,
            payable=money(order.payable_minor), captured=money(order.captured_minor),
            refunded=money(order.refunded_minor), refund_due=money(order.refund_due_minor),
            freight=money(order.freight_minor), discount=money(order.discount_minor),
            cash_on_delivery=order.cash_on_delivery, test_order=order.test_order,
            gift=order.gift, invoice_request=said["invoice_request"],
            buyer_remark=said["buyer_remark"], seller_remark=said["seller_remark"],
            placed_at=order.placed_at, paid_at=order.paid_at, ship_by=order.ship_by,
            receiver=(
                ReceiverView.of(detail.receiver.as_seen_by(roles)) if detail.receiver else None
            ),
            lines=_lines(detail),
            holds=[HoldView.of(hold) for hold in detail.holds],
            ticket=TillTicketView.of(detail),
            shipments=[ShipmentView.of(shipment) for shipment in detail.shipments],
            after_sales=[AfterSaleView.of(row, order.currency) for row in detail.after_sales],
            attention=len(detail.attention),
            payments=[PaymentView.of(row) for row in detail.payments],
            refunds=[RefundView.of(row) for row in detail.refunds],
        )  # fmt: skip


def _lines(detail: OrderDetail) -> list[LineView]:
    currency = detail.order.currency
    return [
        LineView(
            id=line.id, line_no=line.line_no, external_line_no=line.external_line_no,
            kind=line.kind, external_sku=line.external_sku, title=line.title,
            quantity=line.quantity, payable=MoneyView.of(line.payable_minor, currency),
            cancelled=line.cancelled, gift=line.gift, refund_in_progress=line.refund_in_progress,
            parts=_parts(detail.contents.get(line.id, [])),
        )
        for line in detail.lines
    ]  # fmt: skip


def _parts(rows: Sequence[Row[Any]]) -> list[PartView]:
    return [
        PartView(sku=row.sku, quantity=row.quantity, cancelled=row.cancelled_quantity)
        for row in rows
    ]
