"""Units that are kept for somebody until a time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import TIMESTAMP

_NOW = {"server_default": text("now()")}


class EarmarkRow(SQLModel, table=True):
    """For whom units are kept. The units and their end are the leases of the same id."""

    __tablename__ = "earmark"
    __table_args__ = (
        CheckConstraint("kept_for IN ('cart','quote','order')", name="earmark_for"),
        CheckConstraint("(shop_id = '') = (order_no = '')", name="earmark_names_its_order"),
        Index("earmark_by_order", "shop_id", "order_no", postgresql_where=text("order_no <> ''")),
        Index("earmark_by_time", "created_at", "id"),
    )
    id: str = Field(primary_key=True)
    kept_for: str
    reference: str = ""  # the cart's or quote's own number
    shop_id: str = ""  # the order that was announced for it
    order_no: str = ""
    order_id: str = ""  # the order that has its units
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    created_by: str
