"""What we tell the own channel: CloudEvents 1.0 in JSON, to be sent as Standard Webhooks."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from integrations.marketplaces.port import ShipConfirmation, ShippedLine


class EventType(StrEnum):
    SHIPMENT_SHIPPED = "shipment.shipped"
    ORDER_DELIVERED = "order.delivered"
    LOT_RECALLED = "lot.recalled"
    TEST = "webhook.test"  # only by hand, to one subscriber, whatever it wants to hear


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """`id` is the same however often the event is built or sent: receivers drop repeats by it."""

    id: str
    type: EventType
    body: bytes


def build_shipped_event(
    shop: str, confirmation: ShipConfirmation, shipped_at: datetime
) -> OutgoingEvent:
    """One parcel left; `reference` of the confirmation decides the event's id."""
    data = {
        "order_no": confirmation.external_no,
        "parcel": confirmation.reference,
        "carrier": confirmation.carrier,
        "waybill_no": confirmation.waybill_no,
        "partial": confirmation.partial,
        "lines": [
            {"line_no": line.external_line_no, "quantity": line.quantity}
            for line in confirmation.lines
        ],
    }
    return _event(
        EventType.SHIPMENT_SHIPPED,
        shop,
        confirmation.external_no,
        confirmation.reference,
        shipped_at,
        data,
    )


def build_delivered_event(shop: str, external_no: str, delivered_at: datetime) -> OutgoingEvent:
    """Every parcel of the order has reached its receiver."""
    data = {"order_no": external_no}
    return _event(EventType.ORDER_DELIVERED, shop, external_no, external_no, delivered_at, data)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Units of a recalled lot that somebody has: `subject` is his order, or the dealer's place."""

    recall_no: str
    sku: str
    lot: str
    units: int
    subject: str
    holder: str  # buyer | dealer
    message: str
    reference: str


def build_recalled_event(shop: str, said: Recalled, at: datetime) -> OutgoingEvent:
    """Goods that somebody has are recalled: he is to be told, and asked what he did with them."""
    data = {
        "recall": said.recall_no,
        "holder": said.holder,
        "order_no" if said.holder == "buyer" else "location": said.subject,
        "sku": said.sku,
        "lot": said.lot,
        "units": said.units,
        "message": said.message,
    }
    return _event(EventType.LOT_RECALLED, shop, said.subject, said.reference, at, data)


def build_test_event(reference: str, at: datetime) -> OutgoingEvent:
    """Nothing happened: somebody tries whether a subscriber hears us."""
    return _event(EventType.TEST, "-", "test", reference, at, {"reference": reference})


def example_of(kind: EventType) -> OutgoingEvent:
    """What an event of this type looks like."""
    at = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    match kind:
        case EventType.SHIPMENT_SHIPPED:
            lines = (ShippedLine("1", 2),)
            parcel = ShipConfirmation("A-1001", "P-1", "sf", "SF1234567890123", lines, False)
            return build_shipped_event("mini", parcel, at)
        case EventType.ORDER_DELIVERED:
            return build_delivered_event("mini", "A-1001", at)
        case EventType.LOT_RECALLED:
            said = Recalled(
                "RC-260301-01", "TEA-LJ-100", "L2603", 2, "A-1001", "buyer",
                "Please do not use it; we take it back.", "u-1:0",
            )  # fmt: skip
            return build_recalled_event("mini", said, at)
        case EventType.TEST:
            return build_test_event("t-1", at)


def _event(
    kind: EventType,
    shop: str,
    subject: str,
    reference: str,
    at: datetime,
    data: Mapping[str, Any],
) -> OutgoingEvent:
    digest = hashlib.sha256("\n".join((kind, shop, subject, reference)).encode()).hexdigest()
    event_id = f"evt_{digest[:32]}"
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/shops/{shop}",
        "type": kind.value,
        "subject": subject,
        "time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return OutgoingEvent(event_id, kind, body)
