"""A decision in codes and parameters that a page or the API puts into words."""

from dataclasses import dataclass

from domain.orders.sourcing.model import Decision


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence. Sums are minor units, distances metres.

    nothing_to_send | chosen.{strategy} | sends | line_split | missing | over_parcel_cap |
    rejected.{reason}
    """

    code: str
    params: dict[str, str | int | tuple[str, ...]]


def explain(decision: Decision) -> tuple[Reason, ...]:
    """Why these locations: the choice, each parcel, what is split or missing, what was rejected."""
    if not decision.plan and not decision.missing:
        return (Reason("nothing_to_send", {}),)
    reasons = [*_chosen(decision), *_split(decision)]
    reasons += [
        Reason("missing", {"line": line, "sku": sku, "quantity": quantity})
        for line, sku, quantity in decision.missing
    ]
    if decision.over_parcel_cap:
        reasons.append(Reason("over_parcel_cap", {"cap": decision.max_parcels or 0}))
    return (*reasons, *_rejected(decision))


def _chosen(decision: Decision) -> list[Reason]:
    if not decision.plan:
        return []
    choice: dict[str, str | int | tuple[str, ...]] = {
        "locations": tuple(parcel.location_id for parcel in decision.plan),
        "parcels": len(decision.plan),
        "total_minor": decision.total_minor,
        "proven": int(decision.proven),
    }
    parcels = [
        Reason(
            "sends",
            {
                "location": parcel.location_id,
                "units": sum(quantity for _, _, quantity in parcel.lines),
                "lines": len(parcel.lines),
                "cost_minor": parcel.cost_minor,
                "distance_m": parcel.distance_m,
                "carrier": parcel.carrier,
                "product": parcel.product,
            },
        )
        for parcel in decision.plan
    ]
    return [Reason(f"chosen.{decision.strategy}", choice), *parcels]


def _split(decision: Decision) -> list[Reason]:
    senders: dict[tuple[str, str], list[str]] = {}
    for parcel in decision.plan:
        for line, sku, _ in parcel.lines:
            senders.setdefault((line, sku), []).append(parcel.location_id)
    return [
        Reason("line_split", {"line": line, "sku": sku, "locations": tuple(places)})
        for (line, sku), places in senders.items()
        if len(places) > 1
    ]


def _rejected(decision: Decision) -> list[Reason]:
    reasons = []
    for other in decision.alternatives:
        params: dict[str, str | int | tuple[str, ...]] = {
            "locations": other.location_ids,
            "parcels": len(other.location_ids),
        }
        if other.cost_minor is not None:
            params["cost_minor"] = other.cost_minor
        if other.by:
            params["by"] = other.by
        if other.skus:
            params["skus"] = other.skus
        reasons.append(Reason(f"rejected.{other.reason}", params))
    return reasons
