"""Words people put on orders, lists they come back to, and what they do with many at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_EMPTY = {"server_default": ""}


class OrderNoteRow(SQLModel, table=True):
    """What somebody wrote about an order; it may name people. Of one taken back nothing is left
    but who wrote it and when."""

    __tablename__ = "order_note"
    __table_args__ = (
        CheckConstraint("(removed_at IS NULL) = (sealed <> '')", name="note_taken_back_is_empty"),
        Index("note_by_order", "order_id", "at"),
    )
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    sealed: bytes = Field(sa_type=LargeBinary)
    author: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    removed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    removed_by: str = Field(default="", sa_column_kwargs=_EMPTY)


class TagRow(SQLModel, table=True):
    """A word that orders are marked with, with its colour. It never names a person."""

    __tablename__ = "tag"
    __table_args__ = (
        CheckConstraint(
            "colour IN ('grey','blue','green','yellow','red','purple')", name="tag_colour"
        ),
    )
    name: str = Field(primary_key=True)
    colour: str = Field(default="grey", sa_column_kwargs={"server_default": "grey"})
    made_by: str = Field(default="", sa_column_kwargs=_EMPTY)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class OrderTagRow(SQLModel, table=True):
    """A tag on an order."""

    __tablename__ = "order_tag"
    __table_args__ = (Index("order_tag_by_tag", "tag", "order_id"),)
    order_id: str = Field(primary_key=True, foreign_key="sales_order.id")
    tag: str = Field(primary_key=True, foreign_key="tag.name")
    by: str = Field(default="", sa_column_kwargs=_EMPTY)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class SavedFilterRow(SQLModel, table=True):
    """A list of orders that somebody comes back to: the query of its address."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        Index("saved_filter_named_once", "owner", "name", unique=True),
        Index("saved_filter_shared", "name", postgresql_where=text("shared")),
    )
    id: str = Field(primary_key=True)
    owner: str
    name: str
    query: str
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class BulkJobRow(SQLModel, table=True):
    """One decision for many orders, carried out by a workflow of its own."""

    __tablename__ = "bulk_job"
    __table_args__ = (
        CheckConstraint("action IN ('hold','release','tag','untag')", name="bulk_action"),
        CheckConstraint("(ended_at IS NULL) = (state = 'running')", name="bulk_ends_once"),
        CheckConstraint("state IN ('running','done','stopped')", name="bulk_state"),
        Index("bulk_job_by_age", text("at DESC"), text("id DESC")),
    )
    id: str = Field(primary_key=True)
    action: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # hold, tag
    reason: str = Field(default="", sa_column_kwargs=_EMPTY)
    actor: str
    total: int = Field(default=0, sa_type=BIGINT)
    state: str = Field(default="running", sa_column_kwargs={"server_default": "running"})
    stop_asked_by: str = Field(default="", sa_column_kwargs=_EMPTY)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class BulkItemRow(SQLModel, table=True):
    """What became of one order of a bulk job."""

    __tablename__ = "bulk_item"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','done','refused','left_out')", name="bulk_item_state"),
        Index("bulk_item_waits", "job_id", "place", postgresql_where=text("state = 'waiting'")),
        Index("bulk_item_by_state", "job_id", "state", "place"),
    )
    job_id: str = Field(primary_key=True, foreign_key="bulk_job.id")
    place: int = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    state: str = Field(default="waiting", sa_column_kwargs={"server_default": "waiting"})
    code: str = Field(default="", sa_column_kwargs=_EMPTY)  # why it was refused
    told: str = Field(default="", sa_column_kwargs=_EMPTY)
    at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
