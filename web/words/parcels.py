"""Shipments, parcels and where things lie."""

from typing import Any, Final

from api.language import N_

INTERCEPT_STATE: Final = {
    "wanted": N_("to be asked back"),
    "asked": N_("asked back from the carrier"),
    "came_back": N_("came back"),
    "too_late": N_("asked back too late: delivered"),
    "lost": N_("lost on the way back"),
    "given_up": N_("not asked back after all"),
}

SHIPMENT_STATUS: Final = {
    "allocated": N_("Allocated"),
    "picking": N_("To be picked"),
    "packing": N_("To be packed"),
    "packed": N_("Packed"),
    "labelled": N_("Labelled"),
    "handed_over": N_("Handed over"),
    "in_transit": N_("On its way"),
    "delivered": N_("Delivered"),
    "exception": N_("Problem on the way"),
    "cancelled": N_("Cancelled"),
}

PARCEL_STATUS: Final = {
    "labelled": N_("Labelled"),
    "picked_up": N_("Picked up"),
    "in_transit": N_("On its way"),
    "out_for_delivery": N_("Out for delivery"),
    "at_pickup_point": N_("At a pick-up point"),
    "delivered": N_("Delivered"),
    "exception": N_("Problem on the way"),
    "returning": N_("Coming back"),
    "returned": N_("Came back"),
    "lost": N_("Lost"),
    "unknown": N_("Unknown"),
}

INCIDENT: Final = {
    "refused": N_("Refused by the receiver"),
    "unreachable": N_("Receiver not reached"),
    "deliver_later": N_("Receiver asked for another day"),
    "wrong_address": N_("Address or phone is wrong"),
    "forbidden_goods": N_("Goods that may not be sent"),
    "called_back": N_("Called back by us"),
    "damaged": N_("Damaged on the way"),
    "lost": N_("Lost on the way"),
    "misrouted": N_("Sent the wrong way"),
    "delayed": N_("Delayed by the carrier"),
    "weather": N_("Weather"),
    "customs": N_("Held by customs"),
    "unexplained": N_("The carrier gives no reason"),
}

FAULT: Final = {
    "carrier": N_("Carrier's fault"),
    "receiver": N_("Receiver's fault"),
    "sender": N_("Sender's fault"),
    "weather": N_("Nobody's fault"),
    "customs": N_("Customs"),
    "other": N_("Fault not known"),
}

RETURN_STATE: Final = {
    "wanted": N_("Return label is being ordered"),
    "ordered": N_("Return label ordered"),
    "cancelling": N_("Return label is being voided"),
    "cancelled": N_("Voided"),
    "arrived": N_("Goods are back"),
}

LOCATION_KIND: Final = {
    "hq": N_("Head warehouse"),
    "region": N_("Regional warehouse"),
    "store": N_("Store"),
    "dealer": N_("Dealer"),
    "transit": N_("On the way"),
}


def stage_of(shipment: Any) -> str:
    """What is next for its goods; the warehouse's acts count before its workflow heard of them."""
    if shipment.status != "picking" or shipment.picked_at is None:
        return str(shipment.status)
    return "packing" if shipment.packed_at is None else "packed"
