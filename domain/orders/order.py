"""Where an order and its shipments stand, and what may hold them."""

from enum import StrEnum


class OrderStatus(StrEnum):
    RECEIVED = "received"
    ON_HOLD = "on_hold"
    BACKORDERED = "backordered"
    ALLOCATED = "allocated"
    IN_FULFILMENT = "in_fulfilment"  # at least one shipment is being picked, packed or labelled
    SHIPPED = "shipped"  # every shipment left
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        return self in (OrderStatus.COMPLETED, OrderStatus.CANCELLED)


class ShipmentStatus(StrEnum):
    ALLOCATED = "allocated"
    PICKING = "picking"
    PACKED = "packed"
    LABELLED = "labelled"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXCEPTION = "exception"  # lost, refused, returned or stalled: attention says which
    CANCELLED = "cancelled"

    @property
    def has_left(self) -> bool:
        return self in (
            ShipmentStatus.HANDED_OVER,
            ShipmentStatus.IN_TRANSIT,
            ShipmentStatus.DELIVERED,
            ShipmentStatus.EXCEPTION,
        )


class HoldKind(StrEnum):
    """Why an order waits. See `HOLD_RULES` for who may release it and what does so by itself."""

    UNPAID = "unpaid"
    UNMAPPED_SKU = "unmapped_sku"
    ADDRESS = "address"
    RISK = "risk"
    MANUAL = "manual"
    CASH_ON_DELIVERY = "cash_on_delivery"
    PRESALE = "presale"
    REFUND_IN_PROGRESS = "refund_in_progress"
    FROZEN_BY_CHANNEL = "frozen_by_channel"
    NO_LINES = "no_lines"  # nothing on it can be picked
    NO_SUCH_ORDER = "no_such_order"  # cancelled by its channel before anybody told us of it
    SENT_ELSEWHERE = "sent_elsewhere"  # the channel says it is sent, and it was not us
    DIFFERENCE = "difference"  # the buyer owes something for lines that were changed
    STOCK_COUNT = "stock_count"  # carried out of a store whose books show less
    RECALL = "recall"  # units of a recalled lot are in it


# kind → (role that acts, fact that releases it by itself: empty = only a person)
HOLD_RULES: dict[HoldKind, tuple[str, str]] = {
    HoldKind.UNPAID: ("customer_service", "payment"),
    HoldKind.UNMAPPED_SKU: ("customer_service", "mapping"),
    HoldKind.ADDRESS: ("customer_service", "address"),
    HoldKind.RISK: ("customer_service", ""),
    HoldKind.MANUAL: ("customer_service", ""),
    HoldKind.CASH_ON_DELIVERY: ("customer_service", ""),
    HoldKind.PRESALE: ("customer_service", "date"),
    HoldKind.REFUND_IN_PROGRESS: ("customer_service", "channel"),
    HoldKind.FROZEN_BY_CHANNEL: ("customer_service", "channel"),
    HoldKind.NO_LINES: ("customer_service", "channel"),
    HoldKind.NO_SUCH_ORDER: ("customer_service", "channel"),
    HoldKind.SENT_ELSEWHERE: ("customer_service", "channel"),
    HoldKind.DIFFERENCE: ("customer_service", "payment"),
    HoldKind.STOCK_COUNT: ("customer_service", "stock"),
    HoldKind.RECALL: ("warehouse", "stock"),
}

# Without the facts behind these there is nothing to send or nowhere to send it.
NOT_RELEASED_BY_HAND = frozenset(
    {
        HoldKind.UNMAPPED_SKU,
        HoldKind.NO_LINES,
        HoldKind.ADDRESS,
        HoldKind.STOCK_COUNT,
        HoldKind.RECALL,
        HoldKind.DIFFERENCE,
    }
)
