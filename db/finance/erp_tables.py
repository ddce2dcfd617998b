"""Our accounts at ERPs, what they call our accounts, and vouchers on their way to them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_EMPTY = {"server_default": ""}


class ErpAccountRow(SQLModel, table=True):
    """One account book at an ERP. Vouchers of `exports_from` and later go there by themselves;
    without a day only those that somebody asks for."""

    __tablename__ = "erp_account"
    id: str = Field(primary_key=True)
    vendor: str  # kingdee | yonyou
    name: str
    base_url: str
    secrets: bytes = Field(default=b"", sa_type=LargeBinary)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True
    exports_from: date | None = Field(default=None, sa_type=Date)
    tried_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # the connection, by hand
    tried_error: str = Field(default="", sa_column_kwargs=_EMPTY)


class ErpCodeRow(SQLModel, table=True):
    """What an ERP calls one of our accounts; the party '' stands for whoever has no code."""

    __tablename__ = "erp_code"
    __table_args__ = (CheckConstraint("code <> ''", name="erp_code_is_said"),)
    erp_id: str = Field(primary_key=True, foreign_key="erp_account.id")
    account: str = Field(primary_key=True)
    party: str = Field(default="", primary_key=True)
    code: str


class VoucherExportRow(SQLModel, table=True):
    """A voucher on its way into an ERP, once. `key` is what it is found by there, fixed with the
    row; `booked_on` is another day than the voucher's where that month is closed there."""

    __tablename__ = "voucher_export"
    __table_args__ = (
        UniqueConstraint("erp_id", "voucher_no", name="voucher_exported_once"),
        UniqueConstraint("key", name="voucher_export_key"),
        CheckConstraint(
            "state IN ('wanted','confirmed','by_hand','skipped')", name="voucher_export_state"
        ),
        CheckConstraint(
            "(state = 'wanted') = (settled_at IS NULL)", name="voucher_export_ends_once"
        ),
        Index(
            "voucher_export_due", "erp_id", "voucher_no", postgresql_where=text("state = 'wanted'")
        ),
        Index("voucher_export_by_voucher", "voucher_no"),
    )
    export_no: str = Field(primary_key=True)  # kingdee-1/202611-000042
    erp_id: str = Field(foreign_key="erp_account.id")
    voucher_no: str = Field(foreign_key="voucher.no")
    key: str
    state: str = "wanted"
    booked_on: date | None = Field(default=None, sa_type=Date)
    number: str = Field(default="", sa_column_kwargs=_EMPTY)  # the ERP's
    vendor_id: str = Field(default="", sa_column_kwargs=_EMPTY)
    wanted_by: str = "system"
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
