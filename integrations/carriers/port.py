"""What Onhand asks of every carrier. A carrier is one file here and one sandbox server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.logistics.tracking import TrackingFact
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected

# Code of the refusal of a push that is not genuine.
FORGED: Final = "invalid_signature"


@dataclass(frozen=True, slots=True)
class ParcelSize:
    weight_g: int
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0


@dataclass(frozen=True, slots=True)
class CargoItem:
    name: str
    quantity: int
    weight_g: int = 0
    value_minor: int = 0


@dataclass(frozen=True, slots=True)
class RateRequest:
    origin: Address
    destination: Address
    parcel: ParcelSize
    send_at: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    carrier: str
    product: str
    fee_minor: int
    currency: str
    deliver_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class PickupWindow:
    """When the courier is asked to come for a parcel."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class WaybillRequest:
    """`order_ref` is our parcel's reference: the carrier's idempotency key, fixed before the first
    call. `pickup` None: the courier comes anyway, or the parcels are brought."""

    order_ref: str
    product: str
    sender: Contact
    receiver: Contact
    parcel: ParcelSize
    cargo: tuple[CargoItem, ...]
    remark: str = ""
    cash_on_delivery_minor: int = 0
    insured_minor: int = 0
    pickup: PickupWindow | None = None


@dataclass(frozen=True, slots=True)
class InterceptRequest:
    """A parcel on its way that is to be brought back to its sender; `ref` stays the same however
    often it is asked."""

    ref: str
    waybill_no: str
    sender: Contact
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waybill:
    """`carrier` brings the parcel; an aggregator orders waybills of others."""

    carrier: str
    waybill_no: str
    order_ref: str
    routing_code: str = ""  # 大头笔 / destination code printed large
    sorting_code: str = ""


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What a push said, and the exact answer the vendor wants to hear.

    `given_up`: waybills an aggregator follows no longer, each with its carrier.
    """

    facts: tuple[TrackingFact, ...]
    status_code: int
    content_type: str
    body: bytes
    given_up: tuple[tuple[str, str], ...] = ()


class Carrier(Protocol):
    """Raises the IntegrationError family: AnswerLost when a sent create or cancel got no answer."""

    @property
    def code(self) -> str: ...

    @property
    def signs_pushes(self) -> bool:
        """False: knowing the secret part of the push address is the proof."""
        ...

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]: ...

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; the same `order_ref` again returns the first one.

        A reference whose waybill was voided is used up: relabelling needs a new one.
        """
        ...

    async def find(self, order_ref: str) -> Waybill | None:
        """The waybill made for our reference, or None when there is none.

        Raises NotOffered where the carrier cannot be asked by it: ordering again is safe there.
        """
        ...

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        """Void a waybill; voiding it twice is no error.

        Where `find` is not offered the number may be empty: what our reference made is voided,
        and it is no error when that is nothing.
        """
        ...

    async def intercept(self, request: InterceptRequest) -> str:
        """Have a parcel brought back on its way; the carrier's number of that, where it has one.

        Raises NotOffered where the carrier documents no such call.
        """
        ...

    async def create_return(self, request: WaybillRequest) -> Waybill:
        """A waybill with which the consumer sends goods back. Raises NotOffered."""
        ...

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]: ...

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """Verify and translate a push.

        Raises Rejected: `FORGED` when it is not genuine, else `unreadable`.
        """
        ...

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        """What the vendor hears when a push is not taken; it may send it again."""
        ...


class ReturnCarrier(Carrier, Protocol):
    """Brings goods back from consumers; its waybills for that are looked after in their own way."""

    async def cancel_return(self, order_ref: str, waybill_no: str) -> None:
        """Void one; voiding it twice is no error. Without a number what the reference made."""
        ...

    async def track_return(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]: ...


class Aggregator(Carrier, Protocol):
    """Knows where many carriers' parcels are; `carrier` is the code of the one that has it."""

    async def follow(self, carrier: str, waybill_no: str, phone: str) -> None:
        """Be told of every scan from now on; a second time changes nothing."""
        ...

    async def track_of(
        self, carrier: str, waybill_no: str, phone_last4: str
    ) -> tuple[TrackingFact, ...]: ...
