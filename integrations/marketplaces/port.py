"""What Onhand asks of every marketplace. A marketplace is one file here and one sandbox server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.orders.snapshot import OrderSnapshot


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
class Push:
    """A verified push, before it is translated: what the inbox keys it by."""

    message_id: str
    topic: str
    external_no: str


class Marketplace(Protocol):
    """Raises the IntegrationError family."""

    @property
    def channel(self) -> str: ...

    async def fetch_raw(self, external_no: str) -> bytes:
        """The channel's own full answer about one order, as stored in the inbox."""
        ...

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a stored body. Raises Rejected (code `unreadable`) saying what is wrong."""
        ...

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell the channel; confirming the same parcel twice is no error."""
        ...


class PushMarketplace(Marketplace, Protocol):
    def read_push(self, headers: Mapping[str, str], body: bytes) -> Push:
        """Verify the signature over the raw bytes. Raises Rejected when it is not genuine."""
        ...


class PulledMarketplace(Marketplace, Protocol):
    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """How many pages of changed orders the window [start, end) has."""
        ...

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page, 1-based; the caller reads from the last one back, so that nothing is missed."""
        ...
