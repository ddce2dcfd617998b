"""The warehouse floor: bins, cartons, waves, scans and hand-over manifests."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}


class StockBinRow(SQLModel, table=True):
    """Where a SKU lies at a location: pick lists are walked by zone, then bin."""

    __tablename__ = "stock_bin"
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    zone: str = ""
    bin: str


class FloorRuleRow(SQLModel, table=True):
    """How a location works; without a row weights are not checked."""

    __tablename__ = "floor_rule"
    __table_args__ = (
        CheckConstraint("wave_size BETWEEN 1 AND 200", name="floor_wave_size"),
        CheckConstraint(
            "tolerance_g BETWEEN 0 AND 100000 AND tolerance_percent BETWEEN 0 AND 100",
            name="floor_tolerance",
        ),
    )
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    wave_size: int = 20
    tolerance_g: int = 50
    tolerance_percent: int = 5


class CartonRow(SQLModel, table=True):
    """A kind of box of a location: inner sides, its own weight, and how much it carries."""

    __tablename__ = "carton"
    __table_args__ = (
        CheckConstraint(
            "length_mm > 0 AND width_mm > 0 AND height_mm > 0 AND tare_g >= 0 AND most_g > 0",
            name="carton_measures",
        ),
    )
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    code: str = Field(primary_key=True)
    length_mm: int
    width_mm: int
    height_mm: int
    tare_g: int = 0
    most_g: int = 30_000


class CarrierCutoffRow(SQLModel, table=True):
    """When a carrier comes to a location, on the location's clock."""

    __tablename__ = "carrier_cutoff"
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    carrier: str = Field(primary_key=True)
    at: time


class WaveRow(SQLModel, table=True):
    """Shipments that one person picks on one walk."""

    __tablename__ = "wave"
    __table_args__ = (
        CheckConstraint("state IN ('made','released','closed')", name="wave_state"),
        CheckConstraint("mode IN ('batch','single')", name="wave_mode"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="wave_closes_once"),
        Index("wave_by_location", "location_id", "state"),
    )
    no: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id")
    mode: str = "batch"
    state: str = "made"
    rule: str = ""
    picker: str = ""
    made_by: str
    made_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    released_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class WaveShipmentRow(SQLModel, table=True):
    """A shipment's place in a wave; it falls out when it cannot be picked, and goes on."""

    __tablename__ = "wave_shipment"
    __table_args__ = (
        CheckConstraint("(left_at IS NULL) = (left_why = '')", name="left_for_a_reason"),
        Index(
            "one_wave_at_a_time",
            "shipment_no",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
    )
    wave_no: str = Field(primary_key=True, foreign_key="wave.no")
    shipment_no: str = Field(primary_key=True, foreign_key="shipment.no")
    slot: int
    left_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    left_why: str = ""


class WarehouseScanRow(SQLModel, table=True):
    """One scan, kept once under the key that its scanner made; append-only.

    `verdict` is what the scanner was told; what is counted is made of all scans of a list.
    """

    __tablename__ = "warehouse_scan"
    __table_args__ = (
        CheckConstraint("station IN ('pick','pack')", name="scan_station"),
        CheckConstraint("kind IN ('item','undo','done')", name="scan_kind"),
        CheckConstraint("units > 0", name="scan_units"),
        Index("scan_by_shipment", "shipment_no", "station"),
        Index("scan_by_lot", "sku", "lot", postgresql_where=text("lot <> ''")),
        Index("scan_by_wave", "wave_no", postgresql_where=text("wave_no <> ''")),
    )
    key: str = Field(primary_key=True)
    station: str
    kind: str
    shipment_no: str | None = Field(default=None, foreign_key="shipment.no")
    wave_no: str = ""
    code: str = ""
    sku: str = ""
    units: int = Field(default=1, sa_type=BIGINT)
    undoes: str = ""
    lot: str = ""
    serial: str = Field(default="", sa_column_kwargs={"server_default": ""})
    expires_on: date | None = None
    reason: str = ""
    verdict: str
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP)
    heard_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class HandOverRow(SQLModel, table=True):
    """What one driver takes along; his name and signature are sealed for this row."""

    __tablename__ = "hand_over"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (sealed IS NULL)", name="signed_when_closed"),
        Index(
            "one_open_hand_over",
            "location_id",
            "carrier",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    no: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id")
    carrier: str
    opened_by: str
    opened_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    closed_by: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class HandedParcelRow(SQLModel, table=True):
    """A parcel that was scanned onto a manifest; on another one when it came back from the ramp."""

    __tablename__ = "handed_parcel"
    parcel_id: str = Field(primary_key=True, foreign_key="parcel.id")
    hand_over_no: str = Field(primary_key=True, foreign_key="hand_over.no", index=True)
    scan_key: str = Field(unique=True)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
