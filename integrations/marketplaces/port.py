"""What Onhand asks of every marketplace. A marketplace is one file here and one sandbox server.

Its client is opened by the function that `registry.py` lists for its channel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.address import Contact, MaskedReceiver
from domain.shared.errors import Rejected

# Code of the refusal that says: this message id came before with another body.
MISMATCH: Final = "IdempotencyMismatch"


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """An order the channel says has changed: enough to fetch it."""

    external_no: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class ShippedLine:
    external_line_no: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipConfirmation:
    """One parcel that left, told to the channel. `reference` is our parcel id: the key."""

    external_no: str
    reference: str
    carrier: str  # our carrier code: sf, zto
    waybill_no: str
    lines: tuple[ShippedLine, ...]
    partial: bool
    shipped_at: datetime | None = None  # hand-over, for channels that want to know


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request to the address we gave a vendor, as it came; header names are lower case.

    A GET is the vendor's look whether the address is ours.
    """

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Push:
    """One genuine message, before it is translated: what the inbox keys it by.

    `raw` is the message's own part of a body that carries several, or its decrypted form; empty =
    the body as it came. A message with a `parked_reason` is kept for a person. `after_sale` is what
    it says about a refund or return.
    """

    message_id: str
    topic: str
    external_no: str
    raw: bytes = b""
    parked_reason: str = ""
    after_sale: AfterSale | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A message of a queue the channel keeps for us: `push` is None where there is nothing to keep.

    `receipt` is what it is confirmed by.
    """

    receipt: str
    push: Push | None


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """Exactly what the vendor wants to hear."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer of ours on a channel: its SKU there, and the other ids its stock call wants."""

    external_sku: str
    ids: Mapping[str, str] = field(default_factory=dict)


class Marketplace(Protocol):
    """Raises the IntegrationError family."""

    @property
    def channel(self) -> str: ...

    async def fetch_raw(self, external_no: str) -> bytes:
        """The channel's own full answer about one order, as stored in the inbox."""
        ...

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored body; None when it only says that something happened to the order.

        Raises Rejected (code `unreadable`) saying what is wrong.
        """
        ...

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell the channel; confirming the same parcel twice is no error."""
        ...


class PushMarketplace(Marketplace, Protocol):
    """A channel that calls us. What it gets to hear is in its own form, refusals too."""

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """The messages of a genuine call; none when there is nothing to keep (a topic we do not
        follow, an address check). Raises Rejected when it is not genuine."""
        ...

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """The answer once all messages are kept for good."""
        ...

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """The answer to a call that is not taken, `MISMATCH` among the reasons."""
        ...


class PulledMarketplace(Marketplace, Protocol):
    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """How many pages of changed orders the window [start, end) has."""
        ...

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page, 1-based; the caller reads from the last one back, so that nothing is missed."""
        ...


class QueueMarketplace(Marketplace, Protocol):
    """A channel that keeps messages for us until they are confirmed."""

    async def permit(self) -> None:
        """Have the messages of this shop put into the queue; doing so again changes nothing."""
        ...

    async def consume(self) -> tuple[Queued, ...]:
        """Messages that wait. What is not confirmed comes again after the channel's own time."""
        ...

    async def confirm(self, done: tuple[str, ...], failed: tuple[str, ...]) -> None:
        """Receipts of messages that are kept for good, and of those that could not be kept."""
        ...


class AfterSaleMarketplace(Marketplace, Protocol):
    """A channel that can be asked for refunds and returns."""

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """What changed in the window [start, end), every page of it."""
        ...


class Verdict(StrEnum):
    """What a channel hears of a case. `received` ends a return: the goods are here, pay."""

    AGREE = "agree"
    REFUSE = "refuse"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class GoodsTo:
    """Our place that goods come back to."""

    location_id: str
    contact: Contact = field(repr=False)


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """Our answer about one case; `returns_goods` tells a return from money alone. `refund_minor` is
    what was settled, for channels whose sellers make the refund themselves, `partly` whether that
    is less than the case asks for; `reference` stays the same however often it is said."""

    after_sale_no: str
    external_no: str
    verdict: Verdict
    reason: str
    returns_goods: bool
    goods_to: GoodsTo | None = None
    refund_minor: int = 0
    partly: bool = False
    reference: str = ""


class CaseMarketplace(Marketplace, Protocol):
    """A channel whose cases we answer."""

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Agree, refuse, or confirm that the goods came; saying it twice is no error."""
        ...


class StockedMarketplace(Marketplace, Protocol):
    """A channel that is told what it may sell."""

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units that may be sold. `reference` is the same whenever this value is sent
        again: the key of channels that want one."""
        ...

    async def available(self, listing: Listing) -> int | None:
        """What the channel offers now; None when it cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class PackedItem:
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class MaskedParcel:
    """A box for somebody only the platform knows. `reference` is our parcel's, fixed before the
    first call; the receiver is passed on as he came and never read."""

    reference: str
    external_no: str
    carrier: str  # our carrier code
    product: str
    sender: Contact
    receiver: MaskedReceiver = field(repr=False)
    items: tuple[PackedItem, ...]
    weight_g: int
    others: tuple[str, ...] = ()  # orders of the same shop and receiver in the same box


@dataclass(frozen=True, slots=True)
class PlatformWaybill:
    """`print_data` is the label as the platform's print component wants it: ciphertext, to be kept
    sealed and handed on as it is."""

    waybill_no: str
    print_data: str = field(repr=False)


class PlatformWaybills(Protocol):
    """The electronic waybills of a platform, for receivers whom it hides from sellers.

    Raises the IntegrationError family: AnswerLost when what was sent got no answer.
    """

    def missing(self, carrier: str) -> str:
        """Names of the settings the shop needs for waybills of this carrier and has not."""
        ...

    async def reserve(self, parcel: MaskedParcel) -> str:
        """The key the waybill will be made under, to be kept before it is made. One that was never
        used costs nothing."""
        ...

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        """Order a waybill; the same key again returns the first one."""
        ...

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        """Void a waybill; voiding it twice is no error. Without a number whatever the key made is
        voided, and it is no error when that is nothing."""
        ...


@dataclass(frozen=True, slots=True)
class NewTokens:
    """Secrets that take the place of older ones, and how long they serve. `traded` is the refresh
    token that was given for them: they belong to nobody who has another one by now."""

    secrets: Mapping[str, str] = field(repr=False)
    lasts_s: int
    traded: str = field(repr=False)


class RenewingMarketplace(Protocol):
    """A channel whose access token can be renewed without a person."""

    async def renew(self) -> NewTokens:
        """Trade the refresh token for new ones. Raises the IntegrationError family."""
        ...
