"""What tills wrote down about sales that were carried out of a store."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP


class TillTicketRow(SQLModel, table=True):
    """The sale behind an order that needs no parcel: from which store and till."""

    __tablename__ = "till_ticket"
    __table_args__ = (Index("till_ticket_by_store", "location_id", "sold_at"),)
    order_id: str = Field(primary_key=True, foreign_key="sales_order.id")
    location_id: str = Field(foreign_key="location.id")
    till: str
    number: str
    sold_at: datetime = Field(sa_type=TIMESTAMP)


class TillPaymentRow(SQLModel, table=True):
    """What a ticket was paid with; the sum of it is what the order captured."""

    __tablename__ = "till_payment"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="till_payment_is_positive"),)
    order_id: str = Field(primary_key=True, foreign_key="sales_order.id")
    line_no: int = Field(primary_key=True)
    kind: str
    amount_minor: int = Field(sa_type=BIGINT)
    reference: str = ""
