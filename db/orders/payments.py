"""Payments as providers tell them, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.orders.refunds import MONEY_STORY, write_refund
from db.orders.statements import RELEASE_HOLDS
from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import StateChanged
from domain.orders.order import HoldKind, OrderStatus
from domain.orders.payment import (
    PaidOrder,
    PaymentPurpose,
    purpose_of,
)
from domain.shared.money import Money

# Two payments of an order nobody knows yet are judged one after the other.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"
_ORDER: Final = """
SELECT id, workflow_id, status, currency, payable_minor, captured_minor, credit_minor
FROM sales_order
WHERE shop_id = :shop_id AND external_no = :external_no FOR NO KEY UPDATE
"""

_COUNTED: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint AS total,
       coalesce(bool_or(amount_minor = :amount), false) AS paid_before
FROM payment
WHERE shop_id = :shop_id AND external_no = :external_no AND purpose = 'order'
  AND currency = :currency
"""

_KEEP: Final = """
INSERT INTO payment (id, account_id, provider, transaction_id, merchant_ref, shop_id, external_no,
                     amount_minor, currency, captured_at, purpose, refunded_minor, refunding_minor)
VALUES (:id, :account_id, :provider, :transaction_id, :merchant_ref, :shop_id, :external_no,
        :amount, :currency, :captured_at, :purpose, 0, 0)
ON CONFLICT (provider, transaction_id) DO NOTHING RETURNING id
"""

_CAPTURED: Final = """
UPDATE sales_order SET captured_minor = greatest(captured_minor, :counted) WHERE id = :order_id
"""
_DIFFERENCE_IS_PAID: Final = """
UPDATE sales_order o SET channel_state = 'paid', paid_at = clock_timestamp(),
    stock_given_back = false, unpaid_reserved_until = NULL, updated_at = clock_timestamp()
WHERE o.id = :order_id AND o.channel_state = 'unpaid' AND o.captured_minor >= o.payable_minor
  AND EXISTS (SELECT FROM sales_return r WHERE r.new_order_id = o.id)
RETURNING o.id
"""
_NOTHING_OWED: Final = """
SELECT id FROM sales_order WHERE id = :order_id AND lines_edited
  AND captured_minor - refunded_minor - refund_due_minor - returning_minor >= payable_minor
"""
# What people see of an order's money at its providers, payments first.
_OF_ORDER: Final = """
SELECT p.id, p.provider, p.transaction_id, p.amount_minor, p.currency, p.captured_at, p.purpose,
       p.refunded_minor, p.refunding_minor
FROM payment p JOIN sales_order o ON o.shop_id = p.shop_id AND o.external_no = p.external_no
WHERE o.id = :order_id ORDER BY p.captured_at, p.id LIMIT 100
"""

_REFUNDS_OF_ORDER: Final = """
SELECT r.refund_no, p.provider, r.kind, r.amount_minor, r.currency, r.state, r.vendor_refund_id,
       r.vendor_status, r.created_at, r.settled_at
FROM refund r JOIN payment p ON p.id = r.payment_id
WHERE r.payment_id = ANY(:payment_ids) ORDER BY r.created_at, r.refund_no LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment as the provider told it, with our account it came in through."""

    account_id: str
    provider: str
    shop_id: str
    transaction_id: str
    merchant_ref: str
    order_no: str
    amount_minor: int
    currency: str
    captured_at: datetime


async def record_payment(session: AsyncSession, payment: NewPayment) -> PaymentPurpose | None:
    """Keep a payment and judge what it is for; None when it is known already.

    One that nobody owes is given back: its refund is written down with it. The order hears of the
    others.
    """
    key = {"shop_id": payment.shop_id, "external_no": payment.order_no}
    await run(session, _ONE_AT_A_TIME, key=f"payment/{payment.shop_id}/{payment.order_no}")
    orders = await run(session, _ORDER, **key)
    counted = (
        await run(session, _COUNTED, **key, currency=payment.currency, amount=payment.amount_minor)
    )[0]
    order = orders[0] if orders else None
    purpose = _purpose(order, counted, payment)
    payment_id = new_id("pay")
    kept = await run(
        session, _KEEP, id=payment_id, account_id=payment.account_id, provider=payment.provider,
        transaction_id=payment.transaction_id, merchant_ref=payment.merchant_ref, **key,
        amount=payment.amount_minor, currency=payment.currency, captured_at=payment.captured_at,
        purpose=purpose,
    )  # fmt: skip
    if not kept:
        return None
    order_id = order.id if order else None
    if purpose is PaymentPurpose.SURPLUS:
        await write_refund(session, payment_id, order_id, payment.amount_minor, "surplus")
        if order_id:
            await _tell_story(session, order_id, payment_id, 1, "second_payment", payment)
    elif order is not None and purpose is PaymentPurpose.ORDER:
        total = order.credit_minor + counted.total + payment.amount_minor
        await run(session, _CAPTURED, order_id=order_id, counted=total)
        await _tell_story(session, order.id, payment_id, 1, "payment_captured", payment)
        await difference_is_paid(session, order.id)
        changed = StateChanged("payment", payment_id)
        await queue_signal(session, order.workflow_id, "state_changed", changed)
    return purpose


async def difference_is_paid(session: AsyncSession, order_id: str) -> bool:
    """Let goods go once nothing is owed for them any more: those of an exchange, and those of an
    order whose lines were changed."""
    if await run(session, _NOTHING_OWED, order_id=order_id):
        held = [str(HoldKind.DIFFERENCE)]
        await run(session, RELEASE_HOLDS, order_id=order_id, kinds=held, by="system")
    paid = await run(session, _DIFFERENCE_IS_PAID, order_id=order_id)
    if paid:
        await run(
            session, RELEASE_HOLDS, order_id=order_id, kinds=[str(HoldKind.UNPAID)], by="system"
        )
    return bool(paid)


async def payments_of(
    session: AsyncSession, order_id: str
) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """The payments of an order as providers told them, and their refunds, the oldest first."""
    payments = await run(session, _OF_ORDER, order_id=order_id)
    if not payments:
        return (), ()
    ids = [row.id for row in payments]
    return payments, await run(session, _REFUNDS_OF_ORDER, payment_ids=ids)


def _purpose(order: Row[Any] | None, counted: Row[Any], payment: NewPayment) -> PaymentPurpose:
    if order is None:  # the order was not told yet: only the very same sum again is one too many
        return PaymentPurpose.SURPLUS if counted.paid_before else PaymentPurpose.ORDER
    known = PaidOrder(
        OrderStatus(order.status), order.currency, order.payable_minor, order.captured_minor,
        order.credit_minor + counted.total,
    )  # fmt: skip
    return purpose_of(known, payment.amount_minor, payment.currency)


async def _tell_story(
    session: AsyncSession, order_id: str, source: str, seq: int, kind: str, payment: NewPayment
) -> None:
    amount = str(Money(payment.amount_minor, payment.currency))
    await run(
        session, MONEY_STORY, order_id=order_id, source=source, seq=seq, kind=kind, amount=amount
    )
