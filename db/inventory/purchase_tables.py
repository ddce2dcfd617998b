"""Purchase orders: what was ordered from whom for where, what came of it, and its story."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_STATES = (
    "'draft','awaiting_approval','approved','sent','acknowledged','partly_received','received',"
    "'closed','cancelled'"
)


class PurchaseOrderRow(SQLModel, table=True):
    """One order to one supplier. What people, the supplier and the floor did is a fact here; what
    it waits for (`waits_for`, `due_at`, `reminders`) its workflow writes."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="purchase_state"),
        CheckConstraint("source IN ('hand','suggestion')", name="purchase_source"),
        CheckConstraint("answer IN ('','accepted','partly','refused')", name="purchase_answer"),
        CheckConstraint("notice IN ('','wanted','told')", name="purchase_notice"),
        CheckConstraint("told_revision BETWEEN 1 AND revision", name="purchase_revisions"),
        CheckConstraint("over_receipt_percent BETWEEN 0 AND 100", name="purchase_over_receipt"),
        CheckConstraint(
            "(state IN ('closed','cancelled')) = (closed_at IS NOT NULL)", name="purchase_ends_once"
        ),
        Index("purchase_by_supplier", "supplier", "created_at"),
        Index("purchase_by_location", "location_id", "created_at"),
        Index(
            "purchase_open", "expected_on",
            postgresql_where=text("state NOT IN ('closed','cancelled')"),
        ),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    supplier: str = Field(foreign_key="supplier.code")
    location_id: str = Field(foreign_key="location.id")
    state: str = "draft"
    currency: str
    wanted_on: date | None = Field(default=None, sa_type=Date)  # as we asked
    expected_on: date | None = Field(default=None, sa_type=Date)  # as things stand
    over_receipt_percent: int = 0
    source: str = "hand"
    reason: str = ""
    numbers: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    version: int = 1
    # What the supplier was sent last, and what is wanted now.
    revision: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    told_revision: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    answer: str = ""
    supplier_ref: str = ""
    notice: str = ""
    waits_for: str = ""
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reminders: int = 0
    approved_by: str = ""
    ended_reason: str = ""
    created_by: str
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    received_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class PurchaseOrderLineRow(SQLModel, table=True):
    """Units of one SKU; what came may go beyond what was ordered, by the order's tolerance."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        CheckConstraint("ordered > 0 AND price_minor >= 0", name="purchase_line_is_positive"),
        CheckConstraint("cancelled BETWEEN 0 AND ordered", name="purchase_line_cancelled"),
        CheckConstraint("acknowledged BETWEEN 0 AND ordered", name="purchase_line_acknowledged"),
        CheckConstraint("NOT dropped OR cancelled = ordered", name="purchase_line_dropped"),
        CheckConstraint("received BETWEEN 0 AND 2 * ordered", name="purchase_line_received"),
        Index("purchase_line_open", "sku", postgresql_where=text("received + cancelled < ordered")),
    )
    purchase_no: str = Field(primary_key=True, foreign_key="purchase_order.no")
    line_no: int = Field(primary_key=True)
    sku: str = Field(foreign_key="sku.code")
    ordered: int = Field(sa_type=BIGINT)
    acknowledged: int | None = Field(default=None, sa_type=BIGINT)
    received: int = Field(default=0, sa_type=BIGINT)
    cancelled: int = Field(default=0, sa_type=BIGINT)
    price_minor: int = Field(sa_type=BIGINT)
    # A later revision wants none of it.
    dropped: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class PurchaseReceiptRow(SQLModel, table=True):
    """Units that came on one paper, or were corrected by it; append-only. A paper counts once."""

    __tablename__ = "purchase_receipt"
    __table_args__ = (CheckConstraint("units <> 0", name="purchase_receipt_moves_something"),)
    purchase_no: str = Field(primary_key=True, foreign_key="purchase_order.no")
    document: str = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    units: int = Field(sa_type=BIGINT)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class PurchaseEventRow(SQLModel, table=True):
    """One line of a purchase order's story; append-only."""

    __tablename__ = "purchase_event"
    purchase_no: str = Field(primary_key=True, foreign_key="purchase_order.no")
    seq: int = Field(primary_key=True)
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
