"""What the audit found, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class AuditCheckRow(SQLModel, table=True):
    """When a check was made last, and how many rows broke it."""

    __tablename__ = "audit_check"
    name: str = Field(primary_key=True)
    made_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    found: int = Field(default=0, sa_type=BIGINT)
    took_ms: int = Field(default=0, sa_type=BIGINT)


class AuditRunRow(SQLModel, table=True):
    """All checks, one after the other: at night, or because somebody asked. One at a time."""

    __tablename__ = "audit_run"
    __table_args__ = (
        CheckConstraint("ending IN ('','done','given_up')", name="audit_run_ending"),
        CheckConstraint("(ended_at IS NULL) = (ending = '')", name="over_audits_ended"),
        Index("audit_run_newest", "asked_at", "id"),
        Index(
            "one_audit_at_a_time",
            "ending",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    wanted_by: str
    asked_at: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    began_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    checks: int = 0
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ending: str = ""
    differing: int = 0  # checks with open findings at its end


class AuditFindingRow(SQLModel, table=True):
    """A row that breaks a check, from when it was seen first until it is gone."""

    __tablename__ = "audit_finding"
    __table_args__ = (
        CheckConstraint("seen > 0", name="finding_was_seen"),
        CheckConstraint("ending IN ('','by_itself','repaired')", name="finding_ending"),
        CheckConstraint("(gone_at IS NULL) = (ending = '')", name="gone_findings_ended"),
        Index(
            "one_open_finding",
            "check_name",
            "named",
            unique=True,
            postgresql_where=text("gone_at IS NULL"),
        ),
        Index("audit_finding_by_time", "last_seen", "id"),
    )
    id: str = Field(primary_key=True)
    check_name: str
    named: str
    facts: dict[str, Any] = Field(sa_type=JSON)  # expected and found
    seen: int = 1
    first_seen: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    last_seen: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    gone_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ending: str = ""
    repaired_by: str = ""
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    refused: str = ""  # why a repair was not made
