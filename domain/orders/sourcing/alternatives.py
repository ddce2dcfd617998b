"""Plans that were not taken and why: what one asks about first when a decision surprises."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from domain.orders.sourcing.exact import Shares
from domain.orders.sourcing.model import Alternative, Rejected, Strategy
from domain.orders.sourcing.parcel import parcel_cost
from domain.orders.sourcing.picture import Picture, Vector, distance_m

_SINGLES_SHOWN: Final = 3
_SKUS_SHOWN: Final = 5
_DISTANCE: Final = attrgetter("distance_km")
_ID: Final = attrgetter("location_id")

_REASON: Final = {
    Strategy.CHEAPEST: Rejected.DEARER,
    Strategy.NEAREST: Rejected.FARTHER,
    Strategy.INVENTORY_FIRST: Rejected.LESS_STOCK_LEFT,
    Strategy.PRIORITY: Rejected.LOWER_PRIORITY,
}


def alternatives_of(
    picture: Picture, strategy: Strategy, shares: Shares, uncapped: Shares
) -> tuple[Alternative, ...]:
    """The best single locations with everything, the nearest one without, and what the cap forbids.

    `uncapped` is the plan without a cap, empty when no cap was in the way.
    """
    if not len(picture.need):
        return ()
    found = [*_singles(picture, strategy, shares), *_nearest_short(picture, shares)]
    if len(uncapped) > len(shares):
        found.append(_over_cap(picture, uncapped))
    return tuple(found)


def _singles(picture: Picture, strategy: Strategy, shares: Shares) -> list[Alternative]:
    has_all = np.logical_and.reduce(picture.free >= picture.need, axis=1)
    if len(shares) == 1:
        has_all[list(shares)] = False
    places = np.flatnonzero(has_all)
    if not len(places):
        return []
    quantities = np.broadcast_to(picture.need, (len(places), len(picture.need)))
    scores = picture.each(places, quantities)
    best = np.argsort(scores, kind="stable")[:_SINGLES_SHOWN]
    taken = _sums(picture, shares)
    alternatives = []
    for place, score in zip(places[best].tolist(), scores[best].tolist(), strict=True):
        cost, metres = _sums(picture, {place: picture.need})[1:]
        by = {
            Strategy.CHEAPEST: cost - taken[1],
            Strategy.NEAREST: metres - taken[2],
        }.get(strategy, 0)
        reason = _REASON[strategy] if score > taken[0] else Rejected.TIED
        name = picture.candidates[place].location_id
        alternatives.append(Alternative((name,), cost, reason, max(by, 0)))
    return alternatives


def _nearest_short(picture: Picture, shares: Shares) -> list[Alternative]:
    """The nearest location of all when it was passed over because it lacks something."""
    distances = list(map(_DISTANCE, picture.asked))
    shortest = min(distances)
    nearest = picture.asked[distances.index(shortest)]
    if distances.count(shortest) > 1:
        nearest = min((c for c in picture.asked if c.distance_km == shortest), key=_ID)
    if any(picture.candidates[place] is nearest for place in shares):
        return []
    lacks = [
        sku
        for sku, quantity in zip(picture.skus, picture.need.tolist(), strict=True)
        if nearest.free.get(sku, 0) < quantity
    ]
    if not lacks:
        return []
    skus = tuple(sorted(lacks)[:_SKUS_SHOWN])
    return [Alternative((nearest.location_id,), None, Rejected.SHORT, 0, skus)]


def _over_cap(picture: Picture, uncapped: Shares) -> Alternative:
    names = tuple(picture.candidates[place].location_id for place in sorted(uncapped))
    return Alternative(names, _sums(picture, uncapped)[1], Rejected.OVER_PARCEL_CAP)


def _sums(picture: Picture, shares: Shares) -> tuple[int, int, int]:
    """Score, cost in minor units and metres of all parcels."""
    places = sorted(shares)
    quantities: Sequence[Vector] = [shares[place] for place in places]
    rows = np.stack(quantities) if places else np.zeros((0, len(picture.need)), dtype=np.int64)
    loads = picture.loads(rows)
    if not places:
        return 0, 0, 0
    score = int(picture.each(np.array(places), rows).sum())
    cost = sum(
        parcel_cost(picture.candidates[place], int(grams), int(volume), int(units))[0]
        for place, units, grams, volume in zip(
            places, loads.units, loads.weight_g, loads.volume_mm3, strict=True
        )
    )
    return score, cost, sum(distance_m(picture.candidates[place]) for place in places)
