"""Orders, their lines and what they wait for."""

from collections.abc import Sequence
from typing import Final

from api.language import N_

ORDER_STATUS: Final = {
    "received": N_("Received"),
    "on_hold": N_("On hold"),
    "backordered": N_("Waiting for stock"),
    "allocated": N_("Allocated"),
    "in_fulfilment": N_("In the warehouse"),
    "shipped": N_("Shipped"),
    "delivered": N_("Delivered"),
    "completed": N_("Completed"),
    "cancelled": N_("Cancelled"),
}

# By what a number of a search fits an order.
FOUND_BY: Final = {
    "order": N_("by our number"),
    "external": N_("by the channel's number"),
    "shipment": N_("by a shipment"),
    "waybill": N_("by a waybill"),
    "return": N_("by a return"),
    "invoice": N_("by an invoice"),
    "claim": N_("by a claim"),
    "refund": N_("by a refund"),
    "buyer": N_("by the buyer"),
    "sku": N_("by a SKU"),
    "serial": N_("by a serial number"),
    "phone": N_("by the phone"),
}

HOLD: Final = {
    "unpaid": N_("Not paid"),
    "unmapped_sku": N_("Unknown product"),
    "address": N_("Address"),
    "risk": N_("Risk check"),
    "manual": N_("Held by hand"),
    "cash_on_delivery": N_("Cash on delivery"),
    "presale": N_("Pre-sale"),
    "refund_in_progress": N_("Refund in progress"),
    "frozen_by_channel": N_("Frozen by the channel"),
    "no_lines": N_("Nothing to send"),
    "no_such_order": N_("No such order"),
    "sent_elsewhere": N_("Sent elsewhere"),
    "difference": N_("Difference owed"),
    "stock_count": N_("Stock count differs"),
    "recall": N_("Recalled goods in it"),
}

WAITS_FOR: Final = {
    "decision": N_("A step cannot go on by itself: somebody has to decide."),
    "refund": N_("Money is due back to the buyer: pay it, then record it here."),
    "refund_running": N_("The refund is on its way through the payment provider."),
    "channel": N_("Waiting for the channel to tell us about the order."),
    "stock": N_("Waiting for stock: goods that come in go to the oldest payment first."),
    "warehouse": N_("Stock is reserved; the warehouse gets it next."),
    "picking": N_("Waiting for the warehouse to pick it."),
    "packing": N_("Picked; waiting to be packed."),
    "label": N_("Packed; waiting for a waybill from the carrier."),
    "hand_over": N_("Labelled; waiting for the carrier to collect it."),
    "delivery": N_("On its way to the receiver."),
    "parcel": N_("Something happened to a parcel; somebody has to look."),
    "completion": N_("Delivered; it is completed after the return period."),
    "hold:unpaid": N_("Waiting for the payment."),
    "hold:unmapped_sku": N_(
        "A product of the channel is not known here; map it and the order goes on."
    ),
    "hold:address": N_("The address is missing or incomplete; correct it and the order goes on."),
    "hold:risk": N_("Somebody has to look at it before it goes out."),
    "hold:manual": N_("Held by hand until somebody releases it."),
    "hold:cash_on_delivery": N_("Cash on delivery: to be confirmed with the buyer."),
    "hold:presale": N_("Pre-sale: waiting for the promised date."),
    "hold:refund_in_progress": N_(
        "The buyer asked for a refund; waiting for the channel's decision."
    ),
    "hold:frozen_by_channel": N_("The channel forbids shipping for now."),
    "hold:no_lines": N_("Nothing on this order can be sent."),
    "hold:no_such_order": N_(
        "The channel cancelled an order that it never told us about; release it to close it."
    ),
    "hold:sent_elsewhere": N_(
        "The channel says it is sent, and it was not us; release it to close the order."
    ),
    "hold:recall": N_("Units of a recalled lot are in it: take them out."),
    "hold:stock_count": N_(
        "Sold and carried out, but the store's books have too few: receive or count, or decide."
    ),
}

NOTHING: Final = N_("Nothing: the order goes on by itself.")

CLOSED: Final = N_("The order is closed.")

LINE_KIND: Final = {
    "goods": N_("Goods"),
    "service": N_("Service"),
    "charge": N_("Charge"),
    "discount": N_("Discount"),
}

CHANNEL_STATE: Final = {
    "unpaid": N_("not paid"),
    "paid": N_("paid"),
    "part_shipped": N_("partly shipped"),
    "shipped": N_("shipped"),
    "completed": N_("completed"),
    "cancelled": N_("cancelled"),
    "frozen": N_("frozen"),
}

EFFECT: Final = {
    "stop_picking": N_("Stop shipment {subject}"),
    "void_label": N_("Void waybill {subject}"),
    "release_stock": N_("Free {quantity} units of shipment {subject}"),
    "others_anew": N_("The closed box is opened: order {subject} is packed anew"),
    "cancel_line": N_("Cancel line: {subject}"),
    "refund_due": N_("{amount} become due back to the buyer"),
    "channel_refunds": N_("The channel pays the money back itself"),
    "intercept": N_("Ask the carrier to bring parcel {subject} back"),
    "comes_back": N_("{quantity} units of shipment {subject} come back as a return"),
    "refund_after_return": N_(
        "The money for them goes back once they are here, or when a person decides"
    ),
    "cannot_stop": N_("Cannot be stopped any more, it has left: {subject}"),
}

# What shipments wait for, from the earliest to the latest; an order waits for the slowest.
_STAGES: Final = ("warehouse", "picking", "packing", "label", "hand_over", "delivery")


def waits_code(waits_for: str, steps: int, stages: Sequence[str]) -> str:
    """The one thing an order waits for: a decision, what holds it, or its slowest shipment."""
    if steps and waits_for != "refund":
        return "decision"
    if waits_for in _STAGES:
        return next((stage for stage in _STAGES if stage in stages), waits_for)
    return waits_for
