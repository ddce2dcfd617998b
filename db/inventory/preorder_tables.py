"""Which products are sold before they are there."""

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP


class PreorderRuleRow(SQLModel, table=True):
    """Whether a SKU is sold ahead of stock, in one shop, or ('') in all that have no rule."""

    __tablename__ = "preorder_rule"
    __table_args__ = (
        CheckConstraint("mode IN ('off','inbound','fixed')", name="preorder_mode"),
        CheckConstraint(
            "units BETWEEN 0 AND 1000000 AND (mode = 'fixed') = (units > 0)", name="preorder_units"
        ),
    )
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    shop_id: str = Field(primary_key=True)
    mode: str
    units: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs={"server_default": "0"})
    changed_by: str
    changed_at: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
