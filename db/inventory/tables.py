"""Places, SKUs and the stock ledger. `stock_balance` is what the moves add up to."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, DATES, TIMESTAMP

_NOW = {"server_default": text("now()")}
_NO_WORD = {"server_default": text("''")}
_ZERO = {"server_default": "0"}
_NO = {"server_default": text("false")}
_NO_DAYS = {"server_default": text("'{}'")}


class LocationRow(SQLModel, table=True):
    """A node of the network: headquarters warehouse, region, store, dealer, or goods on the way."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("kind IN ('hq','region','store','dealer','transit')", name="location_kind"),
        CheckConstraint("parent_id <> id", name="location_is_not_its_own_parent"),
        CheckConstraint("works_on ~ '^1?2?3?4?5?6?7?$'", name="location_works_on_days_of_the_week"),
    )
    id: str = Field(primary_key=True)
    name: str
    kind: str
    parent_id: str | None = Field(default=None, foreign_key="location.id")
    zone: str = "Asia/Shanghai"
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    division_code: str = ""
    longitude: float | None = None
    latitude: float | None = None
    company: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    priority: int = 100
    handling_minor: int = Field(default=0, sa_type=BIGINT)
    ships: bool = True
    active: bool = True
    # Days of the week on which somebody is there, Monday is 1, and single days that are otherwise.
    works_on: str = Field(default="1234567", sa_column_kwargs={"server_default": "1234567"})
    days_off: list[date] = Field(default=[], sa_type=DATES, sa_column_kwargs=_NO_DAYS)
    days_on: list[date] = Field(default=[], sa_type=DATES, sa_column_kwargs=_NO_DAYS)


class SkuRow(SQLModel, table=True):
    """What we keep in stock, in base units."""

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint(
            "weight_g >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0",
            name="sku_measures_are_not_negative",
        ),
        CheckConstraint("price_minor >= 0", name="sku_price_is_not_negative"),
        CheckConstraint("cost_minor >= 0", name="sku_cost_is_not_negative"),
        CheckConstraint(
            "shelf_life_days BETWEEN 0 AND 36500 AND min_life_days BETWEEN 0 AND 36500",
            name="sku_life_in_days",
        ),
        Index("sku_by_gtin", "gtin", unique=True, postgresql_where=text("gtin <> ''")),
        Index("sku_by_brand", "brand"),
        Index("sku_by_category", "category"),
    )
    code: str = Field(primary_key=True)
    name: str
    gtin: str = ""
    brand: str = Field(default="", sa_column_kwargs=_NO_WORD)
    category: str = Field(default="", sa_column_kwargs=_NO_WORD)
    weight_g: int = Field(default=0, sa_type=BIGINT)
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    price_minor: int = Field(default=0, sa_type=BIGINT)
    # What one unit stands in the books for, in the same currency; none while nobody said it.
    cost_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs={"server_default": "0"})
    currency: str = "CNY"
    active: bool = True
    # Days from production to the last good one, and how many must remain at the door; 0: nobody
    # said.
    shelf_life_days: int = Field(default=0, sa_column_kwargs=_ZERO)
    min_life_days: int = Field(default=0, sa_column_kwargs=_ZERO)
    tracks_lots: bool = Field(default=False, sa_column_kwargs=_NO)
    tracks_serials: bool = Field(default=False, sa_column_kwargs=_NO)


