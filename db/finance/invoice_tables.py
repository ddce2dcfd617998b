"""Our accounts at issuers of invoices, the tax of what we sell, and invoices of orders."""

from datetime import datetime
from typing import Any

from sqlalchemy import BIGINT, CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_EMPTY = {"server_default": ""}


class InvoiceAccountRow(SQLModel, table=True):
    """A company that issues invoices under its tax number: for one shop, or for all others."""

    __tablename__ = "invoice_account"
    __table_args__ = (
        Index("invoice_account_of_shop", "shop_id", unique=True, postgresql_where=text("active")),
    )
    id: str = Field(primary_key=True)
    vendor: str  # nuonuo
    name: str
    base_url: str
    shop_id: str | None = Field(default=None, foreign_key="shop.id")
    secrets: bytes = Field(default=b"", sa_type=LargeBinary)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True
    tried_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # the connection, by hand
    tried_error: str = Field(default="", sa_column_kwargs=_EMPTY)


class TaxCategoryRow(SQLModel, table=True):
    """How a kind of goods is taxed. `freight` is postage, `other` a charge without goods."""

    __tablename__ = "tax_category"
    __table_args__ = (
        CheckConstraint("goods_code ~ '^[0-9]{19}$'", name="goods_code_has_19_digits"),
        CheckConstraint("rate_bp BETWEEN 0 AND 1700", name="tax_rate_is_legal"),
    )
    code: str = Field(primary_key=True)
    name: str  # what a line of an invoice is called, for postage and charges
    goods_code: str
    rate_bp: int


class SkuTaxRow(SQLModel, table=True):
    """Which tax category goods are in."""

    __tablename__ = "sku_tax"
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    category: str = Field(foreign_key="tax_category.code")


class InvoiceRow(SQLModel, table=True):
    """An invoice of an order. A red one takes back of the blue one `blue_no`; `red_minor` of a
    blue one is what all of its red ones take, and never more than there is."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("kind IN ('blue','red')", name="invoice_kind"),
        CheckConstraint("(kind = 'red') = (blue_no IS NOT NULL)", name="red_invoice_has_a_blue"),
        CheckConstraint(
            "state IN ('waiting','wanted','processing','issued','failed','by_hand','cancelled')",
            name="invoice_state",
        ),
        CheckConstraint(
            "(state IN ('issued','by_hand','cancelled')) = (settled_at IS NOT NULL)",
            name="invoice_ends_once",
        ),
        CheckConstraint("red_minor BETWEEN 0 AND total_minor", name="red_within_blue"),
        CheckConstraint("tax_minor BETWEEN 0 AND total_minor", name="tax_within_total"),
        Index(
            "invoice_of_order",
            "order_id",
            unique=True,
            postgresql_where=text(
                "kind = 'blue' AND state <> 'cancelled'"
                " AND (total_minor = 0 OR red_minor < total_minor)"
            ),
        ),
        Index("invoice_by_order", "order_id"),
        Index("invoice_by_number", "number", postgresql_where=text("number <> ''")),
        Index("invoice_waits", "no", postgresql_where=text("state = 'waiting'")),
        Index("invoice_looked_at", "no", postgresql_where=text("look_again")),
        Index("invoice_of_blue", "blue_no", postgresql_where=text("kind = 'red'")),
    )
    no: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    account_id: str | None = Field(default=None, foreign_key="invoice_account.id")
    kind: str = "blue"
    blue_no: str | None = Field(default=None, foreign_key="invoice.no")
    state: str = "waiting"
    attempt: int = 1
    sealed: bytes = Field(default=b"", sa_type=LargeBinary)  # whom it is for; of the blue one alone
    currency: str
    total_minor: int = Field(default=0, sa_type=BIGINT)
    tax_minor: int = Field(default=0, sa_type=BIGINT)
    red_minor: int = Field(default=0, sa_type=BIGINT)
    lines: list[Any] = Field(default_factory=list, sa_type=JSON)
    reason: str = Field(default="", sa_column_kwargs=_EMPTY)  # returned | rebate | mistake
    look_again: bool = False  # money went back since it was looked at
    vendor_ref: str = Field(default="", sa_column_kwargs=_EMPTY)
    number: str = Field(default="", sa_column_kwargs=_EMPTY)  # the tax bureau's
    url: str = Field(default="", sa_column_kwargs=_EMPTY)
    cause: str = Field(default="", sa_column_kwargs=_EMPTY)
    asked_by: str = "system"
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
