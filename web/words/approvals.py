"""What two people decide together."""

from typing import Final

from api.language import N_

APPROVAL_KIND: Final = {
    "return_decision": N_("Decision about a return"),
    "cancellation": N_("Cancellation of an order"),
    "lines": N_("Change of an order's lines"),
    "adjustment": N_("Correction of stock"),
    "purchase": N_("Purchase order"),
    "key_export": N_("Export of the encryption key"),
}

APPROVAL_STATE: Final = {
    "open": N_("waits for a second person"),
    "approved": N_("approved"),
    "done": N_("carried out"),
    "refused": N_("refused"),
    "withdrawn": N_("withdrawn"),
    "failed": N_("not possible any more"),
    "expired": N_("expired"),
}

ADJUSTMENT_REASON: Final = {
    "opening": N_("opening stock"),
    "count": N_("counted anew"),
    "damaged": N_("damaged"),
    "expired": N_("too old"),
    "recalled": N_("recalled"),
    "lost": N_("missing"),
    "found": N_("found again"),
    "short_pick": N_("not found when picking"),
    "sample": N_("sample"),
    "internal_use": N_("own use"),
}
