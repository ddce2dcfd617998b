"""Receiving: what was announced, what was counted at the ramp, and what is wrong with it."""

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}
_NONE = {"server_default": text("'{}'")}
_SOURCES = "source_kind IN ('purchase','transfer','none')"


class ShipNoticeRow(SQLModel, table=True):
    """An advance ship notice: what is on its way to a location, said once by its sender."""

    __tablename__ = "ship_notice"
    __table_args__ = (
        CheckConstraint(_SOURCES, name="ship_notice_source"),
        CheckConstraint("(source_kind = 'none') = (source_no = '')", name="ship_notice_names_it"),
        CheckConstraint("state IN ('expected','arrived','cancelled')", name="ship_notice_state"),
        UniqueConstraint("sender", "external_no", name="ship_notice_said_once"),
        Index("ship_notice_expected", "location_id", "expected_on",
              postgresql_where=text("state = 'expected'")),
        Index("ship_notice_by_source", "source_kind", "source_no"),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    sender: str  # a supplier's code, or the location that sent a transfer
    external_no: str
    sha256: str  # of what was said: the same number with other goods is refused
    location_id: str = Field(foreign_key="location.id")
    source_kind: str
    source_no: str = ""
    expected_on: date
    carrier: str = ""
    waybill_no: str = ""
    state: str = "expected"
    created_by: str
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ShipNoticeLineRow(SQLModel, table=True):
    """Units of one lot in one carton."""

    __tablename__ = "ship_notice_line"
    __table_args__ = (CheckConstraint("units > 0", name="announced_units_are_positive"),)
    notice_no: str = Field(primary_key=True, foreign_key="ship_notice.no")
    line_no: int = Field(primary_key=True)
    carton: str = ""
    sku: str = Field(foreign_key="sku.code")
    units: int = Field(sa_type=BIGINT)
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    serials: list[str] = Field(default=[], sa_type=ARRAY(Text()), sa_column_kwargs=_NONE)


class GoodsReceiptRow(SQLModel, table=True):
    """Goods at the ramp of a location, counted once and posted once; a wrong one is taken back."""

    __tablename__ = "goods_receipt"
    __table_args__ = (
        CheckConstraint(_SOURCES, name="goods_receipt_source"),
        CheckConstraint("(source_kind = 'none') = (source_no = '')", name="goods_receipt_names_it"),
        CheckConstraint(
            "state IN ('open','counted','posted','corrected','cancelled')",
            name="goods_receipt_state",
        ),
        CheckConstraint(
            "(state IN ('posted','corrected')) = (posted_at IS NOT NULL)",
            name="goods_receipt_posted_at",
        ),
        CheckConstraint(
            "(state = 'corrected') = (corrected_at IS NOT NULL)", name="goods_receipt_corrected_at"
        ),
        CheckConstraint("state <> 'corrected' OR why <> ''", name="goods_receipt_corrected_why"),
        Index("goods_receipt_open", "location_id", "opened_at",
              postgresql_where=text("state IN ('open','counted')")),
        Index("goods_receipt_by_source", "source_kind", "source_no"),
        Index("goods_receipt_posted", "location_id", "posted_at"),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id")
    source_kind: str
    source_no: str = ""
    notice_no: str | None = Field(default=None, foreign_key="ship_notice.no")
    sender: str = ""
    state: str = "open"
    remark: str = ""
    why: str = ""  # it was cancelled or corrected
    opened_by: str
    opened_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    counted_by: str = ""
    counted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    posted_by: str = ""
    posted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    corrected_by: str = ""
    corrected_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ReceiptScanRow(SQLModel, table=True):
    """Units scanned or typed at the ramp, kept once under the key of the device; append-only."""

    __tablename__ = "receipt_scan"
    __table_args__ = (
        CheckConstraint("kind IN ('item','undo')", name="receipt_scan_kind"),
        CheckConstraint("units > 0", name="receipt_scan_units"),
        CheckConstraint(
            "verdict IN ('accepted','quarantine','rejected')", name="receipt_scan_verdict"
        ),
        Index("receipt_scan_by_receipt", "receipt_no", "heard_at"),
    )
    key: str = Field(primary_key=True)
    receipt_no: str = Field(foreign_key="goods_receipt.no")
    kind: str
    code: str = ""
    sku: str = ""
    units: int = Field(default=1, sa_type=BIGINT)
    verdict: str = "accepted"
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    serial: str = ""
    bin: str = ""
    undoes: str = ""
    answer: str
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP)
    heard_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class GoodsReceiptLineRow(SQLModel, table=True):
    """What went into the ledger: units alike in lot, verdict and place. `line_no` is that of its
    move."""

    __tablename__ = "goods_receipt_line"
    __table_args__ = (
        CheckConstraint("units > 0", name="receipt_line_units"),
        CheckConstraint(
            "verdict IN ('accepted','quarantine','rejected')", name="receipt_line_verdict"
        ),
        CheckConstraint("(verdict = 'accepted') = (trouble = '')", name="receipt_line_trouble"),
        CheckConstraint("cost_minor >= 0", name="receipt_line_cost"),
        Index("goods_receipt_line_by_sku", "sku", "lot"),
    )
    receipt_no: str = Field(primary_key=True, foreign_key="goods_receipt.no")
    line_no: int = Field(primary_key=True)
    source_line_no: int = 0  # of the order or transfer; 0 = it belongs to none
    sku: str = Field(foreign_key="sku.code")
    units: int = Field(sa_type=BIGINT)
    verdict: str
    trouble: str = ""
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    bin: str = ""  # where it was put away
    cost_minor: int | None = Field(default=None, sa_type=BIGINT)  # a unit; none = nobody said it
    currency: str = "CNY"


class ReceiptCaseRow(SQLModel, table=True):
    """Goods that came otherwise than agreed, or did not come, until somebody has decided."""

    __tablename__ = "receipt_case"
    __table_args__ = (
        CheckConstraint("units > 0", name="receipt_case_units"),
        CheckConstraint(
            "state IN ('open','accepted','returned','credited','replaced','destroyed','withdrawn')",
            name="receipt_case_state",
        ),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="receipt_case_decided"),
        CheckConstraint("state = 'open' OR reason <> ''", name="receipt_case_ends_for_a_reason"),
        Index("receipt_case_by_receipt", "receipt_no"),
        Index("receipt_case_open", "location_id", "opened_at",
              postgresql_where=text("state = 'open'")),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    receipt_no: str = Field(foreign_key="goods_receipt.no")
    line_no: int = 0  # of the receipt; 0 = units that did not come
    location_id: str = Field(foreign_key="location.id")
    trouble: str
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    units: int = Field(sa_type=BIGINT)
    value_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = "CNY"
    source_line_no: int = 0
    state: str = "open"
    reference: str = ""  # a credit note, a return number
    reason: str = ""
    opened_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # then somebody is reminded
    reminders: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
