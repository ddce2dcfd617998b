"""For whom units are kept."""

from typing import Final

from api.language import N_

EARMARK_FOR: Final = {
    "cart": N_("for a cart"),
    "quote": N_("for a quote"),
    "order": N_("for an unpaid order"),
}
