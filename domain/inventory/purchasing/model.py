"""A purchase order as its rules see it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class PurchaseState(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"  # to be sent to the supplier
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"  # whatever the supplier answered
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SupplierAnswer(StrEnum):
    """What the supplier said; empty while it said nothing."""

    NONE = ""
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"


class Notice(StrEnum):
    """Whether the supplier still has to hear that nothing more is wanted."""

    NONE = ""
    WANTED = "wanted"
    TOLD = "told"


S = PurchaseState
OPEN_FOR_GOODS: Final = frozenset({S.SENT, S.ACKNOWLEDGED, S.PARTLY_RECEIVED, S.RECEIVED})
OVER: Final = frozenset({S.CLOSED, S.CANCELLED})


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """Units of one SKU. `cancelled` will not come any more; `acknowledged` is what the supplier
    promised, none while it said nothing; `dropped`: a later revision wants none of it."""

    line_no: int
    sku: str
    ordered: int
    price_minor: int = 0
    acknowledged: int | None = None
    received: int = 0
    cancelled: int = 0
    dropped: bool = False

    @property
    def open(self) -> int:
        """What is still to come."""
        return max(self.ordered - self.cancelled - self.received, 0)

    def most(self, tolerance_percent: int) -> int:
        """So many units may be received in all; of what was given up nothing comes on top."""
        if self.cancelled:
            return self.ordered - self.cancelled
        return self.ordered * (100 + tolerance_percent) // 100

    @property
    def short(self) -> int:
        """Units that the supplier does not promise, of those still to come."""
        return (
            0
            if self.acknowledged is None or self.dropped
            else max(self.ordered - self.acknowledged, 0)
        )


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the tables say of a purchase order: no personal data.

    `waits` and `due_at` are what its workflow wrote: what it waits for, and when it acts by itself.
    The supplier knows revision `told_revision`.
    """

    no: str
    supplier: str
    state: PurchaseState
    lines: tuple[PurchaseLine, ...]
    tolerance_percent: int = 0
    version: int = 1
    answer: SupplierAnswer = SupplierAnswer.NONE
    notice: Notice = Notice.NONE
    expected_on: date | None = None
    late_at: datetime | None = None  # as the expected day was when it was read
    waits: str = ""
    due_at: datetime | None = None
    reminders: int = 0
    sent_at: datetime | None = None
    received_at: datetime | None = None  # the last units that were to come
    acknowledge_hours: int = 48
    remind_days: int = 2
    revision: int = 1
    told_revision: int = 1

    @property
    def total_minor(self) -> int:
        """What is ordered, at its prices."""
        return sum(line.ordered * line.price_minor for line in self.lines if not line.dropped)

    @property
    def is_amended(self) -> bool:
        """The supplier does not know yet what is wanted now."""
        return self.told_revision < self.revision

    @property
    def open_units(self) -> int:
        """What is still to come."""
        return sum(line.open for line in self.lines)

    @property
    def received_units(self) -> int:
        """What came."""
        return sum(line.received for line in self.lines)
