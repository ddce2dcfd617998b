"""Goods that move between our own places."""

from typing import Final

from api.language import N_

TRANSFER_STATE: Final = {
    "draft": N_("Draft"),
    "approved": N_("Approved"),
    "reserved": N_("To be picked"),
    "shipped": N_("In transit"),
    "closed": N_("Closed"),
    "cancelled": N_("Cancelled"),
}

TRANSFER_QUEUE: Final = {
    "": N_("All open"),
    "approve": N_("To be approved"),
    "ship": N_("To be sent"),
    "receive": N_("In transit"),
    "decide": N_("Differences"),
    "closed": N_("Closed"),
}

TRANSFER_WAITS: Final = {
    "approval": N_("Somebody has to approve it; nothing is promised yet."),
    "goods": N_("Its goods are being promised at the sender."),
    "shipping": N_("The sender has to pick and send it."),
    "arrival": N_("It is on its way to the receiver."),
    "decision": N_("It did not arrive as it was sent: somebody has to decide."),
}

DIFFERENCE: Final = {
    "short": N_("Missing"),
    "over": N_("More than was sent"),
    "damaged": N_("Damaged on the way"),
}

TRANSFER_SERIAL: Final = {
    "on_the_way": N_("On the way"),
    "arrived": N_("Came here"),
    "damaged": N_("Damaged"),
    "returned": N_("Back at the sender"),
    "lost": N_("Written off"),
    "over": N_("Not sent with it"),
}

TRANSFER_DECISION: Final = {
    "found_at_sender": N_("Found at the sender"),
    "lost": N_("Lost: write off"),
    "carrier_claim": N_("Write off and claim from the carrier"),
    "from_sender": N_("The sender sent more"),
    "found": N_("Nobody misses it: take it into stock"),
    "kept": N_("Keep as damaged"),
    "arrived": N_("Came after all"),
}

TRANSFER_DECISION_MEANS: Final = {
    "found_at_sender": N_("The units go back into the sender's stock."),
    "lost": N_("The units leave our stock; above the limit a second person has to agree."),
    "carrier_claim": N_("The units leave our stock, and the carrier's number is kept with them."),
    "from_sender": N_("The units leave the sender's stock and enter the receiver's."),
    "found": N_("The receiver's stock grows; above the limit a second person has to agree."),
    "kept": N_("The units stay at the receiver, as damaged stock."),
}

TRANSFER_REPORT: Final = {
    "ship": N_("Sent"),
    "unship": N_("Sending taken back"),
    "receive": N_("Goods came"),
    "decide": N_("Difference decided"),
}

TRANSFER_ORIGIN: Final = {
    "manual": N_("by hand"),
    "suggestion": N_("by a suggestion of replenishment"),
    "cross_dock": N_("straight on from a receipt"),
    "recall": N_("by a recall"),
}

COUNT_STATE: Final = {
    "open": N_("Being counted"),
    "counted": N_("Counted: to be posted"),
    "short": N_("Waits for promised units"),
    "posted": N_("Posted"),
    "cancelled": N_("Dropped"),
}

COUNT_KIND: Final = {
    "due": N_("What is due by its class"),
    "skus": N_("Some products"),
    "all": N_("All that lies there"),
}

COUNT_LINE: Final = {
    "open": N_("to be counted"),
    "recount": N_("to be counted by somebody else"),
    "agreed": N_("counted"),
    "left_out": N_("left out, due again"),
}

COUNT_SAID: Final = {
    "agreed": N_("taken down"),
    "recount": N_("taken down; somebody else counts it a second time"),
}

KIT_KIND: Final = {
    "virtual": N_("Virtual kit"),
    "assembled": N_("Assembled kit"),
}

KIT_KIND_MEANS: Final = {
    "virtual": N_("Its components are picked for every order; nothing of it is kept."),
    "assembled": N_("It is put together before it is sold, and kept as itself."),
}
