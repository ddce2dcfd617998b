"""Orders to source: 210 real baskets with a proven optimum, and drawn ones with tariff rows."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from domain.logistics.tariff import TariffRow, applicable
from domain.orders.sourcing.model import Candidate, Demand
from domain.shared.distance import haversine_km

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
BASKETS: Final = Path("sourcing") / "orders109_first210.json"
_MILE_KM: Final = 1.609344

# The baskets' cost model in millionths, so that sums are whole numbers.
MILLION: Final = 1_000_000
_PER_PLACE: Final = 8_759_000
_PER_UNIT: Final = 423_000
_PER_UNIT_MILE: Final = 541

_ZONES: Final = ("near", "east", "north", "west", "far")
_TODAY: Final = date(2026, 11, 24)


@dataclass(frozen=True, slots=True)
class Case:
    """One order with the places that could send it. `optimum` is the least sum, where known."""

    name: str
    demands: tuple[Demand, ...]
    candidates: tuple[Candidate, ...]
    optimum: int | None = None


def baskets(folder: Path = DATA) -> list[Case]:
    """The real baskets, with costs and optimum in millionths; empty where the file is absent."""
    path = folder / BASKETS
    if not path.exists():
        return []
    content = json.loads(path.read_text("utf-8"))
    return [_basket(order, content["locations"]) for order in content["orders"]]


def _basket(order: dict[str, Any], places: Sequence[dict[str, Any]]) -> Case:
    stores = [place for place in places if place["kind"] == "store"]
    home = stores[order["city"]]  # the city of that store
    skus = [str(line["product"]) for line in order["lines"]]
    demands = tuple(
        Demand(str(number), sku, line["qty"])
        for number, (sku, line) in enumerate(zip(skus, order["lines"], strict=True))
    )
    candidates = []
    for index, place in enumerate(places):
        km = haversine_km(
            home["Latitude"], home["Longitude"], place["Latitude"], place["Longitude"]
        )
        stock = order["stock"].get(str(index), [0] * len(skus))
        candidates.append(
            Candidate(
                location_id=f"{index:03}",
                distance_km=km,
                priority=0,
                handling_minor=_PER_PLACE,
                free=dict(zip(skus, stock, strict=True)),
                per_unit_minor=round(_PER_UNIT + _PER_UNIT_MILE * km / _MILE_KM),
            )
        )
    return Case(str(order["order"]), demands, tuple(candidates), round(order["optimum"] * MILLION))


def drawn(count: int, lines: int, places: int, seed: int = 7) -> list[Case]:
    """Orders as a shop sends them: mostly one or two units of a line, three places in four lack it.

    Two carriers with two products each, priced by the zones of sender and receiver; the network is
    the same for all orders, what is in stock is not.
    """
    dice = random.Random(seed)
    tariffs = _tariffs(dice)
    network = [
        (dice.uniform(50, 2500), dice.choice(_ZONES), dice.randint(1, 4), dice.choice((100, 150)))
        for _ in range(places)
    ]
    weights = [(dice.randint(50, 4000), dice.randint(200_000, 12_000_000)) for _ in range(200)]
    return [_drawn(str(n), dice, lines, network, weights, tariffs) for n in range(count)]


def _drawn(
    name: str,
    dice: random.Random,
    lines: int,
    network: Sequence[tuple[float, str, int, int]],
    weights: Sequence[tuple[int, int]],
    tariffs: Sequence[TariffRow],
) -> Case:
    chosen = dice.sample(range(len(weights)), lines)
    demands = tuple(
        Demand(str(n), f"S{sku}", dice.choice((1, 1, 1, 1, 1, 2, 2, 3)), *weights[sku])
        for n, sku in enumerate(chosen)
    )
    to = dice.choice(_ZONES)
    freight = {zone: applicable(tariffs, zone, to, _TODAY) for zone in _ZONES}
    candidates = tuple(
        Candidate(
            location_id=f"L{number:04}",
            distance_km=km * dice.uniform(0.9, 1.1),
            priority=priority,
            handling_minor=handling,
            free={d.sku: dice.choice((0, 0, 0, dice.randint(1, 8))) for d in demands},
            freight=freight[zone],
        )
        for number, (km, zone, priority, handling) in enumerate(network)
    )
    return Case(name, demands, candidates)


def _tariffs(dice: random.Random) -> list[TariffRow]:
    products = (("sf", "express", 1800, 600), ("sf", "standard", 1200, 400),
                ("zto", "standard", 700, 250), ("zto", "economy", 600, 220))  # fmt: skip
    return [
        TariffRow(
            carrier, product, origin, to, 1000, first + dice.randint(0, 900), 500,
            step // 2 + dice.randint(0, 200), 8000 if carrier == "zto" else 12000,
            dice.choice((0, 0, 100)), 0, "CNY", date(2026, 1, 1), date.max,
        )
        for carrier, product, first, step in products
        for origin in _ZONES
        for to in _ZONES
    ]  # fmt: skip
