"""Demands and candidates as arrays: what a strategy makes of sending something from somewhere."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.orders.sourcing.model import Candidate, Demand, Strategy
from domain.shared.freight import FreightTerms

Vector = npt.NDArray[np.int64]

NEVER: Final = 1 << 60  # the score of what cannot be sent; two of them still fit 64 bits
_MOST_FREE: Final = 1_000_000_000  # stock beyond this is plenty, whatever the books say
_PIECES_PER_SKU: Final = 16
_NO_FREIGHT: Final = (0, 0, 0, 0, 0, 0, 0)
_FREE_OF_CHARGE: Final = np.array([_NO_FREIGHT], dtype=np.int64)
_FIRST: Final = np.zeros(1, dtype=np.int64)
_TERMS: Final = attrgetter(
    "first_g", "first_minor", "step_g", "step_minor", "volumetric_divisor", "surcharge_minor",
    "minimum_minor",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Sums of what is sent together: grams, mm³; arrays of one shape."""

    units: Vector
    weight_g: Vector
    volume_mm3: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """fixed + rate × units + freight (+ how little stays in stock) of a parcel, by location.

    Freight lines are rows (first g, first price, step g, step price, divisor, surcharge, minimum);
    those of one tariff follow each other. `scarcity` is locations × SKUs.
    """

    fixed: Vector
    rate: Vector
    terms: Vector
    tariff_start: Vector
    tariff_of: Vector
    scarcity: Vector | None

    def pairs(self, places: Vector, loads: Loads, quantities: Vector, which: Vector) -> Vector:
        """The score of load `which[i]` at location `places[i]`; `quantities` is loads × SKUs."""
        units = loads.units.take(which)
        scores = self.rate.take(places)
        scores *= units
        scores += self.fixed.take(places)
        if self.terms.any():
            prices = _prices(self.terms[:, :, None], loads.weight_g, loads.volume_mm3)
            by_tariff = np.minimum.reduceat(prices, self.tariff_start, axis=0)
            scores += by_tariff[self.tariff_of.take(places), which]
        if self.scarcity is not None:
            of_all = self.scarcity.take(places, axis=0)
            of_all *= (quantities > 0).take(which, axis=0)
            scores += np.add.reduce(of_all, axis=1) + units
        return scores

    def each(self, places: Vector, loads: Loads, scarce: Vector | int) -> Vector:
        """The score of load i at location `places[i]`; nothing sent scores nothing.

        `scarce` is the scarcity there of what is sent, summed over its SKUs.
        """
        scores = self.fixed[places] + self.rate[places] * loads.units
        if self.terms.any():
            ends = np.append(self.tariff_start[1:], len(self.terms))
            tariff = self.tariff_of[places]
            counts = (ends - self.tariff_start)[tariff]
            first = np.cumsum(counts) - counts
            rows = np.arange(counts.sum()) + np.repeat(self.tariff_start[tariff] - first, counts)
            weight, volume = np.repeat(loads.weight_g, counts), np.repeat(loads.volume_mm3, counts)
            scores += np.minimum.reduceat(_prices(self.terms[rows], weight, volume), first)
        if self.scarcity is not None:
            scores += scarce + loads.units
        return np.where(loads.units > 0, scores, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What has to be placed (`need`, never more than is free in all places) and where it could be.

    `candidates` have something of it and stand in the company's order, `asked` are all; SKUs with
    the smallest need first.
    """

    asked: Sequence[Candidate]
    candidates: tuple[Candidate, ...]
    skus: tuple[str, ...]
    need: Vector  # SKUs
    free: Vector  # locations × SKUs
    per_unit: Vector  # 1, grams and mm³ × SKUs
    score: Score

    def loads(self, quantities: Vector) -> Loads:
        """The sums of every row of loads × SKUs."""
        return Loads(*(self.per_unit @ quantities.T))

    def each(self, places: Vector, quantities: Vector) -> Vector:
        """The score of `quantities[i]` (one per SKU) sent from location `places[i]`."""
        scarce: Vector | int = 0
        if self.score.scarcity is not None:
            scarce = (self.score.scarcity[places] * (quantities > 0)).sum(axis=1)
        return self.score.each(places, self.loads(quantities), scarce)


def picture_of(
    demands: Sequence[Demand], candidates: Sequence[Candidate], strategy: Strategy
) -> Picture:
    """The arrays of one question; what nobody has is left out."""
    unit: dict[str, Demand] = {}
    wanted: dict[str, int] = {}
    for demand in demands:
        unit[demand.sku] = demand
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    skus = [sku for _, sku in sorted((quantity, sku) for sku, quantity in wanted.items())]
    books = [c.free for c in candidates]
    found = _whole(_looked_up(books, skus))
    np.maximum(found, 0, out=found)
    np.minimum(found, _MOST_FREE, out=found)
    stock = found.reshape(len(candidates), len(skus))
    order = np.flatnonzero(np.logical_or.reduce(stock, axis=1)).tolist()
    order.sort(key=[c.location_id for c in candidates].__getitem__)
    order.sort(key=[c.priority for c in candidates].__getitem__)
    places = tuple([candidates[i] for i in order])
    free = stock.take(order, axis=0)
    need = np.minimum(_whole([wanted[sku] for sku in skus]), np.add.reduce(free))
    if not need.all():
        there = need > 0
        skus = [sku for sku, is_there in zip(skus, there, strict=True) if is_there]
        need, free = need[there], free[:, there]
    return Picture(
        candidates,
        places,
        tuple(skus),
        need,
        free,
        _whole(
            [1] * len(skus)
            + [unit[sku].weight_g for sku in skus]
            + [unit[sku].volume_mm3 for sku in skus]
        ).reshape(3, len(skus)),
        _score(places, need, free, strategy),
    )


def _looked_up(books: Sequence[Mapping[str, int]], skus: Sequence[str]) -> list[int]:
    """What is free, place by place; most books know of every SKU that is asked for."""
    if len(skus) > 1:
        with suppress(KeyError):
            return list(chain.from_iterable(map(itemgetter(*skus), books)))
    return [free.get(sku, 0) for free in books for sku in skus]


def _whole(numbers: list[int]) -> Vector:
    return np.fromiter(numbers, np.int64, len(numbers))


def _score(places: Sequence[Candidate], need: Vector, free: Vector, strategy: Strategy) -> Score:
    """Lexicographic aims are one number: the first aim is weighed above all of the second."""
    zeros = np.zeros(len(places), dtype=np.int64)
    units = int(need.sum())
    scarcity = None
    fixed, rate, tariff_of = zeros, zeros, zeros
    terms, start = _FREE_OF_CHARGE, _FIRST
    if strategy is Strategy.CHEAPEST:
        fixed = _whole([c.handling_minor for c in places])
        rate = _whole([c.per_unit_minor for c in places])
        terms, start, tariff_of = _tariffs([c.freight for c in places])
    elif strategy is Strategy.NEAREST:  # kilometres of the parcels, then of the units
        rate = _whole([distance_m(c) for c in places])
        fixed = rate * (units + 1)
    elif strategy is Strategy.PRIORITY:  # the rank of every unit's place, then parcels
        ranks = {rank: i for i, rank in enumerate(sorted({c.priority for c in places}))}
        rate = _whole([ranks[c.priority] for c in places]) * (units + 1)
        fixed = zeros + 1
    else:  # parcels, then how far behind the richest place the stock will be
        scarcity = free.max(axis=0, initial=0) - free
        most = int(scarcity.max(axis=0, initial=0).sum()) + units
        fixed = zeros + (most * _PIECES_PER_SKU + 1)
    return Score(fixed, rate, terms, start, tariff_of, scarcity)


def distance_m(candidate: Candidate) -> int:
    """Whole metres, so that sums are exact."""
    return round(candidate.distance_km * 1000)


def _tariffs(offers: Sequence[tuple[FreightTerms, ...]]) -> tuple[Vector, Vector, Vector]:
    """All price lines once, where each tariff starts, and which tariff each place has.

    Places of one zone share the tuple, so its identity is enough to see that they are the same.
    """
    number: dict[int, int] = {}
    starts: list[int] = []
    rows: list[tuple[int, ...]] = []
    tariff_of: list[int] = []
    for offer in offers:
        found = number.get(id(offer))
        if found is None:
            found = number[id(offer)] = len(number)
            starts.append(len(rows))
            rows += map(_TERMS, offer) if offer else [_NO_FREIGHT]
        tariff_of.append(found)
    terms = _whole([value for row in rows for value in row]).reshape(len(rows), len(_NO_FREIGHT))
    return terms, _whole(starts), _whole(tariff_of)


def _prices(terms: Vector, weight_g: Vector, volume_mm3: Vector) -> Vector:
    """`domain.shared.freight.price_minor` for many loads and price lines at once.

    Divided as floats, which is exact below 2⁵² and several times faster. Both weights count in
    whole steps, so what is above the first weight is a difference of steps.
    """
    first_g, first, step_g, step, divisor, surcharge, minimum = terms.swapaxes(0, 1)
    size = np.maximum(step_g, 1.0)
    steps = volume_mm3.astype(np.float64) / np.where(divisor > 0, divisor, np.inf)
    np.ceil(steps, out=steps)  # the volumetric weight
    np.maximum(steps, weight_g.astype(np.float64), out=steps)
    steps /= size
    np.ceil(steps, out=steps)
    steps -= first_g // size
    np.maximum(steps, 0.0, out=steps)
    prices: Vector = steps.astype(np.int64)
    prices *= np.where(step_g > 0, step, 0)
    prices += first
    np.maximum(prices, minimum, out=prices)
    prices += surcharge
    return prices
