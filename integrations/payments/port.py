"""What Onhand asks of every payment provider: one file here and one sandbox server each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.orders.payment import RefundStatus
from domain.shared.errors import Rejected

# Code of the refusal of a notification that is not genuine or too old to believe.
FORGED: Final = "invalid_signature"
STALE: Final = "stale_timestamp"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`refund_no` is ours: the provider's idempotency key, fixed before the first call.

    `total_minor` is what the payment captured, `merchant_ref` the number it was made under.
    """

    refund_no: str
    transaction_id: str
    merchant_ref: str
    amount_minor: int
    total_minor: int
    currency: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundState:
    """How far a refund is at the provider; `vendor_status` is its own word."""

    status: RefundStatus
    vendor_refund_id: str = ""
    vendor_status: str = ""


@dataclass(frozen=True, slots=True)
class Captured:
    """A buyer's payment succeeded. `order_no` is the shop's number of the order it is for."""

    transaction_id: str
    merchant_ref: str
    order_no: str
    amount_minor: int
    currency: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class RefundTold:
    """News of a refund. Without a `state` it only says that something happened: ask."""

    refund_no: str
    state: RefundState | None


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """A genuine notification; without `news` it is acknowledged and of no use to us."""

    notice_id: str
    topic: str
    news: Captured | RefundTold | None


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """Exactly what the provider wants to hear."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


class PaymentProvider(Protocol):
    """Raises the IntegrationError family: AnswerLost when a sent refund got no usable answer,
    NotEnoughBalance when our account there has to be topped up first."""

    @property
    def provider(self) -> str: ...

    async def refund(self, request: RefundRequest) -> RefundState:
        """Give money back; the same `refund_no` again is the same refund."""
        ...

    async def query(self, request: RefundRequest) -> RefundState | None:
        """The refund with our number as it is now; None when the provider does not know it."""
        ...

    def read_notification(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> PaymentNotice:
        """Verify and translate; header names are lower case.

        Raises Rejected: `FORGED`, `STALE`, else `unreadable`.
        """
        ...

    def acknowledge(self) -> NoticeAnswer:
        """The answer once the notice is kept for good."""
        ...

    def refuse(self, refusal: Rejected) -> NoticeAnswer:
        """What the provider hears when a notice is not taken; it sends it again."""
        ...
