"""Carriers, their tariffs and zones."""

from datetime import date
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON


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
