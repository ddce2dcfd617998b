"""What one parcel from one place costs."""

from domain.orders.sourcing.model import Candidate
from domain.shared.freight import price_minor


def parcel_cost(
    candidate: Candidate, weight_g: int, volume_mm3: int, units: int
) -> tuple[int, str, str]:
    """Minor units, and the carrier and product that are the cheapest; without freight lines only
    handling and units cost."""
    offers = [
        (price_minor(t, weight_g, volume_mm3), t.carrier, t.product) for t in candidate.freight
    ]
    freight, carrier, product = min(offers, default=(0, "", ""))
    cost = candidate.handling_minor + candidate.per_unit_minor * units + freight
    return cost, carrier, product
