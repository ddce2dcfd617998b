"""Words of lots and recalls."""

from typing import Final

from api.language import N_

LOT_SHOW: Final = {
    "": N_("All lots"),
    "near": N_("Near their end"),
    "expired": N_("Expired"),
    "held": N_("Frozen"),
}

LOT_STATE: Final = {
    "open": N_("Free to go"),
    "hold": N_("Frozen"),
    "recalled": N_("Recalled"),
}

CONDITION: Final = {
    "good": N_("Good"),
    "quarantine": N_("Quarantine"),
    "damaged": N_("Damaged"),
}

LOT_VERB: Final = {
    "receive": N_("came in"),
    "issue": N_("left"),
    "adjust": N_("corrected"),
    "transfer": N_("moved"),
}

# Where goods came from or went, other than one of our places.
PLACE_OF_MOVE: Final = {
    "supplier": N_("suppliers"),
    "customer": N_("customers"),
    "adjustment": N_("corrections"),
}

RECALL_STATE: Final = {
    "open": N_("Under way"),
    "closed": N_("Closed"),
}

RECALL_HOLDER: Final = {
    "place": N_("Our places"),
    "dealer": N_("Dealers"),
    "buyer": N_("Buyers"),
}

RECALL_END: Final = {
    "quarantined": N_("Set apart in quarantine"),
    "returned": N_("Returned"),
    "destroyed": N_("Destroyed"),
    "confirmed": N_("Confirmed by the holder"),
    "never_sold": N_("Never sold, all still there"),
}

AGEING: Final = {
    "": N_("All alerts"),
    "near": N_("Near their end"),
    "expired": N_("Expired"),
    "dead": N_("Nobody buys it"),
}

ADVICE: Final = {
    "move": N_("Move it to where it sells"),
    "mark_down": N_("Mark it down"),
    "return": N_("Return it to the supplier"),
    "destroy": N_("Set it apart and destroy it"),
}
