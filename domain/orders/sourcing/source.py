"""Choosing the locations of an order: exact where it is small, else constructed and improved.

Units of one SKU count together, whichever lines they are for, so that no location promises the same
unit twice. Ties: score, then parcels, then priority, then location id.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from domain.orders.sourcing.alternatives import alternatives_of
from domain.orders.sourcing.exact import Shares, best_split, blocks_of
from domain.orders.sourcing.improve import alone, improved, topped_up, value
from domain.orders.sourcing.model import Candidate, Decision, Demand, Placement, Strategy
from domain.orders.sourcing.parcel import parcel_cost
from domain.orders.sourcing.picture import Picture, distance_m, picture_of
from domain.shared.errors import InvalidInput

_LOCATION: Final = attrgetter("location_id")
_MOST: Final = 1 << 52  # grams, mm³ and units of an order: sums stay exact


def source(
    demands: Sequence[Demand],
    candidates: Sequence[Candidate],
    strategy: Strategy = Strategy.CHEAPEST,
    max_parcels: int | None = None,
) -> Decision:
    """Place as much as the candidates have in at most `max_parcels` parcels; the rest is `missing`.

    The caller holds the stock it passes in. Raises InvalidInput for a cap below one, negative
    amounts, a location or line given twice, or one SKU with two weights.
    """
    _check(demands, candidates, max_parcels)
    picture = picture_of(demands, candidates, strategy)
    shares, proven = _shares(picture, max_parcels)
    plan, missing = _placements(demands, picture, shares)
    placed = sum([quantity for placement in plan for _, _, quantity in placement.lines])
    short = int(picture.need.sum()) > placed
    uncapped: Shares = {}
    if max_parcels is not None and len(shares) == max_parcels:
        uncapped = _shares(picture, None)[0]
    return Decision(
        strategy,
        plan,
        sum(placement.cost_minor for placement in plan),
        missing,
        short,
        alternatives_of(picture, strategy, shares, uncapped),
        max_parcels,
        proven,
    )


def _check(
    demands: Sequence[Demand], candidates: Sequence[Candidate], max_parcels: int | None
) -> None:
    if max_parcels is not None and max_parcels < 1:
        raise InvalidInput("at least one parcel must be allowed")
    if len(set(map(_LOCATION, candidates))) != len(candidates):
        raise InvalidInput("a location is given twice")
    if len({d.line_id for d in demands}) != len(demands):
        raise InvalidInput("a line is given twice")
    units: dict[str, tuple[int, int]] = {}
    for d in demands:
        if d.quantity < 0 or d.weight_g < 0 or d.volume_mm3 < 0:
            raise InvalidInput(f"line {d.line_id} has a negative amount")
        if units.setdefault(d.sku, (d.weight_g, d.volume_mm3)) != (d.weight_g, d.volume_mm3):
            raise InvalidInput(f"SKU {d.sku} is given with two weights or volumes")
    if sum(d.quantity * max(d.weight_g, d.volume_mm3, 1) for d in demands) > _MOST:
        raise InvalidInput("the order is too large to be weighed")


def _shares(picture: Picture, cap: int | None) -> tuple[Shares, bool]:
    """Who sends what, and whether nothing can be better."""
    if not len(picture.need):
        return {}, True
    blocks = blocks_of(picture)
    starts = []
    if blocks is not None:
        split, best_of_blocks = best_split(picture, blocks, cap)
        if blocks.complete and best_of_blocks:
            return split, True
        starts.append(topped_up(picture, split, cap))
    else:
        starts.append(topped_up(picture, {}, cap))
        if (single := alone(picture)) is not None:
            starts.append(single)
    starts.append(topped_up(picture, {}, cap, most_units_first=True))
    plans = [improved(picture, shares, cap) for shares in starts]
    return min(plans, key=lambda shares: value(picture, shares)), False


def _placements(
    demands: Sequence[Demand], picture: Picture, shares: Shares
) -> tuple[tuple[Placement, ...], tuple[tuple[str, str, int], ...]]:
    """The plan by line, and what is missing: earlier lines of a SKU are served first."""
    left = {place: dict(zip(picture.skus, share.tolist(), strict=True))
            for place, share in sorted(shares.items())}  # fmt: skip
    placed = {sku: sum(parcel[sku] for parcel in left.values()) for sku in picture.skus}
    sent: dict[int, list[tuple[str, str, int]]] = {place: [] for place in left}
    missing: list[tuple[str, str, int]] = []
    for demand in demands:
        quantity = min(demand.quantity, placed.get(demand.sku, 0))
        if quantity:
            placed[demand.sku] -= quantity
        if short := demand.quantity - quantity:
            missing.append((demand.line_id, demand.sku, short))
        whole = [p for p in left if left[p].get(demand.sku, 0) >= quantity]
        for place in whole[:1] or left:
            part = min(quantity, left[place].get(demand.sku, 0))
            if part:
                sent[place].append((demand.line_id, demand.sku, part))
                left[place][demand.sku] -= part
                quantity -= part
    unit = {demand.sku: demand for demand in demands}
    return tuple(
        _placement(picture.candidates[place], tuple(lines), unit) for place, lines in sent.items()
    ), tuple(missing)


def _placement(
    candidate: Candidate, lines: tuple[tuple[str, str, int], ...], unit: dict[str, Demand]
) -> Placement:
    units = weight_g = volume_mm3 = 0
    for _, sku, quantity in lines:
        units += quantity
        weight_g += unit[sku].weight_g * quantity
        volume_mm3 += unit[sku].volume_mm3 * quantity
    cost, carrier, product = parcel_cost(candidate, weight_g, volume_mm3, units)
    return Placement(candidate.location_id, lines, cost, distance_m(candidate), carrier, product)
