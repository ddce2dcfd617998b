"""Orders, their lines, holds, shipments and story. `sales_order` is the guard against doubles."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_ZERO = {"server_default": "0"}
_EMPTY = {"server_default": ""}
_BY_BYTES = "text_pattern_ops"
_NOT_LEFT = "status IN ('received', 'on_hold', 'backordered', 'allocated', 'in_fulfilment')"
_INCIDENTS = (
    "incident IN ('', 'refused', 'unreachable', 'deliver_later', 'wrong_address',"
    " 'forbidden_goods', 'called_back', 'damaged', 'lost', 'misrouted', 'delayed', 'weather',"
    " 'customs', 'unexplained')"
)


class SalesOrderRow(SQLModel, table=True):
    """One order of one channel, unique by (channel, shop, external_no)."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("channel", "shop_id", "external_no"),
        CheckConstraint("refunded_minor >= 0", name="refunds_are_not_negative"),
        CheckConstraint("refunded_minor <= captured_minor", name="refunds_within_captured"),
        CheckConstraint("returning_minor >= 0", name="returning_is_not_negative"),
        CheckConstraint(
            "refunded_minor + returning_minor <= captured_minor", name="returns_within_captured"
        ),
        CheckConstraint("credit_minor BETWEEN 0 AND captured_minor", name="credit_within_captured"),
        # What the list is sorted by, for all of it and for its tabs; `db.orders.queries`.
        Index("sales_order_by_status", "status", "ship_by", "id"),
        Index("sales_order_by_promise", "ship_by", "id"),
        Index("sales_order_to_ship", "ship_by", "id", postgresql_where=text(_NOT_LEFT)),
        Index("sales_order_by_age", text("placed_at DESC"), text("id DESC")),
        Index("sales_order_of_shop", "shop_id", text("placed_at DESC"), text("id DESC")),
        # What a number is found by, whole or begun; `db.orders.search`.
        Index("sales_order_by_external", "external_no"),
        Index("sales_order_begun", "no", postgresql_ops={"no": _BY_BYTES}),
        Index(
            "sales_order_begun_outside", "external_no", postgresql_ops={"external_no": _BY_BYTES}
        ),
        Index(
            "sales_order_by_buyer",
            "buyer_digest",
            "id",
            postgresql_where=text("buyer_digest <> ''"),
        ),
    )
    id: str = Field(primary_key=True)
    no: str = Field(unique=True)
    channel: str
    shop_id: str = Field(foreign_key="shop.id")
    external_no: str
    workflow_id: str = Field(unique=True)
    status: str = "received"
    seq: int = Field(default=0, sa_type=BIGINT)
    waits_for: str = ""
    waits_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    version_revision: int = Field(default=0, sa_type=BIGINT)
    version_modified_us: int = Field(default=0, sa_type=BIGINT)
    applied_sha256: str = ""
    channel_state: str = ""
    fetch_needed: bool = False
    unpaid_reserved_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    stock_given_back: bool = False  # waited too long for the payment
    # It looked for orders to go with in one parcel, once; see `merge_rule`.
    gathered: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    # A person changed its lines: later messages of the channel do not overwrite them.
    lines_edited: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    currency: str = "CNY"
    goods_minor: int = Field(default=0, sa_type=BIGINT)
    discount_minor: int = Field(default=0, sa_type=BIGINT)
    freight_minor: int = Field(default=0, sa_type=BIGINT)
    tax_minor: int = Field(default=0, sa_type=BIGINT)
    payable_minor: int = Field(default=0, sa_type=BIGINT)
    captured_minor: int = Field(default=0, sa_type=BIGINT)
    refunded_minor: int = Field(default=0, sa_type=BIGINT)
    # Of what was captured, what no payment of a provider stands for: goods that came back for it,
    # or a difference that was paid otherwise. Only orders of exchanges have it.
    credit_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    refund_due_minor: int = Field(default=0, sa_type=BIGINT)
    # Promised to the buyer for returns and not paid back yet.
    returning_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    cash_on_delivery: bool = False
    test_order: bool = False
    gift: bool = False
    # The same for all orders of one buyer; who that is, and all remarks, are `sealed_words`.
    buyer_digest: str = Field(default="", sa_column_kwargs=_EMPTY)
    placed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    paid_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ship_by: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    presale_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ReceiverRow(SQLModel, table=True):
    """Who gets the order: `sealed` is what names a person, the rest is where a parcel goes.

    Written and read by `db.orders.receivers` alone. `digest` tells whether what is sealed has
    changed; `phone_digest` finds an order by the whole phone, in whatever form it is typed.
    """

    __tablename__ = "receiver"
    __table_args__ = (
        Index("receiver_by_last4", "phone_last4"),
        Index("receiver_by_phone", "phone_digest"),
        Index("receiver_by_whole", "whole_digest", postgresql_where=text("whole_digest <> ''")),
    )
    order_id: str = Field(primary_key=True, foreign_key="sales_order.id")
    kind: str  # contact | masked
    sealed: bytes = Field(sa_type=LargeBinary)
    digest: str
    phone_digest: str = Field(default="", sa_column_kwargs=_EMPTY)  # of masks there is none
    # The same for the same person at the same place in every order; empty where only a platform
    # knows him.
    whole_digest: str = Field(default="", sa_column_kwargs=_EMPTY)
    phone_last4: str = ""
    country: str = "CN"
    province: str = ""
    city: str = ""
    district: str = ""
    postcode: str = ""
    division_code: str = ""
    longitude: float | None = None
    latitude: float | None = None
    edited_by_us: bool = False  # then a later message of the channel does not overwrite it
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})  # counts changes


