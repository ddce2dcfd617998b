"""Carriers, their tariffs and zones."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class CarrierAccountRow(SQLModel, table=True):
    """Our contract with a carrier and how to reach it."""

    __tablename__ = "carrier_account"
    code: str = Field(primary_key=True)  # sf | zto
    name: str
    base_url: str
    secrets: bytes = Field(default=b"", sa_type=LargeBinary)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    push_secret: str = ""  # the unguessable part of the push address of carriers that do not sign
    active: bool = True
    priority: int = 0


class TariffRow(SQLModel, table=True):
    """A price line of a carrier's contract: first weight, then steps. Minor units, grams."""

    __tablename__ = "tariff"
    __table_args__ = (Index("tariff_by_zone", "carrier", "origin_zone", "destination_zone"),)
    id: str = Field(primary_key=True)
    carrier: str = Field(foreign_key="carrier_account.code")
    product: str
    origin_zone: str = "*"
    destination_zone: str = "*"
    first_g: int = Field(sa_type=BIGINT)
    first_minor: int = Field(sa_type=BIGINT)
    step_g: int = Field(sa_type=BIGINT)
    step_minor: int = Field(sa_type=BIGINT)
    volumetric_divisor: int = 0
    surcharge_minor: int = Field(default=0, sa_type=BIGINT)
    minimum_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = "CNY"
    valid_from: date
    valid_to: date | None = None


class TariffZoneRow(SQLModel, table=True):
    """Which zone of a carrier a province belongs to."""

    __tablename__ = "tariff_zone"
    carrier: str = Field(primary_key=True, foreign_key="carrier_account.code")
    province_code: str = Field(primary_key=True)
    zone: str


class InterceptRow(SQLModel, table=True):
    """A parcel that its carrier is asked to bring back on the way: once a parcel."""

    __tablename__ = "intercept"
    __table_args__ = (
        CheckConstraint(
            "state IN ('wanted','asked','came_back','too_late','lost','given_up')",
            name="intercept_state",
        ),
        CheckConstraint(
            "(settled_at IS NULL) = (state IN ('wanted','asked'))", name="intercept_ends_once"
        ),
        Index("intercept_by_order", "order_id"),
        Index("intercept_by_shipment", "shipment_no"),
    )
    parcel_id: str = Field(primary_key=True, foreign_key="parcel.id")
    shipment_no: str = Field(foreign_key="shipment.no")
    order_id: str = Field(foreign_key="sales_order.id")
    carrier: str
    waybill_no: str
    state: str = "wanted"
    carrier_ref: str = ""
    reason: str
    asked_by: str
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
