"""Places, SKUs, the ledger of stock and its projection, reservations and the queue for stock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}


class LocationRow(SQLModel, table=True):
    """A place of ours in the tree HQ → region → store or dealer; `transit` is stock on its way."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("kind IN ('hq','region','store','dealer','transit')", name="location_kind"),
        CheckConstraint("parent_id <> id", name="location_is_not_its_own_parent"),
        Index("location_by_parent", "parent_id"),
    )
    id: str = Field(primary_key=True)
    kind: str
    name: str
    parent_id: str | None = Field(default=None, foreign_key="location.id")
    zone: str = "Asia/Shanghai"  # IANA
    company: str = ""
    contact_name: str = ""  # the sender on waybills
    contact_phone: str = ""
    country: str = "CN"
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    postcode: str = ""
    division_code: str = ""  # GB/T 2260
    longitude: float | None = None
    latitude: float | None = None
    priority: int = 0  # smaller is asked first
    handling_minor: int = Field(default=0, sa_type=BIGINT)
    ships: bool = True
    active: bool = True


class SkuRow(SQLModel, table=True):
    """Something we keep, in base units."""

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint(
            "weight_g >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0",
            name="sku_measures_are_not_negative",
        ),
        CheckConstraint("price_minor >= 0", name="sku_price_is_not_negative"),
        Index("sku_by_gtin", "gtin", unique=True, postgresql_where=text("gtin <> ''")),
    )
    code: str = Field(primary_key=True)
    name: str
    gtin: str = ""
    weight_g: int = Field(default=0, sa_type=BIGINT)
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    price_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = "CNY"
    active: bool = True


class StockBalanceRow(SQLModel, table=True):
    """What is where: the projection of `stock_move`, changed in the same transaction as the ledger.

    The counters have no other index than the key, so that changing them stays cheap (HOT).
    """

    __tablename__ = "stock_balance"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
        CheckConstraint("reserved <= on_hand", name="reserved_within_on_hand"),
        {
            "postgresql_with": {
                "fillfactor": 50,
                "autovacuum_vacuum_scale_factor": 0,
                "autovacuum_vacuum_threshold": 1000,
                "autovacuum_vacuum_cost_delay": 0,
            }
        },
    )
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    lot: str = Field(default="", primary_key=True)
    condition: str = Field(default="good", primary_key=True)
    owner: str = Field(default="own", primary_key=True)
    on_hand: int = Field(default=0, sa_type=BIGINT)
    reserved: int = Field(default=0, sa_type=BIGINT)


class StockMoveRow(SQLModel, table=True):
    """One line of the ledger: a quantity went from a place to a place. Append-only.

    Places are `location:<id>`, or `supplier`, `customer`, `adjustment`, which keep no balance.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        UniqueConstraint("idempotency_key", "line_no", name="stock_move_once"),
        CheckConstraint("quantity > 0", name="moved_quantity_is_positive"),
        CheckConstraint("from_place <> to_place", name="moved_between_two_places"),
        CheckConstraint("verb IN ('receive','issue','adjust','transfer')", name="move_verb"),
        CheckConstraint("verb <> 'adjust' OR reason <> ''", name="adjusted_with_a_reason"),
        Index("stock_move_by_sku", "sku", "at"),
        Index("stock_move_by_document", "document_kind", "document_no"),
    )
    id: UUID | None = Field(
        default=None, primary_key=True, sa_column_kwargs={"server_default": text("uuidv7()")}
    )
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    verb: str
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    condition: str = "good"
    owner: str = "own"
    quantity: int = Field(sa_type=BIGINT)
    from_place: str
    to_place: str
    document_kind: str
    document_no: str
    idempotency_key: str
    line_no: int
    reason: str = ""
    actor: str = "system"


class ReservationRow(SQLModel, table=True):
    """Stock promised to an order until it is posted (sent), voided or expired; resolved once.

    `line_no` counts the lines as asked and is what makes an id usable once; rows that a receipt gave
    to a waiting order have none.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["sku", "location_id", "lot", "condition", "owner"],
            [
                "stock_balance.sku",
                "stock_balance.location_id",
                "stock_balance.lot",
                "stock_balance.condition",
                "stock_balance.owner",
            ],
        ),
        UniqueConstraint("reservation_id", "line_no", name="reservation_asked_once"),
        CheckConstraint("quantity > 0", name="reserved_quantity_is_positive"),
        CheckConstraint("posted_quantity BETWEEN 0 AND quantity", name="posted_within_reserved"),
        CheckConstraint("state IN ('held','posted','voided','expired')", name="reservation_state"),
        CheckConstraint("state = 'posted' OR posted_quantity = 0", name="only_posted_is_sent"),
        CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name="resolved_has_a_time"),
        Index("reservation_by_order", "order_id"),
        Index(
            "reservation_by_shipment", "shipment_no", postgresql_where=text("shipment_no <> ''")
        ),
        Index(
            "reservation_due",
            "expires_at",
            postgresql_where=text("state = 'held' AND expires_at IS NOT NULL"),
        ),
    )
    reservation_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    location_id: str = Field(primary_key=True)
    lot: str = Field(default="", primary_key=True)
    condition: str = Field(default="good", primary_key=True)
    owner: str = Field(default="own", primary_key=True)
    line_no: int | None = None
    order_id: str
    shipment_no: str | None = None
    workflow_id: str
    quantity: int = Field(sa_type=BIGINT)
    posted_quantity: int = Field(default=0, sa_type=BIGINT)
    state: str = "held"
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    resolved_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class BackorderRow(SQLModel, table=True):
    """A paid order that waits for stock; receipts serve the oldest payment first.

    Without a location any place that ships may serve it. What was found so far is held under
    `reservation_id`.
    """

    __tablename__ = "backorder"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="awaited_quantity_is_positive"),
        CheckConstraint("filled_quantity BETWEEN 0 AND quantity", name="filled_within_awaited"),
        CheckConstraint("state IN ('waiting','filled','cancelled')", name="backorder_state"),
        CheckConstraint(
            "(state = 'filled') = (filled_quantity = quantity) OR state = 'cancelled'",
            name="filled_means_all",
        ),
        Index(
            "backorder_queue", "sku", "paid_at", "id", postgresql_where=text("state = 'waiting'")
        ),
        Index("backorder_by_order", "order_id"),
        Index("backorder_by_reservation", "reservation_id"),
    )
    id: str = Field(primary_key=True)
    order_id: str
    order_line_id: str | None = None
    sku: str = Field(foreign_key="sku.code")
    location_id: str | None = Field(default=None, foreign_key="location.id")
    quantity: int = Field(sa_type=BIGINT)
    filled_quantity: int = Field(default=0, sa_type=BIGINT)
    paid_at: datetime = Field(sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    state: str = "waiting"
    workflow_id: str
    reservation_id: str
