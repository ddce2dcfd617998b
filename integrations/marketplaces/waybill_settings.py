"""How a shop is set up for its platform's electronic waybills: the setting `waybills`.

One entry a carrier, by our code: what the platform wants to know of the contract with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.shared.errors import Rejected
from integrations.marketplaces.companies import CARRIERS
from integrations.settings import Setting, nested, text

NOT_SET_UP: Final = "waybills_not_set_up"


def entries(*names: str) -> Setting:
    """The setting `waybills`: these texts for each carrier."""
    return nested(
        "waybills", *(nested(carrier, *(text(name) for name in names)) for carrier in CARRIERS)
    )


def entry_of(settings: Mapping[str, Any], carrier: str) -> Mapping[str, Any]:
    """The carrier's entry; empty where there is none."""
    entries = settings.get("waybills")
    entry = entries.get(carrier) if isinstance(entries, Mapping) else None
    return entry if isinstance(entry, Mapping) else {}


def missing_of(settings: Mapping[str, Any], carrier: str, needed: Sequence[str]) -> str:
    """The settings that waybills of this carrier need and the shop has not; empty when none."""
    entry = entry_of(settings, carrier)
    if not entry and not needed:
        return f"waybills.{carrier}"
    return ", ".join(f"waybills.{carrier}.{name}" for name in needed if not entry.get(name))


def entry_with(
    settings: Mapping[str, Any], carrier: str, needed: Sequence[str]
) -> Mapping[str, Any]:
    """The carrier's complete entry. Raises Rejected (`waybills_not_set_up`)."""
    if lacking := missing_of(settings, carrier, needed):
        raise Rejected(f"the shop has no {lacking}", code=NOT_SET_UP, system="onhand")
    return entry_of(settings, carrier)
