"""What dealers report, in words."""

from typing import Final

from api.language import N_

REPORT_STATE: Final = {
    "waiting": N_("Undecided"),
    "accepted": N_("In force"),
    "sent_back": N_("Asked back"),
    "replaced": N_("Replaced"),
}
REPORT_TAB: Final = {
    "": N_("All"),
    "waiting": N_("Undecided"),
    "accepted": N_("In force"),
    "sent_back": N_("Asked back"),
}
REPORT_SOURCE: Final = {
    "page": N_("typed in"),
    "api": N_("sent by a program"),
    "file": N_("out of a file"),
    "desk": N_("put right by us"),
}
