"""Random orders and networks, and the slow way to find the best plan."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

from hypothesis import strategies as st

from domain.logistics.tariff import TariffRow
from domain.orders.sourcing.model import Candidate, Decision, Demand, Strategy
from domain.shared.freight import price_minor

SKUS = ("A", "B", "C")
STRATEGIES = st.sampled_from(list(Strategy))

tariffs = st.lists(
    st.builds(
        TariffRow,
        carrier=st.just("sf"),
        product=st.sampled_from(("standard", "express")),
        origin_zone=st.just("*"),
        destination_zone=st.just("*"),
        first_g=st.sampled_from((0, 500, 1000)),
        first_minor=st.integers(0, 2000),
        step_g=st.sampled_from((0, 300, 500, 1000)),
        step_minor=st.integers(0, 800),
        volumetric_divisor=st.sampled_from((0, 6000, 12000)),
        surcharge_minor=st.integers(0, 300),
        minimum_minor=st.integers(0, 1500),
        currency=st.just("CNY"),
        valid_from=st.just(date(2026, 1, 1)),
        valid_to=st.just(date.max),
    ),
    max_size=3,
).map(tuple)


@st.composite
def orders(
    draw: st.DrawFn,
    skus: Sequence[str] = SKUS,
    most_units: int = 5,
    most_lines: int = 5,
) -> list[Demand]:
    """Lines of few SKUs, so that several lines often want the same one."""
    weight = {sku: draw(st.integers(0, 3000)) for sku in skus}
    volume = {sku: draw(st.integers(0, 20_000_000)) for sku in skus}
    wanted = draw(
        st.lists(
            st.tuples(st.sampled_from(skus), st.integers(0, most_units)),
            min_size=1,
            max_size=most_lines,
        )
    )
    return [
        Demand(str(number), sku, quantity, weight[sku], volume[sku])
        for number, (sku, quantity) in enumerate(wanted)
    ]


@st.composite
def networks(
    draw: st.DrawFn, skus: Sequence[str] = SKUS, most_free: int = 5, most_places: int = 4
) -> list[Candidate]:
    """Places with any costs, also such that two parcels are cheaper than one of their sum."""
    count = draw(st.integers(1, most_places))
    return [
        Candidate(
            location_id=f"L{number}",
            distance_km=float(draw(st.integers(0, 900))),
            priority=draw(st.integers(0, 2)),
            handling_minor=draw(st.sampled_from((0, 100, 700))),
            free={sku: draw(st.integers(-1, most_free)) for sku in skus},
            freight=draw(tariffs),
            per_unit_minor=draw(st.integers(0, 300)),
        )
        for number in range(count)
    ]


def cost(candidate: Candidate, parcel: dict[Demand, int]) -> int:
    """Minor units of one parcel, from the rules and not from the product's arrays."""
    units = sum(parcel.values())
    weight = sum(demand.weight_g * quantity for demand, quantity in parcel.items())
    volume = sum(demand.volume_mm3 * quantity for demand, quantity in parcel.items())
    freight = min((price_minor(row, weight, volume) for row in candidate.freight), default=0)
    return candidate.handling_minor + candidate.per_unit_minor * units + freight


def every_plan(
    demands: Sequence[Demand], candidates: Sequence[Candidate]
) -> Iterator[dict[str, dict[str, int]]]:
    """All ways to send some units of each SKU: location → SKU → quantity."""
    wanted = wanted_units(demands)
    ways = []
    for sku, quantity in wanted.items():
        most = [range(min(max(c.free.get(sku, 0), 0), quantity) + 1) for c in candidates]
        ways.append([way for way in itertools.product(*most) if sum(way) <= quantity])
    for chosen in itertools.product(*ways):
        yield {
            c.location_id: {sku: way[i] for sku, way in zip(wanted, chosen, strict=True) if way[i]}
            for i, c in enumerate(candidates)
            if any(way[i] for way in chosen)
        }


def wanted_units(demands: Sequence[Demand]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    return wanted


def sent(decision: Decision) -> dict[tuple[str, str], int]:
    """(location, SKU) → units."""
    sums: dict[tuple[str, str], int] = {}
    for placement in decision.plan:
        for _, sku, quantity in placement.lines:
            key = (placement.location_id, sku)
            sums[key] = sums.get(key, 0) + quantity
    return sums
