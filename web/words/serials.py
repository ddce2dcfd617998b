"""Words of serial numbers."""

from typing import Final

from api.language import N_

SERIAL_STATE: Final = {
    "in_stock": N_("In our stock"),
    "packed": N_("In a parcel, not sent yet"),
    "shipped": N_("Sent to a buyer"),
    "built_in": N_("In a kit"),
    "gone": N_("Gone"),
}

SERIAL_TAB: Final = {"": N_("All units"), "sought": N_("To be looked for"), **SERIAL_STATE}

SERIAL_ACT: Final = {
    "received": N_("came in"),
    "moved": N_("went with a transfer"),
    "noted": N_("was taken down in stock"),
    "packed": N_("was scanned for a parcel"),
    "put_back": N_("was put back"),
    "shipped": N_("was sent"),
    "returned": N_("came back"),
    "undone": N_("was taken back in the books"),
    "corrected": N_("was put right by hand"),
    "written_off": N_("was written off"),
    "found": N_("was found"),
    "sought": N_("it, or one beside it, was not found"),
    "seen": N_("is not looked for any more"),
    "made": N_("was put together"),
    "built_in": N_("went into a kit"),
    "taken_out": N_("was taken out of a kit"),
    "taken_apart": N_("was taken apart"),
}
