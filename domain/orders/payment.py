"""Money that came in for an order and goes back: what a payment is, what is refunded of which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.orders.order import OrderStatus


class RefundStatus(StrEnum):
    """How far a refund is. Only `closed` frees its sum for another refund."""

    INTENDED = "intended"  # written down under its number; the provider may not know it yet
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    ABNORMAL = "abnormal"  # accepted, but the money did not arrive: a person looks at the provider
    CLOSED = "closed"  # the provider gave it up for good
    BY_HAND = "by_hand"
    SKIPPED = "skipped"

    @property
    def is_settled(self) -> bool:
        """Nothing happens to it any more."""
        return self in (self.SUCCEEDED, self.CLOSED, self.BY_HAND, self.SKIPPED)

    @property
    def is_paid(self) -> bool:
        return self in (self.SUCCEEDED, self.BY_HAND)


class PaymentPurpose(StrEnum):
    ORDER = "order"
    SURPLUS = "surplus"  # a second payment, or one for an order that is gone: goes back by itself
    OTHER_CURRENCY = "other_currency"  # a person has to look


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """What decides about a payment: the order as it is, without that payment.

    `counted_minor` is the sum of the payments that already count for it.
    """

    status: OrderStatus
    currency: str
    payable_minor: int
    captured_minor: int
    counted_minor: int


def purpose_of(order: PaidOrder, amount_minor: int, currency: str) -> PaymentPurpose:
    """What a payment that succeeded is for.

    The channel may have told of the money before: what it said was captured and no payment stands
    for yet is this one's. Beyond that, an order that is cancelled takes no money, and one that has
    a payment takes no more than it costs.
    """
    if currency != order.currency:
        return PaymentPurpose.OTHER_CURRENCY
    if amount_minor <= order.captured_minor - order.counted_minor:
        return PaymentPurpose.ORDER
    if order.status is OrderStatus.CANCELLED:
        return PaymentPurpose.SURPLUS
    costs = max(order.payable_minor, order.captured_minor)
    if order.counted_minor and order.counted_minor + amount_minor > costs:
        return PaymentPurpose.SURPLUS
    return PaymentPurpose.ORDER


@dataclass(frozen=True, slots=True)
class Refundable:
    """A payment with what of it is neither refunded nor on its way back."""

    payment_id: str
    free_minor: int


def share_out(due_minor: int, payments: Sequence[Refundable]) -> tuple[tuple[str, int], ...]:
    """Which payment gives back how much, in the order given; less than due where they are short."""
    shares: list[tuple[str, int]] = []
    for payment in payments:
        share = min(due_minor, payment.free_minor)
        if share > 0:
            shares.append((payment.payment_id, share))
            due_minor -= share
    return tuple(shares)


FIRST_LOOK: Final = timedelta(seconds=10)
LONGEST_LOOK: Final = timedelta(hours=6)


def look_after(looks: int) -> timedelta:
    """How long to wait for the provider's news before asking it, the first time after 10 s."""
    factor: int = 3 ** min(looks, 12)
    return min(FIRST_LOOK * factor, LONGEST_LOOK)
