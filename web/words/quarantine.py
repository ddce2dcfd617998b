"""Words of goods that are set apart."""

from typing import Final

from api.language import N_

APART: Final = {
    "quarantine": N_("Quarantine"),
    "damaged": N_("Damaged"),
    "refurbish": N_("To be refurbished"),
    "scrap": N_("To be scrapped"),
    "to_supplier": N_("For the supplier"),
}

APART_TAB: Final = {"": N_("All that is set apart"), **APART}

QUARANTINE_ACT: Final = {
    "release": N_("On sale again"),
    "write_off": N_("Written off"),
    "to_supplier": N_("Back to the supplier"),
}

QUARANTINE_TAB: Final = {"": N_("All decisions"), **QUARANTINE_ACT}

# What a decision does, for whoever is about to take it.
QUARANTINE_CHOICE: Final = {
    "release": N_("They are good: put them on sale"),
    "write_off": N_("Write them off"),
    "to_supplier": N_("Send them back to the supplier"),
}

# By what paper goods came to lie apart.
APART_BY: Final = {
    "goods_receipt": N_("Goods receipt"),
    "return": N_("Return"),
    "transfer": N_("Transfer"),
    "stock_count": N_("Count"),
    "recall": N_("Recall"),
    "quarantine": N_("Decision"),
    "adjustment": N_("Correction"),
    "kit_order": N_("Kit"),
    "purchase_order": N_("Purchase order"),
    "opening": N_("Opening stock"),
}
