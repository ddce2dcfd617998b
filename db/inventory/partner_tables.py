"""Whom goods are bought from."""

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Field, SQLModel

from db.types import BIGINT


class SupplierRow(SQLModel, table=True):
    """Somebody we buy from; who to talk to there is sealed."""

    __tablename__ = "supplier"
    __table_args__ = (
        CheckConstraint("lead_time_days BETWEEN 0 AND 730", name="supplier_lead_time"),
    )
    code: str = Field(primary_key=True)
    name: str
    contact: bytes = Field(default=b"", sa_type=LargeBinary)
    lead_time_days: int = 0
    currency: str = "CNY"
    active: bool = True


class DealerRow(SQLModel, table=True):
    """A dealer 经销商: where its stock lies, and how much it may owe us."""

    __tablename__ = "dealer"
    __table_args__ = (CheckConstraint("credit_limit_minor >= 0", name="dealer_credit_limit"),)
    code: str = Field(primary_key=True)
    name: str
    location_id: str | None = Field(default=None, foreign_key="location.id")
    credit_limit_minor: int = Field(default=0, sa_type=BIGINT)
    contact: bytes = Field(default=b"", sa_type=LargeBinary)
    currency: str = "CNY"
    active: bool = True