class SealedWordsRow(SQLModel, table=True):
    """What people said about an order, by where they said it; `db.orders.words` alone reads it."""

    __tablename__ = "sealed_words"
    subject: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id", index=True)
    sealed: bytes = Field(sa_type=LargeBinary)


class OrderLineRow(SQLModel, table=True):
    """One line as the channel sold it; sums are minor units of the whole line."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "external_line_no"),
        CheckConstraint("quantity > 0", name="line_quantity_is_positive"),
    )
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id", index=True)
    line_no: int
    external_line_no: str
    kind: str
    external_sku: str = ""
    title: str = ""
    quantity: int = Field(sa_type=BIGINT)
    list_minor: int = Field(default=0, sa_type=BIGINT)
    discount_minor: int = Field(default=0, sa_type=BIGINT)
    tax_minor: int = Field(default=0, sa_type=BIGINT)
    payable_minor: int = Field(default=0, sa_type=BIGINT)
    refund_in_progress: bool = False
    cancelled: bool = False
    # The channel closed it while we worked on it: cancelled as soon as its shipment has stopped.
    closed_by_channel: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    gift: bool = False


class FulfilmentLineRow(SQLModel, table=True):
    """What has to be picked for an order line: our SKU in base units."""

    __tablename__ = "fulfilment_line"
    __table_args__ = (
        UniqueConstraint("order_line_id", "sku"),
        CheckConstraint("quantity > 0", name="fulfilment_quantity_is_positive"),
        CheckConstraint(
            "cancelled_quantity BETWEEN 0 AND quantity", name="cancelled_within_quantity"
        ),
        CheckConstraint(
            "returned_quantity >= 0 AND returned_quantity + cancelled_quantity <= quantity",
            name="returned_within_quantity",
        ),
        CheckConstraint(
            "refunded_quantity BETWEEN 0 AND returned_quantity", name="refunded_within_returned"
        ),
        Index("fulfilment_line_by_sku", "sku", "order_id"),
    )
    id: str = Field(primary_key=True)
    order_line_id: str = Field(foreign_key="order_line.id")
    order_id: str = Field(foreign_key="sales_order.id", index=True)
    sku: str = Field(foreign_key="sku.code")
    quantity: int = Field(sa_type=BIGINT)
    cancelled_quantity: int = Field(default=0, sa_type=BIGINT)
    # In a return, asked for or come back; and paid back by one.
    returned_quantity: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    refunded_quantity: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)


class OrderHoldRow(SQLModel, table=True):
    """A reason not to go on; an order may have several. One open hold per kind and order."""

    __tablename__ = "order_hold"
    __table_args__ = (
        Index(
            "one_open_hold_per_kind",
            "order_id",
            "kind",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("open_holds", "kind", postgresql_where=text("released_at IS NULL")),
        Index("open_holds_by_age", "placed_at", "id", postgresql_where=text("released_at IS NULL")),
    )
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    kind: str
    reason: str = ""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    owner: str = ""  # the role that has to act
    auto_release: str = ""  # the fact that releases it, empty when only a person can
    until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    placed_by: str = "system"
    placed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    released_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    released_by: str = ""


class OrderEventRow(SQLModel, table=True):
    """The story of an order, in order; append-only. `seq` is counted by the order's workflow."""

    __tablename__ = "order_event"
    __table_args__ = (Index("order_event_by_time", "order_id", "at"),)
    order_id: str = Field(primary_key=True, foreign_key="sales_order.id")
    source: str = Field(default="order", primary_key=True)  # order, or the shipment's number
    seq: int = Field(primary_key=True, sa_type=BIGINT)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    actor: str = "system"


