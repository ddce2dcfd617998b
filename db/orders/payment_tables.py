"""Merchant accounts, payments that came in and refunds that go back."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class PaymentAccountRow(SQLModel, table=True):
    """Our account at a payment provider, through which one shop is paid."""

    __tablename__ = "payment_account"
    id: str = Field(primary_key=True)
    provider: str  # wechatpay | alipay | stripe
    shop_id: str = Field(foreign_key="shop.id", index=True)
    name: str
    base_url: str
    secrets: bytes = Field(default=b"", sa_type=LargeBinary)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True
    last_push_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class PaymentRow(SQLModel, table=True):
    """Money a buyer paid, as its provider told us. What went back and what is on its way back are
    never more than what came in."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("provider", "transaction_id"),
        CheckConstraint("amount_minor > 0", name="payment_is_positive"),
        CheckConstraint(
            "refunded_minor >= 0 AND refunding_minor >= 0"
            " AND refunded_minor + refunding_minor <= amount_minor",
            name="refunds_within_payment",
        ),
        CheckConstraint("purpose IN ('order','surplus','other_currency')", name="payment_purpose"),
        Index("payment_by_order", "shop_id", "external_no"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="payment_account.id")
    provider: str
    transaction_id: str
    merchant_ref: str
    shop_id: str = Field(foreign_key="shop.id")
    external_no: str  # the shop's number of the order, which may not be known here yet
    amount_minor: int = Field(sa_type=BIGINT)
    currency: str
    captured_at: datetime = Field(sa_type=TIMESTAMP)
    purpose: str = "order"
    refunded_minor: int = Field(default=0, sa_type=BIGINT)
    refunding_minor: int = Field(default=0, sa_type=BIGINT)
    heard_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class RefundRow(SQLModel, table=True):
    """Money on its way back. `refund_no` is the provider's idempotency key, fixed with the row."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="refund_is_positive"),
        CheckConstraint("kind IN ('order','surplus','return')", name="refund_kind"),
        CheckConstraint(
            "state IN ('intended','processing','succeeded','abnormal','closed','by_hand',"
            "'skipped')",
            name="refund_state",
        ),
        Index("refund_by_payment", "payment_id"),
        Index("refund_by_order", "order_id"),
        Index("refund_by_return", "return_no", postgresql_where=text("return_no IS NOT NULL")),
        CheckConstraint("(kind = 'return') = (return_no IS NOT NULL)", name="refund_of_a_return"),
        # A round of a return takes from each payment once, whatever is tried again.
        Index(
            "refund_once_per_round",
            "return_no",
            "return_round",
            "payment_id",
            unique=True,
            postgresql_where=text("follows IS NULL"),
        ),
        Index("refund_open", "looked_at", postgresql_where=text("settled_at IS NULL")),
    )
    refund_no: str = Field(primary_key=True)
    payment_id: str = Field(foreign_key="payment.id")
    order_id: str | None = Field(default=None, foreign_key="sales_order.id")
    kind: str = "order"  # what the order owes, what a return pays, or a payment nobody owed
    return_no: str | None = Field(default=None, foreign_key="sales_return.return_no")
    return_round: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    amount_minor: int = Field(sa_type=BIGINT)
    currency: str
    reason: str = ""
    state: str = "intended"
    vendor_refund_id: str = ""
    vendor_status: str = ""
    follows: str | None = Field(default=None, unique=True)  # the closed refund it stands for
    note: str = ""  # why a person settled it
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    looked_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