class StockBalanceRow(SQLModel, table=True):
    """How much lies where and how much of it is promised; changed only with the ledger."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
        CheckConstraint("reserved <= on_hand", name="reserved_within_on_hand"),
        Index("stock_balance_frozen", "sku", "location_id", postgresql_where=text("frozen")),
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
    # Its lot is kept back here: nothing of it is promised anew. In the row, because a reservation
    # sees the newest state of the rows it locks and of no others.
    frozen: bool = Field(default=False, sa_column_kwargs=_NO)


class StockMoveRow(SQLModel, table=True):
    """Goods going from one place to another; append-only. Places: location:ID, supplier, customer,
    adjustment."""

    __tablename__ = "stock_move"
    __table_args__ = (
        UniqueConstraint("idempotency_key", "line_no"),
        CheckConstraint("quantity > 0", name="moved_quantity_is_positive"),
        CheckConstraint("from_place <> to_place", name="moves_somewhere"),
        CheckConstraint("verb IN ('receive','issue','adjust','transfer')", name="move_verb"),
        CheckConstraint("verb <> 'adjust' OR reason <> ''", name="adjusted_with_a_reason"),
        CheckConstraint("value_minor >= 0", name="moved_value_is_not_negative"),
        Index("stock_move_by_sku", "sku", "at"),
        Index("stock_move_by_at", "at", postgresql_using="brin"),
        Index(
            "stock_move_arrived",
            "sku",
            "to_place",
            "at",
            postgresql_where=text("to_place LIKE 'location:%' AND verb <> 'issue'"),
        ),
        Index("stock_move_by_document", "document_kind", "document_no"),
    )
    id: str = Field(primary_key=True, sa_column_kwargs={"server_default": text("(uuidv7())::text")})
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    verb: str
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    condition: str = "good"
    owner: str = "own"
    quantity: int = Field(sa_type=BIGINT)
    from_place: str
    to_place: str
    # What these units cost, where a paper says so; the books value all others at the SKU's cost.
    value_minor: int | None = Field(default=None, sa_type=BIGINT)
    document_kind: str
    document_no: str
    reason: str = ""
    actor: str = "system"
    idempotency_key: str
    line_no: int = 0


class ReservationRow(SQLModel, table=True):
    """A lease on stock, owned by a workflow. Resolved once: held → posted, voided or expired."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="reserved_quantity_is_positive"),
        CheckConstraint(
            "posted_quantity >= 0 AND voided_quantity >= 0"
            " AND posted_quantity + voided_quantity <= quantity",
            name="resolved_within_quantity",
        ),
        CheckConstraint("state IN ('held','posted','voided','expired')", name="reservation_state"),
        CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name="resolved_has_a_time"),
        CheckConstraint("state = 'posted' OR posted_quantity = 0", name="only_posted_is_sent"),
        # One id, one content: two attempts that chose different places meet here.
        UniqueConstraint("reservation_id", "line_no", name="reservation_asked_once"),
        ForeignKeyConstraint(
            ["sku", "location_id", "lot", "condition", "owner"],
            [
                f"stock_balance.{column}"
                for column in ("sku", "location_id", "lot", "condition", "owner")
            ],
        ),
        Index("reservation_by_order", "order_id"),
        Index("reservation_by_lot", "sku", "lot", postgresql_where=text("lot <> ''")),
        Index("reservation_held", "sku", "location_id", postgresql_where=text("state = 'held'")),
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
    line_no: int | None = None  # as asked; none for units that came out of the queue
    order_id: str = ""
    workflow_id: str = ""
    quantity: int = Field(sa_type=BIGINT)
    posted_quantity: int = Field(default=0, sa_type=BIGINT)
    voided_quantity: int = Field(default=0, sa_type=BIGINT)
    state: str = "held"
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    resolved_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class BackorderRow(SQLModel, table=True):
    """Units an order waits for at a location; receipts fill the oldest payment first."""

    __tablename__ = "backorder"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="backordered_quantity_is_positive"),
        CheckConstraint("state IN ('waiting','filled','cancelled')", name="backorder_state"),
        Index(
            "backorder_queue",
            "sku",
            "location_id",
            "paid_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("backorder_by_order", "order_id"),
    )
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    fulfilment_line_id: str = Field(foreign_key="fulfilment_line.id")
    workflow_id: str
    sku: str = Field(foreign_key="sku.code")
    location_id: str = Field(foreign_key="location.id")
    quantity: int = Field(sa_type=BIGINT)
    paid_at: datetime = Field(sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    filled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    adopted: bool = False  # its units are part of a shipment now
    expected_on: date | None = None  # as far as purchase orders say it
    state: str = "waiting"
