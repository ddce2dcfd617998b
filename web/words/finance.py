"""ERPs, issuers of invoices and what is on its way to them."""

from typing import Final

from api.language import N_

ERP: Final = {
    "kingdee": N_("Kingdee Cloud Galaxy"),
    "yonyou": N_("Yonyou BIP"),
}

EXPORT_STATE: Final = {
    "wanted": N_("not there yet"),
    "confirmed": N_("arrived"),
    "by_hand": N_("entered by hand"),
    "skipped": N_("left out"),
}

ISSUER: Final = {
    "nuonuo": N_("Nuonuo"),
}

INVOICE_STATE: Final = {
    "waiting": N_("waits for the goods to leave"),
    "wanted": N_("about to be ordered"),
    "processing": N_("being issued"),
    "issued": N_("issued"),
    "failed": N_("failed"),
    "by_hand": N_("issued by hand"),
    "cancelled": N_("cancelled"),
}

RED_REASON: Final = {
    "returned": N_("goods came back"),
    "rebate": N_("money went back without goods"),
    "mistake": N_("it was wrong"),
}
