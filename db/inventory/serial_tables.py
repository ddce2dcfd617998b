"""Units with serial numbers, and what happened to each."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import TIMESTAMP

_NOW = {"server_default": text("now()")}
_EMPTY = {"server_default": ""}


class SerialRow(SQLModel, table=True):
    """A unit of a SKU that asks for serial numbers; where it is now, and what it came and went
    with."""

    __tablename__ = "serial"
    __table_args__ = (
        CheckConstraint("serial <> ''", name="serial_has_a_number"),
        CheckConstraint(
            "state IN ('in_stock','packed','shipped','built_in','gone')", name="serial_state"
        ),
        CheckConstraint(
            "(state IN ('in_stock','packed')) = (location_id IS NOT NULL)",
            name="serial_in_stock_lies_somewhere",
        ),
        CheckConstraint(
            "state NOT IN ('packed','shipped') OR shipment_no IS NOT NULL",
            name="serial_goes_with_a_shipment",
        ),
        Index("serial_by_number", "serial"),
        Index("serial_at_place", "location_id", "sku", postgresql_where=text("state = 'in_stock'")),
        Index("serial_of_lot", "sku", "lot"),
        Index("serial_sought", "sku", "location_id", postgresql_where=text("sought_by <> ''")),
        Index(
            "serial_of_shipment", "shipment_no", postgresql_where=text("shipment_no IS NOT NULL")
        ),
        Index("serial_of_receipt", "receipt_no", postgresql_where=text("receipt_no IS NOT NULL")),
    )
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    serial: str = Field(primary_key=True)
    lot: str = Field(default="", sa_column_kwargs=_EMPTY)
    state: str = Field(default="in_stock", sa_column_kwargs={"server_default": "in_stock"})
    condition: str = Field(default="good", sa_column_kwargs={"server_default": "good"})
    location_id: str | None = Field(default=None, foreign_key="location.id")
    receipt_no: str | None = Field(default=None, foreign_key="goods_receipt.no")
    shipment_no: str | None = Field(default=None, foreign_key="shipment.no")
    order_id: str | None = Field(default=None, foreign_key="sales_order.id")
    # The paper of a unit that was not found: it may be this one.
    sought_by: str = Field(default="", sa_column_kwargs=_EMPTY)
    known_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class SerialEventRow(SQLModel, table=True):
    """What happened to a unit; append-only. `act` names the press of a button."""

    __tablename__ = "serial_event"
    __table_args__ = (
        CheckConstraint(
            "what IN ('received','moved','noted','packed','put_back','shipped','returned',"
            "'undone','corrected','written_off','found','made','built_in','taken_out',"
            "'taken_apart','sought','seen')",
            name="serial_event_what",
        ),
        Index("serial_event_by_serial", "serial", "sku", "at"),
        Index("serial_event_by_act", "act", postgresql_where=text("act <> ''")),
        Index(
            "serial_event_by_document",
            "document_no",
            postgresql_where=text("document_no <> ''"),
        ),
    )
    id: str = Field(primary_key=True, sa_column_kwargs={"server_default": text("(uuidv7())::text")})
    sku: str
    serial: str
    what: str
    document_no: str = Field(default="", sa_column_kwargs=_EMPTY)
    location_id: str | None = Field(default=None, foreign_key="location.id")
    order_id: str | None = Field(default=None, foreign_key="sales_order.id")
    act: str = Field(default="", sa_column_kwargs=_EMPTY)
    reason: str = Field(default="", sa_column_kwargs=_EMPTY)
    actor: str
    at: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
