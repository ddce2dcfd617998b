"""Choosing the locations of an order: exact over subsets of what has to be sent together.

Units of one SKU are one *item*; an item no single place can serve is cut into pieces, each bound to
its place. Items served by the same places travel together as one *group*. Up to eight groups the
best split is found by a dynamic programme over subsets; above that places are taken greedily.
Ties: cost, then parcels, then priority, then location id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.orders.sourcing.model import (
    Alternative,
    Candidate,
    Decision,
    Demand,
    FreightRow,
    Placement,
    Strategy,
)

_EXACT_GROUPS: Final = 8
_REJECTED_SHOWN: Final = 5
_NO_FREIGHT_MINOR: Final = 0

Score = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that the same candidates can serve. `mask` has a bit per candidate."""

    items: tuple[tuple[str, int], ...]  # (sku, quantity)
    weight_g: int
    volume_mm3: int
    units: int
    mask: int


def source(
    demands: Sequence[Demand],
    candidates: Sequence[Candidate],
    strategy: Strategy = Strategy.CHEAPEST,
    max_parcels: int = 4,
) -> Decision:
    """Place as much as the candidates have; what nobody has is `missing`.

    The caller holds the stock it passes in. When the parcel cap cannot be kept, the plan with the
    fewest parcels is taken and says so.
    """
    ordered = sorted(candidates, key=lambda c: (c.priority, c.location_id))
    wanted: dict[str, int] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    placed = {
        sku: min(quantity, sum(max(c.free.get(sku, 0), 0) for c in ordered))
        for sku, quantity in wanted.items()
    }
    groups = _groups(demands, ordered, {s: q for s, q in placed.items() if q})
    chosen = _best(groups, ordered, strategy, max_parcels)
    plan = _placements(demands, groups, ordered, chosen)
    return Decision(
        strategy,
        plan,
        sum(placement.cost_minor for placement in plan),
        _missing(demands, placed),
        len(plan) > max_parcels,
        _alternatives(groups, ordered, strategy, plan),
    )


def _groups(
    demands: Sequence[Demand], candidates: Sequence[Candidate], placed: dict[str, int]
) -> list[_Group]:
    unit = {demand.sku: (demand.weight_g, demand.volume_mm3) for demand in demands}
    by_mask: dict[int, list[tuple[str, int]]] = {}
    for sku, quantity in sorted(placed.items()):
        mask = sum(1 << i for i, c in enumerate(candidates) if c.free.get(sku, 0) >= quantity)
        if mask:
            by_mask.setdefault(mask, []).append((sku, quantity))
            continue
        richest = sorted(range(len(candidates)), key=lambda i: (-candidates[i].free.get(sku, 0), i))
        left = quantity
        for i in richest:
            piece = min(left, max(candidates[i].free.get(sku, 0), 0))
            if piece:
                by_mask.setdefault(1 << i, []).append((sku, piece))
                left -= piece
    return [
        _Group(
            tuple(items),
            sum(unit[sku][0] * quantity for sku, quantity in items),
            sum(unit[sku][1] * quantity for sku, quantity in items),
            sum(quantity for _, quantity in items),
            mask,
        )
        for mask, items in sorted(by_mask.items())
    ]


def _best(
    groups: Sequence[_Group],
    candidates: Sequence[Candidate],
    strategy: Strategy,
    max_parcels: int,
) -> dict[int, int]:
    """Group index → candidate index."""
    if not groups:
        return {}
    if len(groups) > _EXACT_GROUPS:
        return _greedy(groups, candidates, strategy)
    return _exact(groups, candidates, strategy, max_parcels)


def _exact(
    groups: Sequence[_Group],
    candidates: Sequence[Candidate],
    strategy: Strategy,
    max_parcels: int,
) -> dict[int, int]:
    full = (1 << len(groups)) - 1
    single: list[tuple[Score, int] | None] = [None] * (full + 1)
    for subset in range(1, full + 1):
        single[subset] = _cheapest_single(_members(groups, subset), candidates, strategy)
    if (alone := single[full]) is not None and strategy is Strategy.INVENTORY_FIRST:
        return dict.fromkeys(range(len(groups)), alone[1])
    best: dict[int, tuple[Score, int, tuple[tuple[int, int], ...]]] = {0: ((0.0, 0.0, 0.0), 0, ())}
    for subset in range(1, full + 1):
        lowest = subset & -subset
        options = []
        part = subset
        while part:
            one, rest = single[part], best.get(subset ^ part)
            if part & lowest and one is not None and rest is not None:
                score = (rest[0][0] + one[0][0], rest[0][1] + 1, rest[0][2] + one[0][2])
                options.append((score, rest[1] + 1, (*rest[2], (part, one[1]))))
            part = (part - 1) & subset
        within = [option for option in options if option[1] <= max_parcels]
        if options:
            best[subset] = min(within) if within else min(options, key=lambda o: (o[1], o[0]))
    parts = best[full][2]
    return {g: where for part, where in parts for g in range(len(groups)) if part >> g & 1}


def _greedy(
    groups: Sequence[_Group], candidates: Sequence[Candidate], strategy: Strategy
) -> dict[int, int]:
    """The place that serves most of what is left, the better one of equals; then improve."""
    chosen: dict[int, int] = {}
    left = set(range(len(groups)))
    while left:
        options = []
        for i, candidate in enumerate(candidates):
            mine = [g for g in sorted(left) if groups[g].mask >> i & 1]
            if mine:
                units = sum(groups[g].units for g in mine)
                score = _score([groups[g] for g in mine], candidate, i, strategy)
                options.append((-units, score, i, mine))
        _, _, where, mine = min(options)
        chosen |= dict.fromkeys(mine, where)
        left -= set(mine)
    used = sorted(set(chosen.values()))
    for g in sorted(chosen):  # move a group when that makes the whole better
        for where in used:
            if groups[g].mask >> where & 1 and where != chosen[g]:
                moved = {**chosen, g: where}
                if _total(groups, candidates, strategy, moved) < _total(
                    groups, candidates, strategy, chosen
                ):
                    chosen = moved
    return chosen


