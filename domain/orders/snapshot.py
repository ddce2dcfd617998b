"""What a channel says about an order at one version: the one shape every adapter translates into.

Lives in activities, API and adapters only. It holds personal data, so it never crosses Temporal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.orders.ticket import Ticket
from domain.shared.address import Receiver


class ChannelState(StrEnum):
    """How far the order is in the channel's eyes."""

    UNPAID = "unpaid"
    PAID = "paid"  # to be shipped by us
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FROZEN = "frozen"  # the channel forbids shipping for now (risk control, pre-authorisation)


class LineKind(StrEnum):
    GOODS = "goods"
    SERVICE = "service"
    CHARGE = "charge"  # postage, fees: paid for, nothing to pick
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Which of two snapshots is newer: the own channel counts revisions, vendors give a time.

    `revision` decides where present (> 0), else `modified_us` (UTC microseconds since 1970).
    """

    revision: int = 0
    modified_us: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """One line as the channel sold it. Sums are minor units for the whole line."""

    external_line_no: str
    kind: LineKind
    external_sku: str
    title: str
    quantity: int
    payable_minor: int
    list_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    refund_in_progress: bool = False
    cancelled: bool = False
    gift: bool = False
    # The channel's numbers of what was sold: its stock calls want them.
    listing_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """The whole order at `version`; cancelled wins over any other state of the same version."""

    channel: str
    shop: str
    external_no: str
    version: Version
    state: ChannelState
    currency: str
    placed_at: datetime
    lines: tuple[SnapshotLine, ...]
    receiver: Receiver | None
    paid_at: datetime | None = None
    captured_minor: int = 0
    freight_minor: int = 0
    ship_by: datetime | None = None
    presale_until: datetime | None = None
    cash_on_delivery: bool = False
    test_order: bool = False
    gift: bool = False
    invoice_request: str = ""
    buyer_remark: str = ""
    seller_remark: str = ""
    ticket: Ticket | None = None  # sold and carried out of a store at once
    buyer_ref: str = ""  # the channel's id of the buyer, for risk lists and merging; never a phone
