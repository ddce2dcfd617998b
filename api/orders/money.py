"""An order's money as programs read it: decimal strings with their currency."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.engine import Row

from domain.shared.money import Money


class MoneyView(BaseModel):
    amount: str
    currency: str

    @classmethod
    def of(cls, minor: int, currency: str) -> "MoneyView":
        return cls(amount=str(Money(minor, currency).major), currency=currency)


class PaymentView(BaseModel):
    """purpose: order | surplus (it goes back by itself) | other_currency (a person has to look)."""

    provider: str
    transaction_id: str
    amount: MoneyView
    refunded: MoneyView
    refunding: MoneyView
    purpose: str
    captured_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "PaymentView":
        return cls(
            provider=row.provider, transaction_id=row.transaction_id,
            amount=MoneyView.of(row.amount_minor, row.currency),
            refunded=MoneyView.of(row.refunded_minor, row.currency),
            refunding=MoneyView.of(row.refunding_minor, row.currency),
            purpose=row.purpose, captured_at=row.captured_at,
        )  # fmt: skip


class RefundView(BaseModel):
    """state: intended | processing | succeeded | abnormal | closed | by_hand | skipped."""

    refund_no: str
    provider: str
    vendor_refund_id: str
    vendor_status: str
    amount: MoneyView
    state: str
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "RefundView":
        return cls(
            refund_no=row.refund_no, provider=row.provider,
            vendor_refund_id=row.vendor_refund_id, vendor_status=row.vendor_status,
            amount=MoneyView.of(row.amount_minor, row.currency), state=row.state,
            created_at=row.created_at, settled_at=row.settled_at,
        )  # fmt: skip