def _members(groups: Sequence[_Group], subset: int) -> list[_Group]:
    return [group for g, group in enumerate(groups) if subset >> g & 1]


def _cheapest_single(
    members: Sequence[_Group], candidates: Sequence[Candidate], strategy: Strategy
) -> tuple[Score, int] | None:
    mask = -1
    for group in members:
        mask &= group.mask
    options = [
        (_score(members, candidate, i, strategy), i)
        for i, candidate in enumerate(candidates)
        if mask >> i & 1
    ]
    return min(options, default=None)


def _total(
    groups: Sequence[_Group],
    candidates: Sequence[Candidate],
    strategy: Strategy,
    chosen: dict[int, int],
) -> tuple[float, int]:
    scores = [
        _score(
            [groups[g] for g in chosen if chosen[g] == where], candidates[where], where, strategy
        )
        for where in sorted(set(chosen.values()))
    ]
    return sum(score[0] for score in scores), len(scores)


def _score(members: Sequence[_Group], candidate: Candidate, rank: int, strategy: Strategy) -> Score:
    """What a parcel counts under the strategy, then the tie-breakers."""
    if strategy is Strategy.NEAREST:
        return (candidate.distance_km, 0.0, float(rank))
    if strategy is Strategy.PRIORITY:
        return (float(candidate.priority), 0.0, candidate.distance_km)
    if strategy is Strategy.INVENTORY_FIRST:
        left = sum(candidate.free.values()) - sum(group.units for group in members)
        return (1e12 - left, 0.0, float(rank))
    return (float(_cost(members, candidate)), 0.0, candidate.distance_km)


def _cost(members: Sequence[_Group], candidate: Candidate) -> int:
    weight_g = sum(group.weight_g for group in members)
    volume_mm3 = sum(group.volume_mm3 for group in members)
    units = sum(group.units for group in members)
    freight = min(
        (_price(row, weight_g, volume_mm3) for row in candidate.freight),
        default=_NO_FREIGHT_MINOR,
    )
    return candidate.handling_minor + freight + candidate.per_unit_minor * units


def _price(row: FreightRow, weight_g: int, volume_mm3: int) -> int:
    """The tariff formula of `domain.logistics.tariff`, on plain numbers."""
    divisor = row.volumetric_divisor
    chargeable = max(weight_g, -(-volume_mm3 // divisor)) if divisor > 0 else weight_g
    over = max(chargeable - row.first_g, 0)
    steps = -(-over // row.step_g) if row.step_g > 0 else 0
    total = row.first_minor + steps * row.step_minor + row.surcharge_minor
    return max(total, row.minimum_minor)


def _placements(
    demands: Sequence[Demand],
    groups: Sequence[_Group],
    candidates: Sequence[Candidate],
    chosen: dict[int, int],
) -> tuple[Placement, ...]:
    left = {index: demand.quantity for index, demand in enumerate(demands)}
    plan: list[Placement] = []
    for where in sorted(set(chosen.values())):
        mine = [groups[g] for g in sorted(chosen) if chosen[g] == where]
        lines: list[tuple[str, str, int]] = []
        for sku, quantity in (item for group in mine for item in group.items):
            for index, demand in enumerate(demands):
                taken = min(left[index], quantity) if demand.sku == sku else 0
                if taken:
                    lines.append((demand.line_id, sku, taken))
                    left[index] -= taken
                    quantity -= taken
        cost = _cost(mine, candidates[where])
        plan.append(Placement(candidates[where].location_id, tuple(lines), cost))
    return tuple(plan)


def _missing(demands: Sequence[Demand], placed: dict[str, int]) -> tuple[tuple[str, str, int], ...]:
    """Earlier lines are served first, as in `_placements`."""
    left = dict(placed)
    missing: list[tuple[str, str, int]] = []
    for demand in demands:
        served = min(demand.quantity, left[demand.sku])
        left[demand.sku] -= served
        if short := demand.quantity - served:
            missing.append((demand.line_id, demand.sku, short))
    return tuple(missing)


def _alternatives(
    groups: Sequence[_Group],
    candidates: Sequence[Candidate],
    strategy: Strategy,
    plan: Sequence[Placement],
) -> tuple[Alternative, ...]:
    """Single places that were not chosen, the best first, with the reason in one code."""
    taken = {placement.location_id for placement in plan}
    reasons = {
        Strategy.NEAREST: "farther",
        Strategy.CHEAPEST: "dearer",
        Strategy.PRIORITY: "lower_priority",
        Strategy.INVENTORY_FIRST: "less_stock",
    }
    found = []
    for i, candidate in enumerate(candidates):
        if candidate.location_id in taken and len(taken) == 1:
            continue
        lacking = [sku for g in groups if not g.mask >> i & 1 for sku, _ in g.items]
        score = _score(groups, candidate, i, strategy)
        reason = f"short:{lacking[0]}" if lacking else reasons[strategy]
        found.append((bool(lacking), score, i, candidate, reason))
    found.sort(key=lambda option: option[:3])
    return tuple(
        Alternative((candidate.location_id,), _cost(groups, candidate), reason)
        for _, _, _, candidate, reason in found[:_REJECTED_SHOWN]
    )
