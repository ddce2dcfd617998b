"""Where an order is sent from."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.sourcing.model import Candidate, Decision, Demand, Strategy
from domain.orders.sourcing.source import source

SKUS = ("A", "B", "C")

demands_st = st.lists(
    st.builds(
        Demand,
        line_id=st.uuids().map(str),
        sku=st.sampled_from(SKUS),
        quantity=st.integers(1, 5),
        weight_g=st.just(500),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda demand: demand.line_id,
)
candidates_st = st.lists(
    st.fixed_dictionaries({sku: st.integers(0, 8) for sku in SKUS}), min_size=1, max_size=5
).flatmap(
    lambda stocks: st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 3)),
        min_size=len(stocks),
        max_size=len(stocks),
    ).map(
        lambda facts: [
            Candidate(f"L{i}", float(distance), priority, 100 + distance, stock, (), 10 * i)
            for i, (stock, (distance, priority)) in enumerate(zip(stocks, facts, strict=True))
        ]
    )
)


def taken(decision: Decision) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for placement in decision.plan:
        for _, sku, quantity in placement.lines:
            key = (placement.location_id, sku)
            sums[key] = sums.get(key, 0) + quantity
    return sums


@given(demands_st, candidates_st, st.sampled_from(list(Strategy)))
def test_no_place_promises_more_than_it_has(
    demands: list[Demand], candidates: list[Candidate], strategy: Strategy
) -> None:
    free = {c.location_id: c.free for c in candidates}
    for (place, sku), quantity in taken(source(demands, candidates, strategy)).items():
        assert quantity <= free[place][sku]


@given(demands_st, candidates_st, st.sampled_from(list(Strategy)))
def test_every_unit_is_placed_or_missing_and_nothing_that_is_there_is_missing(
    demands: list[Demand], candidates: list[Candidate], strategy: Strategy
) -> None:
    decision = source(demands, candidates, strategy)
    for demand in demands:
        placed = sum(q for p in decision.plan for line, _, q in p.lines if line == demand.line_id)
        missing = sum(q for line, _, q in decision.missing if line == demand.line_id)
        assert placed + missing == demand.quantity
    for sku in SKUS:
        there = sum(c.free[sku] for c in candidates)
        wanted = sum(d.quantity for d in demands if d.sku == sku)
        assert sum(q for _, s, q in decision.missing if s == sku) == max(wanted - there, 0)


@given(demands_st, candidates_st)
def test_no_assignment_of_whole_skus_is_cheaper(
    demands: list[Demand], candidates: list[Candidate]
) -> None:
    decision = source(demands, candidates, Strategy.CHEAPEST, max_parcels=9)
    wanted: dict[str, int] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    costs = []
    for where in itertools.product(candidates, repeat=len(wanted)):
        if any(c.free[s] < q for c, (s, q) in zip(where, wanted.items(), strict=True)):
            continue
        units: dict[str, int] = {}
        for c, quantity in zip(where, wanted.values(), strict=True):
            units[c.location_id] = units.get(c.location_id, 0) + quantity
        by_id = {c.location_id: c for c in candidates}
        costs.append(
            sum(by_id[i].handling_minor + by_id[i].per_unit_minor * n for i, n in units.items())
        )
    if costs:
        assert decision.total_minor == min(costs)


def test_the_nearest_place_that_has_everything_sends_it() -> None:
    near = Candidate("NEAR", 10, 5, 0, {"A": 1})
    whole = Candidate("WHOLE", 300, 5, 0, {"A": 1, "B": 1})
    far = Candidate("FAR", 900, 1, 0, {"A": 9, "B": 9})
    decision = source([Demand("1", "A", 1), Demand("2", "B", 1)], [far, near, whole],
                      Strategy.NEAREST)  # fmt: skip
    assert [p.location_id for p in decision.plan] == ["WHOLE"]
    assert decision.alternatives[0].location_ids == ("FAR",)
    assert decision.alternatives[0].reason == "farther"
    assert decision.alternatives[1].reason == "short:B"


def test_two_lines_of_one_sku_are_one_claim() -> None:
    decision = source(
        [Demand("1", "A", 2), Demand("2", "A", 2)], [Candidate("L", 1, 1, 0, {"A": 3})]
    )
    assert decision.missing == (("2", "A", 1),)


def test_the_parcel_cap_is_kept_where_it_can_be() -> None:
    cheap = [Candidate(f"S{i}", 1, 1, 1, {sku: 1}) for i, sku in enumerate(SKUS)]
    dear = Candidate("ALL", 1, 1, 1000, {"A": 1, "B": 1, "C": 1})
    demands = [Demand(sku, sku, 1) for sku in SKUS]
    assert len(source(demands, [*cheap, dear], max_parcels=4).plan) == 3
    assert [p.location_id for p in source(demands, [*cheap, dear], max_parcels=2).plan] == ["ALL"]
    assert source(demands, cheap, max_parcels=2).over_parcel_cap
