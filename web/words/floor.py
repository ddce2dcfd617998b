"""The warehouse floor: what scanners are told, why things are missing, how waves stand."""

from typing import Final

from api.language import N_

WEEKDAYS: Final = {
    1: N_("Monday"),
    2: N_("Tuesday"),
    3: N_("Wednesday"),
    4: N_("Thursday"),
    5: N_("Friday"),
    6: N_("Saturday"),
    7: N_("Sunday"),
}

# By what a scan did; `{n}` of `{asked}` units, `{slot}` is a place in the wave.
SCAN: Final = {
    "count": N_("{n} of {asked}"),
    "slot": N_("Into slot {slot}"),
    "complete": N_("Everything is scanned"),
    "wrong": N_("Wrong item: not on this list"),
    "over": N_("Too many: put it back"),
    "undone": N_("Taken back"),
    "nothing_to_undo": N_("There is nothing to take back"),
    "late": N_("This list is confirmed already"),
    "expired": N_("Expired: put it aside"),
    "lot_held": N_("This lot is kept back: put it aside"),
    "lot_taken": N_("This lot is promised to others: take another one"),
    "lot_unknown": N_("The books have no such lot here: tell whoever counts"),
    "ask_serial": N_("Now scan its serial number"),
    "serial_needed": N_("This unit needs its serial number: scan it again, then its number"),
    "serial_units": N_("One serial number is one unit: scan them one by one"),
    "serial_unknown": N_("Nobody knows this serial number: put the unit aside"),
    "serial_twice": N_("This unit is scanned already"),
    "serial_taken": N_("This unit was sent, is promised or is set apart: take another one"),
    "serial_elsewhere": N_("By the books this unit lies elsewhere: put it aside"),
    "serial_other_lot": N_("This unit is of another lot: take another one"),
    "missing": N_("{n} units are missing: choose why"),
    "incomplete": N_("Units are missing; the rest is confirmed"),
    "confirmed": N_("Confirmed"),
    "short": N_("Confirmed, with units missing"),
    "gone": N_("Stop: this is not to be picked any more"),
    "waiting": N_("{n} waiting to be sent"),
    "no_network": N_("No network: this is done when the Wi-Fi is back"),
    "others": N_("{n} scans of somebody else wait until they log in here"),
    "login": N_("Log in again: your scans wait on this device"),
    "unusable": N_("A scan could not be used"),
}

SHORT_REASON: Final = {
    "not_found": N_("Not found"),
    "damaged": N_("Damaged"),
    "expired": N_("Expired"),
    "other": N_("Another reason"),
}

LEFT_WHY: Final = {
    "not_found": N_("Not found"),
    "damaged": N_("Damaged"),
    "later": N_("Later"),
    "other": N_("Another reason"),
    "gone": N_("Taken back"),
    "closed": N_("Left over when the wave ended"),
}

WAVE_STATE: Final = {
    "made": N_("To be released"),
    "released": N_("Being picked"),
    "closed": N_("Closed"),
}

WAVE_KIND: Final = {
    "urgent": N_("Urgent"),
    "single": N_("One line each"),
    "several": N_("Several lines"),
}

WAVE_MODE: Final = {
    "batch": N_("All together, sorted into slots"),
    "single": N_("One shipment after the other"),
}

# Barcodes that a scanner presses buttons with.
FUNCTION_CODES: Final = {
    "ONHAND-GO-WAREHOUSE": N_("Go to the pick lists"),
    "ONHAND-GO-WAVES": N_("Go to the waves"),
    "ONHAND-GO-PACK": N_("Go to the pack station"),
    "ONHAND-GO-HAND-OVERS": N_("Go to the hand-overs"),
    "ONHAND-DONE": N_("Confirm"),
    "ONHAND-UNDO": N_("Take the last one back"),
    "ONHAND-SHORT-NOT-FOUND": N_("Confirm: the rest was not found"),
    "ONHAND-SHORT-DAMAGED": N_("Confirm: the rest is damaged"),
    "ONHAND-SHORT-EXPIRED": N_("Confirm: the rest is expired"),
    "ONHAND-SHORT-OTHER": N_("Confirm: the rest is missing for another reason"),
}

# By what a scan of a parcel did at a hand-over.
HANDED: Final = {
    "taken": N_("Goes with this driver"),
    "twice": N_("It is on this list already"),
    "unknown": N_("Not a parcel of ours"),
    "voided": N_("Void waybill: print the new label"),
    "other_carrier": N_("Wrong carrier"),
    "other_place": N_("This parcel belongs to another location"),
    "not_labelled": N_("This parcel has no waybill yet"),
    "held": N_("The order is on hold: keep it here"),
    "cancelled": N_("Cancelled: keep it here"),
    "outdated": N_("The receiver has changed: it gets a new label"),
    "left": N_("It has left already"),
    "closed": N_("The driver has signed already"),
    "unsigned": N_("The driver has not signed"),
    "still_waiting": N_("Scans still wait to be sent"),
}

LEFT_OVER: Final = {
    "not_handed_over": N_("Labelled, not handed over"),
    "not_labelled": N_("Packed, without a waybill"),
    "not_packed": N_("Picked, not packed"),
    "not_picked": N_("Due, not picked"),
}

LEFT_OVER_DO: Final = {
    "not_handed_over": N_("Scan it onto the next hand-over, or call the carrier."),
    "not_labelled": N_("The waybill is being ordered. If it is stuck, customer service decides."),
    "not_packed": N_("Pack it now, or leave it at the pack station for tomorrow."),
    "not_picked": N_("Put it into the next wave; it goes first."),
}

# Why a label is left out of a batch.
NOT_PRINTED: Final = {
    "no_waybill": N_("There is no waybill yet"),
    "platform": N_("Only the platform’s print component can print it"),
    "elsewhere": N_("It is printed where its waybill was ordered"),
    "unknown": N_("There is no such shipment"),
}
