"""How the company sources, as its plans need it."""

from domain.orders.sourcing.model import Usual
from runtime.settings import Settings


def usual_of(settings: Settings) -> Usual:
    """Where a shop has no rule of its own."""
    return Usual(settings.sourcing_strategy, settings.max_parcels)
