"""Transfers: the paper, its lines by lot, what people reported of it, and what they decide."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_ZERO = {"server_default": "0"}
_EMPTY = {"server_default": ""}


class StockTransferRow(SQLModel, table=True):
    """Goods of ours that go from one place to another, by way of a place in transit."""

    __tablename__ = "stock_transfer"
    __table_args__ = (
        CheckConstraint("from_location <> to_location", name="transfer_goes_somewhere"),
        CheckConstraint(
            "state IN ('draft','approved','reserved','shipped','closed','cancelled')",
            name="transfer_state",
        ),
        CheckConstraint(
            "origin IN ('manual','suggestion','cross_dock','recall')", name="transfer_origin"
        ),
        CheckConstraint("days >= 0", name="transfer_days_are_not_negative"),
        CheckConstraint(
            "state NOT IN ('shipped','closed') OR shipped_at IS NOT NULL",
            name="shipped_transfer_has_a_time",
        ),
        Index(
            "transfer_wants_goods",
            "from_location",
            postgresql_where=text("state = 'approved'"),
        ),
        Index("transfer_to", "to_location", "state"),
    )
    no: str = Field(primary_key=True)
    from_location: str = Field(foreign_key="location.id")
    to_location: str = Field(foreign_key="location.id")
    transit_location: str | None = Field(default=None, foreign_key="location.id")
    state: str = "draft"
    origin: str = "manual"
    receipt_no: str = Field(default="", sa_column_kwargs=_EMPTY)  # whose goods go straight on
    remark: str = ""
    days: int = 3
    carrier: str = ""
    waybill_no: str = ""
    eta: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    round: int = Field(default=0, sa_column_kwargs=_ZERO)  # leases it has had
    waits_for: str = "approval"
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reminders: int = 0
    created_by: str = "system"
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    approved_by: str = ""
    approved_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reserved_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    shipped_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    cancel_asked_by: str = ""
    cancel_reason: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class StockTransferLineRow(SQLModel, table=True):
    """Units of one SKU, from the reservation on of one lot. Shipped units are on the way until
    they are received, returned to the sender or written off (`lost`)."""

    __tablename__ = "stock_transfer_line"
    __table_args__ = (
        CheckConstraint("asked > 0", name="transfer_asks_for_units"),
        CheckConstraint(
            "shipped >= 0 AND received >= 0 AND damaged >= 0 AND lost >= 0 AND returned >= 0"
            " AND short >= 0",
            name="transfer_units_are_not_negative",
        ),
        CheckConstraint(
            "received + damaged + lost + returned + short <= shipped",
            name="transfer_loses_nothing",
        ),
        Index("transfer_line_by_sku", "sku"),
    )
    transfer_no: str = Field(primary_key=True, foreign_key="stock_transfer.no")
    line_no: int = Field(primary_key=True)
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    condition: str = "good"
    owner: str = "own"
    asked: int = Field(sa_type=BIGINT)
    shipped: int = Field(default=0, sa_type=BIGINT)
    received: int = Field(default=0, sa_type=BIGINT)
    damaged: int = Field(default=0, sa_type=BIGINT)
    lost: int = Field(default=0, sa_type=BIGINT)
    returned: int = Field(default=0, sa_type=BIGINT)
    short: int = Field(default=0, sa_type=BIGINT)


class StockTransferReportRow(SQLModel, table=True):
    """What somebody said happened; the transfer's workflow puts it into the books in this order."""

    __tablename__ = "stock_transfer_report"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('ship','unship','receive','decide')", name="transfer_report_kind"
        ),
        Index(
            "transfer_report_unposted",
            "transfer_no",
            "at",
            postgresql_where=text("posted_at IS NULL"),
        ),
        Index("transfer_report_of", "transfer_no", "at"),
    )
    id: str = Field(primary_key=True)
    transfer_no: str = Field(foreign_key="stock_transfer.no")
    kind: str
    told: dict[str, Any] = Field(sa_type=JSON)
    actor: str = "system"
    at: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    posted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    dropped_by: str = Field(default="", sa_column_kwargs=_EMPTY)  # a person left it out


class StockTransferDifferenceRow(SQLModel, table=True):
    """What did not arrive as it was sent, and what a person found out about it."""

    __tablename__ = "stock_transfer_difference"
    __table_args__ = (
        CheckConstraint("units > 0", name="transfer_differs_by_units"),
        CheckConstraint("kind IN ('short','over','damaged')", name="transfer_difference_kind"),
        CheckConstraint(
            "decision IN ('','found_at_sender','lost','carrier_claim','from_sender','found','kept',"
            "'arrived')",
            name="transfer_difference_decision",
        ),
        CheckConstraint(
            "(decision = '') = (decided_at IS NULL)", name="decided_difference_has_a_time"
        ),
        ForeignKeyConstraint(
            ["transfer_no", "line_no"],
            ["stock_transfer_line.transfer_no", "stock_transfer_line.line_no"],
        ),
        Index("transfer_difference_of", "transfer_no", "line_no"),
    )
    id: str = Field(primary_key=True)
    transfer_no: str
    line_no: int
    kind: str
    units: int = Field(sa_type=BIGINT)
    noted_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    decision: str = ""
    reason: str = ""
    reference: str = ""  # the carrier's number of a claim
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class StockTransferSerialRow(SQLModel, table=True):
    """A unit with a serial number that goes, or came, with a transfer; `over` was not sent with it
    by its paper."""

    __tablename__ = "stock_transfer_serial"
    __table_args__ = (
        CheckConstraint(
            "state IN ('on_the_way','arrived','damaged','returned','lost','over')",
            name="transfer_serial_state",
        ),
        ForeignKeyConstraint(
            ["transfer_no", "line_no"],
            ["stock_transfer_line.transfer_no", "stock_transfer_line.line_no"],
        ),
        Index("transfer_serial_of_line", "transfer_no", "line_no"),
    )
    transfer_no: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)
    line_no: int
    state: str = "on_the_way"