class OrderLateFactRow(SQLModel, table=True):
    """A message about an order that was already closed: kept, never acted on by itself."""

    __tablename__ = "order_late_fact"
    inbox_id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id", index=True)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    fact: str


class SourcingRuleRow(SQLModel, table=True):
    """How orders of one shop are sourced; what is empty is as the company does it."""

    __tablename__ = "sourcing_rule"
    __table_args__ = (
        CheckConstraint(
            "strategy IN ('cheapest','nearest','inventory_first','priority')",
            name="sourcing_strategy",
        ),
        CheckConstraint("max_parcels BETWEEN 1 AND 20", name="sourcing_parcels"),
    )
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    strategy: str | None = None
    max_parcels: int | None = None


class MergeRuleRow(SQLModel, table=True):
    """A shop whose orders wait a while for others of the same receiver, to go in one parcel."""

    __tablename__ = "merge_rule"
    __table_args__ = (CheckConstraint("window_minutes BETWEEN 1 AND 1440", name="merge_window"),)
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    window_minutes: int


class OrderChangeRow(SQLModel, table=True):
    """What a person changed about an order by plan, once per id; it only grows.

    kind: merge | unmerge | split | lines. `data` is the plan that was carried out.
    """

    __tablename__ = "order_change"
    __table_args__ = (
        CheckConstraint("kind IN ('merge','unmerge','split','lines')", name="change_kind"),
        Index("order_change_by_order", "order_id", "at"),
    )
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    reason: str = Field(default="", sa_column_kwargs=_EMPTY)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class SourcingDecisionRow(SQLModel, table=True):
    """Why these locations: inputs, choice and what was rejected."""

    __tablename__ = "sourcing_decision"
    allocation_id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id", index=True)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    decision: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class ShipmentRow(SQLModel, table=True):
    """Goods that leave one location together for one receiver."""

    __tablename__ = "shipment"
    __table_args__ = (
        Index("shipment_by_location", "location_id", "status"),
        Index("shipment_by_order", "order_id"),
        Index("shipment_by_box", "ships_with", postgresql_where=text("ships_with <> ''")),
        CheckConstraint("ships_with <> no", name="ships_with_another"),
    )
    no: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    allocation_id: str = ""
    # The shipment of another order in whose parcels these goods are; it alone is packed, labelled
    # and handed over, and what happens to it happens to this one.
    ships_with: str = Field(default="", sa_column_kwargs=_EMPTY)
    # A person sends it without waiting for the rest of the order.
    sent_ahead: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    location_id: str = Field(foreign_key="location.id")
    workflow_id: str = Field(unique=True)
    status: str = "allocated"
    seq: int = Field(default=0, sa_type=BIGINT)
    waits_for: str = ""
    carrier: str = ""
    product: str = ""
    freight_minor: int = Field(default=0, sa_type=BIGINT)
    weight_g: int = Field(default=0, sa_type=BIGINT)
    ship_by: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    picked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    packed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    handed_over_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    delivered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ShipmentLineRow(SQLModel, table=True):
    """One SKU of one order line in a shipment, in base units."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="shipment_quantity_is_positive"),
        CheckConstraint(
            "picked_quantity IS NULL OR picked_quantity BETWEEN 0 AND quantity",
            name="picked_within_quantity",
        ),
    )
    shipment_no: str = Field(primary_key=True, foreign_key="shipment.no")
    fulfilment_line_id: str = Field(primary_key=True, foreign_key="fulfilment_line.id")
    order_line_id: str = Field(foreign_key="order_line.id")
    sku: str = Field(foreign_key="sku.code")
    quantity: int = Field(sa_type=BIGINT)
    picked_quantity: int | None = Field(default=None, sa_type=BIGINT)


class DeliveryTimeRow(SQLModel, table=True):
    """Days from the ship-by to the door for a shop, a carrier and an area: a province by its code,
    or a zone of the carrier. Empty stands for all of them."""

    __tablename__ = "delivery_time"
    __table_args__ = (
        CheckConstraint("days BETWEEN 1 AND 60", name="delivery_takes_days"),
        CheckConstraint(
            "carrier <> '' OR area = '' OR area ~ '^[0-9]{6}$'", name="zones_are_of_a_carrier"
        ),
    )
    shop_id: str = Field(primary_key=True)
    carrier: str = Field(primary_key=True)
    area: str = Field(primary_key=True)
    days: int


class ParcelRow(SQLModel, table=True):
    """One box with one waybill. `id` is the reference the carrier knows it by."""

    __tablename__ = "parcel"
    __table_args__ = (
        Index(
            "waybill_used_once",
            "carrier",
            "waybill_no",
            unique=True,
            postgresql_where=text("waybill_no <> ''"),
        ),
        Index("parcel_by_waybill", "waybill_no"),
        Index("parcel_begun", "waybill_no", postgresql_ops={"waybill_no": _BY_BYTES}),
        Index("parcel_labelled", "labelled_at", postgresql_where=text("voided_at IS NULL")),
        CheckConstraint(_INCIDENTS, name="parcel_incident"),
        CheckConstraint("insured_minor >= 0", name="parcel_insured"),
    )
    id: str = Field(primary_key=True)
    shipment_no: str = Field(foreign_key="shipment.no", index=True)
    carrier: str = ""
    product: str = ""
    waybill_no: str = ""
    routing_code: str = ""
    sorting_code: str = ""
    # The receiver's version its label was ordered for; 0 before that.
    receiver_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    status: str = "labelled"
    weight_g: int = Field(default=0, sa_type=BIGINT)
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    voided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    labelled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    pickup_from: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    pickup_to: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    insured_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    last_fact_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    # What went wrong with it last, in our words; empty while all is well.
    incident: str = Field(default="", sa_column_kwargs=_EMPTY)


class PlatformLabelRow(SQLModel, table=True):
    """What the platform's print component wants for a box whose receiver the platform hides;
    gone when the waybill is voided."""

    __tablename__ = "platform_label"
    parcel_id: str = Field(primary_key=True, foreign_key="parcel.id")
    sealed: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ReturnLabelRow(SQLModel, table=True):
    """A waybill with which a consumer sends goods of an order back. `no` is the reference the
    carrier knows it by; one at a time for an order."""

    __tablename__ = "return_label"
    __table_args__ = (
        CheckConstraint(
            "state IN ('wanted','ordered','cancelling','cancelled','arrived')",
            name="return_label_state",
        ),
        Index(
            "one_open_return_label",
            "order_id",
            unique=True,
            postgresql_where=text("state IN ('wanted','ordered','cancelling')"),
        ),
        Index("return_label_by_order", "order_id"),
        Index("return_label_by_waybill", "waybill_no", "carrier"),
        Index("return_label_by_return", "return_no", postgresql_where=text("return_no <> ''")),
    )
    no: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    location_id: str = Field(foreign_key="location.id")  # where the goods go
    carrier: str
    state: str = "wanted"
    waybill_no: str = ""
    status: str = "labelled"  # the parcel's, as its carrier told last
    told_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reason: str = ""
    asked_by: str = ""
    # The return it was ordered for, where one ordered it by itself.
    return_no: str = Field(default="", sa_column_kwargs=_EMPTY)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class TrackingEventRow(SQLModel, table=True):
    """A carrier's scan; append-only, each told once. Its words and place are `sealed_words`."""

    __tablename__ = "tracking_event"
    __table_args__ = (
        Index("tracking_by_time", "parcel_id", "at"),
        CheckConstraint(_INCIDENTS, name="tracking_event_incident"),
    )
    parcel_id: str = Field(primary_key=True, foreign_key="parcel.id")
    event_id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=TIMESTAMP)
    status: str
    vendor_code: str = ""
    incident: str = Field(default="", sa_column_kwargs=_EMPTY)
    heard_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
