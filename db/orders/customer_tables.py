"""The customer book: people the company keeps to send to again."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import TIMESTAMP


class CustomerRow(SQLModel, table=True):
    """A customer under the company's own number; name, phone and address are sealed for the row."""

    __tablename__ = "customer"
    __table_args__ = (
        Index(
            "customer_by_phone",
            "phone_digest",
            unique=True,
            postgresql_where=text("phone_digest <> ''"),
        ),
        Index("customer_by_last_four", "phone_last4", postgresql_where=text("phone_last4 <> ''")),
    )
    code: str = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    phone_digest: str = ""
    phone_last4: str = ""
    updated_at: datetime = Field(sa_type=TIMESTAMP)
