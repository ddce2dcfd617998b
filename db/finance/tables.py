"""The books: facts as the database itself told them, vouchers made of them, and what goods cost."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}
_EMPTY = {"server_default": ""}
_ZERO = {"server_default": "0"}


class BookFactRow(SQLModel, table=True):
    """Something happened that the books must know: written by triggers in its own transaction."""

    __tablename__ = "book_fact"
    __table_args__ = (
        UniqueConstraint("kind", "subject", name="book_fact_told_once"),
        CheckConstraint(
            "kind IN ('captured','refunded','payment','refund','tender','stock','collected',"
            "'closed','cost','claim','goods_claim')",
            name="book_fact_kind",
        ),
        Index("book_fact_due", "id", postgresql_where=text("posted_at IS NULL")),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIGINT)
    kind: str
    subject: str  # the row it is about; unique with the kind
    order_id: str = Field(default="", sa_column_kwargs=_EMPTY)
    amount_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    posted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    due_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    error: str = Field(default="", sa_column_kwargs=_EMPTY)


class VoucherRow(SQLModel, table=True):
    """One entry into the books, of one fact and one currency; append-only. Numbers have no gaps."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("fact_id", "part", name="voucher_once_per_fact"),
        UniqueConstraint("period", "number", name="voucher_numbered_once"),
        CheckConstraint("number > 0", name="voucher_number_is_positive"),
        CheckConstraint("period ~ '^[0-9]{6}$'", name="voucher_period"),
        Index("voucher_by_order", "order_id"),
        Index("voucher_by_day", "booked_on", "no"),
    )
    no: str = Field(primary_key=True)  # 202611-000042
    period: str
    number: int
    booked_on: date = Field(sa_type=Date)
    fact_id: int = Field(sa_type=BIGINT, foreign_key="book_fact.id")
    part: str
    kind: str
    currency: str
    order_id: str = ""
    shop_id: str = ""
    document: str = ""
    posted_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class VoucherEntryRow(SQLModel, table=True):
    """One side of a voucher; append-only. A voucher whose entries differ cannot be committed."""

    __tablename__ = "voucher_entry"
    __table_args__ = (
        CheckConstraint(
            "debit_minor >= 0 AND credit_minor >= 0 AND (debit_minor = 0) <> (credit_minor = 0)",
            name="entry_has_one_side",
        ),
        Index("voucher_entry_by_account", "account", "voucher_no"),
    )
    voucher_no: str = Field(primary_key=True, foreign_key="voucher.no")
    line_no: int = Field(primary_key=True)
    account: str
    party: str = ""
    debit_minor: int = Field(default=0, sa_type=BIGINT)
    credit_minor: int = Field(default=0, sa_type=BIGINT)


class RecognisedRow(SQLModel, table=True):
    """What of an order line a fact took into sales, if only units; append-only. The line '' is the
    freight."""

    __tablename__ = "recognised"
    __table_args__ = (Index("recognised_by_order", "order_id"),)
    fact_id: int = Field(primary_key=True, sa_type=BIGINT, foreign_key="book_fact.id")
    order_line_id: str = Field(primary_key=True)
    order_id: str
    units: int = Field(default=0, sa_type=BIGINT)
    sales_minor: int = Field(default=0, sa_type=BIGINT)
    discount_minor: int = Field(default=0, sa_type=BIGINT)
    tax_minor: int = Field(default=0, sa_type=BIGINT)


class StockValueRow(SQLModel, table=True):
    """Units of a SKU that the books own and what one costs: what the vouchers add up to."""

    __tablename__ = "stock_value"
    __table_args__ = (CheckConstraint("cost_minor >= 0", name="stock_cost_is_not_negative"),)
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    units: int = Field(default=0, sa_type=BIGINT)
    cost_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = "CNY"
