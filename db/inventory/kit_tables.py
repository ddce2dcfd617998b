"""Kits, what they are made of, and their assembly."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}


class KitRow(SQLModel, table=True):
    """A SKU that is made of others."""

    __tablename__ = "kit"
    __table_args__ = (CheckConstraint("kind IN ('virtual','assembled')", name="kit_kind"),)
    code: str = Field(primary_key=True, foreign_key="sku.code")
    kind: str
    changed_by: str = ""
    changed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class KitComponentRow(SQLModel, table=True):
    """Units of a SKU in one kit."""

    __tablename__ = "kit_component"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="kit_holds_units"),
        CheckConstraint("kit <> sku", name="kit_is_not_made_of_itself"),
        Index("kit_component_by_sku", "sku"),
    )
    kit: str = Field(primary_key=True, foreign_key="kit.code")
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    quantity: int = Field(sa_type=BIGINT)


class KitOrderRow(SQLModel, table=True):
    """Kits that were put together, or taken apart, at a place."""

    __tablename__ = "kit_order"
    __table_args__ = (
        CheckConstraint("kind IN ('assemble','disassemble')", name="kit_order_kind"),
        CheckConstraint("quantity > 0", name="kit_order_quantity"),
        Index("kit_order_by_kit", "kit", "at"),
    )
    no: str = Field(primary_key=True)
    kit: str = Field(foreign_key="kit.code")
    location_id: str = Field(foreign_key="location.id")
    kind: str
    quantity: int = Field(sa_type=BIGINT)
    actor: str = "system"
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
