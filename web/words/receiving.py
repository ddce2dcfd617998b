"""Receiving: what scanners are told, how goods were found, and how cases end."""

from typing import Final

from api.language import N_

RECEIPT_STATE: Final = {
    "open": N_("Being counted"),
    "counted": N_("To be looked at"),
    "posted": N_("Posted"),
    "corrected": N_("Taken back"),
    "cancelled": N_("Cancelled"),
}

NOTICE_STATE: Final = {
    "expected": N_("On its way"),
    "arrived": N_("Arrived here"),
    "cancelled": N_("Does not come"),
}

SOURCE_KIND: Final = {
    "purchase": N_("Purchase order"),
    "transfer": N_("Transfer"),
    "none": N_("Unannounced"),
}

VERDICT: Final = {
    "accepted": N_("Good"),
    "quarantine": N_("Put aside"),
    "rejected": N_("Broken"),
}

TROUBLE: Final = {
    "damaged": N_("Damaged"),
    "wrong_sku": N_("Wrong goods: not ordered"),
    "expired": N_("Expired on arrival"),
    "unknown_lot": N_("Lot was not announced"),
    "lot_differs": N_("Dates differ from the register of lots"),
    "short_life": N_("Too little life left, or no date of expiry"),
    "over": N_("More than ordered"),
    "inspection": N_("Put aside to be looked at"),
    "short": N_("Announced, did not come"),
}

CASE_STATE: Final = {
    "open": N_("To decide"),
    "accepted": N_("Accepted"),
    "returned": N_("Back to the supplier"),
    "credited": N_("Credited by the supplier"),
    "replaced": N_("Replaced by the supplier"),
    "destroyed": N_("Destroyed"),
    "withdrawn": N_("Receipt taken back"),
}

# What a decision does, for whoever is about to take it.
CASE_CHOICE: Final = {
    "accepted": N_("Accept it: the goods go on sale"),
    "returned": N_("The goods go back to the supplier"),
    "credited": N_("The supplier credits it; the goods are destroyed"),
    "replaced": N_("The goods go back, the supplier sends others"),
    "destroyed": N_("The goods are destroyed, at our cost"),
}

# The same where no goods are there.
SHORT_CHOICE: Final = {
    "accepted": N_("Accept it: the loss is ours"),
    "credited": N_("The supplier credits what did not come"),
    "replaced": N_("The supplier sends it later"),
}

# By what a scan at the ramp did; `{n}` are all units of the goods so far.
HEARD: Final = {
    "ask_serial": N_("Now scan its serial number"),
    "serial_needed": N_("This unit needs its serial number: scan it again, then its number"),
    "lot_needed": N_("Its lot is needed: type it here, then count again; or put the goods aside"),
    "serial_units": N_("One serial number is one unit: scan them one by one"),
    "serial_not_sent": N_("This unit was not sent with this transfer: put it aside"),
    "serial_known": N_("This unit is in the register already: put it aside"),
    "counted": N_("{n} in all"),
    "undone": N_("Taken back"),
    "nothing_to_undo": N_("There is nothing to take back"),
    "unknown": N_("Not one of our goods: put it aside and tell the office"),
    "twice": N_("This serial number was scanned before"),
    "late": N_("This receipt is counted already"),
    "sent": N_("Scanned"),
    "waiting": N_("{n} waiting to be sent"),
    "others": N_("{n} scans of somebody else wait until they log in here"),
    "login": N_("Log in again: your scans wait on this device"),
    "unusable": N_("A scan could not be used"),
    "still_waiting": N_("Scans still wait to be sent"),
}
