"""ERPs and what is on its way to them."""

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
