"""Campaigns, what became of decisions, and the gates of outside systems."""

from typing import Final

from api.language import N_

CAMPAIGN_STATE: Final = {
    "canary": N_("Trying the first few"),
    "running": N_("Running"),
    "paused": N_("Paused"),
    "stopped": N_("Stopped"),
    "finished": N_("Finished"),
}

CAMPAIGN_STOPPED: Final = {
    "by_hand": N_("Somebody stopped it; the rest was left as it was."),
    "canary": N_("Too many of the first few went no further: the rest was left as it was."),
    "failing": N_("Too many went no further: the rest was left as it was."),
}

CAMPAIGN_ITEM: Final = {
    "waiting": N_("Not yet"),
    "deciding": N_("Being decided"),
    "decided": N_("Decided; its result is awaited"),
    "went_on": N_("Went on"),
    "parked_again": N_("Stuck again"),
    "silent": N_("No result within half an hour"),
    "refused": N_("Could not be decided"),
    "gone": N_("Somebody else saw to it"),
    "left": N_("Left as it was"),
}

OUTCOME: Final = {
    "": N_("No result yet"),
    "went_on": N_("Went on"),
    "parked_again": N_("Stuck again"),
    "interrupted": N_("Overtaken by other news"),
}

EFFECT_STATE: Final = {
    "intended": N_("Intended; nothing is known of it yet"),
    "confirmed": N_("Confirmed by the other side"),
    "unknown": N_(
        "Sent, but no answer came: the other side is asked before anything is sent again"
    ),
    "rejected": N_("Refused by the other side"),
    "undone": N_("Taken back"),
}

EFFECT_KIND: Final = {
    "waybill": N_("Waybill"),
    "confirm": N_("Message to the channel"),
    "refund": N_("Refund"),
    "intercept": N_("Parcel asked back"),
    "invoice": N_("Invoice"),
    "voucher": N_("Voucher for the ERP"),
    "return_label": N_("Return label"),
    "purchase": N_("Purchase order to a supplier"),
    "purchase_cancel": N_("Cancellation to a supplier"),
    "purchase_reminder": N_("Reminder to a supplier"),
}

SYSTEM_KIND: Final = {
    "shop": N_("Shop"),
    "carrier": N_("Carrier"),
    "payment": N_("Payment account"),
    "erp": N_("ERP"),
    "invoice": N_("Issuer of invoices"),
    "supplier": N_("Supplier"),
    "stock": N_("Our own stock"),
    "audit": N_("Nightly audit"),
}

# What stands still while the gate of such a system is shut.
CLOSING: Final = {
    "shop": N_(
        "The shop is neither pulled nor told anything: no stock, no shipments. What it pushes is"
        " still taken and kept."
    ),
    "carrier": N_(
        "No waybill is ordered or voided there and no parcel is asked after; parcels wait after"
        " packing. Scans that it pushes are still taken."
    ),
    "payment": N_("No refund is paid and none is asked after; what it pushes is still taken."),
    "erp": N_("No voucher is sent there; the books go on and vouchers queue."),
    "invoice": N_("No invoice is issued or taken back; wishes queue."),
    "supplier": N_("It gets no order and no reminder; what it tells us is still taken."),
}

GATE_DEED: Final = {
    "close": N_("Shut"),
    "drain": N_("Open carefully"),
    "open": N_("Open the gate"),
    "rate": N_("Rate of waking"),
}

GATE_DEED_MEANS: Final = {
    "drain": N_(
        "The steps that wait go on a few at a time, the first one alone. One failure shuts the"
        " gate again."
    ),
    "open": N_(
        "Everybody calls the system at once, and the steps that wait are woken by and by. It is"
        " shut again only when half of the calls of a minute fail."
    ),
    "rate": N_("So many of the steps that wait are woken every five seconds."),
}

EFFECT_TAG: Final = {
    "intended": N_("Intended"),
    "confirmed": N_("Confirmed"),
    "unknown": N_("Unknown"),
    "rejected": N_("Refused"),
    "undone": N_("Taken back"),
}
