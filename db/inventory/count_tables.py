"""Counts: the paper, its lines, and every look that somebody took."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}
_NONE = {"server_default": text("'{}'")}


class StockCountRow(SQLModel, table=True):
    """What is to be counted at a place on a day."""

    __tablename__ = "stock_count"
    __table_args__ = (
        CheckConstraint("kind IN ('due','skus','all')", name="count_kind"),
        CheckConstraint(
            "state IN ('open','counted','short','posted','cancelled')", name="count_state"
        ),
        CheckConstraint(
            "tolerance_units >= 0 AND tolerance_percent BETWEEN 0 AND 100",
            name="count_tolerance",
        ),
        # Every day plans one count a place, whoever plans it.
        Index(
            "count_of_a_day",
            "location_id",
            "planned_on",
            unique=True,
            postgresql_where=text("kind = 'due'"),
        ),
        Index(
            "count_open",
            "location_id",
            postgresql_where=text("state IN ('open','counted','short')"),
        ),
    )
    no: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id")
    kind: str
    state: str = "open"
    planned_on: date
    tolerance_units: int = 0
    tolerance_percent: int = 0
    remark: str = ""
    created_by: str = "system"
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    posted_by: str = ""
    posted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # then somebody is reminded
    reminders: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class StockCountLineRow(SQLModel, table=True):
    """One lot of a SKU. `posted` units of its difference are in the books."""

    __tablename__ = "stock_count_line"
    __table_args__ = (
        CheckConstraint("state IN ('open','recount','agreed','left_out')", name="count_line_state"),
        UniqueConstraint("count_no", "sku", "lot", "condition", "owner"),
        Index("count_line_by_sku", "sku"),
    )
    count_no: str = Field(primary_key=True, foreign_key="stock_count.no")
    line_no: int = Field(primary_key=True)
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    condition: str = "good"
    owner: str = "own"
    abc: str = ""
    state: str = "open"
    posted: int = Field(default=0, sa_type=BIGINT)
    rest: int = Field(default=0, sa_type=BIGINT)  # missing units that are promised to somebody


class StockCountEntryRow(SQLModel, table=True):
    """Somebody looked: what was there, and what the books had at that moment. Where serial numbers
    were scanned (`named`), those that should have been there and were not, and the others."""

    __tablename__ = "stock_count_entry"
    __table_args__ = (
        CheckConstraint("units >= 0 AND in_hand >= 0 AND book >= 0", name="counted_units"),
        ForeignKeyConstraint(
            ["count_no", "line_no"], ["stock_count_line.count_no", "stock_count_line.line_no"]
        ),
        UniqueConstraint("count_no", "line_no", "round"),
    )
    id: str = Field(primary_key=True)
    count_no: str
    line_no: int
    round: int
    units: int = Field(sa_type=BIGINT)
    book: int = Field(sa_type=BIGINT)
    in_hand: int = Field(default=0, sa_type=BIGINT)
    adjusted: int = Field(default=0, sa_type=BIGINT)
    named: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    serials_gone: list[str] = Field(default=[], sa_type=ARRAY(Text()), sa_column_kwargs=_NONE)
    serials_found: list[str] = Field(default=[], sa_type=ARRAY(Text()), sa_column_kwargs=_NONE)
    by: str = ""
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
