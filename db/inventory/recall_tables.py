"""Recalls: which lots, who holds units of them, and what became of every unit."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}
_NOTHING = {"server_default": text("''")}
_NONE = {"server_default": "0"}


class RecallRow(SQLModel, table=True):
    """Lots that come back, from the moment somebody says so until every unit is accounted for."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint("state IN ('open','closed')", name="recall_state"),
        CheckConstraint("reason <> ''", name="recall_has_a_reason"),
        CheckConstraint("remind_days BETWEEN 1 AND 90", name="recall_reminds"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="recall_is_closed"),
        Index("recall_open", "started_at", postgresql_where=text("state = 'open'")),
    )
    no: str = Field(primary_key=True)
    reason: str
    message: str  # to those who have the goods
    remind_days: int = Field(default=7, sa_column_kwargs={"server_default": "7"})
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    started_by: str
    started_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    frozen_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    remind_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reminders: int = Field(default=0, sa_column_kwargs=_NONE)
    closed_by: str = Field(default="", sa_column_kwargs=_NOTHING)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    # Why it was closed with units that nobody accounted for; empty where there were none.
    signed: str = Field(default="", sa_column_kwargs=_NOTHING)


class RecallLotRow(SQLModel, table=True):
    """One of the lots of a recall."""

    __tablename__ = "recall_lot"
    __table_args__ = (
        ForeignKeyConstraint(["sku", "lot"], ["lot.sku", "lot.lot"]),
        Index("recall_by_lot", "sku", "lot"),
    )
    recall_no: str = Field(primary_key=True, foreign_key="recall.no")
    sku: str = Field(primary_key=True)
    lot: str = Field(primary_key=True)


class RecallUnitRow(SQLModel, table=True):
    """Units of a lot that somebody has: a place of ours, a dealer, or the buyer of a shipment."""

    __tablename__ = "recall_unit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["recall_no", "sku", "lot"],
            ["recall_lot.recall_no", "recall_lot.sku", "recall_lot.lot"],
        ),
        CheckConstraint("kind IN ('place','dealer','buyer')", name="recall_holder"),
        CheckConstraint("units >= 0", name="recalled_units_are_not_negative"),
        CheckConstraint("(kind = 'buyer') = (location_id IS NULL)", name="recalled_from_a_place"),
        Index("recall_unit_holder", "recall_no", "sku", "lot", "kind", "holder", unique=True),
        Index("recall_unit_by_order", "order_id"),
    )
    id: str = Field(primary_key=True, sa_column_kwargs={"server_default": text("(uuidv7())::text")})
    recall_no: str
    sku: str
    lot: str
    kind: str
    holder: str  # the place, or the shipment
    location_id: str | None = Field(default=None, foreign_key="location.id")
    order_id: str | None = Field(default=None, foreign_key="sales_order.id")
    units: int = Field(sa_type=BIGINT)
    told_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    told: int = Field(default=0, sa_column_kwargs=_NONE)


class RecallEndRow(SQLModel, table=True):
    """What became of units; append-only. `id` is the key of the act."""

    __tablename__ = "recall_end"
    __table_args__ = (
        CheckConstraint("units > 0", name="ended_units_are_positive"),
        CheckConstraint(
            "how IN ('quarantined','returned','destroyed','confirmed','never_sold')",
            name="recall_end_how",
        ),
    )
    id: str = Field(primary_key=True)
    unit_id: str = Field(foreign_key="recall_unit.id", index=True)
    how: str
    units: int = Field(sa_type=BIGINT)
    note: str = Field(default="", sa_column_kwargs=_NOTHING)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
