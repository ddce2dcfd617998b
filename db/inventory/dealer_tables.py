"""What dealers report: how often they do, each report, its lines, and what was doubted."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class DealerRuleRow(SQLModel, table=True):
    """How a dealer's place reports; it exists for places that do. `capacity`: units it holds."""

    __tablename__ = "dealer_rule"
    __table_args__ = (
        CheckConstraint("every_days BETWEEN 1 AND 366", name="dealer_reports_every"),
        CheckConstraint("late_days BETWEEN 0 AND 366", name="dealer_report_is_late"),
        CheckConstraint("tolerance_percent BETWEEN 0 AND 100", name="dealer_tolerance_percent"),
        CheckConstraint("tolerance_units BETWEEN 0 AND 1000000", name="dealer_tolerance_units"),
        CheckConstraint("capacity > 0", name="dealer_capacity"),
    )
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    every_days: int = 7
    late_days: int = 3
    tolerance_percent: int = 2
    tolerance_units: int = 2
    capacity: int | None = Field(default=None, sa_type=BIGINT)
    since: date  # from when on reports are asked for
    reminded_on: date | None = None
    reminders: int = 0  # since the last report


class DealerReportRow(SQLModel, table=True):
    """A report; its lines never change. Of a day the newest accepted one counts. `after_day` is the
    day of the report it was made after: what was sold, was sold since."""

    __tablename__ = "dealer_report"
    __table_args__ = (
        CheckConstraint("source IN ('page','api','file','desk')", name="dealer_report_source"),
        CheckConstraint(
            "state IN ('waiting','accepted','sent_back','replaced')", name="dealer_report_state"
        ),
        Index("dealer_report_by_place", "location_id", "day"),
        Index("dealer_report_waiting", "state", postgresql_where=text("state = 'waiting'")),
        Index("dealer_report_accepted", "location_id", "day", unique=True,
              postgresql_where=text("state = 'accepted'")),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    key: str = Field(unique=True)  # the same request again is the same report
    location_id: str = Field(foreign_key="location.id")
    day: date
    after_day: date | None = None
    source: str
    given_by: str
    given_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    remark: str = ""
    corrects: str | None = Field(default=None, foreign_key="dealer_report.no")
    state: str = "waiting"
    doubted: bool = False  # accepted, and does not fit any more
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reason: str = ""


class DealerReportLineRow(SQLModel, table=True):
    """What a report says of a SKU, and of a lot. The SKU may be one that nobody knows."""

    __tablename__ = "dealer_report_line"
    report_no: str = Field(primary_key=True, foreign_key="dealer_report.no")
    sku: str = Field(primary_key=True)
    lot: str = Field(default="", primary_key=True)
    stock: int = Field(sa_type=BIGINT)
    sold: int = Field(sa_type=BIGINT)


class DealerVerdictRow(SQLModel, table=True):
    """One doubt of one look at a report; the newest round is what is thought of it now."""

    __tablename__ = "dealer_verdict"
    __table_args__ = (ForeignKeyConstraint(["report_no"], ["dealer_report.no"]),)
    report_no: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    doubt: str  # '' = none: it is believed
    sku: str = ""
    numbers: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
